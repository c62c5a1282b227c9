"""Fits: each candidate is fitted once a day on what was known, and what it returns must be servable."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pytest

from tests.path.foreign import ORACLE
from tests.path.world import small_panel
from tiercast.errors import ExtensionError
from tiercast.learners.learner import BlendOf, Learner, Panel, Setup
from tiercast.panels import as_of
from tiercast.serving.blend import Blend, Hurdle
from tiercast.serving.rules import Column, RateTable
from tiercast.training.backtest import Fits, at, served_part, stacked
from tiercast.windows import Horizon

SETUP = Setup(Horizon(28), 7, 1)
ASKED: list[tuple[date, int]] = []


def _fit(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Column:
    ASKED.append((panel.features["cutoff"].max(), len(panel)))
    return Column("btyd_purchase_probability")


LEARNERS = {
    name: Learner(name, "churn", basis, _fit, {}, {}) for name, basis in (("b", "model"), ("a", "rule"))
}
ROWS: list[Panel] = []


def _of_waiting(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Column:
    ROWS.append(panel)
    return Column("btyd_purchase_probability")


BLENDS = {"both": BlendOf("both", "churn", ("a", "b"), "logit")}


@pytest.fixture
def fits() -> Fits:
    ASKED.clear()
    return Fits(small_panel(), LEARNERS, BLENDS, {"a": {}, "b": {}}, SETUP)


def test_a_candidate_is_fitted_once_for_each_day_on_mature_rows_only(fits: Fits) -> None:
    for _ in range(3):
        fits.part("a", date(2024, 10, 7))
        fits.part("both", date(2024, 10, 7))
    assert len(ASKED) == 2
    assert {newest for newest, _ in ASKED} == {date(2024, 9, 9)}
    fits.part("a", date(2024, 10, 6))
    assert ASKED[-1][0] == date(2024, 8, 12), "one day earlier the label of 9 September is not mature"


def test_a_learner_of_waiting_times_sees_whose_window_is_open_and_the_same_customers_throughout() -> None:
    ROWS.clear()
    panel, end = small_panel(), date(2024, 9, 20)
    first = panel.cutoff_days == panel.cutoff_days.min()
    asked = {"few": 300, "all": 10**6}
    learners = {
        name: Learner(name, "churn", "model", _of_waiting, {}, {}, open_rows=rows)
        for name, rows in asked.items()
    }
    fits = Fits(
        panel.where(first), learners, {}, {name: {} for name in asked}, SETUP, following=panel.where(~first)
    )
    for name in asked:
        fits.part(name, end)
    few, everybody = ROWS
    whole = as_of(panel, end, SETUP.horizon, still_open=True)
    assert len(everybody) == len(whole) > len(fits.known(end))
    assert everybody.labels["purchased"].isna().sum() == len(whole) - len(fits.known(end))
    assert 100 < len(few) < 600
    drawn = set(few.features["customer_id"])
    assert len(few) == whole.features["customer_id"].isin(drawn).sum(), "customers come whole"


def test_a_blend_weighs_its_members_as_it_says() -> None:
    blends = {"both": BlendOf("both", "churn", ("a", "b"), "logit", weights=(3.0, 1.0))}
    made = Fits(small_panel(), LEARNERS, blends, {"a": {}, "b": {}}, SETUP).part("both", date(2024, 10, 7))
    assert made.weights == (0.75, 0.25)
    with pytest.raises(ValueError, match="longer"):
        _ = BlendOf("both", "churn", ("a", "b"), "logit", weights=(1.0,)).shares


def test_rules_come_first_and_blends_last(fits: Fits) -> None:
    assert fits.of_target("churn") == ["a", "b", "both"]
    assert [fits.basis(name) for name in ("a", "b", "both")] == ["rule", "model", "model"]


def test_rows_of_one_origin_and_back_again() -> None:
    panel = small_panel()
    parts = [at(panel, origin) for origin in sorted(set(panel.features["cutoff"]))]
    assert sum(map(len, parts)) == len(panel)
    assert stacked([part.features for part in parts]).equals(panel.features)


@pytest.mark.parametrize(
    "part",
    [ORACLE.fit(small_panel(), {}, SETUP), object(), {"type": "column", "name": "a"}, Hurdle(object()),  # type: ignore[arg-type]
     Blend((Column("a"), ORACLE.fit(small_panel(), {}, SETUP)), (0.5, 0.5), "logit")],
    ids=["foreign", "object", "json", "hurdle of nothing", "foreign inside a blend"],
)  # fmt: skip
def test_a_part_that_no_bundle_could_bring_back_is_refused(part: Any) -> None:
    with pytest.raises(ExtensionError, match="no bundle can hold") as refused:
        served_part(part, ORACLE)
    assert "tests.path.foreign" in str(refused.value)


def test_a_part_that_a_bundle_can_bring_back_is_passed_on() -> None:
    part = RateTable(("a",), ((1.0,),), (0.5, 0.6))
    assert served_part(part, ORACLE) is part
    assert np.isfinite(part.rates).all()
