"""What the shipped policies mean by active, volume, satisfied, influential, interested and dear: every number in one place.

Each field is a default that a policy file may set under ``[terms]`` (see ``docs/tiers.md``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tiercast.serving.conditions import Condition
from tiercast.tiers.declare import BadPolicy, Input

VOLUMES: dict[str, tuple[str, str]] = {
    "net_spend_currency": ("net spend", "净消费额"),
    "orders": ("orders", "订单数"),
    "units": ("units", "购买件数"),
}
"""What volume may be counted in, over the whole history."""
CONTACTED = (Condition("touchpoints", ">=", 1),)
"""Everybody of whom at least one touchpoint was seen."""


@dataclass(frozen=True)
class Terms:
    """The numbers behind the shipped policies; all windows count days before the cutoff, the last day included.

    Parameters
    ----------
    active_days : int
        A customer is *active* when the last purchase is at most so many days ago.
    pyramid_shares, value_shares, volume_shares, price_shares : tuple of float
        Shares of each class from the best down, not summed up; the last class takes the rest.
    volume : str
        What *volume* is counted in: ``net_spend_currency``, ``orders`` or ``units``, over the whole history.
    satisfaction_high_from, satisfaction_middle_from : float
        *Satisfaction* is the newest rating as a share of its own scale (4 of 5 is 0.8); both bounds are included.
    satisfaction_age_days, satisfaction_ratings : int
        Satisfaction is *unknown* when the newest rating is older, or there are fewer ratings; it is never guessed.
    loyal_order_days, loyal_age_days : int
        *Loyal* is active, with so many days with a purchase, known for so many days.
    advocate_satisfaction_share, advocate_influence : float
        An *advocate* is loyal, and satisfied to this share or with this influence: 1 is one customer brought.
    leader_share, intent_share : float
        Most *opinion leaders*, by influence, and most customers *with intent* among the others; of all who were in touch.
    intent : str
        What *intent* is counted in: a feature.
    premium_share : float
        *Premium large* customers: the best by value among the active.
    price_high, price_low : mapping of str to float
        By currency, the habitual price from which (included) a customer is insensitive to price, and up to which (included)
        one lives on offers. A currency that is not listed takes ``price_shares`` instead.
    band_share, dwell_days, grace_days
        The brakes of the mover.

    Raises
    ------
    BadPolicy

    Examples
    --------
    >>> Terms(active_days=0)
    Traceback (most recent call last):
    ...
    tiercast.tiers.declare.BadPolicy: policy terms: active_days must be 1 or more, not 0
    """

    active_days: int = 365
    pyramid_shares: tuple[float, float, float] = (0.01, 0.04, 0.15)
    value_shares: tuple[float, float, float, float, float] = (0.01, 0.04, 0.05, 0.15, 0.25)
    volume: str = "net_spend_currency"
    volume_shares: tuple[float, float] = (0.20, 0.30)
    satisfaction_high_from: float = 0.8
    satisfaction_middle_from: float = 0.5
    satisfaction_age_days: int = 365
    satisfaction_ratings: int = 1
    loyal_order_days: int = 5
    loyal_age_days: int = 180
    advocate_satisfaction_share: float = 0.9
    advocate_influence: float = 1.0
    leader_share: float = 0.15
    intent_share: float = 0.35
    intent: str = "interest_touchpoints_28d"
    premium_share: float = 0.20
    price_high: Mapping[str, float] = field(default_factory=lambda: {"CNY": 400.0})
    price_low: Mapping[str, float] = field(default_factory=lambda: {"CNY": 200.0})
    price_shares: tuple[float, float] = (0.20, 0.30)
    band_share: float = 0.10
    dwell_days: int = 30
    grace_days: int = 60

    def __post_init__(self) -> None:
        for name in ("active_days", "satisfaction_age_days", "satisfaction_ratings", "loyal_order_days"):
            _require(getattr(self, name) >= 1, f"{name} must be 1 or more, not {getattr(self, name)}")
        for name in ("pyramid_shares", "value_shares", "volume_shares", "price_shares"):
            shares = getattr(self, name)
            _require(min(shares) > 0, f"{name} must be above 0")
            _require(sum(shares) < 1, f"{name} come to {sum(shares):.0%}: leave room for the last class")
        for name in ("leader_share", "intent_share", "premium_share"):
            _require(0 < getattr(self, name) < 1, f"{name} must be between 0 and 1")
        both = self.leader_share + self.intent_share
        _require(both <= 1, f"leader_share and intent_share come to {both:.0%}: a quota holds 100 % at most")
        _require(self.volume in VOLUMES, f"volume must be one of {', '.join(VOLUMES)}")
        _require(
            0 < self.satisfaction_middle_from < self.satisfaction_high_from <= 1,
            "satisfaction needs 0 < satisfaction_middle_from < satisfaction_high_from <= 1",
        )
        _require(
            set(self.price_high) == set(self.price_low), "price_high and price_low need the same currencies"
        )
        for currency, high in self.price_high.items():
            _require(
                0 < self.price_low[currency] < high, f"prices in {currency} need 0 < price_low < price_high"
            )

    @property
    def active(self) -> Condition:
        """The condition of an active customer."""
        return Condition("days_since_purchase", "<", self.active_days + 1)

    @property
    def rated(self) -> tuple[Condition, ...]:
        """The conditions under which satisfaction counts as known."""
        fresh = (Condition("days_since_rating", "<", self.satisfaction_age_days + 1),)
        if self.satisfaction_ratings == 1:
            return fresh
        return (*fresh, Condition("ratings", ">=", self.satisfaction_ratings))


def _require(holds: bool, problem: str) -> None:
    if not holds:
        raise BadPolicy(policy="terms", problem=problem)


TERMS = Terms()
BOUGHT, NEVER_BOUGHT = (Condition("days_since_purchase", op) for op in ("is_known", "is_unknown"))
_INPUTS: dict[str, tuple[str, str]] = {
    "days_since_purchase": ("days since purchase", "距上次购买天数"),
    "expected_value_currency": ("expected value", "预期价值"),
    "interest_touchpoints": ("touchpoints of interest", "兴趣接触次数"),
    "interest_touchpoints_28d": ("touchpoints of interest in 28 days", "28天内兴趣接触次数"),
    "touchpoints": ("touchpoints", "接触次数"),
    "satisfaction_share": ("satisfaction", "满意度"),
    "days_since_rating": ("days since the newest rating", "距最近评价天数"),
    "ratings": ("ratings", "评价次数"),
    "influence_score": ("influence", "影响力"),
    "order_days": ("days with a purchase", "购买天数"),
    "customer_age_days": ("days as a customer", "成为客户天数"),
    "price_median_currency": ("habitual price", "惯常单价"),
    **VOLUMES,
}
NOT_REQUIRED = frozenset({"satisfaction_share", "days_since_rating", "ratings", "influence_score"})


def inputs(*names: str) -> tuple[Input, ...]:
    """Return inputs by name; what is about ratings and influence may be absent, and counts as unknown then."""
    return tuple(
        Input(name, *_INPUTS.get(name, (name.replace("_", " "), name)), required=name not in NOT_REQUIRED)
        for name in names
    )
