"""How invested a customer is, over all channels, from what they did themselves: 0 to 100, with the parts behind it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .columns import counted, seen

PARTS: tuple[str, ...] = ("recent", "active", "broad", "responsive", "voice")


@dataclass(frozen=True)
class Engagement:
    """How invested a customer is, 0 to 100, from what *they* did; what was sent to them does not count.

    Each part is a number between 0 and 1 that reaches one half at its ``half_…`` field; the score is their
    weighted mean × 100. ``recent``: days since the last purchase (halves with every further ``half_days``).
    ``active``: orders in 91 days. ``broad``: categories and channels. ``responsive``: touchpoints of interest
    and coupons redeemed. ``voice``: the latest satisfaction share; unknown satisfaction is left out of the
    mean, not guessed.

    Examples
    --------
    >>> seen = pd.DataFrame({"days_since_purchase": [30.0, None], "orders_91d": [3.0, 0.0],
    ...                      "categories": [4.0, 0.0], "channels": [2.0, 0.0],
    ...                      "interest_touchpoints": [3.0, 0.0]})
    >>> Engagement().assign(seen)["engagement"].tolist()
    [50.0, 0.0]
    """

    half_days: float = 30.0
    half_orders_91d: float = 3.0
    half_breadth: float = 6.0
    half_responses: float = 3.0
    weight_recent: float = 0.30
    weight_active: float = 0.30
    weight_broad: float = 0.15
    weight_responsive: float = 0.15
    weight_voice: float = 0.10

    def assign(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``engagement`` (0-100) and its parts ``engagement_recent`` … (0-1; unknown voice is NaN)."""
        breadth = counted(features, "categories") + counted(features, "channels")
        responses = counted(features, "interest_touchpoints") + counted(features, "coupons_redeemed")
        silence = np.nan_to_num(seen(features, "days_since_purchase"), nan=np.inf)
        parts = {
            "recent": 0.5 ** (np.clip(silence, 0.0, None) / self.half_days),
            "active": _saturated(counted(features, "orders_91d"), self.half_orders_91d),
            "broad": _saturated(breadth, self.half_breadth),
            "responsive": _saturated(responses, self.half_responses),
            "voice": np.clip(seen(features, "satisfaction_share"), 0.0, 1.0),
        }
        weights = {
            name: np.where(np.isnan(part), 0.0, getattr(self, f"weight_{name}"))
            for name, part in parts.items()
        }
        heft = np.sum(list(weights.values()), axis=0)
        total = np.sum([weights[name] * np.nan_to_num(part) for name, part in parts.items()], axis=0)
        columns = {"engagement": 100.0 * total / np.where(heft > 0, heft, 1.0)}
        columns |= {f"engagement_{name}": part for name, part in parts.items()}
        return pd.DataFrame(columns, index=features.index)

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON, ``type`` included."""
        return {"type": "engagement", **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{name: value for name, value in stored.items() if name != "type"})


def _saturated(amount: np.ndarray, half: float) -> np.ndarray:
    return np.asarray(1.0 - 0.5 ** (amount / half), dtype=np.float64)
