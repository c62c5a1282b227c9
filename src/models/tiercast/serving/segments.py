"""Which segment a customer is like, how clearly, and which would be the next best fit.

A segment is a description, never a promise. Behaviours are prepared as at training (:mod:`.behaviour`); then either the
nearest of a few frozen centres decides, or the likeliest component of a frozen Gaussian mixture. Who never bought has no
segment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .behaviour import BOUGHT, Behaviour, bought_before, prepare
from .conditions import take
from .mixture import Mixture
from .refusals import MissingColumns

__all__ = ["BOUGHT", "Behaviour", "Segments", "bought_before", "prepare"]


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
    mixture : Mixture, optional
        Where it is given, its responsibilities decide, and the centres only describe.
    between_below : float
        A customer whose confidence is lower is said to be between two segments.

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
    (0, 5)
    """

    behaviours: tuple[Behaviour, ...]
    centres: tuple[tuple[float, ...], ...]
    names_en: tuple[str, ...]
    names_zh: tuple[str, ...]
    mixture: Mixture | None = None
    between_below: float = 0.2

    @property
    def columns(self) -> set[str]:
        """Features that are read."""
        return {BOUGHT}.union(*(each.columns for each in self.behaviours))

    def assign(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the segment of each customer and how clear it is.

        Returns
        -------
        DataFrame
            Same index: ``segment`` (English name or None), ``segment_zh``, ``segment_confidence`` (float64: how much
            less the second best segment fits, 0 exactly between two, 1 clearly in one; by centres 1 − distance to the
            nearest / distance to the second nearest, by a mixture 1 − second / first responsibility; 1 with a single
            segment; NaN without a segment), ``segment_between`` (True where the confidence is below
            ``between_below``), ``segment_second`` (English name of the second best, or None).

        Raises
        ------
        MissingColumns
            A behaviour that the centres are made of did not come.
        """
        first, second, confidence = self._placed(features)
        return pd.DataFrame(
            {
                "segment": take([*self.names_en, None], first),
                "segment_zh": take([*self.names_zh, None], first),
                "segment_confidence": confidence,
                "segment_between": confidence < self.between_below,
                "segment_second": take([*self.names_en, None], second),
            }
        ).set_axis(features.index)

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the position of the segment, float64, most valuable 0; NaN without a segment."""
        first, _, _ = self._placed(features)
        return np.where(first < 0, np.nan, first.astype(np.float64))

    def _points(self, features: pd.DataFrame) -> np.ndarray:
        return np.ascontiguousarray(prepare(features, self.behaviours))  # one order of adding up

    def _placed(self, features: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        missing = sorted(self.columns - set(features.columns))
        if missing:
            raise MissingColumns(f"segments need {', '.join(missing)}, which did not come", missing=missing)
        first, second = np.full(len(features), -1), np.full(len(features), -1)
        confidence = np.full(len(features), np.nan)
        bought = bought_before(features)
        if not self.centres or not bought.any():
            return first, second, confidence
        points = self._points(features.loc[bought])
        if self.mixture is not None:
            apart = -self.mixture.log_density(points)
        else:
            centres = np.asarray(self.centres, dtype=np.float64).reshape(len(self.centres), -1)
            apart = np.sqrt(np.stack([((points - each) ** 2).sum(axis=1) for each in centres], axis=1))
        if apart.shape[1] == 1:
            first[bought], confidence[bought] = 0, 1.0
            return first, second, confidence
        ranked = np.argsort(apart, axis=1, kind="stable")[:, :2]
        near, next_best = np.take_along_axis(apart, ranked, axis=1).T
        first[bought], second[bought] = ranked.T
        if self.mixture is not None:
            confidence[bought] = -np.expm1(near - next_best)
        else:
            confidence[bought] = np.where(
                next_best > 0, 1.0 - near / np.where(next_best > 0, next_best, 1.0), 0.0
            )
        return first, second, confidence

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON, ``type`` included."""
        return {
            "type": "segments",
            "behaviours": [vars(each) for each in self.behaviours],
            "centres": [list(each) for each in self.centres],
            "names_en": list(self.names_en),
            "names_zh": list(self.names_zh),
            "mixture": None if self.mixture is None else self.mixture.to_json(),
            "between_below": self.between_below,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote, also what versions wrote that knew only centres of logarithms."""
        mixed = stored.get("mixture")
        return cls(
            tuple(Behaviour(**each) for each in stored["behaviours"]),
            tuple(tuple(each) for each in stored["centres"]),
            tuple(stored["names_en"]),
            tuple(stored["names_zh"]),
            None if mixed is None else Mixture.from_json(mixed),
            float(stored.get("between_below", cls.between_below)),
        )
