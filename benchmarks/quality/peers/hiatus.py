"""The hiatus rule: what those did who had been silent for as long, read off the newest window."""

import numpy as np

from benchmarks.frame import stopwatch
from benchmarks.quality.answers import CURVE_DAYS, Answers
from benchmarks.quality.material import Material, seen_at, stretched
from benchmarks.quality.peers.level import newest_window
from tiercast.evaluation.arrays import Floats
from tiercast.evaluation.survival import kaplan_meier

BANDS = 10


def answer(material: Material) -> Answers:
    """Return the share of buyers, the mean orders and the curve of each of ten bands of days since the last purchase."""
    with stopwatch() as fit:
        window = newest_window(material)
        silence = window.seen["days_since_purchase"].to_numpy(float)
        edges = np.unique(np.quantile(silence, np.linspace(0.0, 1.0, BANDS + 1)[1:-1]))
        band = np.searchsorted(edges, silence, side="right")
        size = np.bincount(band, minlength=len(edges) + 1)
        # one customer of the mean of all is added to each band, so that none is empty
        share = _mean((window.orders > 0).astype(float), band, size)
        orders = _mean(window.orders, band, size)
        curves = np.vstack(
            [_curve(window.days_to_purchase[band == place], window.days) for place in range(len(size))]
        )
    with stopwatch() as predict:
        seen = seen_at(material.purchases, material.cohort, material.cutoff_day)
        whose = np.searchsorted(edges, seen["days_since_purchase"].to_numpy(float), side="right")
        frame = material.cohort.to_frame().assign(
            purchase_probability=stretched(
                share, window_days=window.days, horizon_days=material.horizon_days
            )[whose],
            expected_orders=orders[whose] * material.horizon_days / window.days,
        )
        survival = curves[whose]
    notes = (
        () if window.days == material.horizon_days else (f"learned over {window.days} days and stretched",)
    )
    return Answers(
        frame, "hiatus rule, 10 bands", survival=survival, notes=notes, fit_s=fit[0], predict_s=predict[0]
    )


def _mean(values: Floats, band: np.ndarray, size: np.ndarray) -> Floats:
    return np.asarray((np.bincount(band, weights=values, minlength=len(size)) + values.mean()) / (size + 1.0))


def _curve(wait: Floats, window_days: int) -> Floats:
    """Return Kaplan-Meier on the days of the curve; past the window its mean hazard goes on."""
    days = np.asarray(CURVE_DAYS, dtype=float)
    if not wait.size:
        return np.ones(days.size)
    seen = np.full(wait.size, float(window_days))
    inside = kaplan_meier(wait, seen, np.minimum(days, window_days))
    rate = -np.log(max(inside[-1], 0.5 / wait.size)) / window_days
    return np.asarray(inside * np.exp(-rate * np.maximum(days - window_days, 0.0)))
