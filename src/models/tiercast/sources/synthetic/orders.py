"""When orders are placed: a renewal process in season's time, a run-out clock, and orders that a contact causes."""

from dataclasses import dataclass

import numpy as np

from tiercast.serving.contract import CHANNELS
from tiercast.sources.synthetic.arrays import Bools, Floats, Ints, Random, pick, places_within, repeated
from tiercast.sources.synthetic.campaigns import Assignments
from tiercast.sources.synthetic.law import SELLING, Law
from tiercast.sources.synthetic.people import People, at_own_hour
from tiercast.sources.synthetic.places import CONSUMABLES, STORES
from tiercast.sources.synthetic.season import Season

GENERAL, RUNOUT, CONTACT = 0, 1, 2


@dataclass(frozen=True)
class Orders:
    """One entry per order before the end, and what is needed to tell the truth at the end.

    Parameters
    ----------
    customer, stream, units : ndarray of int
        ``units`` of the consumable, 0 outside the run-out stream.
    at, known : ndarray of float
        Days since the start.
    channel, store : ndarray of int
        Codes; store is -1 online.
    is_first : ndarray of bool
    last_general, last_runout, last_order : ndarray of float
        Per customer: the moment of the newest order of the stream before the end; minus infinity without one.
    last_units : ndarray of int
    realised : ndarray of int
        Per customer: orders in the horizon after the end, contacts apart.
    """

    customer: Ints
    stream: Ints
    units: Ints
    at: Floats
    known: Floats
    channel: Ints
    store: Ints
    is_first: Bools
    last_general: Floats
    last_runout: Floats
    last_order: Floats
    last_units: Ints
    realised: Ints


def draw_orders(
    random: Random, people: People, assignments: Assignments, season: Season, days: int, late: float, law: Law
) -> Orders:
    """Draw every order of a block, and count those of the horizon after the end."""
    stop = float(days + law.horizon_days)
    buyers = np.flatnonzero(people.converted < days)
    first = people.converted[buyers]
    first_is_runout = people.has_need[buyers] & (first < people.need_ends[buyers])
    regular, regular_at = _general(random, people, buyers, season, stop)
    refills, refills_at, refill_units = _runout(random, people, buyers[first_is_runout], stop, law)
    caused, caused_at = _caused(random, people, assignments, law)

    customer = np.concatenate([buyers[~first_is_runout], regular, refills, caused])
    moment = np.concatenate([first[~first_is_runout], regular_at, refills_at, caused_at])
    sizes = [int((~first_is_runout).sum()) + len(regular), len(refills), len(caused)]
    stream = np.repeat([GENERAL, RUNOUT, CONTACT], sizes)
    units = np.zeros(len(customer), dtype=np.int64)
    units[stream == RUNOUT] = refill_units
    realised = np.bincount(customer[moment >= days], minlength=len(people))

    def newest(of: Bools) -> Floats:
        found = np.full(len(people), -np.inf)
        np.maximum.at(found, customer[of], moment[of])
        return found

    seen = moment < days
    last_runout = newest(seen & (stream == RUNOUT))
    last_units = np.zeros(len(people), dtype=np.int64)
    is_last = seen & (stream == RUNOUT) & (moment == last_runout[customer])
    last_units[customer[is_last]] = units[is_last]
    # the general clock starts with the first order, whichever stream that is in
    started = np.where(people.converted < days, people.converted, -np.inf)
    last_general = np.maximum(newest(seen & (stream == GENERAL)), started)
    last_order = np.maximum(newest(seen), started)

    customer, moment, stream, units = customer[seen], moment[seen], stream[seen], units[seen]
    is_first = moment == people.converted[customer]
    at = np.where(is_first, moment, at_own_hour(random, moment, people.hour[customer]))
    at = np.maximum(at, people.converted[customer])
    channel, store = _place(random, people, customer, law)
    lag = np.where(random.random(len(at)) < late, 0.5 + random.exponential(3.0, len(at)), 0.0)
    return Orders(
        customer, stream, units, at, at + lag, channel, store, is_first, last_general, last_runout, last_order,
        last_units, realised,
    )  # fmt: skip


def _general(
    random: Random, people: People, buyers: Ints, season: Season, stop: float
) -> tuple[Ints, Floats]:
    """Return the repeat orders: every k-th point of a Poisson process with k times the rate, in operational time."""
    begins = season.forward(people.converted[buyers])
    lasts = season.forward(np.minimum(people.left[buyers], stop)) - begins
    k = people.regularity[buyers]
    phases = random.poisson(k * people.rate[buyers] * lasts)
    owner = repeated(phases)
    # one sort orders the uniform points of all customers, because each customer has an interval of length one
    share = np.sort(owner + random.random(len(owner))) - owner
    ends_gap = places_within(phases) % k[owner] == k[owner] - 1
    owner, share = owner[ends_gap], share[ends_gap]
    return buyers[owner], season.back(begins[owner] + share * lasts[owner])


def _runout(random: Random, people: People, buyers: Ints, stop: float, law: Law) -> tuple[Ints, Floats, Ints]:
    """Return the refills of a consumable, the first order included: it runs out, it is bought again."""
    lasts = np.array([each.days_per_unit for each in CONSUMABLES])[people.consumable[buyers]]
    until = np.minimum(np.minimum(people.left[buyers], people.need_ends[buyers]), stop)
    sizes, chances = zip(*law.runout_quantities, strict=True)
    shortest = law.mean_runout_units * min(each.days_per_unit for each in CONSUMABLES)
    wide = 10 + int(1.6 * min(stop, law.need_days[1]) / shortest)  # seven standard deviations to spare
    units = np.asarray(sizes)[pick(random, chances, len(buyers) * wide)].reshape(len(buyers), wide)
    noise = random.standard_normal((len(buyers), wide))
    gaps = units * lasts[:, None] * np.exp(law.runout_sigma * noise - law.runout_sigma**2 / 2)
    begins = people.converted[buyers][:, None]
    at = np.concatenate([begins, begins + np.cumsum(gaps, axis=1)[:, :-1]], axis=1)
    bought = at < until[:, None]
    return buyers[np.nonzero(bought)[0]], at[bought], units[bought]


def _caused(random: Random, people: People, assignments: Assignments, law: Law) -> tuple[Ints, Floats]:
    """Return the additional orders that contacts cause among living customers, evenly over the days they work."""
    customer, sent = assignments.customer, np.floor(assignments.at)
    works = assignments.treated & (people.converted[customer] < sent)
    customer, sent = customer[works], sent[works]
    counts = random.poisson(people.effect[customer])
    owner = repeated(counts)
    at = sent[owner] + law.contact_days * random.random(len(owner))
    alive = at < people.left[customer[owner]]
    return customer[owner][alive], at[alive]


def _place(random: Random, people: People, customer: Ints, law: Law) -> tuple[Ints, Ints]:
    own = random.random(len(customer)) < law.own_channel_probability
    selling = np.where(own, people.preferred[customer], random.integers(0, len(SELLING), len(customer)))
    at_home = random.random(len(customer)) < 0.85
    store = np.where(at_home, people.store[customer], random.integers(0, STORES, len(customer)))
    codes = np.array([CHANNELS.index(name) for name in SELLING])
    return codes[selling], np.where(selling == SELLING.index("store"), store, -1)
