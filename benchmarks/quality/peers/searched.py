"""What the peers that search are asked: activity, orders and value, each as a plain table to learn from."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.quality.material import Material, stretched
from benchmarks.quality.panel import Learnable
from tiercast.evaluation.arrays import Floats

QUESTIONS: tuple[tuple[str, str, bool], ...] = (
    ("purchase_probability", "purchased", True),
    ("expected_orders", "order_days_future", False),
    ("expected_value_currency", "value_currency", False),
)
"""Answer, label, and whether it is a class."""
SHARE = len(QUESTIONS)


def seconds_each(material: Material) -> int:
    """Return the seconds for each question: together they have three times ours.

    A search cannot be shorter than ten seconds.
    """
    return max(10, round(3.0 * material.our_fit_s / SHARE))


def frame_of(
    material: Material, learnable: Learnable, predict: Callable[[str, bool], Floats]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the answers to every question, stretched to the horizon where the labels look over less of it.

    Parameters
    ----------
    predict : callable
        (label, is a class) -> the answers for ``learnable.now``.
    """
    window, horizon = learnable.window_days, material.horizon_days
    frame = material.cohort.to_frame()
    for answer, label, is_class in QUESTIONS:
        if answer == "expected_value_currency" and not material.has_amounts:
            continue
        said = predict(label, is_class)
        if is_class:
            frame[answer] = stretched(np.clip(said, 0.0, 1.0), window_days=window, horizon_days=horizon)
        else:
            frame[answer] = np.maximum(said, 0.0) * horizon / window
    return frame, () if window == horizon else (f"learned over {window} days and stretched",)
