"""The law of the synthetic world: every number that decides how its customers buy, leave, spend and answer."""

from dataclasses import dataclass

from tiercast.errors import SourceError
from tiercast.serving.contract import CHANNELS, KINDS

SELLING: tuple[str, ...] = ("store", "web", "app", "marketplace", "wechat", "call_center")
"""Channels in which orders are placed; a customer prefers one of them."""


@dataclass(frozen=True)
class Acquisition:
    """How the customers that one channel brings differ from others, by factors that are known.

    Parameters
    ----------
    channel, first_kind : str
        Where the first touchpoint is, and of which kind.
    share : float
        Of all customers.
    conversion_probability : float
        That a customer it brings ever buys.
    rate_factor, basket_factor, lifetime_factor : float
        Multiply orders a day, mean order value and mean lifetime.
    prefers : tuple of float
        Weights of the preferred channel, in the order of ``SELLING``.
    """

    channel: str
    first_kind: str
    share: float
    conversion_probability: float
    rate_factor: float
    basket_factor: float
    lifetime_factor: float
    prefers: tuple[float, ...]


@dataclass(frozen=True)
class Style:
    """How a customer decides.

    Parameters
    ----------
    name : str
    share : float
        Of all customers.
    regularity : int
        ``k`` of the Erlang-k gaps between orders: 1 is at random, more is like clockwork.
    discount_probability : float
        That an order is bought at a discount.
    views : float
        Mean number of product views in a visit.
    contact_effect_orders : float
        Mean number of additional orders that one contact causes.
    """

    name: str
    share: float
    regularity: int
    discount_probability: float
    views: float
    contact_effect_orders: float


ACQUISITIONS: tuple[Acquisition, ...] = (
    Acquisition("store", "visit", 0.28, 0.90, 1.0, 1.0, 1.2, (0.72, 0.10, 0.08, 0.02, 0.06, 0.02)),
    Acquisition("seo", "visit", 0.17, 0.75, 0.9, 1.0, 1.0, (0.15, 0.50, 0.20, 0.08, 0.05, 0.02)),
    Acquisition("search_ads", "exposure", 0.14, 0.65, 0.7, 0.9, 0.6, (0.10, 0.55, 0.20, 0.10, 0.04, 0.01)),
    Acquisition("feed_ads", "exposure", 0.12, 0.40, 0.6, 0.8, 0.5, (0.05, 0.40, 0.40, 0.10, 0.05, 0.00)),
    Acquisition("social", "exposure", 0.08, 0.45, 0.8, 0.9, 0.7, (0.08, 0.35, 0.30, 0.12, 0.15, 0.00)),
    Acquisition("marketplace", "visit", 0.08, 0.95, 0.7, 0.7, 0.5, (0.03, 0.12, 0.10, 0.73, 0.02, 0.00)),
    Acquisition(
        "wechat", "social_engagement", 0.06, 0.70, 1.2, 1.1, 1.0, (0.15, 0.08, 0.15, 0.02, 0.60, 0.00)
    ),
    Acquisition("exhibition", "enquiry", 0.03, 0.60, 0.8, 1.6, 1.2, (0.40, 0.25, 0.10, 0.02, 0.08, 0.15)),
    Acquisition("community", "visit", 0.04, 0.85, 1.4, 1.3, 1.6, (0.30, 0.25, 0.25, 0.05, 0.13, 0.02)),
)

STYLES: tuple[Style, ...] = (
    Style("habitual", 0.35, 4, 0.10, 0.6, 0.04),
    Style("considered", 0.25, 2, 0.20, 2.0, 0.12),
    Style("impulsive", 0.20, 1, 0.20, 1.0, 0.10),
    Style("price_driven", 0.20, 1, 0.60, 1.5, 0.35),
)


