"""What is true of each customer at the end, computed from the law itself: who still is one, and what they are worth."""

import numpy as np

from tiercast.sources.synthetic.arrays import Floats, Ints
from tiercast.sources.synthetic.baskets import DISCOUNT_SHARES, returned_share
from tiercast.sources.synthetic.campaigns import Assignments
from tiercast.sources.synthetic.law import Law
from tiercast.sources.synthetic.orders import Orders
from tiercast.sources.synthetic.people import People
from tiercast.sources.synthetic.places import CONSUMABLES
from tiercast.sources.synthetic.season import Season

GRID = 48
CELL_DAYS = 14


def alive_probability(
    people: People, orders: Orders, assignments: Assignments, season: Season, days: int, law: Law
) -> Floats:
    """Return P(still a customer at the end), given the customer's own parameters and own orders; NaN for prospects.

    By Bayes: living on and staying silent, against leaving at ``u`` after being silent until ``u``; the integral over
    ``u`` is a midpoint sum over ``GRID`` cells from the newest order to the end.
    """
    buyers = np.flatnonzero(people.converted < days)
    last = orders.last_order[buyers]
    width = (days - last) / GRID
    until = np.concatenate(
        [last[:, None] + width[:, None] * (np.arange(GRID) + 0.5), np.full((len(buyers), 1), float(days))],
        axis=1,
    )
    hazard = people.death_rate[buyers][:, None]
    silent = _silence(people, orders, season, buyers, until, law)
    silent *= np.exp(-_contacts_missed(people, assignments, buyers, last, until, days, law))
    silent *= np.exp(-hazard * (until - last[:, None]))
    stayed, left = silent[:, -1], (silent[:, :-1] * hazard).sum(axis=1) * width
    found = np.full(len(people), np.nan)
    found[buyers] = stayed / np.maximum(stayed + left, np.finfo(float).tiny)
    return found


def _silence(people: People, orders: Orders, season: Season, buyers: Ints, until: Floats, law: Law) -> Floats:
    """Return P(no order since the newest until each moment) of a living customer, contacts apart."""
    from scipy.special import ndtr

    k = people.regularity[buyers][:, None]
    since = season.forward(until) - season.forward(orders.last_general[buyers])[:, None]
    phases = k * people.rate[buyers][:, None] * since
    term, total = np.ones_like(phases), np.ones_like(phases)
    for done in range(1, int(k.max(initial=1))):
        term = term * phases / done
        total = total + np.where(done < k, term, 0.0)
    silent = np.exp(-phases) * total

    clocked = np.flatnonzero(np.isfinite(orders.last_runout[buyers]))
    whose = buyers[clocked]
    lasts = np.array([each.days_per_unit for each in CONSUMABLES])[people.consumable[whose]]
    needed = np.minimum(until[clocked], people.need_ends[whose][:, None])
    waited = np.maximum(needed - orders.last_runout[whose][:, None], 1e-9)
    overdue = np.log(waited / (orders.last_units[whose] * lasts)[:, None])
    silent[clocked] *= ndtr(-(overdue / law.runout_sigma + law.runout_sigma / 2))
    return silent


def _contacts_missed(
    people: People, assignments: Assignments, buyers: Ints, last: Floats, until: Floats, days: int, law: Law
) -> Floats:
    """Return how many orders contacts should have caused since the newest order, had the customer lived."""
    sent = law.campaign_days(days)
    contacted = np.zeros((len(sent), len(people)), dtype=bool)
    reached = assignments.treated & (people.converted[assignments.customer] < np.floor(assignments.at))
    contacted[assignments.campaign[reached], assignments.customer[reached]] = True
    missed = np.zeros_like(until)
    for campaign, day in enumerate(sent):
        who = np.flatnonzero(contacted[campaign, buyers] & (last < day + law.contact_days))
        worked = np.clip(until[who] - day, 0, law.contact_days)
        already = np.clip(last[who] - day, 0, law.contact_days)[:, None]
        effect = people.effect[buyers[who]][:, None] / law.contact_days
        missed[who] += effect * np.maximum(worked - already, 0)
    return missed


