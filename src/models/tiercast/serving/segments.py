"""Which segment a customer is like: the nearest of a few frozen centres in behaviour, and how clearly.

A segment is a description, never a promise. A behaviour is prepared as at training: limited to the frozen 1st
to 99th percentile, logarithm of 1 + x, robust scale ((x − median) / interquartile range), limited to ±3; an
unknown behaviour of somebody who bought counts as the median. Who never bought has no segment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .conditions import take
from .refusals import MissingColumns

BOUGHT = "days_since_purchase"
SCALED_LIMIT = 3.0


@dataclass(frozen=True)
class Behaviour:
    """How one column is prepared: frozen limits, and centre and scale of its logarithm."""

    column: str
    low: float
    high: float
    centre: float
    scale: float


@dataclass(frozen=True)
class Segments:
    """A frozen clustering: behaviours, centres in the prepared space, and a name in two languages for each.

    Parameters
    ----------
    behaviours : tuple of Behaviour
        Columns that are compared, in the order of the centres' coordinates.
    centres : tuple of tuple of float
        One point a segment, most valuable segment first. None at all when nobody had bought at training.
    names_en, names_zh : tuple of str
        Unique names, in the order of the centres.

    Examples
    --------
    >>> orders = Behaviour("orders_91d", low=0.0, high=99.0, centre=1.0, scale=1.0)
    >>> part = Segments((orders,), ((2.0,), (-1.0,)), ("often", "rare"), ("高频", "低频"))
    >>> seen = pd.DataFrame({"days_since_purchase": [1.0, 60.0, None], "orders_91d": [30.0, 0.0, 0.0]})
    >>> part.assign(seen)[["segment", "segment_zh"]].values.tolist()
    [['often', '高频'], ['rare', '低频'], [None, None]]
    >>> part.assign(seen.drop(columns="orders_91d"))
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.MissingColumns: segments need orders_91d, which did not come
    >>> part.assign(seen.iloc[:0]).shape
    (0, 3)
    """

    behaviours: tuple[Behaviour, ...]
    centres: tuple[tuple[float, ...], ...]
    names_en: tuple[str, ...]
    names_zh: tuple[str, ...]

    def assign(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the segment of each customer and how clear it is.

        Returns
        -------
        DataFrame
            Same index: ``segment`` (English name or None), ``segment_zh``, ``segment_confidence`` (float64: 1
            − distance to the nearest centre / distance to the second nearest; 0 is exactly between two, 1 is
            on a centre; 1 with a single segment; NaN without a segment).

        Raises
        ------
        MissingColumns
            A behaviour that the centres are made of did not come.
        """
        nearest, confidence = self._nearest(features)
        return pd.DataFrame(
            {
                "segment": take([*self.names_en, None], nearest),
                "segment_zh": take([*self.names_zh, None], nearest),
                "segment_confidence": confidence,
            }
        ).set_axis(features.index)

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the position of the segment, float64, most valuable 0; NaN without a segment."""
        nearest, _ = self._nearest(features)
        return np.where(nearest < 0, np.nan, nearest.astype(np.float64))

    def _nearest(self, features: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        needed = [BOUGHT, *(each.column for each in self.behaviours)]
        missing = sorted(set(needed) - set(features.columns))
        if missing:
            raise MissingColumns(f"segments need {', '.join(missing)}, which did not come", missing=missing)
        nearest = np.full(len(features), -1)
        confidence = np.full(len(features), np.nan)
        bought = bought_before(features)
        if not self.centres or not bought.any():
            return nearest, confidence
        points = np.ascontiguousarray(
            prepare(features.loc[bought], self.behaviours)
        )  # one order of adding up
        centres = np.asarray(self.centres, dtype=np.float64).reshape(len(self.centres), -1)
        distances = np.sqrt(np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=1))
        nearest[bought] = distances.argmin(axis=1)
        confidence[bought] = _clearness(distances)
        return nearest, confidence

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON, ``type`` included."""
        return {
            "type": "segments",
            "behaviours": [vars(each) for each in self.behaviours],
            "centres": [list(each) for each in self.centres],
            "names_en": list(self.names_en),
            "names_zh": list(self.names_zh),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            tuple(Behaviour(**each) for each in stored["behaviours"]),
            tuple(tuple(each) for each in stored["centres"]),
            tuple(stored["names_en"]),
            tuple(stored["names_zh"]),
        )


def bought_before(features: pd.DataFrame) -> np.ndarray:
    """Return whether each customer has ever bought: whether days since the last purchase are known."""
    seen = pd.to_numeric(features[BOUGHT], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(np.isfinite(seen), dtype=bool)


def prepare(features: pd.DataFrame, behaviours: tuple[Behaviour, ...]) -> np.ndarray:
    """Return the customers as points, one column a behaviour, as the centres see them.

    Examples
    --------
    >>> prepare(pd.DataFrame({"orders": [0.0, None]}), (Behaviour("orders", 0.0, 9.0, 0.5, 0.5),)).tolist()
    [[-1.0], [0.0]]
    """
    points = np.zeros((len(features), len(behaviours)))
    for position, behaviour in enumerate(behaviours):
        seen = features[behaviour.column].to_numpy(dtype=np.float64, na_value=np.nan)
        logs = np.log1p(np.clip(seen, max(behaviour.low, 0.0), max(behaviour.high, 0.0)))
        scaled = np.clip((logs - behaviour.centre) / behaviour.scale, -SCALED_LIMIT, SCALED_LIMIT)
        points[:, position] = np.where(np.isnan(scaled), 0.0, scaled)
    return points


def _clearness(distances: np.ndarray) -> np.ndarray:
    if distances.shape[1] == 1:
        return np.ones(len(distances))
    two = np.sort(distances, axis=1)[:, :2]
    return np.where(two[:, 1] > 0, 1.0 - two[:, 0] / np.where(two[:, 1] > 0, two[:, 1], 1.0), 0.0)
