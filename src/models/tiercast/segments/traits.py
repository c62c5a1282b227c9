"""Behaviours that segments are made of and told by, and what each is called when there is much or little of it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiercast.serving.behaviour import Behaviour, measured, raised

LADDER: tuple[float, ...] = (1.0, 0.5, 0.0)
"""Tukey's ladder: as it is, square root, logarithm of 1 + x; the mildest that takes the skew off is used."""
SKEW_AT_MOST = 1.0
LEAST_AGE_DAYS = 28.0
LEAST_HABITS = 2


@dataclass(frozen=True)
class Trait:
    """A behaviour, and how its extremes are called.

    Parameters
    ----------
    column, over : str
        The feature, and the feature it is divided by, if any.
    theme : str
        What it is about: a name tells one trait of each theme at most.
    role : str
        ``volume`` and ``style`` are what customers are compared by: habits, which change slowly, so that segments last;
        style counts ``style_weight`` as much as volume. ``told`` is only profiled and named; where fewer than two habits
        can be measured, customers are compared by what is told.
    """

    column: str
    many_en: str
    many_zh: str
    few_en: str
    few_zh: str
    theme: str
    role: str = "told"
    over: str = ""

    @property
    def name(self) -> str:
        """What the behaviour is called in profiles."""
        return f"{self.column}_by_{self.over}" if self.over else self.column


AGE = "customer_age_days"
TRAITS: tuple[Trait, ...] = (
    Trait(
        "net_spend_currency", "big spending", "高消费", "little spending", "低消费", "money", "volume", AGE
    ),
    Trait("orders", "frequent", "高频", "infrequent", "低频", "pace", "volume", AGE),
    Trait(
        "order_day_spend_mean_currency", "large baskets", "大单", "small baskets", "小单", "basket", "volume"
    ),
    Trait(
        "discount_share", "discount seeking", "偏好折扣", "paying full price", "少用折扣", "offers", "style"
    ),
    Trait("category_concentration_share", "few favourites", "品类集中", "mixed baskets", "品类分散", "range"),
    Trait("order_online_share", "online", "线上", "offline", "线下", "place", "style"),
    Trait("orders_91d", "active now", "近期活跃", "quiet now", "近期安静", "pace"),
    Trait("spend_91d_currency", "spending now", "近期高消费", "hardly spending now", "近期低消费", "money"),
    Trait("days_since_purchase", "silent for long", "久未购买", "here lately", "近期购买", "silence"),
    Trait("gap_mean_days", "long gaps", "间隔长", "short gaps", "间隔短", "pace"),
    Trait("categories", "broad range", "品类广", "narrow range", "品类少", "range"),
    Trait("coupons_redeemed", "coupon using", "爱用优惠券", "without coupons", "不用优惠券", "offers"),
    Trait("returned_share", "sending back", "退货多", "keeping what they buy", "退货少", "returns"),
    Trait("interest_touchpoints", "looking around", "常浏览", "rarely looking around", "少浏览", "interest"),
    Trait("satisfaction_share", "satisfied", "满意", "dissatisfied", "不满意", "satisfaction"),
)
PREDICTIONS: tuple[Trait, ...] = (
    Trait(
        "churn_probability", "likely to leave", "流失风险高", "likely to stay", "流失风险低", "risk", "style"
    ),
    Trait(
        "expected_value_currency",
        "worth much soon",
        "预期价值高",
        "worth little soon",
        "预期价值低",
        "money",
        "volume",
    ),
)
"""Traits that a served version adds when segments are asked to be made of its predictions too."""


def phrase(name: str, index: float) -> tuple[str, str]:
    """Return what a trait of that name is called, in English and Chinese, above (index > 0) or below the mean.

    Examples
    --------
    >>> phrase("discount_share", 0.8), phrase("discount_share", -0.8)
    (('discount seeking', '偏好折扣'), ('paying full price', '少用折扣'))
    """
    trait = next(each for each in (*TRAITS, *PREDICTIONS) if each.name == name)
    return (trait.many_en, trait.many_zh) if index > 0 else (trait.few_en, trait.few_zh)


def plain(name: str) -> str:
    """Return the name of a behaviour as people read it.

    Examples
    --------
    >>> plain("net_spend_currency_by_customer_age_days"), plain("orders_91d")
    ('net spend a day', 'orders 91d')
    """
    return name.replace(f"_by_{AGE}", " a day").replace("_currency", "").replace("_", " ")


def theme_of(name: str) -> str:
    """Return what a trait of that name is about."""
    return next(each.theme for each in (*TRAITS, *PREDICTIONS) if each.name == name)


def behaviour_of(buyers: pd.DataFrame, trait: Trait, *, weight: float = 1.0) -> Behaviour | None:
    """Return how a trait is prepared, measured on these customers; None where it is absent or does not vary.

    Examples
    --------
    >>> seen = pd.DataFrame({"orders_91d": [0.0, 1.0, 1.0, 2.0, 300.0]})
    >>> behaviour_of(seen, TRAITS[6]).power
    0.0
    >>> behaviour_of(seen, TRAITS[3]) is None, behaviour_of(seen * 0.0, TRAITS[6]) is None
    (True, True)
    """
    if trait.column not in buyers or (trait.over and trait.over not in buyers):
        return None
    at_least = LEAST_AGE_DAYS if trait.over == AGE else 0.0
    seen = measured(buyers, trait.column, trait.over, at_least)
    seen = seen[np.isfinite(seen)]
    if seen.size == 0:
        return None
    low, high = (float(each) for each in np.quantile(seen, [0.01, 0.99]))
    power, turned = _untwisted(np.clip(seen, low, high))
    quarter, centre, three_quarters = (float(each) for each in np.quantile(turned, [0.25, 0.5, 0.75]))
    scale = max(three_quarters - quarter, float(turned.std()))
    if scale <= 1e-9:
        return None
    return Behaviour(trait.column, low, high, centre, scale, power, trait.over, at_least, weight)


def chosen_behaviours(
    buyers: pd.DataFrame, *, style_weight: float, traits: tuple[Trait, ...] = TRAITS
) -> tuple[Behaviour, ...]:
    """Return what customers are compared by: every habit that varies, or, with too few of these, what is told."""
    weights = {"volume": 1.0, "style": style_weight}
    habits = [
        found
        for trait in traits
        if trait.role != "told"
        and (found := behaviour_of(buyers, trait, weight=weights[trait.role])) is not None
    ]
    if len(habits) >= LEAST_HABITS:
        return tuple(habits)
    told = (behaviour_of(buyers, trait) for trait in traits if trait.role == "told")
    return (*habits, *(found for found in told if found is not None))


def told_behaviours(buyers: pd.DataFrame, traits: tuple[Trait, ...] = TRAITS) -> tuple[Behaviour, ...]:
    """Return every trait that varies, each at full weight: what profiles and names are made of."""
    found = (behaviour_of(buyers, trait) for trait in traits)
    return tuple(each for each in found if each is not None)


def _untwisted(seen: np.ndarray) -> tuple[float, np.ndarray]:
    skews = []
    for power in LADDER:
        turned = raised(seen, power)
        spread = float(turned.std())
        skew = abs(float(((turned - turned.mean()) ** 3).mean()) / spread**3) if spread > 1e-9 else 0.0
        if skew <= SKEW_AT_MOST:
            return power, turned
        skews.append(skew)
    power = LADDER[int(np.argmin(skews))]
    return power, raised(seen, power)
