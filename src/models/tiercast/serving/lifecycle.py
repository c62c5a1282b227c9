"""Where in their life as a customer somebody is: a graph of nine stages, not a funnel.

A stage follows from the features at one cutoff by frozen rules. Which stage may follow which, when one looks again some
weeks later, is declared as edges; whatever else is seen is told as impossible, not hidden.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .columns import counted, seen
from .conditions import take

STAGES: tuple[str, ...] = (
    "prospect",
    "graduated",
    "lost",
    "dormant",
    "reactivated",
    "advocate",
    "loyal",
    "repeat",
    "new",
)
IN_CHINESE: dict[str, str] = {
    "prospect": "潜在客户",
    "new": "新客户",
    "repeat": "复购客户",
    "loyal": "忠诚客户",
    "advocate": "倡导者",
    "dormant": "沉睡客户",
    "lost": "流失客户",
    "reactivated": "重新激活客户",
    "graduated": "毕业客户",
}
_BUYING_AGAIN = ("repeat", "loyal", "advocate", "reactivated")
EDGES: dict[str, tuple[str, ...]] = {
    "prospect": ("new", "repeat", "graduated"),
    "new": (*_BUYING_AGAIN, "dormant", "graduated"),
    "repeat": ("loyal", "advocate", "reactivated", "dormant", "lost", "graduated"),
    "loyal": ("advocate", "reactivated", "dormant", "lost", "graduated"),
    "advocate": ("loyal", "reactivated", "dormant", "lost", "graduated"),
    "dormant": (*_BUYING_AGAIN, "lost", "graduated"),
    "lost": (*_BUYING_AGAIN, "graduated"),
    "reactivated": ("repeat", "loyal", "advocate", "dormant", "lost", "graduated"),
    "graduated": _BUYING_AGAIN,
}
"""Where each stage may lead within ``EDGE_DAYS``; staying is always possible. A longer look allows that many more steps."""
EDGE_DAYS = 28


@dataclass(frozen=True)
class Stages:
    """Where in the lifecycle a customer is; the first rule that fits decides, in this order.

    *prospect* never bought. *graduated*: the need has ended (``days_until_need_ends`` is 0 or less), and the last
    purchase was no later than ``graduated_grace_days`` after that; this is not churn, so such a customer is never lost
    or dormant, and whoever goes on buying other things has not graduated. *lost*: silent for ``lost_gaps`` of their
    usual gaps and at least ``lost_days``, or for ``lost_days_at_most`` in any case. *dormant*: silent for
    ``dormant_gaps`` usual gaps and at least ``dormant_days``. *reactivated*: bought within ``reactivated_days``, after a
    gap that was dormant by the same measure (the usual gap is the mean of the others). *advocate*: loyal, and satisfied
    to ``advocate_satisfaction_share`` or with a referral. *loyal*: ``loyal_order_days`` days with a purchase over
    ``loyal_age_days``. *repeat*: bought on two days or more. *new*: bought on one day. One day alone has no usual gap:
    such customers are dormant after ``once_dormant_days`` and lost after ``lost_days_at_most``. All bounds are included.

    Examples
    --------
    >>> seen = pd.DataFrame({"days_since_purchase": [None, 9.0, 95.0, 4.0, 400.0, 400.0],
    ...                      "gap_mean_days": [None, None, 9.0, 9.0, 9.0, 9.0],
    ...                      "gap_last_days": [None, None, 9.0, 9.0, 9.0, 9.0],
    ...                      "order_days": [0.0, 1.0, 9.0, 9.0, 9.0, 9.0],
    ...                      "customer_age_days": [None, 9.0, 300.0, 300.0, 700.0, 700.0],
    ...                      "days_until_need_ends": [None, None, None, None, 30.0, -390.0]})
    >>> Stages().assign(seen).tolist()
    ['prospect', 'new', 'dormant', 'loyal', 'lost', 'graduated']
    """

    dormant_gaps: float = 3.0
    dormant_days: float = 30.0
    once_dormant_days: float = 90.0
    lost_gaps: float = 6.0
    lost_days: float = 180.0
    lost_days_at_most: float = 730.0
    reactivated_days: float = 60.0
    loyal_order_days: float = 5.0
    loyal_age_days: float = 180.0
    advocate_satisfaction_share: float = 0.9
    graduated_grace_days: float = 30.0

    def assign(self, features: pd.DataFrame) -> pd.Series:
        """Return the stage of each customer: one of ``STAGES``."""
        silence = seen(features, "days_since_purchase")
        days = np.nan_to_num(seen(features, "order_days"), nan=1.0)
        gap, last = seen(features, "gap_mean_days"), seen(features, "gap_last_days")
        others = np.where(days > 2, (gap * (days - 1) - last) / np.maximum(days - 2, 1.0), np.nan)
        loyal = (days >= self.loyal_order_days) & (seen(features, "customer_age_days") >= self.loyal_age_days)
        pleased = seen(features, "satisfaction_share") >= self.advocate_satisfaction_share
        lost_after = np.where(
            np.isnan(gap), self.lost_days_at_most, np.fmax(self.lost_gaps * gap, self.lost_days)
        )
        since_need = -seen(features, "days_until_need_ends")
        rules = {
            "prospect": np.isnan(silence),
            "graduated": (since_need >= 0) & (silence >= since_need - self.graduated_grace_days),
            "lost": silence >= np.minimum(lost_after, self.lost_days_at_most),
            "dormant": silence >= self._dormant_after(gap),
            "reactivated": (silence <= self.reactivated_days) & (last >= self._dormant_after(others)),
            "advocate": loyal & (pleased | (counted(features, "referrals") > 0)),
            "loyal": loyal,
            "repeat": days >= 2,
        }
        found = np.select(list(rules.values()), [STAGES.index(stage) for stage in rules], STAGES.index("new"))
        return take(STAGES, found).set_axis(features.index).rename("lifecycle_stage")

    def _dormant_after(self, gap: np.ndarray) -> np.ndarray:
        return np.where(
            np.isnan(gap), self.once_dormant_days, np.fmax(self.dormant_gaps * gap, self.dormant_days)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON, ``type`` included."""
        return {"type": "stages", **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{name: value for name, value in stored.items() if name != "type"})


def reachable(days: float) -> dict[str, set[str]]:
    """Return which stages each stage may have led to after so many days: as many edges as fit, and one at least.

    Examples
    --------
    >>> "loyal" in reachable(28)["prospect"], "loyal" in reachable(91)["prospect"], "new" in reachable(364)["repeat"]
    (False, True, False)
    """
    found = {stage: {stage} for stage in EDGES}
    for _ in range(max(int(np.ceil(days / EDGE_DAYS)), 1)):
        found = {stage: held.union(*(EDGES[each] for each in held)) for stage, held in found.items()}
    return found
