"""Proportional hazards: one baseline curve for all, raised or lowered by a score of each customer (Cox 1972)."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .linear import Linear


@dataclass(frozen=True)
class Cox:
    """``cumulative hazard(t | x) = risk(x) · H0(t)``.

    Parameters
    ----------
    risk : Linear
        With the link ``log``.
    days : tuple of int
        Rising, in days after the cutoff.
    baseline : tuple of float
        Breslow's cumulative baseline hazard by each of ``days``.

    Examples
    --------
    >>> risk = Linear(("orders",), (0.0,), (1.0,), (1.0,), (0.0,), 0.0, "log")
    >>> cox = Cox(risk, (10, 20), (0.1, 0.4))
    >>> cox.cumulative_hazard(pd.DataFrame({"orders": [0.0, 1.0]}), np.array([10.0, 15.0])).round(3).tolist()
    [[0.1, 0.25], [0.2, 0.5]]
    """

    risk: Linear
    days: tuple[int, ...]
    baseline: tuple[float, ...]

    @property
    def reach_days(self) -> float:
        """The last day that the data told of."""
        return float(self.days[-1])

    def cumulative_hazard(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Return -ln S(t), shape (rows, days): straight between the days, at the mean rate past the last."""
        asked = np.asarray(days, dtype=float)
        grid = np.concatenate([[0.0], np.asarray(self.days, dtype=float)])
        total = np.concatenate([[0.0], np.asarray(self.baseline, dtype=float)])
        beyond = np.maximum(asked - grid[-1], 0.0) * total[-1] / grid[-1]
        return np.asarray(
            self.risk.predict(features)[:, None] * (np.interp(asked, grid, total) + beyond)[None, :]
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "type": "cox",
            "risk": self.risk.to_json(),
            "days": list(self.days),
            "baseline": list(self.baseline),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        return cls(Linear.from_json(stored["risk"]), tuple(stored["days"]), tuple(stored["baseline"]))
