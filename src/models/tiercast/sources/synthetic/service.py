"""After the sale and beyond it: deliveries, cases, reviews and surveys, membership, consent and referrals."""

import numpy as np

from tiercast.serving.contract import CHANNELS
from tiercast.sources.synthetic.arrays import Floats, Ints, Random
from tiercast.sources.synthetic.baskets import STORE
from tiercast.sources.synthetic.orders import RUNOUT, Orders
from tiercast.sources.synthetic.people import People, at_own_hour
from tiercast.sources.synthetic.rows import PURPOSES, SURVEY_TYPES, Rows

WEB = CHANNELS.index("web")


def add_after_sales(random: Random, rows: Rows, people: People, orders: Orders, first_order: int) -> None:
    """Add deliveries, support, complaints and what becomes of them, and calls to ask how it went."""
    shipped = np.flatnonzero(orders.channel != STORE)
    day = orders.at[shipped] + random.integers(2, 6, len(shipped))
    fails = random.random(len(shipped)) < 0.04
    failed = shipped[fails]
    rows.add(
        "delivery_failure",
        orders.customer[failed],
        np.floor(day[fails]) + 0.5,
        orders.channel[failed],
        order=first_order + failed,
    )
    rows.add(
        "delivery",
        orders.customer[shipped],
        np.floor(day) + 2 * fails + random.uniform(9, 18, len(shipped)) / 24,
        orders.channel[shipped],
        order=first_order + shipped,
    )

    asked = np.flatnonzero(random.random(len(orders.at)) < 0.05)
    rows.add(
        "support",
        orders.customer[asked],
        _later(random, people, orders, asked, 1.0),
        "call_center",
        case=first_order * 2 + 2 * asked,
    )
    unhappy = 1 - people.satisfaction[orders.customer]
    wrong = np.flatnonzero(random.random(len(orders.at)) < 0.1 * unhappy)
    complained = _later(random, people, orders, wrong, 2.0)
    case = first_order * 2 + 2 * wrong + 1
    rows.add(
        "complaint", orders.customer[wrong], complained, "call_center", case=case, order=first_order + wrong
    )
    solved = random.random(len(wrong)) < 0.85
    rows.add(
        "complaint_resolved",
        orders.customer[wrong][solved],
        complained[solved] + 0.2 + random.exponential(2.0, int(solved.sum())),
        "call_center",
        case=case[solved],
        order=first_order + wrong[solved],
    )
    new = np.flatnonzero(orders.is_first & (orders.stream == RUNOUT))
    rows.add(
        "follow_up",
        orders.customer[new],
        np.floor(orders.at[new]) + 7.4,
        "call_center",
        order=first_order + new,
    )


def add_voice(random: Random, rows: Rows, people: People, orders: Orders, first_order: int) -> None:
    """Add reviews and surveys: what customers say, by how satisfied they are."""
    said = np.flatnonzero(random.random(len(orders.at)) < 0.05)
    customer = orders.customer[said]
    rows.add(
        "review",
        customer,
        _later(random, people, orders, said, 4.0),
        np.where(orders.channel[said] == STORE, WEB, orders.channel[said]),
        rating=1 + random.binomial(4, people.satisfaction[customer]),
        rating_scale=5,
        order=first_order + said,
    )
    for survey, best, share in (("csat", 5, 0.04), ("nps", 10, 0.025)):
        told = np.flatnonzero(random.random(len(orders.at)) < share)
        customer = orders.customer[told]
        least = 1 if survey == "csat" else 0
        rows.add(
            "survey",
            customer,
            _later(random, people, orders, told, 6.0),
            "email",
            rating=least + random.binomial(best - least, people.satisfaction[customer]),
            rating_scale=best,
            survey_type=SURVEY_TYPES.index(survey),
        )


def add_relationship(random: Random, rows: Rows, people: People, first: int, community: int) -> None:
    """Add membership, consent, and who brought whom.

    Parameters
    ----------
    first : int
        Number of the block's first customer.
    community : int
        Code of the way by which referred customers come.
    """
    members = np.flatnonzero(people.is_member)
    rows.add("enrol", members, people.converted[members] + 1 / 86_400, "app")
    granting = np.flatnonzero(np.isfinite(people.consented))
    marketing, profiling = PURPOSES.index("marketing"), PURPOSES.index("profiling")
    rows.add("consent_granted", granting, people.consented[granting], "web", purpose=marketing)
    both = granting[random.random(len(granting)) < 0.1]
    rows.add("consent_granted", both, people.consented[both], "web", purpose=profiling)
    rows.add("consent_withdrawn", granting, people.consent_ends[granting], "web", purpose=marketing)
    _add_referrals(random, rows, people, first, community)


def _add_referrals(random: Random, rows: Rows, people: People, first: int, community: int) -> None:
    """Let a living buyer have sent each customer of the community: of two candidates the more satisfied one."""
    sent = np.flatnonzero(people.acquisition == community)
    by_first_order = np.argsort(people.converted, kind="stable")
    candidates = np.searchsorted(people.converted[by_first_order], people.acquired[sent])
    sent, candidates = sent[candidates > 0], candidates[candidates > 0]
    chosen = [by_first_order[(random.random(len(sent)) * candidates).astype(np.int64)] for _ in range(2)]
    happier = people.satisfaction[chosen[0]] >= people.satisfaction[chosen[1]]
    referrer = np.where(happier, chosen[0], chosen[1])
    since = people.acquired[sent] - people.converted[referrer]
    at = people.acquired[sent] - np.minimum(random.exponential(2.0, len(sent)), 0.9 * since)
    living = at < people.left[referrer]
    rows.add("referral", referrer[living], at[living], "social", referred=first + sent[living])


def _later(random: Random, people: People, orders: Orders, which: Ints, mean_days: float) -> Floats:
    """Return moments after the orders, at the customers' own hours, never on the day of the order."""
    day = orders.at[which] + 1 + random.exponential(mean_days, len(which))
    return at_own_hour(random, day, people.hour[orders.customer[which]])
