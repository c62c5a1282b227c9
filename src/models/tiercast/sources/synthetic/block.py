"""A block of customers: the unit in which the synthetic world is drawn, so that any number of them may be asked for.

Block *k* of a seed is the same whatever else is drawn, and each stage of it has a stream of random numbers of its own:
one stage never shifts the numbers of another.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from tiercast.sources.synthetic.arrays import Floats, Ints, Random
from tiercast.sources.synthetic.baskets import add_baskets
from tiercast.sources.synthetic.campaigns import Assignments, draw_assignments
from tiercast.sources.synthetic.cells import DAY_SECONDS, start_second
from tiercast.sources.synthetic.contacts import add_attention, add_reach
from tiercast.sources.synthetic.orders import Orders, draw_orders
from tiercast.sources.synthetic.people import People, draw_people
from tiercast.sources.synthetic.rows import Codes, Rows
from tiercast.sources.synthetic.season import Season
from tiercast.sources.synthetic.service import add_after_sales, add_relationship, add_voice
from tiercast.sources.synthetic.settings import Settings

BLOCK_CUSTOMERS = 8192
NUMBERS_PER_BLOCK = 10_000_000
"""Orders and rows are numbered from ``block · NUMBERS_PER_BLOCK`` on: ids never meet across blocks."""


class Stage(IntEnum):
    """The stages of a block, in the order in which they were added; the numbers are part of the seed."""

    PEOPLE = 0
    CAMPAIGNS = 1
    ORDERS = 2
    BASKETS = 3
    REACH = 4
    ATTENTION = 5
    AFTER_SALES = 6
    VOICE = 7
    RELATIONSHIP = 8
    ARRIVAL = 9
    IDENTITIES = 10


@dataclass(frozen=True)
class Block:
    """Everything of a block: who they are, what they were assigned, what they bought, and every touchpoint.

    Parameters
    ----------
    first : int
        Number of its first customer.
    rows : dict of str to ndarray
        Touchpoints as codes in order of arrival, with ``occurred`` and ``known`` in seconds since 1970 and ``event``.
    """

    index: int
    first: int
    people: People
    assignments: Assignments
    orders: Orders
    rows: Codes


def blocks_of(settings: Settings) -> int:
    """Return the number of blocks.

    Examples
    --------
    >>> blocks_of(Settings(8192)), blocks_of(Settings(8193))
    (1, 2)
    """
    return -(-settings.customers // BLOCK_CUSTOMERS)


def random_of(settings: Settings, block: int, stage: Stage) -> Random:
    """Return the random numbers of one stage of one block."""
    return np.random.Generator(
        np.random.SFC64(np.random.SeedSequence(settings.seed, spawn_key=(block, int(stage))))
    )


def draw_block(settings: Settings, index: int, season: Season) -> Block:
    """Draw one block."""
    law, days = settings.law, settings.days
    first = index * BLOCK_CUSTOMERS
    size = min(BLOCK_CUSTOMERS, settings.customers - first)
    first_order = index * NUMBERS_PER_BLOCK

    def random(stage: Stage) -> Random:
        return random_of(settings, index, stage)

    people = draw_people(random(Stage.PEOPLE), size, days, law)
    assignments = draw_assignments(random(Stage.CAMPAIGNS), people, days, law)
    orders = draw_orders(random(Stage.ORDERS), people, assignments, season, days, settings.late, law)
    rows = Rows()
    add_baskets(random(Stage.BASKETS), rows, people, orders, first_order, law)
    add_reach(random(Stage.REACH), rows, people, assignments, days, law)
    add_attention(random(Stage.ATTENTION), rows, people, orders, days, law)
    add_after_sales(random(Stage.AFTER_SALES), rows, people, orders, first_order)
    add_voice(random(Stage.VOICE), rows, people, orders, first_order)
    community = next((code for code, way in enumerate(law.acquisitions) if way.channel == "community"), -1)
    add_relationship(random(Stage.RELATIONSHIP), rows, people, first, community)
    arrived = _arrive(random(Stage.ARRIVAL), rows, people, settings, first_order)
    arrived["customer"] = np.where(arrived["customer"] >= 0, arrived["customer"] + first, -1).astype(np.int32)
    return Block(index, first, people, assignments, orders, arrived)


def _arrive(random: Random, rows: Rows, people: People, settings: Settings, first_event: int) -> Codes:
    """Return the rows that are known before the end, in the order in which they become known."""
    codes, at, known = rows.gather()
    start = start_second(settings.start)
    late = np.flatnonzero(random.random(len(at)) < settings.late)
    lag = np.zeros(len(at))
    lag[late] = 0.5 + random.exponential(3.0, len(late))
    known = np.where(np.isnan(known), at + lag, known)
    occurred_s, known_s = _seconds(at, start), _seconds(known, start)
    end = start + settings.days * DAY_SECONDS

    # nothing of a customer is earlier than the first touchpoint
    here = np.flatnonzero((known_s < end) & (at >= people.acquired[codes["customer"]]))
    order = here[np.argsort(known_s[here], kind="stable")]
    event = np.arange(first_event, first_event + len(order))
    if settings.unresolved:
        # of an order everything lacks its customer, or nothing
        of_order = random.random(int(codes["order"].max(initial=first_event)) - first_event + 1)
        place = np.maximum(codes["order"] - first_event, 0)
        drawn = np.where(codes["order"] >= 0, of_order[place], random.random(len(at)))
        codes["customer"] = np.where(drawn < settings.unresolved, -1, codes["customer"])
    known_s = known_s[order]
    if settings.resent:
        again = np.flatnonzero(random.random(len(order)) < settings.resent)
        known_again = known_s[again] + _seconds(0.1 + random.exponential(1.0, len(again)), 0)
        again, known_again = again[known_again < end], known_again[known_again < end]
        known_s = np.concatenate([known_s, known_again])
        order, event = np.concatenate([order, order[again]]), np.concatenate([event, event[again]])
        arrival = np.argsort(known_s, kind="stable")
        known_s, order, event = known_s[arrival], order[arrival], event[arrival]
    arrived = {name: cells[order] for name, cells in codes.items()}
    return arrived | {"occurred": occurred_s[order], "known": known_s, "event": event}


def _seconds(day: Floats, start: int) -> Ints:
    return np.floor(day * DAY_SECONDS).astype(np.int64) + start
