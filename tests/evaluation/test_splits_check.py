"""The independent checker of splits."""

import ast
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiercast.evaluation import splits_check
from tiercast.evaluation.splits_check import LeakySplit, check_customer_folds, check_folds, check_split
from tiercast.serving.refusals import Refused

ORIGINS = [dt.date(2017, 8, 7), dt.date(2017, 8, 21), dt.date(2017, 9, 4)]


def _fault(**changed) -> LeakySplit:
    asked = {
        "train_origins": ORIGINS,
        "test_origin": dt.date(2017, 11, 6),
        "gap_days": 0,
        "horizon_days": 28,
        **changed,
    }
    with pytest.raises(LeakySplit) as refused:
        check_split(**asked)
    return refused.value


def test_a_window_that_ends_on_the_test_origin_is_honest_and_one_day_more_is_not():
    check_split(ORIGINS, dt.date(2017, 10, 2), gap_days=0, horizon_days=28)
    leak = _fault(test_origin=dt.date(2017, 10, 1))
    assert leak.code == "LEAKY_SPLIT"
    assert leak.details["train_origin"] == "2017-09-04"
    assert leak.details["test_origin"] == "2017-10-01"
    assert leak.details["shared_days"] == 1
    assert "[2017-09-04, 2017-10-02)" in str(leak)
    assert isinstance(leak, ValueError)
    assert isinstance(leak, Refused)


def test_a_gap_moves_the_label_window_and_can_leak_without_overlap():
    leak = _fault(test_origin=dt.date(2017, 10, 2), gap_days=7)
    assert leak.details["shared_days"] == 0


def test_an_earlier_judging_cutoff_is_stricter_and_a_later_one_refused():
    assert _fault(judging_cutoff=dt.date(2017, 10, 1)).details["fault"] == "overlap"
    assert _fault(judging_cutoff=dt.date(2017, 11, 7)).details["fault"] == "window"


def test_a_test_window_that_is_not_over_yet_is_refused():
    check_split(ORIGINS, dt.date(2017, 11, 6), gap_days=0, horizon_days=28, known_until=dt.date(2017, 12, 4))
    assert _fault(known_until=dt.date(2017, 12, 3)).details["fault"] == "immature"


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"train_origins": []}, "empty"),
        ({"train_origins": [ORIGINS[1], ORIGINS[0]]}, "unsorted"),
        ({"train_origins": [ORIGINS[0], ORIGINS[0]]}, "repeated"),
        ({"train_origins": [1, 2]}, "type"),
        ({"train_origins": ["2017-08-07"]}, "type"),
        ({"test_origin": True, "train_origins": [0]}, "type"),
        ({"test_origin": dt.datetime(2017, 11, 6, 12)}, "type"),
        ({"gap_days": -1}, "window"),
        ({"horizon_days": 0}, "window"),
    ],
)
def test_origins_and_windows_that_make_no_sense_are_refused(changed, fault):
    assert _fault(**changed).details["fault"] == fault


@given(
    st.lists(st.integers(0, 200), min_size=1, max_size=8, unique=True).map(sorted),
    st.integers(0, 300),
    st.integers(0, 10),
    st.integers(1, 60),
)
def test_what_passes_shares_no_day_with_the_future_of_the_test_origin(origins, test_origin, gap, horizon):
    last_label_day = max(day for origin in origins for day in range(origin + gap, origin + gap + horizon))
    if last_label_day < test_origin:
        check_split(origins, test_origin, gap_days=gap, horizon_days=horizon)
    else:
        with pytest.raises(LeakySplit):
            check_split(origins, test_origin, gap_days=gap, horizon_days=horizon)


def test_folds_are_checked_one_by_one():
    check_folds([([0, 14], 42), ([0, 14, 28], 56)], gap_days=0, horizon_days=28)
    with pytest.raises(LeakySplit, match="training origin 16"):
        check_folds([([0, 14], 42), ([0, 16], 43)], gap_days=0, horizon_days=28)
    with pytest.raises(LeakySplit, match="at least one fold"):
        check_folds([], gap_days=0, horizon_days=28)


def test_a_customer_is_on_one_side_only():
    check_customer_folds(["a", "b"], ["c"])
    with pytest.raises(LeakySplit) as refused:
        check_customer_folds(["a", "b", "c"], ["b", "c"])
    assert refused.value.details["customers"] == 2


def test_the_checker_imports_nothing_that_makes_splits():
    tree = ast.parse(Path(splits_check.__file__).read_text(encoding="utf-8"))
    ours = {
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tiercast")
    }
    assert ours == {"tiercast.serving.refusals"}
