"""Intent, the episode that a customer is in, and what they do by themselves, told a second time in plain Python."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from tiercast.features.declare import Seen

Row = Mapping[str, Any]
STAGES: dict[int, tuple[str, tuple[str, ...]]] = {
    1: ("need", ("visit", "email_open", "email_click", "social_engagement", "event_attendance", "check_in", "enrol")),
    2: ("search", ("view", "search", "enquiry")),
    3: ("evaluation", ("cart", "quote", "wishlist", "coupon_claim")),
    4: ("decision", ("checkout", "contract", "coupon_redemption", "points_redemption")),
    5: ("after", ("purchase", "payment", "return", "support", "complaint", "review", "survey", "co_creation", "referral",
                  "share")),
}  # fmt: skip
POINTS = (
    dict.fromkeys(("visit", "view", "search", "email_open", "email_click", "social_engagement", "check_in"), 1)
    | dict.fromkeys(("enquiry", "cart", "checkout", "quote", "wishlist", "coupon_claim", "coupon_redemption",
                     "points_redemption"), 2)
    | dict.fromkeys(("event_attendance", "review", "survey", "share", "enrol"), 4)
    | dict.fromkeys(("purchase", "referral", "co_creation"), 5)
)  # fmt: skip
BY_US = (
    "exposure", "email_send", "sms_send", "call_out", "mailing", "app_push", "delivery", "delivery_failure", "follow_up",
    "complaint_resolved",
)  # fmt: skip
"""What is not the customer's own."""
PLURALS = {
    "visit": "visits", "view": "views", "search": "searches",
    "enquiry": "enquiries", "cart": "carts", "checkout": "checkouts", "quote": "quotes", "wishlist": "wishlists",
}  # fmt: skip


def episode(
    rows: Sequence[Row], cutoff: date, seen: Seen, told: Mapping[str, Any]
) -> dict[str, float | None]:
    """Return intent, the current episode and the weighted acts of the last 91 days."""
    found = _intent(rows, seen, told)
    if set(seen.kinds) - set(BY_US):
        own = [row for row in rows if row["kind"] not in BY_US and row["age"] <= 182]
        found |= _engaged(own) | _episode(_current(own, cutoff, seen.episode_gap_days), cutoff, seen)
    return found


def _intent(rows: Sequence[Row], seen: Seen, told: Mapping[str, Any]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    ages = {kind: [row["age"] for row in rows if row["kind"] == kind] for kind in PLURALS}
    recent = {kind: sum(age <= 91 for age in of) for kind, of in ages.items()}
    browsing, wanting = ("visit", "view", "search"), ("enquiry", "cart", "checkout", "quote", "wishlist")
    for kind in seen.any_of(tuple(PLURALS)):
        found[f"{PLURALS[kind]}_91d"] = recent[kind]
        if kind in wanting:
            found[PLURALS[kind]] = len(ages[kind])
    for word, kinds in (("browse", browsing), ("intent", wanting)):
        if seen.any_of(kinds):
            of = [age for kind in kinds for age in ages[kind]]
            found |= {
                f"{word}_touchpoints_28d": sum(age <= 28 for age in of),
                f"days_since_{word}": min(of, default=None),
            }
    if seen.any_of(("cart", "checkout")):
        bought = max((row["occurred_at"] for row in rows if row["kind"] == "purchase"), default=None)
        put = [row["occurred_at"] for row in rows if row["kind"] in ("cart", "checkout")]
        found["carts_since_purchase"] = sum(bought is None or at > bought for at in put)
    if "purchase" in seen.kinds:
        acts = sum(recent[kind] for kind in browsing)
        if seen.any_of(browsing):
            found["orders_per_browse_91d"] = told["orders_91d"] / acts if acts else None
        if "cart" in seen.kinds:
            found["orders_per_cart_91d"] = told["orders_91d"] / recent["cart"] if recent["cart"] else None
    return found


def _engaged(own: Sequence[Row]) -> dict[str, float | None]:
    days = {row["age"] for row in own}
    now, before = (
        sum(POINTS.get(row["kind"], 0) for row in acts if row["kind"] != "purchase")
        + 5 * len({row["age"] for row in acts if row["kind"] == "purchase"})
        for acts in ([row for row in own if (row["age"] <= 91) == recent] for recent in (True, False))
    )
    score, earlier = (100 * points / (points + 20) for points in (now, before))
    return {
        "own_days_28d": sum(day <= 28 for day in days),
        "own_days_91d": sum(day <= 91 for day in days),
        "effort_91d_score": score,
        "effort_difference_score": score - earlier,
    }


def _current(own: Sequence[Row], cutoff: date, gap_days: int) -> list[Row]:
    """Return the touchpoints of the episode that no such silence has ended, walking back from the cutoff."""
    days = [cutoff, *sorted({row["occurred_at"].date() for row in own}, reverse=True)]
    held = set()
    for later, day in pairwise(days):
        if (later - day).days >= gap_days:
            break
        held.add(day)
    return [row for row in own if row["occurred_at"].date() in held]


def _episode(acts: Sequence[Row], cutoff: date, seen: Seen) -> dict[str, float | None]:
    stage, began = _stage(acts)
    channels = {row["channel"] if row["channel"] in seen.channels else None for row in acts}
    found: dict[str, float | None] = {
        "episode_age_days": max((row["age"] for row in acts), default=None),
        "episode_days": len({row["age"] for row in acts}),
        "episode_touchpoints": len(acts),
        "episode_channels": len(channels),
        "episode_stage_code": stage,
        "episode_stage_age_days": None if began is None else (cutoff - began).days,
    }
    for word, kinds in STAGES.values():
        found[f"episode_{word}_touchpoints"] = sum(row["kind"] in kinds for row in acts)
    return found


def _stage(acts: Sequence[Row]) -> tuple[int | None, date | None]:
    bought: datetime | None = max(
        (row["occurred_at"] for row in acts if row["kind"] == "purchase"), default=None
    )
    open_ = [row for row in acts if bought is None or row["occurred_at"] > bought]
    for code in (4, 3, 2):
        if days := [row["occurred_at"].date() for row in open_ if row["kind"] in STAGES[code][1]]:
            return code, min(days)
    if bought is not None:
        return 5, bought.date()
    for code in (5, 1):
        if days := [row["occurred_at"].date() for row in acts if row["kind"] in STAGES[code][1]]:
            return code, min(days)
    return None, None
