"""The linear programme of a plan: the most gain that the limits allow, and what one more unit of each limit would earn.

maximise Σ gain · x, where 0 ≤ x ≤ 1 for each customer and channel, Σ cost · x ≤ budget, Σ x ≤ contacts, Σ x ≤ capacity of
each channel, Σ x ≤ contacts of one customer: a multiple-choice knapsack with a few shared limits (Sinha & Zoltners
1979). A corner of it is whole for all but about as many customers as there are shared limits.

Large ones are reduced first (variable fixing by prices, after Lagrangian relaxation, Fisher 1981): the prices of a sample
of customers decide for all whose best choice is clear, the programme of the others is solved with what is left, and its
prices are put to everybody. Whoever would choose otherwise is opened too, until nobody would: the choice of each is then
the best at the final prices, which proves the optimum of the whole.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

DIRECT = 20_000
"""Options up to which the whole programme is solved at once."""
SAMPLE = 4_000
OPENED = 4_000
"""Customers whose choice is left open at first: those whom the smallest change of prices would move."""


@dataclass(frozen=True)
class Options:
    """One option a row: customer and channel by number, gain and cost in major currency units; gains above 0."""

    customer: np.ndarray
    channel: np.ndarray
    gain: np.ndarray
    cost: np.ndarray

    def take(self, chosen: np.ndarray) -> "Options":
        """Return some of the options, by position or mask."""
        return Options(self.customer[chosen], self.channel[chosen], self.gain[chosen], self.cost[chosen])

    def __len__(self) -> int:
        return len(self.gain)


@dataclass(frozen=True)
class Shared:
    """Limits shared by all, infinite where there is none: budget, contacts, one for each channel; and of one customer."""

    budget: float
    contacts: float
    capacity: np.ndarray
    per_customer: int

    def less(self, used: Options) -> "Shared | None":
        """Return what is left after these options, or None where they take more than there is."""
        by_channel = np.bincount(used.channel, minlength=len(self.capacity))
        left = Shared(
            self.budget - float(used.cost.sum()),
            self.contacts - len(used),
            self.capacity - by_channel,
            self.per_customer,
        )
        return left if left.budget >= 0 and left.contacts >= 0 and (left.capacity >= 0).all() else None

    def a_little_less(self) -> "Shared":
        """Return limits just below these, no two by the same amount, where prices are not torn between two values."""
        less = 1e-4 * (1.0 + np.arange(len(self.capacity)) / (1.0 + len(self.capacity)))
        budget = max(self.budget - 0.7e-4, 0.0)
        return Shared(
            budget, max(self.contacts - 0.9e-4, 0.0), np.maximum(self.capacity - less, 0.0), self.per_customer
        )

    def scaled(self, share: float) -> "Shared":
        """Return the limits of a share of the customers."""
        return Shared(self.budget * share, self.contacts * share, self.capacity * share, self.per_customer)


@dataclass(frozen=True)
class Solution:
    """Shares of the options (0 to 1), the optimum, and the prices of budget, contacts and channels."""

    share: np.ndarray
    optimum: float
    price: np.ndarray


def solve(
    options: Options, limits: Shared, *, customers: int, seed: int = 7, start: np.ndarray | None = None
) -> Solution:
    """Return the optimum of the programme; ``start`` are prices that are near, where they are known.

    Examples
    --------
    Two customers, one channel, money for one contact: the better one, and the next unit of money earns 5.

    >>> two = Options(np.array([0, 1]), np.array([0, 0]), np.array([9.0, 5.0]), np.array([1.0, 1.0]))
    >>> found = solve(two, Shared(1.0, np.inf, np.array([np.inf]), 1), customers=2)
    >>> found.share.round(6).clip(0).tolist(), found.optimum
    ([1.0, 0.0], 9.0)
    """
    if len(options) <= DIRECT:
        return _whole(options, limits)
    price = _sampled(options, limits, customers, seed) if start is None else start
    taken, margin = _best(options, price, limits.per_customer, customers)
    open_ = np.zeros(customers, dtype=bool)
    many = OPENED
    while many < customers:
        open_[np.argsort(margin, kind="stable")[:many]] = True
        undecided = open_[options.customer]
        fixed = taken & ~undecided
        left = limits.less(options.take(fixed))
        many *= 2
        if left is None:  # what is decided takes more than there is: decide fewer
            continue
        part = _whole(options.take(undecided), left)
        wanted, margin = _best(options, part.price, limits.per_customer, customers)
        changed = np.zeros(customers, dtype=bool)
        changed[options.customer[(wanted != taken) & ~undecided]] = True
        if not changed.any():
            share = fixed.astype(float)
            share[undecided] = part.share
            return Solution(share, part.optimum + float(options.gain[fixed].sum()), part.price)
        taken = np.where(changed[options.customer], wanted, taken)
        open_ |= changed
        margin = np.where(open_, 0.0, margin)
    return _whole(options, limits)


def _sampled(options: Options, limits: Shared, customers: int, seed: int) -> np.ndarray:
    """Return the prices of a sample of customers, with their share of the limits."""
    drawn = np.random.default_rng(seed).permutation(customers)[:SAMPLE]
    among = np.zeros(customers, dtype=bool)
    among[drawn] = True
    return _whole(options.take(among[options.customer]), limits.scaled(len(drawn) / customers)).price


def _best(
    options: Options, price: np.ndarray, per_customer: int, customers: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return which options each customer would take at these prices, and by how much that is the best choice."""
    left = options.gain - price[0] * options.cost - price[1] - price[2:][options.channel]
    channels = len(price) - 2
    table = np.full((customers, channels), -np.inf)
    table[options.customer, options.channel] = left
    order = np.argsort(-table, axis=1, kind="stable")
    ranked = np.take_along_axis(table, order, axis=1)
    many = np.minimum((ranked > 0).sum(axis=1), per_customer)
    who = np.arange(customers)
    last = np.where(many > 0, ranked[who, np.maximum(many - 1, 0)], np.inf)
    following = np.where(many < channels, ranked[who, np.minimum(many, channels - 1)], -np.inf)
    margin = np.minimum(last, np.where(many < per_customer, 0.0, last) - following)
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(channels), order.shape), axis=1)
    taken = place[options.customer, options.channel] < many[options.customer]
    return taken, margin


