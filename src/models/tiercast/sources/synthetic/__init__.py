"""Customers who never were, with everything known about them: histories drawn from a stated law, and the truth beside.

``synthetic:10000`` is a source of touchpoints; :func:`synthesize` returns the same in memory with side tables and truth;
:func:`write_synthetic` writes any size to parquet. The numbers of the law are in :class:`Law`.

The model
---------
Time ``t`` is in days since the first day, ``T`` is the end. Customer *i* comes by an acquisition channel *c* (with known
factors ``f_c``) and has a decision style *d*. Draws are independent of each other unless stated.

* **Entry** ``a = T · U^e``. **Conversion**: with the channel's probability, ``f = a + W``, ``W ~ Weibull``, is the first
  order; else never.
* **Leaving** (Schmittlein, Morrison and Colombo 1987, "Counting your customers", Management Science 33(1):
  Pareto/NBD): ``τ ~ Exponential(μ_i)``, ``μ_i ~ Gamma(s, β) / f_c``. Nothing is bought from the midnight after ``f + τ``.
* **Orders**: gaps are Erlang with shape ``k_d`` and mean ``1 / λ_i``, ``λ_i ~ Gamma(r, α) · f_c`` (Chatfield and
  Goodhardt 1973, "A consumer purchasing model with Erlang inter-purchase times", JASA 68; with Pareto's leaving as in
  Platzer and Reutterer 2016, "Ticking away the moments", Marketing Science 35(5)), so ``k = 1`` is Pareto/NBD itself.
* **Season**: the gaps above pass in operational time ``Λ(t) = ∫ month · weekday · peak``, one a day on the average.
* **Value** of an order (Fader, Hardie and Lee 2005, "RFM and CLV", Journal of Marketing Research 42(4): Gamma-Gamma):
  ``z ~ Gamma(p, ν_i)``, ``ν_i ~ Gamma(q, γ)``, times ``f_c``; split over 1 + Poisson lines. It is what is charged, after
  discounts, to the cent. Products are the rung of their category's price ladder nearest to the price.
* **Run-out clock**: a customer with a need (infant formula) buys ``q`` units at the first order and again after
  ``q · days_per_unit · ε``, ``ε`` lognormal with mean 1, until the need ends (graduation) or the customer leaves.
  Graduation ends this stream only: it is not churn.
* **Contact**: a share of the customers with consent is in each campaign; a coin with a recorded probability decides who
  is contacted. A contact of a living customer (first order before that day) causes ``Poisson(δ_i)`` more orders, evenly
  over the next 28 days, ``δ_i ~ Gamma(2, δ_d / 2)``; nothing else differs between the arms.
* **Returns**: each line with probability ``ρ_i ~ Beta``, at least a day later, whole or some of its units; refunds are
  known later still.
* **The rest** (messages, opens, visits, carts, deliveries, cases, reviews, referrals …) follows from these: attention
  ends when the customer leaves, ratings follow satisfaction, messages follow consent.
* **Arrival**: a share of orders and of other touchpoints is known late; what is not known before ``T`` is not there.

The truth
---------
One row per customer:

============================  ==================================================================================
``acquired_at``               first touchpoint, UTC
``converted_at``              first order; null: none before the end
``alive_until``               midnight from which the customer no longer buys; null: after the end, or no customer
``alive_probability``         P(not left by the end | own parameters, own orders and contacts); null: no customer.
                              What the best model of orders could know; other touchpoints could tell more
``orders_per_day``            λ, while alive, in an average season, run-out and contacts apart
``regularity``                k of the Erlang gaps: 1 at random, 4 like clockwork
``death_per_day``             μ, hazard of leaving
``mean_basket_currency``      mean charged value of an order outside the run-out stream
``return_probability``        ρ, of an order line
``discount_probability``      of an order
``satisfaction_share``        0 to 1; ratings are binomial with it
``contact_effect_orders``     δ, additional orders in the 28 days from a contact, if alive all the while
``decision_style``            habitual, considered, impulsive or price_driven
``acquisition_channel``       brings the factors ``f_c`` of :data:`~tiercast.sources.synthetic.law.ACQUISITIONS`
``preferred_channel``         where three of four orders are placed, others at random
``preferred_hour``            mean hour of the day, UTC, of orders and visits
``preferred_category``        of half of the order lines; others by the market's shares
``need_ends_on``              graduation: first day without the need; null: never had it
``runout_days_per_unit``      days that one unit lasts; null: no need
``conversion_probability``    of prospects: P(first order within the horizon after the end | none before); null: bought
``expected_orders``           of customers: in the horizon (365 days) after the end, without further contacts
``expected_value_currency``   of customers: net revenue of those orders, their returns taken off whenever they come
``realised_orders``           of customers: how many orders the same draw makes in that horizon, for judging
============================  ==================================================================================

Examples
--------
>>> world = synthesize(200)
>>> world.truth.loc[world.truth["need_ends_on"].notna(), "runout_days_per_unit"].between(5, 10).all().item()
True
>>> sorted(set(world.touchpoints["survey_type"].dropna()))
['csat', 'nps']
"""

from tiercast.schema import History
from tiercast.sources.source import Source
from tiercast.sources.synthetic.law import Law
from tiercast.sources.synthetic.making import Synthetic, make, synthesize
from tiercast.sources.synthetic.settings import parse
from tiercast.sources.synthetic.writing import Written, write_synthetic

__all__ = ["SYNTHETIC", "Law", "Synthetic", "Written", "synthesize", "write_synthetic"]


def _open(where: str) -> History:
    """Return the touchpoints of a synthetic world, in USD and UTC."""
    return History(f"synthetic:{where}", frame=make(parse(where)).touchpoints)


SYNTHETIC = Source(
    "synthetic", "N drawn customers with known truth; ?seed=7&days=730&late=0.02&from=2024-01-01", _open
)
