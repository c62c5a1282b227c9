"""Past spend: what a customer brought a day, shrunk to the mean of all, goes on for the horizon."""

import numpy as np
import pandas as pd

from benchmarks.frame import stopwatch
from benchmarks.quality.answers import Answers
from benchmarks.quality.material import Material, seen_at
from benchmarks.quality.peers.level import newest_window
from tiercast.evaluation.arrays import Floats

PRIOR_DAYS = 28.0


def answer(material: Material) -> Answers:
    """Return spend and orders a day of relationship, at the level of the newest window."""
    with stopwatch() as fit:
        window = newest_window(material)
        levels = {
            name: _level(actual, _rate(window.seen, column) * window.days)
            for name, column, actual in (
                ("expected_orders", "order_days", window.orders),
                ("expected_value_currency", "spend_currency", window.value_currency),
            )
        }
    with stopwatch() as predict:
        seen = seen_at(material.purchases, material.cohort, material.cutoff_day)
        frame = material.cohort.to_frame().assign(
            expected_orders=levels["expected_orders"] * _rate(seen, "order_days") * material.horizon_days
        )
        if material.has_amounts:
            value = levels["expected_value_currency"] * _rate(seen, "spend_currency") * material.horizon_days
            frame["expected_value_currency"] = value
    return Answers(frame, "past spend over tenure, shrunk", fit_s=fit[0], predict_s=predict[0])


def _rate(seen: pd.DataFrame, column: str) -> Floats:
    """Return the amount a day; 28 days of the mean of all are added to each customer."""
    total, age = seen[column].to_numpy(float), seen["customer_age_days"].to_numpy(float)
    mean = total.sum() / max(age.sum(), 1.0)
    return np.asarray((total + PRIOR_DAYS * mean) / (age + PRIOR_DAYS))


def _level(actual: Floats, said: Floats) -> float:
    return float(np.clip(actual.sum() / said.sum(), 0.1, 10.0)) if said.sum() > 0 else 1.0
