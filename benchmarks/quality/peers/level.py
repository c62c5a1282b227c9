"""The newest window that a rule can learn its level from: the last horizon before the cutoff, or half the history."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.quality.answers import Skipped
from benchmarks.quality.material import Material, seen_at
from tiercast.evaluation.arrays import Floats


@dataclass(frozen=True)
class Window:
    """What was known at the start of the window, and what followed in it.

    Parameters
    ----------
    seen : pandas.DataFrame
        As :func:`~benchmarks.quality.material.seen_at` tells it, for everybody who had bought before the window.
    orders, value_currency, days_to_purchase : array
        In the window; days count from 1, NaN where there was no purchase.
    days : int
        Its length.
    """

    seen: pd.DataFrame
    orders: Floats
    value_currency: Floats
    days_to_purchase: Floats
    days: int


def newest_window(material: Material) -> Window:
    """Return the newest window whose end is the cutoff.

    Raises
    ------
    Skipped
        Nobody had bought before it.
    """
    bought = material.purchases
    length = min(material.horizon_days, (material.cutoff_day - int(bought["day"].min())) // 2)
    start = material.cutoff_day - length
    before = bought[bought["day"] < start]
    if length < 1 or before.empty:
        raise Skipped("no history before a window to learn from")
    people = pd.Series(np.sort(before["customer_id"].unique()))
    inside = bought[bought["day"] >= start].groupby("customer_id")
    return Window(
        seen=seen_at(bought, people, start),
        orders=np.asarray(inside.size().reindex(people).fillna(0.0), dtype=np.float64),
        value_currency=inside["value_currency"].sum().reindex(people).fillna(0.0).to_numpy(float),
        days_to_purchase=(inside["day"].min() - start + 1).reindex(people).to_numpy(float),
        days=length,
    )
