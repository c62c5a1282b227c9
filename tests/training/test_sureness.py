"""Headline figures are told with intervals that hold the truth as often as they say, by customer and by origin."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tiercast.evaluation.metrics import churn_metrics, value_metrics
from tiercast.training.judging import Results
from tiercast.training.sureness import HEADLINES, sureness_of

ORIGINS = (date(2024, 9, 2), date(2024, 9, 30), date(2024, 10, 28))


def judged(seed: int, customers: int = 300) -> Results:
    """Return answers at three origins of customers who stay as likely to leave as they are."""
    chance = np.random.default_rng(seed)
    truth = np.tile(chance.beta(1, 1, customers).clip(0.02, 0.98), 3)
    keys = pd.DataFrame(
        {
            "customer_id": [f"c{n}" for n in range(customers)] * 3,
            "cutoff": np.repeat(np.array(ORIGINS, dtype=object), customers),
        }
    )
    left = (chance.random(3 * customers) < truth).astype(float)
    value = (1 - left) * chance.lognormal(3, 0.7, 3 * customers)
    return Results(
        answers={
            "churn": keys.assign(actual=left, recency_frequency=0.5 + 0.3 * (truth - 0.5), blend=truth),
            "lifetime_value": keys.assign(
                actual=value, past_spend=12.0 + truth, value_blend=(1 - truth) * 25.7
            ),
        },
        winners={"churn": "blend", "lifetime_value": "value_blend"},
    )


def test_each_figure_is_the_mean_over_origins_and_lies_within_its_interval() -> None:
    results = judged(1)
    sure = sureness_of(results, seed=3, resamples=150)
    metrics = {"churn": churn_metrics, "lifetime_value": value_metrics}
    for target, headlines in HEADLINES.items():
        rows = results.answers[target]
        at = [
            metrics[target](part["actual"], part[results.winners[target]])
            for _, part in rows.groupby("cutoff")
        ]
        for name, _, _ in headlines:
            found = sure.by_name[f"{target}.{name}"].figure
            assert found.estimate == pytest.approx(np.mean([figures[name] for figures in at]), rel=1e-9)
            assert found.low < found.estimate < found.high


def test_beside_the_rule_the_winner_is_better_where_it_is() -> None:
    sure = sureness_of(judged(1), seed=3, resamples=150)
    for name in ("churn.log_loss", "lifetime_value.normalised_gini", "lifetime_value.rmse"):
        assert sure.by_name[name].beside_rule.is_better, name
    assert sure.metrics["churn.log_loss.minus_rule_high_95"] < 0
    assert set(sure.to_json()) == set(sure.by_name)


def test_intervals_hold_the_true_level_as_often_as_they_say() -> None:
    from tiercast.evaluation.bootstrap import figure_interval
    from tiercast.evaluation.origins import TOTAL_BIAS, mean_over

    held = 0
    for seed in range(100):
        chance = np.random.default_rng(seed)
        own = np.tile(chance.lognormal(3, 0.5, 150), 3)
        came = own * chance.lognormal(-0.125, 0.5, 450)
        found = figure_interval(
            mean_over(TOTAL_BIAS, np.repeat([1, 2, 3], 150)), came, own, seed=seed,
            customer=np.tile(np.arange(150), 3), resamples=200,
        )  # fmt: skip
        held += found.low <= 1.0 <= found.high
    assert 88 <= held <= 99
