"""Rates and dwell times of stages agree with counting by hand, and what cannot be is told."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from tiercast.evaluation.survival import kaplan_meier
from tiercast.segments.lifecycle import ORDER, lives_of
from tiercast.serving.lifecycle import EDGES, reachable
from tiercast.serving.scores import STAGES

DAYS = [date(2025, 1, 1) + timedelta(days=28 * each) for each in range(8)]


def walks(customers: int = 200, seed: int = 2) -> pd.DataFrame:
    """Customers who take declared edges by chance, each first seen at a look of their own."""
    chance = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        stage = "prospect"
        for day in DAYS[int(chance.integers(0, 4)) :]:
            rows.append((f"c{customer}", day, stage))
            stage = str(chance.choice([stage, *EDGES[stage]]))
    return pd.DataFrame(rows, columns=["customer_id", "cutoff", "lifecycle_stage"])


PANEL = walks()
LIVES = lives_of(PANEL, seed=0)


def test_the_graph_has_every_stage_and_nobody_becomes_a_prospect_or_new_again() -> None:
    assert set(EDGES) == set(STAGES) == set(ORDER)
    for days in (28, 91, 3640):
        may = reachable(days)
        assert all("prospect" not in after for stage, after in may.items() if stage != "prospect")
        assert all("new" not in after for stage, after in may.items() if stage not in ("prospect", "new"))
        assert all(stage in after for stage, after in may.items())


def test_transitions_are_counted_as_by_a_crosstab() -> None:
    ordered = PANEL.sample(frac=1, random_state=1).sort_values(["customer_id", "cutoff"])
    after = ordered.groupby("customer_id")["lifecycle_stage"].shift(-1)
    table = pd.crosstab(ordered["lifecycle_stage"], after)
    for row in LIVES.transitions.to_dict("records"):
        assert row["customers"] == table.loc[row["before"], row["after"]]
        assert row["share"] == pytest.approx(row["customers"] / table.loc[row["before"]].sum())
        assert row["share_low"] <= row["share"] <= row["share_high"]
    assert LIVES.transitions["customers"].sum() == table.to_numpy().sum()
    assert LIVES.transitions["possible"].all()
    assert LIVES.transitions.groupby("before")["share"].sum().to_numpy() == pytest.approx(1.0)


def test_dwell_times_are_those_of_kaplan_and_meier() -> None:
    rows = PANEL.sort_values(["customer_id", "cutoff"])
    fresh = (rows["lifecycle_stage"] != rows["lifecycle_stage"].shift()) | (
        rows["customer_id"] != rows["customer_id"].shift()
    )
    spells = rows.groupby(fresh.cumsum()).agg(
        stage=("lifecycle_stage", "first"),
        first=("cutoff", "first"),
        last=("cutoff", "last"),
        looks=("cutoff", "size"),
    )
    seen = spells[spells["first"] > DAYS[0]]
    dwell = LIVES.dwell.set_index("stage")
    for stage in ("new", "repeat", "dormant", "loyal"):
        own = seen[seen["stage"] == stage]
        assert dwell.loc[stage, "spells"] == len(own)
        ended = (own["last"] < DAYS[-1]).to_numpy()
        curve = kaplan_meier(np.where(ended, own["looks"], np.nan), own["looks"], np.arange(1, 9))
        below = np.flatnonzero(np.asarray(curve) <= 0.5)
        expected = 28.0 * (below[0] + 1) if len(below) else np.nan
        assert dwell.loc[stage, "median_days"] == pytest.approx(expected, nan_ok=True)
        assert dwell.loc[stage, "median_low_days"] <= dwell.loc[stage, "median_days"]


def test_a_move_that_no_edge_explains_is_reported() -> None:
    extra = pd.DataFrame({"customer_id": "z", "cutoff": DAYS[:2], "lifecycle_stage": ["loyal", "new"]})
    found = lives_of(pd.concat([PANEL, extra], ignore_index=True), seed=0)
    assert found.impossible[["before", "after", "customers"]].to_numpy().tolist() == [["loyal", "new", 1]]


def test_a_look_that_was_missed_is_no_move_and_one_look_has_none() -> None:
    gap = pd.DataFrame({"customer_id": ["a", "a", "b"], "cutoff": [DAYS[0], DAYS[2], DAYS[1]],
                        "lifecycle_stage": ["new", "lost", "new"]})  # fmt: skip
    assert len(lives_of(gap, seed=0).transitions) == 0
    one = lives_of(PANEL[PANEL["cutoff"] == DAYS[0]], seed=0)
    assert len(one.transitions) == 0
    assert one.dwell["spells"].sum() == 0


def test_an_interval_is_over_the_draws_that_have_anybody_in_the_stage() -> None:
    crowd = pd.DataFrame({"customer_id": [f"c{each}" for each in range(40) for _ in "ab"],
                          "cutoff": DAYS[:2] * 40, "lifecycle_stage": ["new", "repeat"] * 40})  # fmt: skip
    one = pd.DataFrame({"customer_id": "z", "cutoff": DAYS[:2], "lifecycle_stage": ["lost", "reactivated"]})
    found = lives_of(pd.concat([crowd, one], ignore_index=True), seed=0).transitions.set_index("before")
    assert found.loc["lost", ["share", "share_low", "share_high"]].tolist() == [1.0, 1.0, 1.0]
