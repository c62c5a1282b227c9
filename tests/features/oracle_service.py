"""After-sales, voice, relationship and which data there are, told a second time in plain Python."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from statistics import fmean
from typing import Any

from tiercast.features.declare import Seen

Row = Mapping[str, Any]
PLURALS = {
    "delivery": "deliveries", "delivery_failure": "delivery_failures", "support": "support_cases",
    "complaint": "complaints", "follow_up": "follow_ups",
}  # fmt: skip
DATA: dict[str, tuple[str, ...]] = {
    "user": ("enrol", "check_in", "event_attendance"),
    "relationship": ("contract", "coupon_claim", "coupon_redemption", "points_redemption", "referral",
                     "consent_granted", "consent_withdrawn"),
    "attitude": ("review", "survey", "social_engagement", "share", "wishlist"),
    "feedback": ("enquiry", "support", "complaint", "complaint_resolved", "return", "follow_up", "co_creation"),
    "product_use": ("purchase",),
    "credit": ("payment",),
}  # fmt: skip


def service(
    rows: Sequence[Row], cutoff: date, seen: Seen, slugs: Mapping[str, str], told: Mapping[str, Any]
) -> dict[str, float | None]:
    """Return what was delivered and complained about, what they said, what binds them, and which data there are."""
    return (
        _after_sales(rows, cutoff, seen, told)
        | _voice(rows, seen)
        | _relationship(rows, cutoff, seen, slugs)
        | _coupons(rows, seen, told)
        | _data(rows, seen)
    )


def _ages(rows: Sequence[Row], kind: str) -> list[int]:
    return [row["age"] for row in rows if row["kind"] == kind]


def _after_sales(
    rows: Sequence[Row], cutoff: date, seen: Seen, told: Mapping[str, Any]
) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for kind, name in PLURALS.items():
        if kind in seen.kinds:
            ages = _ages(rows, kind)
            found[name] = len(ages)
            if kind in ("delivery_failure", "support", "complaint"):
                found[f"{name}_91d"] = sum(age <= 91 for age in ages)
            if kind != "delivery":
                found[f"days_since_{kind}"] = min(ages, default=None)
    if {"delivery", "delivery_failure"} <= seen.kinds:
        tried = len(_ages(rows, "delivery")) + len(_ages(rows, "delivery_failure"))
        found["delivery_failure_share"] = len(_ages(rows, "delivery_failure")) / tried if tried else None
    if {"complaint", "purchase"} <= seen.kinds:
        orders = told["orders"]
        found["complaints_per_order"] = len(_ages(rows, "complaint")) / orders if orders else None
    return found | (_cases(rows, cutoff) if seen.cases else {})


def _cases(rows: Sequence[Row], cutoff: date) -> dict[str, float | None]:
    first: dict[str, dict[str, date]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: (row["seen_on"], row["occurred_at"].date())):
        if row["case_id"] is not None:
            first[row["case_id"]].setdefault(row["kind"], row["occurred_at"].date())
    cases = [
        (case["complaint"], case.get("complaint_resolved")) for case in first.values() if "complaint" in case
    ]
    closed = [(done, (done - opened).days) for opened, done in cases if done is not None]
    took = sorted((done, days) for done, days in closed if days >= 0)
    waiting = [(cutoff - opened).days for opened, done in cases if done is None]
    return {
        "complaints_open": len(waiting),
        "complaint_open_days": max(waiting, default=None),
        "complaints_resolved_share": len(closed) / len(cases) if cases else None,
        "complaint_resolution_mean_days": fmean(days for _, days in took) if took else None,
        "complaint_resolution_last_days": took[-1][1] if took else None,
    }


def _rated(row: Row) -> int | None:
    if row["kind"] not in ("review", "survey") or row["rating"] is None or not (row["rating_scale"] or 0) > 0:
        return None
    return math.floor(min(max(row["rating"] / row["rating_scale"], 0), 1) * 1000 + 0.5)


def _voice(rows: Sequence[Row], seen: Seen) -> dict[str, float | None]:
    rated = [(row["occurred_at"], rating, row) for row in rows if (rating := _rated(row)) is not None]
    ratings = [rating for _, rating, _ in rated]

    def newest(survey: str) -> int | None:
        told = [
            (at, rating)
            for at, rating, row in rated
            if row["kind"] == "survey" and row["survey_type"] == survey
        ]
        return max(told)[1] if told else None

    found: dict[str, float | None] = {}
    if seen.any_of(("review", "survey", "co_creation")):
        found["has_voice"] = any(row["kind"] in ("review", "survey", "co_creation") for row in rows)
    if seen.any_of(("review", "survey")):
        mean = fmean(ratings) / 1000 if ratings else None
        found |= {
            "ratings": len(ratings),
            "rating_mean_share": mean,
            "days_since_rating": min((row["age"] for _, _, row in rated), default=None),
            "rating_difference_share": None
            if mean is None
            else max((at, rating) for at, rating, _ in rated)[1] / 1000 - mean,
        }
    for kind, plural in (("review", "reviews"), ("co_creation", "co_creations")):
        if kind in seen.kinds:
            found[plural] = len(_ages(rows, kind))
    if "csat" in seen.surveys:
        csat = newest("csat")
        found["csat_share"] = None if csat is None else csat / 1000
    if "nps" in seen.surveys:
        nps = newest("nps")
        found["nps_share"] = None if nps is None else nps / 1000
        found["nps_code"] = None if nps is None else 1 if nps >= 900 else 0 if nps >= 700 else -1
    return found


def _relationship(
    rows: Sequence[Row], cutoff: date, seen: Seen, slugs: Mapping[str, str]
) -> dict[str, float | None]:
    def code(channel: str) -> int:
        return seen.channels.index(channel) if channel in seen.channels else 63

    found: dict[str, float | None] = {}
    if "enrol" in seen.kinds:
        joined = min(
            (
                (row["seen_on"], row["occurred_at"].date(), code(row["channel"]))
                for row in rows
                if row["kind"] == "enrol"
            ),
            default=None,
        )
        found["days_since_enrolment"] = None if joined is None else (cutoff - joined[1]).days
        found["enrolment_channel_code"] = None if joined is None or joined[2] == 63 else joined[2]
    for kind, plural in (("referral", "referrals"), ("share", "shares")):
        if kind in seen.kinds:
            found[plural] = len(_ages(rows, kind))
            found[f"days_since_{kind}"] = min(_ages(rows, kind), default=None)
    if "referral" in seen.kinds:
        said = [row["amount"] for row in rows if row["kind"] == "referral"]
        found["referral_amount_currency"] = sum(said) / 100
    if seen.referred:
        brought = {row["referred_customer_id"] for row in rows if row["kind"] == "referral"}
        found["referred_customers"] = len(brought - {None})
    if seen.points:
        earned = sum(row["points"] for row in rows if row["kind"] != "points_redemption") / 1000
        spent = sum(abs(row["points"]) for row in rows if row["kind"] == "points_redemption") / 1000
        found |= {"points_earned": earned, "points_redeemed": spent, "points_balance": earned - spent}
        found["days_since_points_redemption"] = min(_ages(rows, "points_redemption"), default=None)
    if seen.any_of(("consent_granted", "consent_withdrawn")):
        words = [row for row in rows if row["kind"] in ("consent_granted", "consent_withdrawn")]
        found["consent_last_given"] = _given(words)
        for purpose in seen.purposes:
            found[f"consent_{slugs[purpose]}"] = _given([row for row in words if row["purpose"] == purpose])
    return found


def _given(words: Sequence[Row]) -> bool | None:
    newest = max((row["occurred_at"] for row in words), default=None)
    last = {row["kind"] for row in words if row["occurred_at"] == newest}
    return None if not last else "consent_withdrawn" not in last


def _coupons(rows: Sequence[Row], seen: Seen, told: Mapping[str, Any]) -> dict[str, float | None]:
    if "coupon_claim" not in seen.kinds:
        return {}
    ages = _ages(rows, "coupon_claim")
    found: dict[str, float | None] = {
        "coupons_claimed": len(ages),
        "coupons_claimed_91d": sum(age <= 91 for age in ages),
    }
    if "coupon_redemption" in seen.kinds:
        found["coupons_redeemed_per_claim"] = told["coupons_redeemed"] / len(ages) if ages else None
    return found


def _data(rows: Sequence[Row], seen: Seen) -> dict[str, float | None]:
    def names_goods(row: Row) -> bool:
        return row["kind"] != "purchase" or row["product_id"] is not None or row["category"] is not None

    found: dict[str, float | None] = {
        f"has_{name}_data": any(row["kind"] in kinds and names_goods(row) for row in rows)
        for name, kinds in DATA.items()
        if seen.any_of(kinds) and (name != "product_use" or seen.categories or seen.products)
    }
    return found | {"data_kinds_share": sum(there or 0 for there in found.values()) / 6}
