"""Conversion: when does a prospect, who never bought, make the first purchase, and how likely is that within the horizon?"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .forecast import GRID_DAYS, LONGEST_DAYS, HasHazard, first_day_reached


@dataclass(frozen=True)
class Conversion:
    """One curve for each prospect: the chance within the horizon and the median date lie on it, so they agree.

    Parameters
    ----------
    curve : part with a cumulative hazard
        In days after the start of the window; how long ago the first touch was is one of its columns.
    level : float
        One factor on the hazard: how many of the newest weeks' prospects bought for each that was expected.
    horizon_days, gap_days : int
    basis : str
        ``model`` or ``rule``.

    Examples
    --------
    >>> from .rules import SurvivalTable
    >>> table = SurvivalTable("days_since_first_touchpoint", (30.0,), (10, 40), ((0.6, 0.3), (0.95, 0.9)))
    >>> part = Conversion(table, 1.0, 10, 0, "rule")
    >>> seen = pd.DataFrame({"order_days": [0.0, 0.0, 2.0], "touchpoints": 1.0,
    ...                      "days_since_first_touchpoint": [3.0, 90.0, 3.0]})
    >>> part.predict(seen).round(3).values.tolist()
    [[0.4, 18.0], [0.05, nan], [nan, nan]]
    """

    curve: HasHazard
    level: float
    horizon_days: int
    gap_days: int
    basis: str

    def survival(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Return P(no purchase within t days of the window's start), shape (rows, days)."""
        hazard = self.curve.cumulative_hazard(features, np.asarray(days, dtype=float))
        return np.asarray(np.exp(-np.maximum(hazard, 0.0) * self.level))

    def predict(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``conversion_probability`` and ``conversion_median_days`` of prospects; NaN for everybody else.

        A prospect has a usable history without a purchase. The median is a wait of 1, 2, … days; NaN beyond 182.
        """
        told = pd.DataFrame(
            np.nan, index=features.index, columns=["conversion_probability", "conversion_median_days"]
        )
        waiting = prospects(features)
        if waiting.any():
            grid = np.asarray(sorted({*GRID_DAYS, self.horizon_days}), dtype=float)
            survival = self.survival(features.loc[waiting], grid)
            near = grid <= LONGEST_DAYS
            told.loc[waiting, "conversion_probability"] = (
                1.0 - survival[:, int(np.searchsorted(grid, self.horizon_days))]
            )
            told.loc[waiting, "conversion_median_days"] = first_day_reached(
                survival[:, near], grid[near], 0.5
            )
        return told

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "type": "conversion",
            "curve": self.curve.to_json(),
            "level": self.level,
            "horizon_days": self.horizon_days,
            "gap_days": self.gap_days,
            "basis": self.basis,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        from .parts import restore

        return cls(
            restore(stored["curve"]),
            float(stored["level"]),
            int(stored["horizon_days"]),
            int(stored["gap_days"]),
            str(stored["basis"]),
        )


def prospects(features: pd.DataFrame) -> np.ndarray:
    """Return who has a usable history without a purchase."""
    return np.asarray(features["touchpoints"].notna() & ~(features["order_days"].to_numpy(float) > 0))