def _whole(options: Options, limits: Shared) -> Solution:
    """Solve a programme at once: rows for the shared limits that bound, and for customers with too many options."""
    many = np.bincount(options.customer) if len(options) else np.zeros(1, dtype=np.int64)
    rows = [options.cost, np.ones(len(options))]
    bounds = [limits.budget, limits.contacts]
    for channel, most in enumerate(limits.capacity):
        rows.append((options.channel == channel).astype(float))
        bounds.append(float(most))
    reached = np.array([float(row.sum()) > most for row, most in zip(rows, bounds, strict=True)])
    price = np.zeros(len(rows))
    crowded = np.flatnonzero(many > limits.per_customer)
    if not reached.any() and not len(crowded):
        return Solution(np.ones(len(options)), float(options.gain.sum()), price)
    shared = np.flatnonzero(reached)
    place = np.full(len(many), -1)
    place[crowded] = np.arange(len(crowded))
    own = place[options.customer]
    in_row = np.flatnonzero(own >= 0)
    choice = sparse.csr_matrix(
        (np.ones(len(in_row)), (own[in_row], in_row)), shape=(len(crowded), len(options))
    )
    together = sparse.csr_matrix(np.array([rows[each] for each in shared]).reshape(-1, len(options)))
    matrix: Any = sparse.vstack([together, choice])
    most = np.r_[np.array(bounds)[shared], np.full(len(crowded), float(limits.per_customer))]
    method = "highs-ds" if len(options) <= 3 * DIRECT else "highs-ipm"
    solver: Any = linprog  # its stubs know neither sparse matrices nor what HiGHS adds to the answer
    answer = solver(-options.gain, A_ub=matrix.tocsr(), b_ub=most, bounds=(0.0, 1.0), method=method)
    if answer.status != 0:  # every limit is 0 or more, so x = 0 is allowed and the gain is bounded
        raise RuntimeError(f"HiGHS ended with status {answer.status}: {answer.message}")
    dual = -np.asarray(answer.ineqlin.marginals, dtype=float)
    price[shared] = dual[: len(shared)]
    return Solution(np.asarray(answer.x, dtype=float), float(-answer.fun), price)
