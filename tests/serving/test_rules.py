"""The served rules: bands include their lower edge, what is absent falls into the last, money is never negative."""

import numpy as np
import pandas as pd
import pytest

from tiercast.serving.parts import restore
from tiercast.serving.rules import Column, PastSpend, RateTable, SurvivalTable


def test_a_value_on_an_edge_is_in_the_band_above_and_an_absent_one_in_the_last() -> None:
    rule = RateTable(("a", "b"), ((10.0,), (1.0, 2.0)), (0.1, 0.2, 0.3, 0.4, 0.5, 0.6))
    rows = pd.DataFrame({"a": [9.9, 10.0, np.nan, np.nan], "b": [0.0, 1.0, 2.0, np.nan]})
    assert rule.predict(rows).tolist() == [0.1, 0.5, 0.6, 0.6]
    assert rule.predict(rows.iloc[:0]).tolist() == []


def test_past_spend_is_never_negative() -> None:
    rule = PastSpend(28, 28.0, 1.0, 1.0)
    rows = pd.DataFrame({"net_spend_currency": [-5_000.0, 0.0], "customer_age_days": [10.0, 28.0]})
    assert rule.predict(rows).tolist() == [0.0, 14.0]


def test_the_survival_table_reads_between_its_days_and_goes_on_at_its_mean_pace() -> None:
    rule = SurvivalTable("a", (5.0,), (10, 20), ((0.5, 0.25), (0.9, 0.81)))
    hazard = rule.cumulative_hazard(
        pd.DataFrame({"a": [1.0, np.nan]}), np.array([0.0, 5.0, 10.0, 20.0, 40.0])
    )
    halves = np.log(2) * np.array([0.0, 0.5, 1.0, 2.0, 4.0])
    np.testing.assert_allclose(hazard[0], halves)
    assert (hazard[1] < hazard[0] + 1e-12).all()


@pytest.mark.parametrize(
    "part",
    [
        RateTable(("a",), ((1.0,),), (0.5, 0.6)),
        PastSpend(28, 28.0, 1.5, 0.9),
        Column("a"),
        SurvivalTable("a", (), (1, 2), ((0.9, 0.8),)),
    ],
    ids=lambda part: type(part).__name__,
)
def test_a_rule_comes_back_from_json_as_it_was(part: object) -> None:
    assert restore(part.to_json()) == part  # type: ignore[attr-defined]
