"""How good, how invested and how far along a customer is: RFMCL, engagement, lifecycle stage, churn band.

Every threshold is a field of a small frozen part that travels with the model, so a score keeps its meaning
until the next version. Who never bought has no RFMCL and is a ``prospect``.

The source of this method names the letters R, F, M, C and L only; that C is breadth of categories and L the
length of the relationship is this project's definition. The stage ``graduated`` (the need has ended, which is
not churn) needs ``need_ends_on`` of the customers table and is not given yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd

from .conditions import take
from .refusals import MissingColumns

LETTERS: dict[str, tuple[str, bool]] = {
    "R": ("days_since_purchase", False),
    "F": ("orders", True),
    "M": ("net_spend_currency", True),
    "C": ("categories", True),
    "L": ("customer_age_days", True),
}
"""The column behind each letter, and whether more of it is better."""


@dataclass(frozen=True)
class Rfmcl:
    """Five scores of 1 to 5 on frozen quintile cuts.

    A value above ``n`` of the four cuts scores ``n + 1`` (R, where less is better: ``5 − n``). A letter that
    could not be cut at training, because its column was absent or all customers were equal, scores 3; an
    unknown value is ``?``.

    Examples
    --------
    >>> cuts = {"R": (7, 14, 28, 56), "F": (1, 2, 4, 9), "M": (10, 20, 50, 90), "L": (30, 90, 180, 365)}
    >>> part = Rfmcl(cuts)
    >>> seen = pd.DataFrame({"days_since_purchase": [3.0, None], "orders": [5.0, 0.0],
    ...                      "categories": [2.0, 0.0], "net_spend_currency": [60.0, 0.0],
    ...                      "customer_age_days": [40.0, None]})
    >>> part.assign(seen).values.tolist()
    [['5-4-4-3-2', 3.6], [None, nan]]
    >>> part.assign(seen.drop(columns="days_since_purchase"))
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.MissingColumns: RFMCL needs days_since_purchase, which did not come
    >>> part.assign(seen.iloc[:0]).shape
    (0, 2)
    """

    cuts: Mapping[str, Sequence[float]]
    weights: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(LETTERS, 1.0))

    def assign(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``rfmcl`` (like ``5-4-5-3-2``, or None) and ``rfmcl_score`` (weighted mean of the known)."""
        if "days_since_purchase" not in features:
            raise MissingColumns(
                "RFMCL needs days_since_purchase, which did not come", missing=["days_since_purchase"]
            )
        bought = np.isfinite(_seen(features, "days_since_purchase"))
        points = np.column_stack([self._points(letter, features) for letter in LETTERS])
        known = np.isfinite(points) & bought[:, None]
        weights = np.array([self.weights.get(letter, 0.0) for letter in LETTERS]) * known
        heft = weights.sum(axis=1)
        mean = (np.where(known, points, 0.0) * weights).sum(axis=1) / np.where(heft > 0, heft, 1.0)
        digits = np.where(known, points, 0).astype(int)
        places = 6 ** np.arange(len(LETTERS))[::-1]
        distinct, which = np.unique(digits @ places, return_inverse=True)
        texts = ["-".join(str(each) if each else "?" for each in code // places % 6) for code in distinct]
        told = take([*texts, None], np.where(bought, which, -1))
        return pd.DataFrame({"rfmcl": told, "rfmcl_score": np.where(heft > 0, mean, np.nan)}).set_axis(
            features.index
        )

    def _points(self, letter: str, features: pd.DataFrame) -> np.ndarray:
        column, more_is_better = LETTERS[letter]
        cuts = np.asarray(self.cuts.get(letter, ()), dtype=np.float64)
        if cuts.size == 0:
            return np.full(len(features), 3.0)
        seen = _seen(features, column)
        above = np.searchsorted(cuts, seen, side="left")
        return np.where(np.isfinite(seen), 1.0 + above if more_is_better else 5.0 - above, np.nan)

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON, ``type`` included."""
        cuts = {letter: [float(each) for each in cut] for letter, cut in self.cuts.items()}
        return {"type": "rfmcl", "cuts": cuts, "weights": dict(self.weights)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls({letter: tuple(cut) for letter, cut in stored["cuts"].items()}, dict(stored["weights"]))


def fit_rfmcl(features: pd.DataFrame, *, weights: Mapping[str, float] | None = None) -> Rfmcl:
    """Freeze the quintile cuts of the customers who have bought; without spread there are none (score 3).

    Examples
    --------
    >>> fit_rfmcl(pd.DataFrame({"days_since_purchase": [1.0, 2, 3, 4, 5, 6], "orders": 1.0})).cuts["R"]
    (2.0, 3.0, 4.0, 5.0)
    >>> fit_rfmcl(pd.DataFrame({"days_since_purchase": [1.0, 2, 3, 4, 5, 6], "orders": 1.0})).cuts["F"]
    ()
    """
    bought = np.isfinite(_seen(features, "days_since_purchase"))
    cuts = {letter: _quintiles(_seen(features, column)[bought]) for letter, (column, _) in LETTERS.items()}
    return Rfmcl(cuts, dict(weights) if weights is not None else dict.fromkeys(LETTERS, 1.0))


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
        breadth = _counted(features, "categories") + _counted(features, "channels")
        responses = _counted(features, "interest_touchpoints") + _counted(features, "coupons_redeemed")
        silence = np.nan_to_num(_seen(features, "days_since_purchase"), nan=np.inf)
        parts = {
            "recent": 0.5 ** (np.clip(silence, 0.0, None) / self.half_days),
            "active": _saturated(_counted(features, "orders_91d"), self.half_orders_91d),
            "broad": _saturated(breadth, self.half_breadth),
            "responsive": _saturated(responses, self.half_responses),
            "voice": np.clip(_seen(features, "satisfaction_share"), 0.0, 1.0),
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


STAGES: tuple[str, ...] = (
    "prospect",
    "lost",
    "dormant",
    "reactivated",
    "advocate",
    "loyal",
    "repeat",
    "new",
)


@dataclass(frozen=True)
class Stages:
    """Where in the lifecycle a customer is; the first rule that fits decides, in this order.

    *prospect* never bought. *lost*: silent for ``lost_gaps`` of their usual gaps and at least ``lost_days``,
    or for ``lost_days_at_most`` in any case. *dormant*: silent for ``dormant_gaps`` usual gaps and at least
    ``dormant_days``. *reactivated*: bought within ``reactivated_days``, after a gap that was dormant by the
    same measure (the usual gap is the mean of the others). *advocate*: loyal, and satisfied to
    ``advocate_satisfaction_share`` or with a referral. *loyal*: ``loyal_order_days`` days with a purchase
    over ``loyal_age_days``. *repeat*: bought on two days or more. *new*: bought on one day. One day alone has
    no usual gap: such customers are dormant after ``once_dormant_days`` and lost after ``lost_days_at_most``.
    All bounds are included.

    Examples
    --------
    >>> seen = pd.DataFrame({"days_since_purchase": [None, 9.0, 95.0, 4.0, 400.0],
    ...                      "gap_mean_days": [None, None, 9.0, 9.0, 9.0],
    ...                      "gap_last_days": [None, None, 9.0, 9.0, 9.0],
    ...                      "order_days": [0.0, 1.0, 9.0, 9.0, 9.0],
    ...                      "customer_age_days": [None, 9.0, 300.0, 300.0, 700.0]})
    >>> Stages().assign(seen).tolist()
    ['prospect', 'new', 'dormant', 'loyal', 'lost']
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

    def assign(self, features: pd.DataFrame) -> pd.Series:
        """Return the stage of each customer: one of ``STAGES``."""
        silence = _seen(features, "days_since_purchase")
        days = np.nan_to_num(_seen(features, "order_days"), nan=1.0)
        gap, last = _seen(features, "gap_mean_days"), _seen(features, "gap_last_days")
        others = np.where(days > 2, (gap * (days - 1) - last) / np.maximum(days - 2, 1.0), np.nan)
        loyal = (days >= self.loyal_order_days) & (
            _seen(features, "customer_age_days") >= self.loyal_age_days
        )
        pleased = _seen(features, "satisfaction_share") >= self.advocate_satisfaction_share
        lost_after = np.where(
            np.isnan(gap), self.lost_days_at_most, np.fmax(self.lost_gaps * gap, self.lost_days)
        )
        rules = {
            "prospect": np.isnan(silence),
            "lost": silence >= np.minimum(lost_after, self.lost_days_at_most),
            "dormant": silence >= self._dormant_after(gap),
            "reactivated": (silence <= self.reactivated_days) & (last >= self._dormant_after(others)),
            "advocate": loyal & (pleased | (_counted(features, "referrals") > 0)),
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


def _seen(features: pd.DataFrame, column: str) -> np.ndarray:
    if column not in features:
        return np.full(len(features), np.nan)
    found = features[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def _counted(features: pd.DataFrame, column: str) -> np.ndarray:
    return np.asarray(np.clip(np.nan_to_num(_seen(features, column)), 0.0, None), dtype=np.float64)


def _saturated(amount: np.ndarray, half: float) -> np.ndarray:
    return np.asarray(1.0 - 0.5 ** (amount / half), dtype=np.float64)


def _quintiles(seen: np.ndarray) -> tuple[float, ...]:
    seen = seen[np.isfinite(seen)]
    if seen.size == 0 or seen.min() == seen.max():
        return ()
    return tuple(float(each) for each in np.quantile(seen, [0.2, 0.4, 0.6, 0.8]))
