"""Judges the answers of one contestant: every figure of churn, orders, value, repurchase and intervals."""

import numpy as np
import pandas as pd

from benchmarks.quality.answers import CURVE_DAYS, LEVELS, Answers
from benchmarks.quality.preparing import Future
from tiercast.evaluation.arrays import Floats
from tiercast.evaluation.distribution import pit_coverage, randomised_pit
from tiercast.evaluation.metrics import (
    churn_metrics,
    concordance,
    crps,
    integrated_brier,
    interval_metrics,
    value_metrics,
)
from tiercast.evaluation.probability import binned_sums
from tiercast.evaluation.value import mae, rmse, total_bias

Figures = dict[str, dict[str, float]]


def judge(answers: Answers, future: Future, *, has_amounts: bool, seed: int) -> Figures:
    """Return the figures by target; a target that was not answered, or cannot be judged, is left out."""
    truth, said = future.truth, answers.frame
    found: Figures = {}
    if "purchase_probability" in said:
        churned, probability = 1.0 - column(truth, "purchased"), 1.0 - column(said, "purchase_probability")
        found["churn"] = churn_metrics(churned, probability) | murphy(churned, probability)
    if "expected_orders" in said:
        found["orders"] = order_metrics(column(truth, "orders"), column(said, "expected_orders"))
    if "expected_value_currency" in said and has_amounts:
        brought, value = column(truth, "value_currency"), column(said, "expected_value_currency")
        found["value"] = value_metrics(brought, value)
        if answers.quantiles is not None:
            found["value"]["crps"] = crps(brought, answers.quantiles, LEVELS)
            found["interval"] = intervals(answers, truth, seed=seed)
    if answers.survival is not None:
        found["repurchase"] = curve_metrics(answers.survival, future)
    return found


def column(frame: pd.DataFrame, name: str) -> Floats:
    """Return a column as float64."""
    return np.asarray(frame[name].to_numpy(float), dtype=np.float64)


def murphy(actual: Floats, probability: Floats, *, bins: int = 10) -> dict[str, float]:
    """Return the parts of the Brier score over bins of equal mass: reliability − resolution + uncertainty.

    Murphy 1973. What the score loses within a bin is in none of the three.

    Examples
    --------
    >>> {name: float(part) for name, part in murphy(np.array([0.0, 1.0]), np.array([0.0, 1.0]), bins=2).items()}
    {'murphy_reliability': 0.0, 'murphy_resolution': 0.25, 'murphy_uncertainty': 0.25}
    """
    size = actual.size / bins
    base = float(actual.mean())
    told, happened = (
        part / size for part in binned_sums(actual, probability, np.ones_like(actual), bins=bins)
    )
    return {
        "murphy_reliability": float(np.mean((told - happened) ** 2)),
        "murphy_resolution": float(np.mean((happened - base) ** 2)),
        "murphy_uncertainty": base * (1.0 - base),
    }


def order_metrics(actual: Floats, predicted: Floats) -> dict[str, float]:
    """Return the figures of counts; ``total_bias`` is all that were said over all there were.

    Examples
    --------
    >>> order_metrics(np.array([0.0, 2.0]), np.array([1.0, 2.0]))["mae_to_mean"]
    0.5
    """
    alike = actual.min() == actual.max() or predicted.min() == predicted.max()
    absolute = mae(actual, predicted)
    return {
        "mae": absolute,
        "rmse": rmse(actual, predicted),
        "correlation": float("nan") if alike else float(np.corrcoef(actual, predicted)[0, 1]),
        "total_bias": total_bias(actual, predicted),
        "mae_to_mean": absolute / float(actual.mean()) if actual.mean() > 0 else float("nan"),
    }


def followed(future: Future) -> tuple[Floats, Floats, list[int]]:
    """Return when each customer bought, how long each was followed, and the places of the days that were seen."""
    wait = column(future.truth, "days_to_purchase")
    seen = np.full(wait.size, float(future.observed_days))
    return wait, seen, [place for place, day in enumerate(CURVE_DAYS) if day <= future.observed_days]


def curve_metrics(survival: Floats, future: Future) -> dict[str, float]:
    """Return the figures of curves over the days that were seen, at most 182.

    Everybody is followed for as long, so the Kaplan-Meier weights of the censoring are 1 up to the last of these days.
    """
    wait, seen, places = followed(future)
    if not places:
        return {}
    days, curve = np.asarray(CURVE_DAYS, dtype=float)[places], survival[:, places]
    return {
        "integrated_brier": integrated_brier(wait, seen, curve, days),
        "concordance": concordance(wait, seen, (1.0 - curve).mean(axis=1), until_days=float(days[-1])),
    }


def intervals(answers: Answers, truth: pd.DataFrame, *, seed: int) -> dict[str, float]:
    """Return the coverage of value intervals: overall, by decile of predicted value, and among spenders."""
    said, actual = answers.frame, column(truth, "value_currency")
    assert answers.quantiles is not None
    at_zero = 1.0 - column(said, "purchase_probability")
    up_to = cumulative(actual, answers.quantiles, at_zero)
    told = interval_metrics(
        actual,
        up_to,
        at_zero,
        low_given_purchase=column(said, "value_given_purchase_low_currency"),
        high_given_purchase=column(said, "value_given_purchase_high_currency"),
        seed=seed,
    )
    nothing = actual <= 0
    pit = randomised_pit(np.where(nothing, 0.0, up_to), np.where(nothing, at_zero, up_to), seed=seed)
    order = np.argsort(column(said, "expected_value_currency"), kind="stable")
    deciles = [pit_coverage(pit[rows]) for rows in np.array_split(order, 10) if len(rows)]
    by_decile = {f"pit_coverage_80_decile_{place}_share": each for place, each in enumerate(deciles, 1)}
    return {
        **told,
        "pit_coverage_80_lowest_decile_share": min(deciles),
        "pit_coverage_80_highest_decile_share": max(deciles),
        **by_decile,
    }


def cumulative(actual: Floats, quantiles: Floats, at_zero: Floats) -> Floats:
    """Return P(value ≤ actual), read straight between two levels; at and below zero it is the mass at zero.

    Examples
    --------
    >>> table = np.tile(np.linspace(0.0, 99.0, 100), (2, 1))
    >>> cumulative(np.array([0.0, 50.0]), table, np.array([0.005, 0.005])).round(3).tolist()
    [0.005, 0.505]
    """
    levels = np.asarray(LEVELS)
    below = (quantiles <= actual[:, None]).sum(axis=1)
    rows = np.arange(actual.size)
    under, over = np.maximum(below - 1, 0), np.minimum(below, levels.size - 1)
    low, high = np.where(below > 0, quantiles[rows, under], 0.0), quantiles[rows, over]
    start = np.where(below > 0, levels[under], 0.0)
    start = np.where(low <= 0, np.maximum(start, at_zero), start)
    share = np.divide(actual - low, high - low, out=np.zeros_like(actual), where=high > low)
    inside = start + np.clip(share, 0.0, 1.0) * np.maximum(levels[over] - start, 0.0)
    found = np.where(below >= levels.size, 1.0, inside)
    return np.where(actual <= 0, at_zero, np.maximum(found, at_zero))
