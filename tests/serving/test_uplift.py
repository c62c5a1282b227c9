"""What is served of an experiment: tables become numbers, numbers become lists, and JSON brings both back."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiercast.serving.parts import restore
from tiercast.serving.refusals import MissingColumns, WrongType
from tiercast.serving.rules import Column
from tiercast.serving.uplift import LISTS, LISTS_ZH, Encoding, ListRules, Uplift, open_uplift

RULES = ListRules(0.05, 0.01, -0.02, 0.3)
SEEN = pd.DataFrame(
    {"calm": [0.1, 0.4, 0.4, 0.2], "called": [0.2, 0.39, 0.43, 0.1], "town": ["n", "s", None, "x"]}
)
PART = Uplift("two_models", "visit", Column("calm"), Column("called"), None,
              Encoding(("calm", "called"), {"town": ("n", "s")}), RULES)  # fmt: skip


def test_every_list_has_a_name_in_chinese() -> None:
    assert set(LISTS_ZH) == set(LISTS)


@pytest.mark.parametrize(
    "rules", [RULES, ListRules(np.inf, np.inf, -np.inf, 0.5), ListRules(-np.inf, -np.inf, -np.inf, 0.0)]
)
def test_json_brings_the_same_answers_back_also_from_a_file(rules: ListRules, tmp_path: object) -> None:
    from pathlib import Path

    part = Uplift("effect", "visit", Column("calm"), None, Column("called"), PART.encoding, rules)
    place = Path(str(tmp_path)) / "visit.json"
    place.write_text(json.dumps(part.to_json(), allow_nan=False), encoding="utf-8")
    for again in (restore(json.loads(place.read_text("utf-8"))), open_uplift(place)):
        assert again == part
        pd.testing.assert_frame_equal(again.predict(SEEN), part.predict(SEEN))


def test_a_row_alone_is_answered_as_among_many_and_nothing_is_changed() -> None:
    before = SEEN.copy(deep=True)
    many = PART.predict(SEEN)
    pd.testing.assert_frame_equal(SEEN, before)
    for place in range(len(SEEN)):
        pd.testing.assert_frame_equal(PART.predict(SEEN.iloc[[place]]), many.iloc[[place]])
    assert PART.predict(SEEN.iloc[:0]).shape == (0, 4)
    assert many["list"].tolist() == ["persuadable", "sure_thing", "undecided", "do_not_disturb"]


@pytest.mark.parametrize("dtype", ["object", "str"])
def test_a_column_of_numbers_that_comes_as_text_is_named_with_its_bad_cells(dtype: str) -> None:
    encoding = Encoding(("recency",))
    came = pd.DataFrame({"recency": pd.Series(["3", "n/a", None, "lately"], dtype=dtype)})
    with pytest.raises(
        WrongType, match="column recency was learned as numbers, and 2 of 4 cells are none"
    ) as told:
        encoding.apply(came)
    assert (told.value.code, told.value.details) == ("WRONG_TYPE", {"column": "recency", "cells": 2})
    read = encoding.apply(came.replace({"n/a": None, "lately": "7"}))["recency"]
    np.testing.assert_array_equal(read, [3.0, np.nan, np.nan, 7.0])


def test_columns_that_did_not_come_are_named() -> None:
    with pytest.raises(MissingColumns) as refused:
        PART.predict(SEEN.drop(columns=["calm", "town"]))
    assert refused.value.details["missing"] == ["calm", "town"]


@given(st.floats(-1, 1), st.floats(0, 1), st.lists(st.floats(-1, 1), min_size=3, max_size=3))
def test_a_larger_uplift_is_never_on_a_worse_list(start: float, alone: float, cuts: list[float]) -> None:
    low, middle, high = sorted(cuts)
    rules = ListRules(high, middle, low, 0.5)
    rank = {"do_not_disturb": 0, "lost_cause": 1, "sure_thing": 1, "undecided": 2, "persuadable": 3}
    steps = start + np.linspace(0, 2, 21)
    told = [rank[name] for name in rules.assign(steps, np.full(21, alone))]
    assert told == sorted(told)
