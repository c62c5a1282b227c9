"""How much others buy or hear because of a customer: customers brought, what these bought, and what they say of us in public."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .columns import counted, seen


@dataclass(frozen=True)
class Influence:
    """One number whose unit is *one customer brought*.

    Customers brought (those named; else the referrals), as many again as what they bought is worth in buyers
    (``referral_amount_currency`` in net spends of a mean buyer, frozen at training), and shares, reviews and co-creations at
    their weights. It counts what was seen: a source without any of these gives everybody 0.

    Examples
    --------
    >>> seen = pd.DataFrame({"referrals": [2.0, 0.0], "referred_customers": [1.0, 0.0], "shares": [5.0, 0.0],
    ...                      "referral_amount_currency": [300.0, None]})
    >>> Influence(buyer_spend_currency=200.0).assign(seen)["influence_score"].tolist()
    [3.0, 0.0]
    >>> Influence().assign(seen.iloc[:0]).shape
    (0, 1)
    """

    buyer_spend_currency: float = 0.0
    weight_brought: float = 1.0
    weight_amount: float = 1.0
    weight_share: float = 0.1
    weight_review: float = 0.2
    weight_co_creation: float = 0.5

    def assign(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``influence_score``, 0 or more."""
        brought = np.where(
            counted(features, "referred_customers") > 0,
            counted(features, "referred_customers"),
            counted(features, "referrals"),
        )
        worth = np.zeros(len(features))
        if self.buyer_spend_currency > 0:
            worth = counted(features, "referral_amount_currency") / self.buyer_spend_currency
        score = (
            self.weight_brought * brought
            + self.weight_amount * worth
            + self.weight_share * counted(features, "shares")
            + self.weight_review * counted(features, "reviews")
            + self.weight_co_creation * counted(features, "co_creations")
        )
        return pd.DataFrame({"influence_score": score}, index=features.index)

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON, ``type`` included."""
        return {"type": "influence", **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{name: value for name, value in stored.items() if name != "type"})


READS: tuple[str, ...] = (
    "referrals", "referred_customers", "referral_amount_currency", "shares", "reviews", "co_creations",
)  # fmt: skip
"""The features that influence is made of, where the data feed them."""


def fit_influence(features: pd.DataFrame) -> Influence:
    """Freeze what a mean buyer has spent, net of returns.

    Examples
    --------
    >>> fit_influence(pd.DataFrame({"net_spend_currency": [100.0, 300.0, 0.0]})).buyer_spend_currency
    200.0
    """
    spent = seen(features, "net_spend_currency")
    spent = spent[spent > 0]
    return Influence(buyer_spend_currency=float(spent.mean()) if spent.size else 0.0)
