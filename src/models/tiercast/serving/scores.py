"""How good, how invested and how far along a customer is: RFMCL, engagement, lifecycle stage, churn band.

Every threshold is a field of a small frozen part that travels with the model, so a score keeps its meaning
until the next version. Who never bought has no RFMCL and is a ``prospect``. RFMCL is in :mod:`.rfmcl`, engagement in
:mod:`.engagement`, the stages in :mod:`.lifecycle`; the rest is here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .conditions import take
from .engagement import Engagement
from .lifecycle import STAGES, Stages
from .rfmcl import LETTERS, Rfmcl, fit_rfmcl

__all__ = [
    "LETTERS",
    "STAGES",
    "ChurnBands",
    "Engagement",
    "Rfmcl",
    "Stages",
    "fit_rfmcl",
    "preferred_channel",
]


@dataclass(frozen=True)
class ChurnBands:
    """Low, medium or high risk of churn; each band includes its lower bound.

    Examples
    --------
    >>> ChurnBands().assign(pd.Series([0.29, 0.3, 0.6, None])).tolist()
    ['low', 'medium', 'high', None]
    """

    medium_from_probability: float = 0.3
    high_from_probability: float = 0.6

    def assign(self, churn_probability: pd.Series) -> pd.Series:
        """Return ``low``, ``medium``, ``high``, or None where the probability is unknown."""
        seen = churn_probability.to_numpy(dtype=np.float64, na_value=np.nan)
        bounds = [self.medium_from_probability, self.high_from_probability]
        found = np.where(np.isnan(seen), -1, np.searchsorted(bounds, seen, side="right"))
        return (
            take(["low", "medium", "high", None], found)
            .set_axis(churn_probability.index)
            .rename("churn_band")
        )

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON, ``type`` included."""
        return {"type": "churn_bands", **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{name: value for name, value in stored.items() if name != "type"})


def preferred_channel(codes: pd.Series, channels: Sequence[str]) -> pd.Series:
    """Return the name behind each position in the frozen vocabulary of channels, None where there is none.

    Examples
    --------
    >>> preferred_channel(pd.Series([1.0, 0.0, None, 7.0]), ["store", "web"]).tolist()
    ['web', 'store', None, None]
    """
    seen = codes.to_numpy(dtype=np.float64, na_value=np.nan)
    there = np.isfinite(seen) & (seen >= 0) & (seen < len(channels))
    found = np.where(there, seen, -1).astype(int)
    return take([*channels, None], found).set_axis(codes.index).rename("preferred_channel")