def expected_orders(
    people: People, orders: Orders, alive: Floats, season: Season, days: int, law: Law
) -> tuple[Floats, Floats]:
    """Return expected general and run-out orders in the horizon after the end, without contacts; NaN for prospects.

    General orders are exact but for taking their rate as even within two weeks. Run-out orders are told at their
    long-run rate: right on the average over customers, not by the day of each one's clock.
    """
    buyers = np.flatnonzero(people.converted < days)
    edges = np.append(np.arange(0, law.horizon_days, CELL_DAYS), law.horizon_days).astype(np.float64)
    survival = np.exp(-people.death_rate[buyers][:, None] * edges)
    # mean survival within each cell
    living = -np.diff(survival, axis=1) / (people.death_rate[buyers][:, None] * np.diff(edges))
    living *= alive[buyers][:, None]
    now = season.forward(np.array([float(days)]))[0]
    passed = season.forward(days + edges) - now
    waited = now - season.forward(orders.last_general[buyers])
    general = np.zeros((len(buyers), len(edges)))
    for k in np.unique(people.regularity[buyers]):
        who = np.flatnonzero(people.regularity[buyers] == k)
        pace = k * people.rate[buyers[who]]
        general[who] = _renewals(int(k), pace * waited[who], pace[:, None] * passed)
    needed = np.diff(np.clip(people.need_ends[buyers][:, None] - days, 0, edges), axis=1)
    per_day = _refills_per_day(people, law)[buyers]
    clocked = np.isfinite(orders.last_runout[buyers])
    found = np.full((2, len(people)), np.nan)
    found[0, buyers] = (np.diff(general, axis=1) * living).sum(axis=1)
    found[1, buyers] = np.where(clocked, (needed * living).sum(axis=1) * per_day, 0.0)
    return found[0], found[1]


def _renewals(k: int, waited: Floats, ahead: Floats) -> Floats:
    """Return the expected number of Erlang-k renewals while ``ahead`` phases pass, after ``waited`` in silence.

    In silence the phase done is Poisson, cut at k; orders are every k-th phase, so their expected number is
    (phase + ahead - E[(phase + Poisson(ahead)) mod k]) / k, and the remainder has a closed form by roots of unity.
    """
    done = np.arange(k, dtype=np.float64)
    steps: Floats = np.where(done > 0, waited[:, None] / np.maximum(done, 1), 1.0)
    weights = np.multiply.accumulate(steps, axis=1)
    weights = weights / weights.sum(axis=1, keepdims=True)
    found = (weights @ done)[:, None] + ahead - (k - 1) / 2
    for turn in range(1, k):
        angle = 2 * np.pi * turn / k
        damped = np.exp(ahead * (np.cos(angle) - 1))
        for phase in range(k):
            for rest in range(1, k):
                swing = np.cos(ahead * np.sin(angle) + angle * (phase - rest))
                found -= weights[:, phase, None] * rest * damped * swing / k
    return found / k


def _refills_per_day(people: People, law: Law) -> Floats:
    lasts = np.array([each.days_per_unit for each in CONSUMABLES])[people.consumable]
    return 1 / (law.mean_runout_units * lasts)


def conversion_probability(people: People, days: int, law: Law) -> Floats:
    """Return P(first order in the horizon | none until the end) of prospects; NaN for buyers."""
    ever = np.array([way.conversion_probability for way in law.acquisitions])[people.acquisition]
    waited = days - people.acquired

    def by(waiting: Floats) -> Floats:
        return 1 - np.exp(-((waiting / law.conversion_scale_days) ** law.conversion_shape))

    chance = ever * (by(waited + law.horizon_days) - by(waited)) / (1 - ever * by(waited))
    return np.where(people.converted < days, np.nan, chance)


def expected_value(people: People, general: Floats, runout: Floats, law: Law) -> Floats:
    """Return the net revenue of expected orders, returns of them taken off whenever they come."""
    prices = np.array([each.price for each in CONSUMABLES])[people.consumable]
    refill = prices * law.mean_runout_units * (1 - people.discount_probability * np.mean(DISCOUNT_SHARES))
    kept = [1 - people.return_probability * returned_share(law, of_runout=which) for which in (False, True)]
    return general * people.basket * kept[0] + runout * refill * kept[1]
