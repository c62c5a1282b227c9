"""A clock reproduces its arithmetic exactly, never tells a day in the past, and sees nothing after the cutoff."""

import itertools
import json
import math
from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.actions.clock_fit import fit_clocks
from tiercast.actions.clocks import FORMULA, milestones_of
from tiercast.serving.clocks import Clocks, histories
from tiercast.serving.history import day_number
from tiercast.serving.refusals import MissingColumns

DAY_0 = date(2026, 1, 1)
START = day_number(DAY_0)


def bought(*days: int, units: float = 1.0, lasts: float = math.nan, category: str = "milk") -> pd.DataFrame:
    return pd.DataFrame(
        {"customer_id": "a", "category": category, "day": [START + day for day in days], "units": units,
         "given_days": [lasts] * len(days)}
    )  # fmt: skip


def after(days: int) -> date:
    return DAY_0 + timedelta(days=days)


def test_three_cans_of_formula_are_checked_on_day_7_replenished_on_day_20_and_woken_up_for_on_day_90() -> (
    None
):
    told = FORMULA.tell(bought(0, units=3.0, lasts=21.0), cutoff=after(1)).iloc[0]
    assert told["experience_check_on"] == after(7)
    assert told["replenish_on"] == after(20)
    assert told["wake_up_on"] == after(90)
    assert told["runs_out_on"] == after(21)
    assert (told["quantity"], told["days_per_unit"], told["basis"]) == (3.0, 7.0, "given")
    assert told["habit_formed"]


@pytest.mark.parametrize(("units", "habit"), [(2.0, False), (3.0, True)])
def test_a_habit_is_formed_at_three_units(units: float, habit: bool) -> None:
    assert bool(FORMULA.tell(bought(0, units=units), cutoff=after(1))["habit_formed"][0]) is habit


def test_stock_that_was_bought_before_still_counts_where_it_lasts_longer() -> None:
    rows = pd.concat([bought(0, units=10.0, lasts=70.0), bought(14, units=1.0, lasts=7.0)])
    assert FORMULA.tell(rows, cutoff=after(20))["runs_out_on"].tolist() == [after(70)]


def test_what_ran_out_is_due_now_and_never_before_the_cutoff() -> None:
    told = FORMULA.tell(bought(0, lasts=7.0), cutoff=after(50)).iloc[0]
    assert (told["runs_out_on"], told["due_on"], told["replenish_on"]) == (after(7), after(50), after(50))


def fitted(seed: int = 1) -> tuple[pd.DataFrame, Clocks]:
    chance = np.random.default_rng(seed)
    frames = []
    for number in range(60):
        gaps = np.maximum(
            np.rint(chance.lognormal(2.2 + chance.normal(0, 0.5), 0.5, chance.integers(1, 12))), 1
        )
        days = START + np.r_[0, np.cumsum(gaps)].astype(int)
        frames.append(
            pd.DataFrame({"customer_id": f"c{number:02}", "category": "tea" if number % 2 else "soap", "day": days,
                          "units": chance.integers(1, 4, len(days)).astype(float), "given_days": np.nan})
        )  # fmt: skip
    rows = pd.concat(frames, ignore_index=True)
    return rows, fit_clocks(rows, milestones=milestones_of())


ROWS, CLOCKS = fitted()


def test_the_due_day_moves_on_as_silence_lengthens_and_is_never_past() -> None:
    before = None
    for silent in range(1, 120, 7):
        told = CLOCKS.tell(bought(0, 8, 17, 25, category="tea"), cutoff=after(25 + silent))["due_on"][0]
        assert told >= after(25 + silent)
        assert before is None or told >= before
        before = told


def test_what_is_bought_on_or_after_the_cutoff_is_invisible() -> None:
    cutoff = after(60)
    past = ROWS[ROWS["day"] < START + 60]
    pd.testing.assert_frame_equal(CLOCKS.tell(ROWS, cutoff=cutoff), CLOCKS.tell(past, cutoff=cutoff))


def test_neither_the_order_of_rows_nor_the_given_frame_matters() -> None:
    kept = ROWS.copy(deep=True)
    shuffled = ROWS.sample(frac=1.0, random_state=3)
    pd.testing.assert_frame_equal(
        CLOCKS.tell(shuffled, cutoff=after(90)), CLOCKS.tell(ROWS, cutoff=after(90))
    )
    pd.testing.assert_frame_equal(ROWS, kept)


def test_clocks_come_back_from_json_as_they_went() -> None:
    assert Clocks.from_json(json.loads(json.dumps(CLOCKS.to_json(), allow_nan=False))) == CLOCKS


def test_own_gaps_decide_the_more_of_them_there_are() -> None:
    weights = [
        CLOCKS.tell(bought(*range(0, 10 * many, 10), category="tea"), cutoff=after(300))["own_weight_share"][
            0
        ]
        for many in (1, 2, 4, 8)
    ]
    assert weights[0] == 0
    assert weights == sorted(weights)
    assert weights[-1] > 0.7


def test_a_category_that_was_never_learned_is_taken_for_one_like_all() -> None:
    told = CLOCKS.tell(bought(0, category="rockets"), cutoff=after(1)).iloc[0]
    assert told["basis"] == "category"
    assert math.isclose(told["days_per_unit"], math.exp(
        CLOCKS.paces.log_days[-1] - CLOCKS.paces.elasticity[-1] * CLOCKS.paces.log_units[-1]), rel_tol=1e-9)  # fmt: skip


@pytest.mark.parametrize("units", [0.0, -1.0, math.nan])
def test_a_quantity_that_says_nothing_counts_as_one_unit(units: float) -> None:
    assert CLOCKS.tell(bought(0, units=units), cutoff=after(1))["quantity"].tolist() == [1.0]


def test_a_clock_without_its_columns_is_refused() -> None:
    with pytest.raises(MissingColumns, match="given_days"):
        CLOCKS.tell(ROWS.drop(columns="given_days"), cutoff=after(1))


line = st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(0, 40), st.floats(0.5, 9))


@settings(max_examples=40, deadline=None)
@given(st.lists(line, max_size=30, unique_by=lambda row: row[:3]))
def test_histories_are_what_a_plain_loop_finds(lines: list[tuple[str, str, int, float]]) -> None:
    rows = pd.DataFrame(lines, columns=["customer_id", "category", "day", "units"]).assign(given_days=np.nan)
    rows = rows.astype({"day": "int64", "units": "float64"})
    found = histories(rows)
    pairs: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for who, what, day, units in sorted(lines, key=lambda row: row[:3]):
        pairs[who, what].append((day, units))
    assert found[["customer_id", "category"]].values.tolist() == [list(pair) for pair in sorted(pairs)]
    for row in found.to_dict("records"):
        held = pairs[row["customer_id"], row["category"]]
        gaps = [math.log(later[0] - day[0]) for day, later in itertools.pairwise(held)]
        assert (row["last_day"], row["last_units"], row["days"]) == (*held[-1], len(held))
        assert math.isclose(row["all_units"], sum(units for _, units in held))
        if gaps:
            assert math.isclose(row["log_gap_mean"], sum(gaps) / len(gaps), abs_tol=1e-12)
        else:
            assert math.isnan(row["log_gap_mean"])
