"""A plan of contacts beside a greedy one: what a hundred thousand customers and five channels earn, and how fast.

Customers are drawn: value at risk from a gamma law, effects by channel, channels that fit one better than another. Nothing
of a plan depends on where its gains come from; the question is what allocating them well is worth, and what it costs.
"""

import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.frame import Measure, size
from tiercast.planning import Limits, allocate

CHANNELS = ("app", "call_center", "direct_mail", "email", "sms")
COSTS = np.array([0.005, 4.0, 0.8, 0.01, 0.06])
EFFECTS = np.array([0.032, 0.12, 0.06, 0.04, 0.048])
SEED = 7


def drawn(customers: int) -> pd.DataFrame:
    """Return the options of so many customers."""
    rng = np.random.default_rng(SEED)
    at_risk = rng.gamma(0.6, 40.0, customers)
    fit = np.clip(rng.lognormal(0.0, 0.3, (customers, len(CHANNELS))), 0.5, 2.0)
    gain = at_risk[:, None] * EFFECTS * fit - COSTS
    return pd.DataFrame(
        {
            "customer_id": np.repeat([f"c{place:06}" for place in range(customers)], len(CHANNELS)),
            "channel": np.tile(CHANNELS, customers),
            "expected_gain_currency": gain.ravel(),
            "cost_currency": np.tile(COSTS, customers),
        }
    )


def measures() -> Iterator[Measure]:
    """Yield gains of the programme and of the better greedy plan, the prices of the limits, and the time."""
    customers = size("PLAN_CUSTOMERS", full=100_000, reduced=10_000)
    options = drawn(customers)
    share = customers / 100_000
    limits = Limits(
        budget_currency=4_000 * share, contacts=30_000 * share, per_channel={"call_center": 300 * share}
    )
    start, used = time.perf_counter(), time.process_time()
    plan = allocate(options, limits)
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    print(
        f"\nplan: {len(plan.contacts):,} contacts, {plan.contacts['channel'].value_counts().to_dict()}, notes {plan.notes}"
    )
    yield Measure(
        name="plan: expected gain", value=plan.gain_currency, unit="currency", at_least=plan.greedy_currency,
        peer=f"greedy by {plan.greedy_by}", peer_value=plan.greedy_currency,
    )  # fmt: skip
    lost = (plan.bound_currency - plan.gain_currency) / plan.bound_currency
    yield Measure(name="plan: below what no plan can exceed", value=lost, unit="share", at_most=0.001)
    yield Measure(
        name="plan: the last unit of budget earned", value=plan.last_budget_currency, unit="currency"
    )
    yield Measure(name="plan: the last contact earned", value=plan.last_contact_currency, unit="currency")
    yield Measure(name=f"plan: {customers:,} customers × {len(CHANNELS)} channels", value=seconds, unit="s")
    yield Measure(
        name=f"plan: {customers:,} customers × {len(CHANNELS)} channels, processor",
        value=cpu,
        unit="CPU s",
        at_most=10.0,
    )
