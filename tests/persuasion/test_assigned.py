"""Assignments and touchpoints make an experiment: what was known before the day, what happened from it on."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import SourceError
from tiercast.persuasion.assigned import Asked, drawn_from
from tiercast.persuasion.experiment import Experiment
from tiercast.persuasion.refusals import BadExperiment, BadProbability, NoControlArm
from tiercast.sources.opening import open_source

DAY = pd.Timestamp("2024-03-01")


def touch(customer: str, days: float, kind: str = "purchase", amount: float | None = 10.0) -> dict[str, Any]:
    return {
        "customer_id": customer, "occurred_at": DAY + pd.Timedelta(days=days), "kind": kind, "channel": "web",
        "amount": amount,
    }  # fmt: skip


HISTORY = pd.DataFrame(
    [
        touch("ann", -20), touch("ann", 0.5), touch("ann", 3, "return", 4.0), touch("ann", 27.9, amount=1.0),
        touch("ann", 28.0, amount=100.0),
        touch("ben", -5), touch("ben", -0.1, "visit", None), touch("ben", 2, "visit", None),
        touch("cai", -30), touch("cai", 40),
        touch("dot", -1), touch("eve", 60, "visit", None),
    ]
)  # fmt: skip
ASSIGNED = pd.DataFrame(
    {
        "customer_id": ["ann", "ben", "cai", "dot"],
        "campaign_id": "spring",
        "arm": ["treatment", "control", "treatment", "control"],
        "assigned_at": [DAY + pd.Timedelta(hours=hour) for hour in (6, 7, 8, 9)],
        "probability": [0.3, 0.7, 0.3, 0.7],
    }
)


def drawn(assigned: pd.DataFrame = ASSIGNED, history: pd.DataFrame = HISTORY, **asked: Any) -> Experiment:
    opened = open_source(history, sides={"assignments": assigned})
    with DuckDBEngine(threads=1) as engine:
        engine.attach(opened)
        found, _ = drawn_from(
            engine, opened, Asked(**{"outcomes": ("bought", "spent_currency", "showed_interest"), **asked})
        )
    return found


def test_outcomes_run_from_the_day_of_the_assignment_to_the_end_of_the_horizon() -> None:
    found = drawn()
    assert found.customers.tolist() == ["ann", "ben", "cai", "dot"]
    assert found.treated.tolist() == [1, 0, 1, 0]
    assert found.outcomes["bought"].tolist() == [1, 0, 0, 0]
    assert found.outcomes["spent_currency"].tolist() == [10.0 - 4.0 + 1.0, 0, 0, 0]
    assert found.outcomes["showed_interest"].tolist() == [0, 1, 0, 0]


def test_a_probability_of_the_own_arm_becomes_that_of_the_treatment() -> None:
    found = drawn()
    np.testing.assert_allclose(found.probability, 0.3)
    assert found.planned
    without = drawn(ASSIGNED.drop(columns="probability"))
    np.testing.assert_allclose(without.probability, 0.5)
    assert not without.planned


def test_nothing_of_the_day_or_after_it_is_known_before() -> None:
    seen = drawn().table
    assert seen["orders"].tolist() == [1, 1, 1, 1]
    assert seen["days_since_purchase"].tolist() == [20, 5, 30, 1]
    changed = HISTORY.assign(amount=HISTORY["amount"].where(HISTORY["occurred_at"] < DAY, 999.0))
    pd.testing.assert_frame_equal(drawn(history=changed).table, seen)


def test_later_assignments_have_cutoffs_of_their_own() -> None:
    later = ASSIGNED.assign(assigned_at=[DAY + pd.Timedelta(days=days) for days in (0, 1, 2, 29)])
    found = drawn(later)
    seen = found.table.set_index(found.customers)
    assert seen.loc["dot", "days_since_purchase"] == 30
    assert seen.loc["ann", "days_since_purchase"] == 20


def test_only_the_first_assignment_counts_and_who_cannot_be_followed_is_left_out() -> None:
    again = pd.concat(
        [ASSIGNED, ASSIGNED.iloc[[1]].assign(arm="treatment", assigned_at=DAY + pd.Timedelta(days=9)),
         ASSIGNED.iloc[[0]].assign(customer_id="eve", assigned_at=DAY + pd.Timedelta(days=50))]
    )  # fmt: skip
    found = drawn(again)
    assert found.left_out == {"assigned again": 1, "not followed to the end of the horizon": 1}
    assert found.treated.tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("change", "asked", "kind", "said"),
    [
        ({}, {"campaign": "autumn"}, BadExperiment, "there is: spring"),
        ({"campaign_id": ["a", "b", "a", "b"]}, {}, BadExperiment, "2 campaigns: name the one"),
        ({"arm": "treatment"}, {}, NoControlArm, "control or holdout or none"),
        ({"arm": ["mail", "a", "mail", "a"]}, {}, NoControlArm, "control or holdout or none"),
        ({"probability": 1.0}, {}, BadProbability, "4 of 4 assignments"),
        ({"probability": [0.3, None, 0.3, 0.7]}, {}, BadProbability, "1 of 4 assignments"),
        (
            {"arm": ["control", "a", "b", "a"], "probability": [0.4, 0.2, 0.3, 0.1]}, {"treatment": "a"}, BadProbability,
            "differ between customers",
        ),
        ({"assigned_at": DAY + pd.Timedelta(days=50)}, {}, BadExperiment, "none of 4 assignments was followed"),
        ({}, {"outcomes": ("profit",)}, BadExperiment, "no outcome of touchpoints is named profit"),
    ],
)  # fmt: skip
def test_assignments_that_tell_nothing_are_refused(
    change: dict[str, Any], asked: dict[str, Any], kind: Any, said: str
) -> None:
    with pytest.raises(kind, match=said):
        drawn(ASSIGNED.assign(**change), **asked)


def test_of_three_arms_the_two_that_are_compared_get_their_chance_among_the_two() -> None:
    three = ASSIGNED.assign(arm=["control", "a", "b", "a"], probability=[0.5, 0.2, 0.3, 0.2])
    found = drawn(three, treatment="a")
    np.testing.assert_allclose(found.probability, 0.2 / 0.7)
    assert found.left_out == {"arm b": 1}


def test_touchpoints_without_assignments_are_refused() -> None:
    with DuckDBEngine(threads=1) as engine:
        opened = open_source(HISTORY)
        engine.attach(opened)
        with pytest.raises(SourceError, match="no table of assignments"):
            drawn_from(engine, opened, Asked())
