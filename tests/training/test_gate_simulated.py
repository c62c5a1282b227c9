"""The gate as it stands, guards and all, over many worlds whose truth is known: whom it lets in, and how often."""

from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr

from tiercast.evaluation.probability import log_loss_per_row
from tiercast.training.judging import Results
from tiercast.training.promotion import gate

CUSTOMERS, ORIGINS, RUNS = 130, (date(2024, 9, 2), date(2024, 9, 30)), 200
SHARED, OWN = 0.9, 0.8
"""What everybody knows of a customer, and what the challenger alone does; the champion alone knows something else."""


def world(rows: int, champions: float, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Return what happened, and what challenger, champion and rule say of it: each the true chance, given what it knows.

    All are calibrated, so no guard on level or calibration is truly harmed; value is told by challenger and champion with
    independent errors of one size, so its rank and level are truly the same.
    """
    shared, ours, theirs, rest = random.standard_normal((4, rows))
    left = SHARED * shared + OWN * ours + champions * theirs + rest > 0
    spend = random.lognormal(3, 0.5, rows)
    worth = spend * ndtr(-SHARED * shared / np.hypot(1.0, np.hypot(OWN, champions)))
    return {
        "actual": left.astype(float),
        "challenger": ndtr((SHARED * shared + OWN * ours) / np.hypot(1.0, champions)),
        "champion": ndtr((SHARED * shared + champions * theirs) / np.hypot(1.0, OWN)),
        "rule": ndtr(SHARED * shared / np.hypot(1.0, np.hypot(OWN, champions))),
        "value": np.where(left, 0.0, spend),
        "value_challenger": worth * random.lognormal(0, 0.3, rows),
        "value_champion": worth * random.lognormal(0, 0.3, rows),
        "value_rule": random.lognormal(2, 0.3, rows),
    }


def standard_errors_better(champions: float) -> float:
    """Return by how many standard errors the challenger truly beats a champion who knows so much."""
    drawn = world(200_000, champions, np.random.default_rng(9))
    said = (log_loss_per_row(drawn["actual"], drawn[who]) for who in ("champion", "challenger"))
    gain = np.subtract(*said)
    return float(gain.mean() / gain.std() * np.sqrt(CUSTOMERS * len(ORIGINS)))


@cache
def champion_beaten_by(standard_errors: float) -> float:
    """Return how much the champion knows whom the challenger beats by exactly so many standard errors."""
    if standard_errors == 0:
        return OWN
    return float(brentq(lambda knows: standard_errors_better(knows) - standard_errors, 0.0, 2.4, xtol=1e-3))


def share_promoted(standard_errors: float, *, resamples: int, with_champion: bool = True) -> float:
    random, promoted = np.random.default_rng(11), 0
    keys = pd.DataFrame(
        {
            "customer_id": np.tile(np.arange(CUSTOMERS), 2),
            "cutoff": np.repeat(np.array(ORIGINS, dtype=object), CUSTOMERS),
        }
    )
    for run in range(RUNS):
        drawn = world(len(keys), champion_beaten_by(standard_errors), random)
        old, old_value = (drawn[f"{kind}champion"] for kind in ("", "value_"))
        rule, rule_value = (drawn["rule"], drawn["value_rule"]) if with_champion else (old, old_value)
        results = Results(
            answers={
                "churn": keys.assign(
                    actual=drawn["actual"], recency_frequency=rule, model=drawn["challenger"]
                ),
                "lifetime_value": keys.assign(
                    actual=drawn["value"], past_spend=rule_value, model=drawn["value_challenger"]
                ),
            },
            winners={"churn": "model", "lifetime_value": "model"},
        )
        rival = keys.assign(champion_churn=old, champion_value=old_value) if with_champion else None
        promoted += gate(results, rival=rival, rival_name="champion", seed=run, resamples=resamples).promoted
    return promoted / RUNS


def test_a_challenger_better_by_three_and_a_half_standard_errors_wins_almost_always() -> None:
    assert standard_errors_better(champion_beaten_by(3.5)) == pytest.approx(3.5, abs=0.02)
    assert share_promoted(3.5, resamples=120) >= 0.88


def test_an_equal_challenger_wins_at_most_one_time_in_twenty() -> None:
    assert share_promoted(0.0, resamples=100) <= 0.05


def test_a_challenger_worse_by_two_standard_errors_never_wins() -> None:
    assert share_promoted(-2.0, resamples=30) == 0.0


def test_a_gain_on_average_does_not_pay_for_a_day_that_is_worse_than_any_of_the_rivals() -> None:
    random = np.random.default_rng(5)
    keys = pd.DataFrame(
        {
            "customer_id": [f"c{n}" for n in range(500)] * 3,
            "cutoff": np.repeat(np.array([*ORIGINS, date(2024, 10, 28)], dtype=object), 500),
        }
    )
    drawn = world(1500, 0.0, random)
    last = np.arange(1500) >= 1000
    badly_once = np.where(last, 0.65 - 0.3 * drawn["challenger"], np.where(drawn["actual"] > 0, 0.97, 0.03))

    def decided(said: np.ndarray):
        results = Results(
            answers={
                "churn": keys.assign(actual=drawn["actual"], recency_frequency=drawn["rule"], model=said),
                "lifetime_value": keys.assign(
                    actual=drawn["value"], past_spend=drawn["value_rule"], model=drawn["value_challenger"]
                ),
            },
            winners={"churn": "model", "lifetime_value": "model"},
        )
        return gate(results, rival=None, rival_name="", seed=1, resamples=200)

    assert decided(drawn["challenger"]).promoted
    refused = decided(badly_once)
    assert not refused.promoted
    worst = next(each for each in refused.comparisons if each.measure == "worst_origin_log_loss")
    assert worst.is_guard
    assert not worst.passes
    assert worst.challenger_figure > worst.rival_figure
    gained = refused.comparisons[0]
    assert gained.measure == "log_loss"
    assert gained.passes, "on average it beats the rule"
    assert worst.sentence in refused.reasons


def test_one_origin_alone_has_no_worst_and_needs_no_guard_for_it() -> None:
    drawn = world(300, 0.0, np.random.default_rng(5))
    keys = pd.DataFrame({"customer_id": [f"c{n}" for n in range(300)], "cutoff": [ORIGINS[0]] * 300})
    results = Results(
        answers={
            "churn": keys.assign(
                actual=drawn["actual"], recency_frequency=drawn["rule"], model=drawn["challenger"]
            ),
            "lifetime_value": keys.assign(
                actual=drawn["value"], past_spend=drawn["value_rule"], model=drawn["value_challenger"]
            ),
        },
        winners={"churn": "model", "lifetime_value": "model"},
    )
    decision = gate(results, rival=None, rival_name="", seed=1, resamples=40)
    assert [each.measure for each in decision.comparisons if each.is_guard] == [
        "expected_calibration_error", "normalised_gini", "total_bias_distance",
    ]  # fmt: skip
