"""The figures reported for each question: one table for churn, one for repurchase time, one for value, one for counts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from tiercast.evaluation.arrays import columns
from tiercast.evaluation.distribution import crps, pinball, pit_coverage, randomised_pit, spender_coverage
from tiercast.evaluation.probability import (
    average_precision,
    brier,
    expected_calibration_error,
    log_loss,
    predicted_to_actual,
    roc_auc,
    top_decile_lift,
)
from tiercast.evaluation.survival import concordance, integrated_brier, kaplan_meier, within_days_calibration
from tiercast.evaluation.survival_spread import discrete_log_loss, distribution_calibration, within_days_auc
from tiercast.evaluation.value import (
    capture_share,
    decile_mape,
    decile_slope,
    mae,
    normalised_gini,
    rmse,
    spearman,
    total_bias,
    tweedie_deviance,
)

__all__ = [
    "average_precision",
    "brier",
    "capture_share",
    "churn_metrics",
    "concordance",
    "count_metrics",
    "crps",
    "decile_mape",
    "decile_slope",
    "discrete_log_loss",
    "distribution_calibration",
    "expected_calibration_error",
    "integrated_brier",
    "interval_metrics",
    "kaplan_meier",
    "log_loss",
    "mae",
    "normalised_gini",
    "pinball",
    "pit_coverage",
    "pit_of_value",
    "predicted_to_actual",
    "randomised_pit",
    "repurchase_metrics",
    "rmse",
    "roc_auc",
    "spearman",
    "spender_coverage",
    "top_decile_lift",
    "total_bias",
    "tweedie_deviance",
    "value_metrics",
    "within_days_auc",
    "within_days_calibration",
]


def churn_metrics(actual: ArrayLike, probability: ArrayLike) -> dict[str, float]:
    """Return the churn figures; a figure that the rows cannot give is NaN (see each function).

    Parameters
    ----------
    actual : array of 0 and 1, shape (n,)
        1 = made no purchase within the horizon.
    probability : array of float, shape (n,)
        Churn probability.

    Examples
    --------
    >>> figures = churn_metrics([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> figures["roc_auc"], round(figures["brier"], 6)
    (0.75, 0.158125)
    >>> churn_metrics([1, 1], [0.5, 0.5])["roc_auc"]
    nan
    """
    return {
        "log_loss": log_loss(actual, probability),
        "brier": brier(actual, probability),
        "roc_auc": roc_auc(actual, probability),
        "average_precision": average_precision(actual, probability),
        "expected_calibration_error": expected_calibration_error(actual, probability),
        "predicted_to_actual": predicted_to_actual(actual, probability),
        "top_decile_lift": top_decile_lift(actual, probability),
    }


def value_metrics(actual: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """Return the value figures, in currency; hand rows over sorted by customer (Gini ties keep row order).

    Examples
    --------
    >>> figures = value_metrics([0, 10, 20, 50], [5, 5, 20, 40])
    >>> figures["total_bias"], figures["capture_20_share"]
    (0.875, 0.5)
    """
    return {
        "normalised_gini": normalised_gini(actual, predicted),
        "spearman": spearman(actual, predicted),
        "rmse": rmse(actual, predicted),
        "mae": mae(actual, predicted),
        "total_bias": total_bias(actual, predicted),
        "decile_mape": decile_mape(actual, predicted),
        "decile_slope": decile_slope(actual, predicted),
        "tweedie_deviance": tweedie_deviance(actual, predicted),
        "capture_5_share": capture_share(actual, predicted, share=0.05),
        "capture_10_share": capture_share(actual, predicted, share=0.10),
        "capture_20_share": capture_share(actual, predicted, share=0.20),
    }


def count_metrics(actual: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """Return the figures of predicted counts: errors, level, rank, and the mean Poisson deviance.

    Examples
    --------
    >>> figures = count_metrics([0, 2, 1], [0.5, 1.5, 1.0])
    >>> round(figures["rmse"], 4), figures["total_bias"], round(figures["poisson_deviance"], 4)
    (0.4082, 1.0, 0.3836)
    """
    happened, said = columns(actual, predicted)
    mean = np.maximum(said, 1e-9)
    deviance = 2.0 * (xlogy(happened, happened / mean) - happened + mean)
    spread = happened.std() * said.std() if happened.size else 0.0
    return {
        "rmse": rmse(happened, said),
        "mae": mae(happened, said),
        "total_bias": total_bias(happened, said),
        "correlation": float(np.mean((happened - happened.mean()) * (said - said.mean())) / spread)
        if spread > 0
        else float("nan"),
        "poisson_deviance": float(deviance.mean()) if happened.size else float("nan"),
    }


def repurchase_metrics(
    days_to_purchase: ArrayLike,
    observed_days: ArrayLike,
    survival: ArrayLike,
    curve_days: ArrayLike,
    *,
    within_days: Sequence[int] = (7, 30, 60, 90),
) -> dict[str, float]:
    """Return the figures of a repurchase curve; concordance ranks by the mean of 1 - S over ``curve_days``.

    A day of ``within_days`` beyond the last of ``curve_days`` gives NaN: the curve is not extrapolated.
    Between two days of the curve it is read straight.

    Parameters
    ----------
    days_to_purchase, observed_days : array of float, shape (n,)
        See ``tiercast.evaluation.survival``: days count from 1; the follow-up is the same clock for buyers
        and others.
    survival : array of float, shape (n, days)
        P(no purchase through each of ``curve_days``).
    curve_days : array of float, shape (days,)
        Rising, at least one.

    Examples
    --------
    >>> curve = [[0.2, 0.1], [0.9, 0.8]]
    >>> figures = repurchase_metrics([3, np.nan], [90, 90], curve, [7, 90], within_days=(7,))
    >>> figures["concordance"], round(figures["within_7d_predicted_to_actual"], 4)
    (1.0, 0.9)
    """
    curve, days = np.asarray(survival, dtype=np.float64), np.asarray(curve_days, dtype=np.float64)
    error, p_value = distribution_calibration(days_to_purchase, observed_days, curve, days)
    figures = {
        "integrated_brier": integrated_brier(days_to_purchase, observed_days, curve, days),
        "concordance": concordance(
            days_to_purchase, observed_days, (1.0 - curve).mean(axis=1), until_days=float(days[-1])
        ),
        "discrete_log_loss": discrete_log_loss(days_to_purchase, observed_days, curve, days),
        "d_calibration_error": error,
        "d_calibration_p_value": p_value,
    }
    for asked in within_days:
        within = 1.0 - _at_day(curve, days, asked)
        error, ratio = within_days_calibration(days_to_purchase, observed_days, within, within_days=asked)
        figures[f"within_{asked}d_calibration_error"] = error
        figures[f"within_{asked}d_predicted_to_actual"] = ratio
        figures[f"within_{asked}d_roc_auc"] = within_days_auc(
            days_to_purchase, observed_days, within, within_days=asked
        )
    return figures


def _at_day(curve: np.ndarray, days: np.ndarray, asked: float) -> np.ndarray:
    if asked > days[-1]:
        return np.full(curve.shape[0], np.nan)
    grid = np.concatenate([[0.0], days]) if days[0] > 0 else days
    full = np.column_stack([np.ones(curve.shape[0]), curve]) if days[0] > 0 else curve
    upper = int(np.clip(np.searchsorted(grid, asked), 1, grid.size - 1))
    share = (asked - grid[upper - 1]) / (grid[upper] - grid[upper - 1])
    between: np.ndarray = full[:, upper - 1] + share * (full[:, upper] - full[:, upper - 1])
    return between


def interval_metrics(
    actual: ArrayLike,
    up_to_actual: ArrayLike,
    up_to_zero: ArrayLike,
    *,
    low_given_purchase: ArrayLike,
    high_given_purchase: ArrayLike,
    seed: int,
) -> dict[str, float]:
    """Return the figures of value intervals: PIT coverage of the central 80 %, coverage of spenders.

    Parameters
    ----------
    actual : array of float, shape (n,)
        Value over the horizon, in currency; below zero (net of returns) is read as zero.
    up_to_actual, up_to_zero : array of float, shape (n,)
        P(value <= actual) and P(value <= 0), from ``ValueIntervals.cumulative``.
    low_given_purchase, high_given_purchase : array of float, shape (n,)
        ``ValueIntervals.positive_quantile`` at 0.1 and 0.9.

    Examples
    --------
    >>> low, high = [5, 5], [20, 20]
    >>> interval_metrics([10, 30], [0.5, 0.95], [0.1, 0.1],
    ...                  low_given_purchase=low, high_given_purchase=high, seed=1)["pit_coverage_80_share"]
    0.5
    """
    brought, _, _ = columns(actual, up_to_actual, up_to_zero)
    pit = pit_of_value(actual, up_to_actual, up_to_zero, seed=seed)
    return {
        "pit_coverage_80_share": pit_coverage(pit),
        "pit_mean": float(pit.mean()) if pit.size else float("nan"),
        "spender_coverage_80_share": spender_coverage(brought, low_given_purchase, high_given_purchase),
    }


def pit_of_value(
    actual: ArrayLike, up_to_actual: ArrayLike, up_to_zero: ArrayLike, *, seed: int
) -> np.ndarray:
    """Return each customer's randomised PIT of a value, whose forecast has a point mass at zero.

    Parameters
    ----------
    actual, up_to_actual, up_to_zero : array of float, shape (n,)
        See :func:`interval_metrics`.
    seed : int

    Examples
    --------
    >>> pit_of_value([10.0], [0.75], [0.5], seed=1).tolist()
    [0.75]
    """
    brought, up_to, at_zero = columns(actual, up_to_actual, up_to_zero)
    nothing = brought <= 0
    return randomised_pit(np.where(nothing, 0.0, up_to), np.where(nothing, at_zero, up_to), seed=seed)
