"""Who the customers of a block are: what each of them is like, when they come, first buy, and leave for good."""

from dataclasses import dataclass

import numpy as np

from tiercast.sources.synthetic.arrays import Bools, Floats, Ints, Random, pick, pick_by_row
from tiercast.sources.synthetic.law import SELLING, Law
from tiercast.sources.synthetic.places import CATEGORIES, CONSUMABLES, REGIONS, STORES_PER_REGION

OPENS_HOUR, CLOSES_HOUR, HOURS_SPREAD = 7.0, 20.99, 2.5
NEVER = np.inf


@dataclass(frozen=True)
class People:
    """One entry per customer of a block; times are days since the start, rates are a day.

    ``left`` is the moment a customer leaves; they are customers until the midnight after it. ``interested_until`` is
    when attention ends: the same for buyers, some weeks for who never buys.
    """

    acquisition: Ints
    acquired: Floats
    style: Ints
    region: Ints
    store: Ints
    preferred: Ints
    category: Ints
    hour: Floats
    converts: Bools
    converted: Floats
    left: Floats
    interested_until: Floats
    rate: Floats
    regularity: Ints
    death_rate: Floats
    basket: Floats
    discount_probability: Floats
    return_probability: Floats
    satisfaction: Floats
    engagement: Floats
    effect: Floats
    has_need: Bools
    need_ends: Floats
    consumable: Ints
    is_member: Bools
    has_app: Bools
    consented: Floats
    consent_ends: Floats
    birth_days: Floats

    def __len__(self) -> int:
        return len(self.acquired)


def at_own_hour(random: Random, day: Floats, hour: Floats) -> Floats:
    """Return moments on the given days, around each customer's own hour."""
    drawn = hour + HOURS_SPREAD * random.standard_normal(len(day))
    return np.floor(day) + np.clip(drawn, OPENS_HOUR, CLOSES_HOUR) / 24


def draw_people(random: Random, size: int, days: int, law: Law) -> People:
    """Draw the customers of a block."""
    ways, styles = law.acquisitions, law.styles
    acquisition = pick(random, [way.share for way in ways], size)
    style = pick(random, [each.share for each in styles], size)
    region = random.integers(0, len(REGIONS), size)
    hour = random.uniform(9.0, 19.5, size)

    def of_way(factors: list[float]) -> Floats:
        return np.asarray(factors)[acquisition]

    def of_style(numbers: list[float]) -> Floats:
        return np.asarray(numbers)[style]

    acquired = at_own_hour(random, days * random.random(size) ** law.entry_exponent, hour)
    converts = random.random(size) < of_way([way.conversion_probability for way in ways])
    waits = law.conversion_scale_days * random.weibull(law.conversion_shape, size)
    converted = at_own_hour(random, acquired + waits, hour)
    converted = np.where(converts, np.maximum(converted, acquired + 20 / 1440), NEVER)

    death_rate = random.standard_gamma(law.death_shape, size) / law.death_scale_days
    death_rate = np.maximum(death_rate / of_way([way.lifetime_factor for way in ways]), 1e-9)
    left = converted + random.standard_exponential(size) / death_rate
    stays = np.where(random.random(size) < 0.7, random.exponential(60.0, size), 0.0)
    nu = random.standard_gamma(law.spend_heterogeneity, size) / law.spend_scale_currency
    rate = random.standard_gamma(law.rate_shape, size) / law.rate_scale_days
    has_need = random.random(size) < law.need_share
    consented = acquired + random.exponential(6.0, size) * (random.random(size) < 0.5)
    consents = random.random(size) < 0.65
    preferred = pick_by_row(random, np.array([way.prefers for way in ways]), acquisition)
    return People(
        acquisition=acquisition,
        acquired=acquired,
        style=style,
        region=region,
        store=region * STORES_PER_REGION + random.integers(0, STORES_PER_REGION, size),
        preferred=preferred,
        category=pick(random, [each.share for each in CATEGORIES], size),
        hour=hour,
        converts=converts,
        converted=converted,
        left=left,
        interested_until=np.where(converts, left, acquired + stays),
        rate=rate * of_way([way.rate_factor for way in ways]),
        regularity=of_style([each.regularity for each in styles]).astype(np.int64),
        death_rate=death_rate,
        basket=law.spend_shape / nu * of_way([way.basket_factor for way in ways]),
        discount_probability=of_style([each.discount_probability for each in styles]),
        return_probability=random.beta(law.return_alpha, law.return_beta, size),
        satisfaction=random.beta(4.0, 1.6, size),
        engagement=random.gamma(1.0, 1 / 250, size),
        effect=random.gamma(2.0, 0.5, size) * of_style([each.contact_effect_orders for each in styles]),
        has_need=has_need,
        need_ends=np.where(has_need, np.floor(acquired + random.uniform(*law.need_days, size)), NEVER),
        consumable=random.integers(0, len(CONSUMABLES), size),
        is_member=converts & (random.random(size) < 0.55),
        has_app=(random.random(size) < 0.2) | (preferred == SELLING.index("app")),
        consented=np.where(consents, consented, NEVER),
        consent_ends=np.where(consents, consented + random.exponential(900.0, size), NEVER),
        birth_days=np.where(random.random(size) < 0.7, -365.25 * random.uniform(18, 75, size), np.nan),
    )