@dataclass(frozen=True)
class Law:
    """Parameters of the generating model; the equations are in :mod:`tiercast.sources.synthetic`.

    Parameters
    ----------
    rate_shape, rate_scale_days : float
        ``r`` and ``α``: orders a day of a living customer are Gamma(r, α), mean r / α, times the channel's factor.
    death_shape, death_scale_days : float
        ``s`` and ``β``: the hazard of leaving, a day, is Gamma(s, β), divided by the channel's lifetime factor.
    spend_shape, spend_heterogeneity, spend_scale_currency : float
        ``p``, ``q`` and ``γ``: an order's value is Gamma(p, ν), and ν is Gamma(q, γ) across customers.
    conversion_shape, conversion_scale_days : float
        Days from the first touchpoint to the first order are Weibull.
    entry_exponent : float
        The first touchpoint is at ``days · U^entry_exponent``: more than 1 means that most came early.
    need_share, need_days : float, (float, float)
        Customers with a need that ends, and how many days it lasts (uniform).
    runout_sigma : float
        Spread of the run-out clock: gaps are ``quantity · days_per_unit`` times a lognormal of mean 1.
    runout_quantities : tuple of (int, float)
        Units bought at once, with their probabilities.
    campaign_first_day, campaign_every_days, contact_days : int
        When randomised campaigns are sent, and how long a contact works.
    campaign_share, campaign_probabilities : float, tuple of float
        Share of addressable customers in a campaign; probability of treatment, taken in turn.
    return_alpha, return_beta : float
        The probability that an order line is returned is Beta across customers.
    partial_return_probability : float
        That a return of several units is of some of them only.
    month_factors, weekday_factors, peak_factor : tuple of float, tuple of float, float
        Season, January and Monday first; the peak is from 20 November to 24 December.
    own_channel_probability : float
        That an order is placed in the preferred channel and not in any.
    horizon_days : int
        How far the expectations of the truth look beyond the end.
    touch_factor : float
        Multiplies the number of touchpoints that are neither an order nor its consequence.

    Examples
    --------
    >>> law = Law()
    >>> round(law.rate_shape / law.rate_scale_days, 4), round(law.mean_basket_currency, 2)
    (0.0111, 45.0)
    >>> Law(death_shape=0)
    Traceback (most recent call last):
    ...
    tiercast.errors.SourceError: cannot read synthetic:: its law cannot hold; see that shapes and scales are above 0
    """

    rate_shape: float = 0.9
    rate_scale_days: float = 81.0
    death_shape: float = 0.6
    death_scale_days: float = 150.0
    spend_shape: float = 6.0
    spend_heterogeneity: float = 4.0
    spend_scale_currency: float = 22.5
    conversion_shape: float = 0.6
    conversion_scale_days: float = 14.0
    entry_exponent: float = 1.5
    need_share: float = 0.08
    need_days: tuple[float, float] = (120.0, 900.0)
    runout_sigma: float = 0.15
    runout_quantities: tuple[tuple[int, float], ...] = ((1, 0.15), (2, 0.25), (3, 0.35), (4, 0.15), (6, 0.10))
    campaign_first_day: int = 30
    campaign_every_days: int = 60
    contact_days: int = 28
    campaign_share: float = 0.5
    campaign_probabilities: tuple[float, ...] = (0.5, 0.7, 0.5, 0.3)
    return_alpha: float = 1.2
    return_beta: float = 18.0
    partial_return_probability: float = 0.3
    month_factors: tuple[float, ...] = (0.85, 0.8, 0.95, 1.0, 1.05, 1.0, 0.95, 0.9, 1.0, 1.05, 1.15, 1.3)
    weekday_factors: tuple[float, ...] = (0.85, 0.85, 0.9, 0.95, 1.15, 1.35, 0.95)
    peak_factor: float = 1.5
    own_channel_probability: float = 0.75
    horizon_days: int = 365
    touch_factor: float = 1.0
    acquisitions: tuple[Acquisition, ...] = ACQUISITIONS
    styles: tuple[Style, ...] = STYLES

    def __post_init__(self) -> None:
        wrong = [problem for problem, holds in _conditions(self).items() if not holds]
        if wrong:
            raise SourceError(
                source="synthetic:", problem="its law cannot hold", fix=f"see that {'; '.join(wrong)}"
            )

    @property
    def mean_basket_currency(self) -> float:
        """Mean order value over customers, before the channel's factor: ``p γ / (q - 1)``."""
        return self.spend_shape * self.spend_scale_currency / (self.spend_heterogeneity - 1)

    @property
    def mean_runout_units(self) -> float:
        """Mean number of units bought at once on the run-out clock."""
        return sum(units * probability for units, probability in self.runout_quantities)

    def campaign_days(self, days: int) -> tuple[int, ...]:
        """Return the days on which campaigns are sent: none whose contact would still work at the end."""
        return tuple(range(self.campaign_first_day, days - self.contact_days + 1, self.campaign_every_days))

    def campaign_probability(self, campaign: int) -> float:
        """Return the probability of treatment in a campaign, counted from 0."""
        return self.campaign_probabilities[campaign % len(self.campaign_probabilities)]


def _conditions(law: Law) -> dict[str, bool]:
    positive = (
        law.rate_shape, law.rate_scale_days, law.death_shape, law.death_scale_days, law.spend_shape,
        law.spend_scale_currency, law.conversion_shape, law.conversion_scale_days, law.entry_exponent,
        law.runout_sigma, law.return_alpha, law.return_beta, law.peak_factor, *law.month_factors, *law.weekday_factors,
    )  # fmt: skip
    shares = (
        law.need_share, law.campaign_share, *law.campaign_probabilities, law.partial_return_probability,
        law.own_channel_probability, *(way.conversion_probability for way in law.acquisitions),
        *(style.discount_probability for style in law.styles),
    )  # fmt: skip
    whole = (
        law.horizon_days,
        law.campaign_every_days,
        law.contact_days,
        *(style.regularity for style in law.styles),
    )
    return {
        "shapes and scales are above 0": all(number > 0 for number in positive),
        "spend_heterogeneity is above 1": law.spend_heterogeneity > 1,
        "shares and probabilities are from 0 to 1": all(0 <= share <= 1 for share in shares),
        "days and regularities are whole numbers above 0": all(type(n) is int and n > 0 for n in whole),
        "there are 12 months and 7 weekdays": (len(law.month_factors), len(law.weekday_factors)) == (12, 7),
        "need_days rise from 1 or more": 1 <= law.need_days[0] <= law.need_days[1],
        "quantities are above 0": all(units > 0 and chance >= 0 for units, chance in law.runout_quantities),
        "there are acquisitions, styles and campaign probabilities": all(
            (law.acquisitions, law.styles, law.campaign_probabilities, law.runout_quantities)
        ),
        "each acquisition names a channel and a kind of the contract": all(
            way.channel in CHANNELS and way.first_kind in KINDS for way in law.acquisitions
        ),
        "each acquisition weighs the selling channels, and its factors are above 0": all(
            len(way.prefers) == len(SELLING)
            and sum(way.prefers) > 0
            and min(way.prefers) >= 0
            and min(way.rate_factor, way.basket_factor, way.lifetime_factor) > 0
            for way in law.acquisitions
        ),
    }
