"""Reach and attention: what is sent to customers and what they open; visits, searches, carts and second thoughts."""

from dataclasses import dataclass

import numpy as np

from tiercast.serving.contract import CHANNELS
from tiercast.sources.synthetic.arrays import Bools, Floats, Ints, Random, pick, repeated
from tiercast.sources.synthetic.baskets import STORE
from tiercast.sources.synthetic.campaigns import Assignments
from tiercast.sources.synthetic.law import SELLING, Law
from tiercast.sources.synthetic.orders import Orders
from tiercast.sources.synthetic.people import People, at_own_hour
from tiercast.sources.synthetic.rows import Rows

MINUTE = 1 / 1440
SESSIONS_SEEN_SHARE = 0.6
AD_CHANNELS = ("display", "feed_ads", "douyin", "livestream", "search_ads", "weibo", "outdoor")


@dataclass(frozen=True)
class Sending:
    """A standing programme of messages: mean days between two, and who gets it."""

    kind: str
    channel: str
    every_days: float
    to: str


SENDINGS: tuple[Sending, ...] = (
    Sending("email_send", "email", 180.0, "consented"),
    Sending("sms_send", "sms", 700.0, "consented"),
    Sending("app_push", "app", 300.0, "app"),
    Sending("mailing", "direct_mail", 500.0, "members"),
)


@dataclass(frozen=True)
class Aside:
    """Something that happens in a share of visits, some minutes in."""

    kind: str
    probability: float
    minutes: float
    channel: str = ""


ASIDES: tuple[Aside, ...] = (
    Aside("search", 0.15, 1.0),
    Aside("cart", 0.10, 6.0),
    Aside("wishlist", 0.05, 5.0),
    Aside("enquiry", 0.03, 7.0, "call_center"),
    Aside("share", 0.02, 8.0, "social"),
    Aside("social_engagement", 0.06, 30.0, "social"),
)


def add_reach(
    random: Random, rows: Rows, people: People, assignments: Assignments, days: int, law: Law
) -> None:
    """Add what is sent: first contacts, programmes, campaigns, advertising; and what is opened and clicked."""
    for code, way in enumerate(law.acquisitions):
        came = np.flatnonzero(people.acquisition == code)
        store = people.store[came] if way.channel == "store" else -1
        rows.add(way.first_kind, came, people.acquired[came], way.channel, store=store)

    emailed, emailed_at = [assignments.customer[assignments.treated]], [assignments.at[assignments.treated]]
    rows.add(
        "email_send", emailed[0], emailed_at[0], "email", campaign=assignments.campaign[assignments.treated]
    )
    member_from = np.where(people.is_member, people.converted, np.inf)
    windows = {
        "consented": (people.consented, people.consent_ends),
        "app": (np.where(people.has_app, people.acquired, np.inf), np.full(len(people), float(days))),
        "members": (member_from, np.full(len(people), float(days))),
    }
    for sending in SENDINGS:
        begins, ends = windows[sending.to]
        customer, at = _scatter(random, begins, np.minimum(ends, days), law.touch_factor / sending.every_days)
        at = np.floor(at) + random.uniform(8.0, 11.0, len(at)) / 24
        kept = (at >= begins[customer]) & (at < ends[customer])
        rows.add(sending.kind, customer[kept], at[kept], sending.channel)
        if sending.kind == "email_send":
            emailed.append(customer[kept])
            emailed_at.append(at[kept])

    ends = np.minimum(np.full(len(people), float(days)), people.acquired + 200)
    customer, at = _scatter(random, people.acquired, ends, law.touch_factor / 220)
    codes = np.array([CHANNELS.index(name) for name in AD_CHANNELS])
    rows.add("exposure", customer, at, codes[pick(random, [3, 3, 1, 1, 2, 1, 1], len(at))])
    _add_opens(random, rows, people, np.concatenate(emailed), np.concatenate(emailed_at))


def _add_opens(random: Random, rows: Rows, people: People, customer: Ints, sent: Floats) -> None:
    opened = sent + random.exponential(0.25, len(sent))
    still = opened < people.interested_until[customer]
    opens = random.random(len(sent)) < np.where(still, 0.2 + 0.5 * people.satisfaction[customer], 0.02)
    customer, opened = customer[opens], opened[opens]
    rows.add("email_open", customer, opened, "email")
    clicks = random.random(len(customer)) < 0.2
    rows.add("email_click", customer[clicks], opened[clicks] + MINUTE, "email")
    rows.add("visit", customer[clicks], opened[clicks] + 2 * MINUTE, "web")


def add_attention(random: Random, rows: Rows, people: People, orders: Orders, days: int, law: Law) -> None:
    """Add visits with what happens in them: those of their own accord, and those that end in an order."""
    online = people.preferred != SELLING.index("store")
    roaming = np.where(online, CHANNELS.index("web"), STORE)
    roaming = np.where(people.has_app, CHANNELS.index("app"), roaming)
    ends = np.minimum(people.interested_until, days)
    customer, at = _scatter(random, people.acquired, ends, law.touch_factor * people.engagement)
    at = at_own_hour(random, at, people.hour[customer])
    channel = roaming[customer]
    rows.add("visit", customer, at, channel, store=np.where(channel == STORE, people.store[customer], -1))

    at_store = orders.channel == STORE
    ahead = at_store & (random.random(len(orders.at)) < 0.2)
    before = at_own_hour(
        random, orders.at[ahead] - random.integers(1, 4, ahead.sum()), people.hour[orders.customer[ahead]]
    )
    rows.add("visit", orders.customer[ahead], before, "web")

    placed = np.flatnonzero(~at_store & (random.random(len(orders.at)) < SESSIONS_SEEN_SHARE))
    began = orders.at[placed] - random.uniform(12, 40, len(placed)) * MINUTE
    buyer, where = orders.customer[placed], orders.channel[placed]
    rows.add("visit", buyer, began, where)
    carts = random.random(len(placed)) < 0.4
    rows.add("cart", buyer[carts], orders.at[placed][carts] - 7 * MINUTE, where[carts])
    checks = random.random(len(placed)) < 0.4
    rows.add("checkout", buyer[checks], orders.at[placed][checks] - 3 * MINUTE, where[checks])

    web = CHANNELS.index("web")
    customer = np.concatenate([customer, buyer, orders.customer[ahead]])
    at = np.concatenate([at, began, before])
    channel = np.concatenate([channel, where, np.full(len(before), web)])
    _add_asides(random, rows, people, customer, at, np.where(channel == STORE, web, channel), law)


def _add_asides(
    random: Random, rows: Rows, people: People, customer: Ints, at: Floats, channel: Ints, law: Law
) -> None:
    mean_views = 0.6 * np.array([style.views for style in law.styles])[people.style[customer]]
    visit = repeated(random.poisson(mean_views))
    rows.add("view", customer[visit], at[visit] + random.uniform(1, 6, len(visit)) * MINUTE, channel[visit])
    for aside in ASIDES:
        does: Bools = random.random(len(customer)) < aside.probability
        rows.add(
            aside.kind, customer[does], at[does] + aside.minutes * MINUTE, aside.channel or channel[does]
        )


def _scatter(random: Random, begins: Floats, ends: Floats, rate: float | Floats) -> tuple[Ints, Floats]:
    """Return the points of a Poisson process for each customer, with a rate a day, from ``begins`` until ``ends``."""
    lasts = np.where(ends > begins, ends - np.minimum(begins, ends), 0.0)
    customer = repeated(random.poisson(rate * lasts))
    return customer, begins[customer] + random.random(len(customer)) * lasts[customer]
