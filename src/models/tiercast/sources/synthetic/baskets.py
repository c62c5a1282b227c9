"""What is in an order and what comes back: lines, prices, discounts, coupons, points, returns."""

from dataclasses import dataclass

import numpy as np

from tiercast.serving.contract import CHANNELS
from tiercast.sources.synthetic.arrays import Floats, Ints, Random, pick, repeated
from tiercast.sources.synthetic.law import Law
from tiercast.sources.synthetic.orders import RUNOUT, Orders
from tiercast.sources.synthetic.people import People, at_own_hour
from tiercast.sources.synthetic.places import CATEGORIES, CONSUMABLES, FIRST_CONSUMABLE, product_at
from tiercast.sources.synthetic.rows import DISCOUNT_TYPES, Rows

MEAN_MORE_LINES, MOST_LINES = 0.5, 8
MEAN_MORE_UNITS = 0.4
DISCOUNT_SHARES = (0.05, 0.10, 0.15, 0.20, 0.30)
STORE = CHANNELS.index("store")


@dataclass(frozen=True)
class Lines:
    """One entry per order line; ``order`` is the place of its order, money is in minor units."""

    order: Ints
    product: Ints
    quantity: Ints
    amount: Ints
    discount: Ints


def returned_share(law: Law, *, of_runout: bool) -> float:
    """Return the mean share of a returned line's amount that is given back."""
    units = (
        dict(law.runout_quantities)
        if of_runout
        else {
            1 + more: np.exp(-MEAN_MORE_UNITS) * MEAN_MORE_UNITS**more / np.prod(np.arange(1.0, more + 1))
            for more in range(20)
        }
    )
    # lines of the consumable are worth what their units are, so larger ones weigh more
    weight = {size: chance * (size if of_runout else 1) for size, chance in units.items()}
    partial = law.partial_return_probability
    back = {size: 1 - partial / 2 if size > 1 else 1.0 for size in units}
    return float(sum(weight[size] * back[size] for size in units) / sum(weight.values()))


def add_baskets(
    random: Random, rows: Rows, people: People, orders: Orders, first_order: int, law: Law
) -> Lines:
    """Add purchases, what goes with them, and returns."""
    size = len(orders.customer)
    chance = people.discount_probability[orders.customer]
    share = np.asarray(DISCOUNT_SHARES)[pick(random, [1.0] * len(DISCOUNT_SHARES), size)]
    share = np.where(random.random(size) < chance, share, 0.0)
    kind = np.where(share > 0, pick(random, (0.35, 0.35, 0.30), size), -1)
    lines = _lines(random, people, orders, share, law)

    order, customer = lines.order, orders.customer[lines.order]
    staffed = (random.random(size) < 0.3) & (orders.channel == STORE)
    rows.add(
        "purchase",
        customer,
        orders.at[order],
        orders.channel[order],
        known=orders.known[order],
        order=first_order + order,
        store=orders.store[order],
        product=lines.product,
        quantity=lines.quantity,
        amount=lines.amount,
        discount=lines.discount,
        discount_type=np.where(lines.discount > 0, kind[order], -1),
        staffed=staffed[order],
    )
    _add_returns(random, rows, people, orders, lines, first_order, law)

    used = np.flatnonzero(kind == DISCOUNT_TYPES.index("coupon"))
    claimed = orders.at[used] - random.exponential(2.0, len(used)) - 0.02
    rows.add("coupon_claim", orders.customer[used], claimed, "app")
    rows.add(
        "coupon_redemption",
        orders.customer[used],
        orders.at[used],
        orders.channel[used],
        known=orders.known[used],
        order=first_order + used,
    )
    paid = np.flatnonzero(people.is_member[orders.customer] & ~orders.is_first & (random.random(size) < 0.06))
    rows.add(
        "points_redemption",
        orders.customer[paid],
        orders.at[paid],
        orders.channel[paid],
        known=orders.known[paid],
        order=first_order + paid,
        points=100 * random.integers(1, 21, len(paid)),
    )
    return lines


def _lines(random: Random, people: People, orders: Orders, share: Floats, law: Law) -> Lines:
    size = len(orders.customer)
    is_runout = orders.stream == RUNOUT
    counts = np.where(is_runout, 1, np.minimum(1 + random.poisson(MEAN_MORE_LINES, size), MOST_LINES))
    order = repeated(counts)
    refill = is_runout[order]
    mean = people.basket[orders.customer]
    value = np.maximum(random.standard_gamma(law.spend_shape, size) * mean / law.spend_shape, 0.01)
    parts = random.standard_exponential(len(order)) + 0.05
    totals = np.bincount(order, weights=parts, minlength=size)
    charged = value[order] * parts / totals[order]

    units = 1 + random.poisson(MEAN_MORE_UNITS, len(order))
    quantity = np.where(refill, orders.units[order], units)
    prices = np.array([each.price for each in CONSUMABLES])
    consumable = people.consumable[orders.customer][order]
    listed = np.where(refill, prices[consumable] * quantity, charged / (1 - share[order]))
    charged = np.where(refill, listed * (1 - share[order]), charged)
    amount = np.maximum(np.rint(charged * 100), 1).astype(np.int64)
    discount = np.maximum(np.rint(listed * 100).astype(np.int64) - amount, 0)

    favourite = people.category[orders.customer][order]
    any_category = pick(random, [each.share for each in CATEGORIES], len(order))
    category = np.where(random.random(len(order)) < 0.5, favourite, any_category)
    product = product_at(category, listed / quantity)
    return Lines(order, np.where(refill, FIRST_CONSUMABLE + consumable, product), quantity, amount, discount)


def _add_returns(
    random: Random, rows: Rows, people: People, orders: Orders, lines: Lines, first_order: int, law: Law
) -> None:
    back = np.flatnonzero(
        random.random(len(lines.order)) < people.return_probability[orders.customer][lines.order]
    )
    order = lines.order[back]
    customer, bought = orders.customer[order], lines.quantity[back]
    some = (random.random(len(back)) < law.partial_return_probability) & (bought > 1)
    quantity = np.where(some, random.integers(1, np.maximum(bought, 2)), bought)
    at = at_own_hour(random, orders.at[order] + 1 + random.exponential(8.0, len(back)), people.hour[customer])
    refunded = at + 1 + random.exponential(2.0, len(back))
    online = orders.channel[order] != STORE
    to_store = online & (random.random(len(back)) < 0.3)
    rows.add(
        "return",
        customer,
        at,
        np.where(to_store, STORE, orders.channel[order]),
        known=np.maximum(refunded, orders.known[order]),
        order=first_order + order,
        store=np.where(to_store, people.store[customer], orders.store[order]),
        product=lines.product[back],
        quantity=quantity,
        amount=lines.amount[back] * quantity // bought,
    )
