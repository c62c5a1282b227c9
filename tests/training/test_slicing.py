"""Slices: each has the figures of its own rows, few customers are counted and not told."""

import re
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tiercast.evaluation.metrics import log_loss, normalised_gini, roc_auc
from tiercast.learners.learner import Panel
from tiercast.training.judging import Results
from tiercast.training.slicing import Slices, kinds_of, slices_of

ORIGINS = (date(2024, 9, 2), date(2024, 9, 30))


def judged(customers: int = 400) -> tuple[Results, Panel]:
    """Return answers at two origins, and a panel that holds an older origin as well, in another order."""
    chance = np.random.default_rng(4)
    rows = 2 * customers
    keys = pd.DataFrame(
        {
            "customer_id": [f"c{row % customers:03}" for row in range(rows)],
            "cutoff": np.repeat(np.array(ORIGINS, dtype=object), customers),
        }
    )
    days = np.where(np.arange(rows) % 4 == 0, 1.0, 5.0)
    truth = np.where(days > 1, chance.beta(1, 3, rows), chance.beta(3, 1, rows)).clip(0.02, 0.98)
    left = (chance.random(rows) < truth).astype(float)
    value = (1 - left) * chance.lognormal(3, 1, rows)
    results = Results(
        answers={
            "churn": keys.assign(actual=left, recency_frequency=left.mean(), blend=truth),
            "lifetime_value": keys.assign(
                actual=value, past_spend=value.mean(), value_blend=(1 - truth) * 30
            ),
        },
        winners={"churn": "blend", "lifetime_value": "value_blend"},
        ranges=keys.assign(pit=chance.random(rows)),
    )
    features = keys.assign(
        order_days=days,
        customer_age_days=np.where(np.arange(rows) % customers < 40, 10.0, 200.0),
        spend_currency=chance.lognormal(3, 1, rows),
        first_channel_code=np.where(np.arange(rows) % 2 == 0, 0.0, 1.0),
        preferred_channel_code=np.nan,
    )
    older = features.iloc[:customers].assign(cutoff=date(2024, 8, 5))
    shuffled = pd.concat([older, features]).sample(frac=1, random_state=1).reset_index(drop=True)
    labels = pd.DataFrame({"purchased": np.zeros(len(shuffled))})
    return results, Panel(shuffled, labels, ())


def test_a_slice_has_the_figures_of_its_own_rows() -> None:
    results, panel = judged()
    table = slices_of(results, panel, ("store", "web")).table.set_index(["slice_of", "slice"])
    churn, value = results.answers["churn"], results.answers["lifetime_value"]
    own = np.arange(800) % 4 == 0
    once: Any = table.loc[("purchases", "one_time"), :]
    assert (once["customers"], once["rows"]) == (100, 200)
    assert once["log_loss"] == pytest.approx(log_loss(churn["actual"][own], churn["blend"][own]))
    assert once["roc_auc"] == pytest.approx(roc_auc(churn["actual"][own], churn["blend"][own]))
    assert once["normalised_gini"] == pytest.approx(
        normalised_gini(value["actual"][own], value["value_blend"][own])
    )
    assert once["churned_share"] == pytest.approx(churn["actual"][own].mean())
    assert once["log_loss"] < once["rule_log_loss"]


def test_every_row_is_in_one_slice_of_each_kind_where_it_is_known() -> None:
    results, panel = judged()
    found = slices_of(results, panel, ("store", "web"), least_customers=1)
    assert found.untold == 0
    rows = found.table.groupby("slice_of")["rows"].sum()
    assert rows.to_dict() == {"purchases": 800, "age": 800, "past_spend": 800, "first_channel": 800}


def test_a_slice_of_few_customers_is_counted_and_not_told() -> None:
    results, panel = judged()
    found = slices_of(results, panel, ("store", "web"))
    assert found.untold == 1, "new customers are forty, at both origins the same"
    assert ("age", "new") not in set(zip(found.table["slice_of"], found.table["slice"], strict=True))
    assert found.metrics["slices.untold"] == 1.0
    assert found.table["customers"].min() >= 50


def test_a_channel_may_be_called_anything() -> None:
    results, panel = judged()
    hostile = ("it's; DROP TABLE x --\n| a |", "🍎" * 300)
    found = slices_of(results, panel, hostile)
    assert set(found.table["slice"]) >= set(hostile)
    assert len(found.metrics) == len(found.table) * 10 + 1
    for name in found.metrics:
        assert re.fullmatch(r"[\w.-]{1,200}", name), name


def test_one_channel_alone_divides_nobody() -> None:
    results, panel = judged()
    assert "first_channel" not in set(slices_of(results, panel, ("store",)).table["slice_of"])


def test_thirds_of_past_spend_are_of_each_origin_and_keep_equals_together() -> None:
    known = pd.DataFrame(
        {
            "cutoff": [1] * 6 + [2] * 3, "order_days": 2.0, "customer_age_days": 90.0,
            "spend_currency": [1, 1, 1, 1, 5, 9, 100, 200, 300],
        }
    )  # fmt: skip
    assert kinds_of(known)["past_spend"].tolist() == [
        "middle", "middle", "middle", "middle", "high", "high", "low", "middle", "high",
    ]  # fmt: skip


def test_a_figure_that_a_slice_cannot_give_is_null_in_json() -> None:
    results, panel = judged()
    results.answers["churn"]["actual"] = 1.0
    told = slices_of(results, panel).to_json()
    assert {row["roc_auc"] for row in told["slices"]} == {None}
    assert Slices().to_json() == {"slices": [], "untold": 0, "least_customers": 50}
