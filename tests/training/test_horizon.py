"""The horizon: asked, kept or chosen; never by what is judged, and never another question every week."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.test_silence import FIRST, history_of
from tiercast.config import TrainCard
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import NotTrainable
from tiercast.schema import History
from tiercast.training import horizon
from tiercast.training.horizon import (
    HorizonChoice,
    HorizonRule,
    Kept,
    choose_horizon,
    known_before_judging,
    most_judged_days,
)
from tiercast.training.plan import make_plan
from tiercast.windows import Horizon

CARD = TrainCard(job="train", source="drawn")


def buyers(
    gap_days: int, *, number: int = 120, days: int = 600, slow: int = 0, slow_gap_days: int = 0
) -> History:
    """Return customers who buy every ``gap_days``, and ``slow`` of them every ``slow_gap_days``."""
    return history_of(
        {
            f"c{place:03}": list(range(place % 5, days, slow_gap_days if place < slow else gap_days))
            for place in range(number)
        }
    )


def chosen(
    history: History, *, days: int = 600, card: TrainCard = CARD, kept: Kept | None = None, **rule: Any
) -> HorizonChoice:
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        return choose_horizon(
            card, engine, history, first_day=FIRST, data_ends_on=FIRST + timedelta(days=days), kept=kept,
            rule=HorizonRule(**rule),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("gap_days", "wanted"), [(3, 7), (7, 7), (8, 14), (20, 21), (28, 28), (29, 35), (91, 91)]
)
def test_the_horizon_is_the_usual_silence_in_whole_weeks(gap_days: int, wanted: int) -> None:
    found = chosen(buyers(gap_days))
    assert (found.days, found.basis, found.warnings) == (wanted, "data", ())
    assert f"90% of returns come within {gap_days} days: 120 customers" in found.reason


def test_nine_in_ten_decide_not_the_slowest() -> None:
    assert chosen(buyers(10, slow=12, slow_gap_days=60)).days == 14
    assert chosen(buyers(10, slow=13, slow_gap_days=60)).days == 63


def test_the_card_has_the_first_word() -> None:
    found = chosen(buyers(10), card=replace(CARD, horizon_days=90))
    assert (found.days, found.basis, found.warnings) == (90, "card", ())
    assert chosen(buyers(10), card=replace(CARD, horizon_days=90), kept=Kept(28, 3)).days == 90


def test_the_champions_horizon_is_kept_and_what_the_data_would_say_is_told() -> None:
    found = chosen(buyers(30), kept=Kept(28, 3))
    assert (found.days, found.basis) == (28, "champion")
    assert "champion v3" in found.reason
    (told,) = found.warnings
    assert told.startswith("HORIZON_KEPT: the champion's 28 days; by the data alone it would be 35 ")
    assert "horizon_days = 35" in told
    assert chosen(buyers(30), kept=Kept(35, 3)).warnings == ()
    few = chosen(buyers(30, number=20), kept=Kept(56, 3))
    assert (few.days, few.warnings) == (56, ())  # what nobody can tell contradicts nobody


def test_too_few_who_came_back_leave_it_to_an_assumption_that_is_told() -> None:
    once = history_of({f"c{place}": [place % 200] for place in range(300)})
    found = chosen(once)
    assert (found.days, found.basis) == (28, "assumed")
    (told,) = found.warnings
    assert told.startswith(
        "HORIZON_ASSUMED: 0 of 300 customers had come back before 2024-10-27, 100 are needed"
    )
    assert chosen(buyers(20, number=99)).basis == "assumed"
    assert chosen(buyers(20, number=100)).basis == "data"
    assert chosen(once, days=200, assumed_days=90).days == 21  # nor is more assumed than can be judged


def test_a_horizon_that_the_history_cannot_judge_is_shortened_and_the_day_is_told() -> None:
    history = buyers(60, days=300)
    found = chosen(history, days=300)
    assert (found.days, found.basis) == (56, "data")
    (told,) = found.warnings
    assert told == (
        "HORIZON_SHORTENED: 60 days are usual, and of 63 the history can judge 56; 63 can be judged from 2024-11-10 on, "
        "14 more days, or are carried where the card states them"
    )
    ready = (date(2024, 11, 10) - FIRST).days
    assert chosen(buyers(60), days=ready - 1).days == 56
    at_last = chosen(buyers(60), days=ready)
    assert (at_last.days, at_last.warnings) == (63, ())


def test_no_more_than_half_a_year_and_no_less_than_a_week() -> None:
    assert chosen(buyers(200, days=1500), days=1500).days == 182
    assert chosen(buyers(1)).days == 7
    assert chosen(buyers(200, days=1500), days=1500, most_days=91).days == 91


@settings(max_examples=60, deadline=None)
@given(
    days=st.integers(60, 1200),
    gap=st.integers(0, 20),
    step=st.integers(1, 91),
    tests=st.integers(1, 12),
    asked_weeks=st.integers(1, 26),
)
def test_no_choice_looks_into_a_window_that_is_judged(
    days: int, gap: int, step: int, tests: int, asked_weeks: int
) -> None:
    card = replace(CARD, gap_days=gap, step_days=step, test_origins=tests)
    ends = FIRST + timedelta(days=days)
    most = most_judged_days(card, first_day=FIRST, data_ends_on=ends)
    assert most % 7 == 0
    assert 14 <= most <= 182
    try:
        plan = make_plan(
            first_day=FIRST, data_ends_on=ends, horizon=Horizon(min(7 * asked_weeks, most), gap), step_days=step,
            test_origins=tests, first_origin_after_days=card.first_origin_after_days,
        )  # fmt: skip
    except NotTrainable:
        return
    assert plan.window == plan.horizon  # what the data choose is judged as it is asked
    known = known_before_judging(card, first_day=FIRST, data_ends_on=ends)
    assert FIRST < known <= plan.folds[0].test
    assert known <= FIRST + timedelta(days=days // 2)


def test_what_happens_in_the_judged_half_changes_nothing() -> None:
    calm = {f"c{place:03}": list(range(0, 600, 20)) for place in range(120)}
    wild = {name: [day for day in bought if day < 300 or day % 100 == 0] for name, bought in calm.items()}
    assert chosen(history_of(calm)) == chosen(history_of(wild))


@settings(max_examples=10, deadline=None)
@given(
    gaps=st.lists(st.integers(1, 20), min_size=4, max_size=12),
    factor=st.integers(1, 6),
    once=st.integers(0, 4),
)
def test_who_buys_more_often_never_gets_a_longer_horizon(gaps: list[int], factor: int, once: int) -> None:
    def pace(times: int) -> int:
        days = {f"c{place}": [0, *np.cumsum([times * gap] * 3).tolist()] for place, gap in enumerate(gaps)}
        days |= {f"once{place}": [0] for place in range(once)}
        return chosen(history_of(days), days=1500, least_customers=2).days

    assert pace(1) <= pace(factor)


def test_the_champion_is_asked_for_what_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    store: Any = None
    monkeypatch.setattr(horizon, "champion", lambda _: None)
    assert horizon.champions_horizon(store) is None
    monkeypatch.setattr(horizon, "champion", lambda _: SimpleNamespace(version=5, is_judged=False))
    assert horizon.champions_horizon(store) is None, "what nothing judged binds nobody"
    monkeypatch.setattr(horizon, "champion", lambda _: SimpleNamespace(version=4, is_judged=True))
    monkeypatch.setattr(horizon, "bundle_folder", lambda _, version: f"folder of {version}")
    opened = SimpleNamespace(forecast=SimpleNamespace(horizon_days=56))
    monkeypatch.setattr(horizon, "open_served", lambda folder: {"folder of 4": opened}[folder])
    assert horizon.champions_horizon(store) == Kept(56, 4)
