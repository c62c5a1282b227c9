"""How one behaviour becomes a coordinate that can be compared: limited, its skew taken off, scaled, weighted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

BOUGHT = "days_since_purchase"
SCALED_LIMIT = 3.0


@dataclass(frozen=True)
class Behaviour:
    """How one column is prepared: frozen limits, a power, and centre and scale of what that gives.

    Parameters
    ----------
    column : str
        Feature that is read.
    low, high : float
        Frozen limits, in the feature's unit (its 1st and 99th percentile at training).
    centre, scale : float
        Of the limited and transformed values: median, and interquartile range (at least the standard deviation).
    power : float
        Rung of Tukey's ladder: 1 leaves values as they are, 0.5 takes the square root, 0 the logarithm of 1 + x.
    over : str
        Another feature by which the column is divided, for instance days of relationship; empty: none.
    over_at_least : float
        The divisor is at least this, so that a first week does not count as a year.
    weight : float
        How much the coordinate counts beside the others.
    """

    column: str
    low: float
    high: float
    centre: float
    scale: float
    power: float = 0.0
    over: str = ""
    over_at_least: float = 0.0
    weight: float = 1.0

    @property
    def name(self) -> str:
        """What the behaviour is called in profiles."""
        return f"{self.column}_by_{self.over}" if self.over else self.column

    @property
    def columns(self) -> tuple[str, ...]:
        """Features that it reads."""
        return (self.column, self.over) if self.over else (self.column,)


def known(features: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as float64; infinite limits are kept, what is no number is NaN."""
    return pd.to_numeric(features[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def measured(features: pd.DataFrame, column: str, over: str, over_at_least: float) -> np.ndarray:
    """Return a behaviour in its own unit: the column, or its quotient by another.

    Examples
    --------
    >>> seen = pd.DataFrame({"orders": [4.0, 4.0, None], "age": [8.0, 1.0, 9.0]})
    >>> measured(seen, "orders", "age", 2.0).tolist()
    [0.5, 2.0, nan]
    """
    values = known(features, column)
    return values / np.maximum(known(features, over), over_at_least) if over else values


def raised(values: np.ndarray, power: float) -> np.ndarray:
    """Return values on a rung of the ladder of powers; those below 0 count as 0 unless the power is 1.

    Examples
    --------
    >>> raised(np.array([-1.0, 4.0]), 0.5).tolist(), raised(np.array([-1.0, 4.0]), 1.0).tolist()
    ([0.0, 2.0], [-1.0, 4.0])
    """
    if power == 1.0:
        return values
    above = np.maximum(values, 0.0)
    return np.log1p(above) if power == 0.0 else above**power


def bought_before(features: pd.DataFrame) -> np.ndarray:
    """Return whether each customer has ever bought: whether days since the last purchase are known."""
    return np.asarray(np.isfinite(known(features, BOUGHT)), dtype=bool)


def prepare(features: pd.DataFrame, behaviours: Sequence[Behaviour]) -> np.ndarray:
    """Return the customers as points, one column a behaviour, as the centres see them.

    An unknown behaviour counts as the median: it speaks for no segment.

    Examples
    --------
    >>> prepare(pd.DataFrame({"orders": [0.0, None]}), (Behaviour("orders", 0.0, 9.0, 0.5, 0.5),)).tolist()
    [[-1.0], [0.0]]
    """
    points = np.zeros((len(features), len(behaviours)))
    for position, each in enumerate(behaviours):
        seen = measured(features, each.column, each.over, each.over_at_least)
        turned = raised(np.clip(seen, each.low, each.high), each.power)
        scaled = np.clip((turned - each.centre) / each.scale, -SCALED_LIMIT, SCALED_LIMIT)
        points[:, position] = np.where(np.isnan(scaled), 0.0, scaled * each.weight)
    return points
