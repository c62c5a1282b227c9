"""Every feature of the catalogue, told a second time: slowly, customer by customer, in plain Python.

It shares no line with the SQL. It knows only DESIGN's words: what was seen at a cutoff, what an order is (its id, else
the customer and the second), and that windows reach back whole days from the cutoff, the last of them included.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from statistics import fmean, median, pstdev
from string import ascii_lowercase, ascii_uppercase
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from tests.features.oracle_contact import contact
from tests.features.oracle_episode import BY_US, episode
from tests.features.oracle_goods import described, goods
from tests.features.oracle_money import money
from tests.features.oracle_rhythm import rhythm
from tests.features.oracle_service import service
from tiercast.features.declare import WINDOWS_DAYS, Seen
from tiercast.serving.contract import FAMILIES

EPOCH = date(1970, 1, 1)
ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
Row = Mapping[str, Any]


def expected(
    touchpoints: pd.DataFrame,
    cutoffs: Iterable[date],
    *,
    seen: Seen,
    slugs: Mapping[str, str],
    zone: str = "UTC",
) -> pd.DataFrame:
    """Return what every feature should be, one row per customer and cutoff, in the order of ``features_at``."""
    rows = [_plain(row) for row in touchpoints.to_dict("records")]
    found = []
    for cutoff in sorted(set(cutoffs)):
        by_customer: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            if max(row["occurred_at"], row["known_at"]).date() < cutoff:
                by_customer[row["customer_id"]].append(row)
        for customer in sorted(by_customer, key=lambda name: name.encode()):
            told = _of_one(by_customer[customer], cutoff, seen, slugs, ZoneInfo(zone))
            found.append({"customer_id": customer, "cutoff": cutoff} | told)
    return pd.DataFrame(found)


def _plain(row: Row) -> dict[str, Any]:
    def moment(value: Any) -> datetime | None:
        if value is None or pd.isna(value):
            return None
        stamp = pd.Timestamp(value)
        stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
        return stamp.to_pydatetime().replace(microsecond=0)

    def known(name: str) -> Any:
        value = row.get(name)
        return None if value is None or pd.isna(value) else value

    occurred = moment(row["occurred_at"])
    assert occurred is not None
    plain = {
        name: known(name)
        for name in (
            "customer_id",
            "order_id",
            "store_id",
            "category",
            "product_id",
            "rating",
            "rating_scale",
        )
    }
    plain |= {
        name: (known(name) or "").translate(ASCII_LOWER) for name in ("kind", "channel", "discount_type")
    }
    plain |= {name: math.floor((known(name) or 0) * 100 + 0.5) for name in ("amount", "discount")}
    plain |= {"occurred_at": occurred, "known_at": moment(row.get("known_at")) or occurred}
    plain |= {name: known(name) for name in ("case_id", "purpose", "referred_customer_id")}
    plain["survey_type"] = (known("survey_type") or "").translate(ASCII_LOWER)
    points = known("points") or 0
    plain["points"] = math.floor(points * 1000 + 0.5) if abs(points) <= 1e9 else 0
    plain["seen_on"] = _seen_on(plain)
    units, cost = known("quantity"), known("unit_cost")
    plain["quantity"] = 1000 if units is None else math.floor(units * 1000 + 0.5)
    told = None if cost is None else math.floor(cost * (1 if units is None else units) * 100 + 0.5)
    plain["cost"] = None if told is None or told > 10**9 else told
    listed = described(plain["product_id"], _seen_on(plain)).get("unit_cost")
    if plain["cost"] is None and listed is not None:
        told = math.floor(round(listed * 100) * plain["quantity"] / 1000 + 0.5)
        plain["cost"] = told if told <= 10**10 else None
    plain["margin"] = (
        None if plain["cost"] is None or known("amount") is None else plain["amount"] - plain["cost"]
    )
    return plain


def _of_one(
    rows: list[dict[str, Any]], cutoff: date, seen: Seen, slugs: Mapping[str, str], zone: ZoneInfo
) -> dict[str, float]:
    for row in rows:
        row["age"] = (cutoff - row["occurred_at"].date()).days
    bought = [row for row in rows if row["kind"] == "purchase"]
    told: dict[str, float | None] = {}
    baskets = _baskets(bought)
    told |= _touches(rows, bought, seen)
    if seen.any_of(FAMILIES["reach"]):
        told |= _campaign(rows, bought, seen)
    if "purchase" in seen.kinds:
        told |= _baskets_told(baskets, cutoff, zone, told)
        told |= _rhythm(baskets, cutoff)
        told |= _ratios_of_purchases(told, seen)
        if seen.stores:
            told |= _stores(baskets, cutoff)
    told |= _coupons(rows, baskets, cutoff, seen, told)
    if seen.discounts:
        told |= _discounts(baskets, cutoff, told)
    if seen.categories:
        told |= _categories(bought, seen, slugs, cutoff)
    told |= _channels(rows, baskets, seen, slugs)
    told |= rhythm(rows, baskets, cutoff, seen, zone)
    told |= money(bought, baskets, cutoff, seen)
    told |= goods(rows, bought, baskets, cutoff, seen)
    told |= contact(rows, bought, baskets, seen, told)
    told |= service(rows, cutoff, seen, slugs, told)
    told |= episode(rows, cutoff, seen, told)
    return {name: math.nan if value is None else float(value) for name, value in told.items()}


def _baskets(bought: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lines: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in bought:
        key = ("order", row["order_id"]) if row["order_id"] is not None else ("second", row["occurred_at"])
        lines[key].append(row)
    return [_basket(of) for of in lines.values()]


def _basket(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Tell an order: when and where is what was first known of it; what it amounts to is all that is known of it."""
    first = min(_seen_on(row) for row in lines)
    at_first = [row for row in lines if _seen_on(row) == first]
    coupons = [row for row in lines if row["discount_type"] == "coupon"]
    return {
        "at": min(row["occurred_at"] for row in at_first),
        "first_lines": at_first,
        "order_id": lines[0]["order_id"],
        "quantities": [row["quantity"] for row in lines],
        "margin": sum(row["margin"] or 0 for row in lines),
        "costed": sum(row["amount"] for row in lines if row["cost"] is not None),
        "discounted_amount": sum(row["amount"] for row in lines if row["discount"] > 0),
        "lines": len(lines),
        "amount": sum(row["amount"] for row in lines),
        "discount": sum(row["discount"] for row in lines),
        "discounted": sum(row["discount"] > 0 for row in lines),
        "coupons": len(coupons),
        "coupon_discount": sum(row["discount"] for row in coupons),
        "store": min((row["store_id"] for row in at_first if row["store_id"] is not None), default=None),
    }


def _seen_on(row: Row) -> date:
    return max(row["occurred_at"], row["known_at"]).date()


def _touches(rows: list[Row], bought: list[Row], seen: Seen) -> dict[str, float | None]:
    interest = [row for row in rows if row["kind"] in FAMILIES["attention"] + FAMILIES["intent"]]
    told: dict[str, float | None] = {
        "touchpoints": len(rows),
        "touchpoints_28d": _within(rows, 28),
        "days_since_touchpoint": min(row["age"] for row in rows),
        "days_since_first_touchpoint": max(row["age"] for row in rows),
        "interest_touchpoints": len(interest),
    }
    if seen.any_of(FAMILIES["attention"] + FAMILIES["intent"]):
        told["interest_touchpoints_28d"] = _within(interest, 28)
    rated = [
        (row["occurred_at"], math.floor(min(max(row["rating"] / row["rating_scale"], 0), 1) * 1000 + 0.5))
        for row in rows
        if row["kind"] in {"review", "survey"}
        and row["rating"] is not None
        and (row["rating_scale"] or 0) > 0
    ]
    told["satisfaction_share"] = max(rated)[1] / 1000 if rated else None
    for kind, plural in (
        ("complaint", "complaints"),
        ("delivery_failure", "delivery_failures"),
        ("support", "support_cases"),
    ):
        if kind in seen.kinds:
            told[f"{plural}_91d"] = _within([row for row in rows if row["kind"] == kind], 91)
    if "purchase" in seen.kinds:
        returned = [row for row in rows if row["kind"] == "return"]
        told["spend_currency"] = sum(row["amount"] for row in bought) / 100
        told["returned_currency"] = sum(row["amount"] for row in returned) / 100
        if "return" in seen.kinds:
            told["returns"] = len(returned)
    return told


def _campaign(rows: list[Row], bought: list[Row], seen: Seen) -> dict[str, float | None]:
    sent = [row for row in rows if row["kind"] in FAMILIES["reach"]]
    last = min((row["age"] for row in sent), default=None)
    last_bought = min((row["age"] for row in bought), default=None)
    told: dict[str, float | None] = {
        "contacts_sent": len(sent),
        "days_since_contact": last,
        "orders_after_contact_days": None if last is None or last_bought is None else last - last_bought,
    }
    told |= {f"contacts_sent_{days}d": _within(sent, days) for days in (28, 91, 182)}
    kinds = seen.any_of(FAMILIES["reach"])
    if len(kinds) > 1:
        told |= {
            f"{kind}_contacts_91d": _within([row for row in sent if row["kind"] == kind], 91)
            for kind in kinds
        }
    return told


def _baskets_told(
    baskets: list[Row], cutoff: date, zone: ZoneInfo, told: Mapping[str, Any]
) -> dict[str, float | None]:
    amounts = [basket["amount"] / 100 for basket in baskets]
    newest = max(baskets, key=lambda basket: (basket["at"], basket["amount"]), default=None)
    ages = [(cutoff - basket["at"].date()).days for basket in baskets]
    lines = [basket["lines"] for basket in baskets]
    local = [basket["at"].astimezone(zone) for basket in baskets]
    recent = {days: sum(age <= days for age in ages) for days in WINDOWS_DAYS}
    found: dict[str, float | None] = {
        "orders": len(baskets),
        "lines": sum(lines),
        "basket_lines_max": max(lines, default=None),
        "lines_91d": sum(count for count, age in zip(lines, ages, strict=True) if age <= 91),
        "basket_mean_currency": fmean(amounts) if amounts else None,
        "basket_sd_currency": pstdev(amounts) if amounts else None,
        "basket_max_currency": max(amounts, default=None),
        "basket_last_currency": newest["amount"] / 100 if newest else None,
        "weekend_share": fmean(at.weekday() >= 5 for at in local) if local else None,
        "last_order_hour": max(local).hour if local else None,
        "hour_mean": fmean(at.hour for at in local) if local else None,
        "orders_trend_difference": recent[28] - (recent[91] - recent[28]) * 28 / 63,
    }
    found |= {f"orders_{days}d": count for days, count in recent.items()}
    for days in WINDOWS_DAYS:
        found[f"spend_{days}d_currency"] = sum(
            amount for amount, age in zip(amounts, ages, strict=True) if age <= days
        )
    for part, start, end in (
        ("morning", 6, 11),
        ("midday", 11, 14),
        ("afternoon", 14, 18),
        ("evening", 18, 22),
    ):
        found[f"{part}_share"] = fmean(start <= at.hour < end for at in local) if local else None
    found["basket_lines_mean"] = _over(found["lines"], found["orders"])
    found["basket_lines_91d_mean"] = _over(found["lines_91d"], recent[91])
    found["basket_91d_mean_currency"] = _over(found["spend_91d_currency"], recent[91])
    return found


def _rhythm(baskets: list[Row], cutoff: date) -> dict[str, float | None]:
    days = sorted({(basket["at"].date() - EPOCH).days for basket in baskets})
    today = (cutoff - EPOCH).days
    gaps = [later - earlier for earlier, later in pairwise(days)]
    recent = [gap for gap, day in zip(gaps, days[1:], strict=True) if today - day <= 182]
    found: dict[str, float | None] = {
        "days_since_purchase": today - days[-1] if days else None,
        "customer_age_days": today - days[0] if days else None,
        "purchase_span_days": days[-1] - days[0] if days else None,
        "order_days": len(days),
        "gap_mean_days": fmean(gaps) if gaps else None,
        "gap_sd_days": pstdev(gaps) if len(gaps) > 1 else None,
        "gap_max_days": max(gaps, default=None),
        "gap_last_days": gaps[-1] if gaps else None,
        "gap_median_days": median(gaps) if gaps else None,
        "gap_log_mean": fmean(round(math.log(gap), 6) for gap in gaps) if gaps else None,
        "gap_recent_mean_days": fmean(recent) if recent else None,
    }
    found |= {f"order_days_{span}d": sum(today - day <= span for day in days) for span in WINDOWS_DAYS}
    return found


def _ratios_of_purchases(told: Mapping[str, Any], seen: Seen) -> dict[str, float | None]:
    net = told["spend_currency"] - told["returned_currency"]
    found = {
        "days_since_purchase_to_median_ratio": _over(told["days_since_purchase"], told["gap_median_days"]),
        "days_since_purchase_to_gap_ratio": _over(told["days_since_purchase"], told["gap_mean_days"]),
        "gap_variation_ratio": _over(told["gap_sd_days"], told["gap_mean_days"]),
        "active_share": _over(told["purchase_span_days"], told["customer_age_days"]),
        "order_days_trend_ratio": _over(told["order_days_28d"] * 13, told["order_days_364d"]),
        "order_days_quarter_trend_ratio": _over(told["order_days_28d"] * 3.25, told["order_days_91d"]),
        "net_spend_currency": net,
        "order_day_spend_mean_currency": _over(net, told["order_days"]),
        "spend_per_day_currency": _over(told["spend_currency"], told["customer_age_days"]),
        "spend_trend_difference_currency": told["spend_28d_currency"]
        - (told["spend_91d_currency"] - told["spend_28d_currency"]) * 28 / 63,
        "spend_quarter_share": _over(told["spend_91d_currency"], told["spend_currency"]),
        "basket_variation_ratio": _over(told["basket_sd_currency"], told["basket_mean_currency"]),
        "orders_per_order_day": _over(told["orders"], told["order_days"]),
    }
    if "return" in seen.kinds:
        found["returned_share"] = _over(told["returned_currency"], told["spend_currency"])
    return found


def _stores(baskets: list[Row], cutoff: date) -> dict[str, float | None]:
    placed = [basket for basket in baskets if basket["store"] is not None]
    orders = Counter(basket["store"] for basket in placed)
    newest = {
        store: max(basket["at"].date() for basket in placed if basket["store"] == store) for store in orders
    }
    return {
        "stores": len(orders),
        "store_top_share": _over(max(orders.values(), default=None), len(placed)),
        "store_concentration_share": _over(sum(count**2 for count in orders.values()), len(placed) ** 2),
        "stores_91d": sum((cutoff - day).days <= 91 for day in newest.values()),
    }


def _coupons(
    rows: list[Row], baskets: list[Row], cutoff: date, seen: Seen, told: Mapping[str, Any]
) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    if "coupon_redemption" in seen.kinds:
        redeemed = [row for row in rows if row["kind"] == "coupon_redemption"]
        found["coupons_redeemed"] = len(redeemed)
        found["coupons_redeemed_91d"] = _within(redeemed, 91)
        found["days_since_coupon"] = min((row["age"] for row in redeemed), default=None)
        if "contacts_sent" in told:
            found["coupons_per_contact"] = _over(len(redeemed), told["contacts_sent"])
    if seen.coupons:
        found["coupon_lines"] = sum(basket["coupons"] for basket in baskets)
        found["coupon_lines_91d"] = sum(basket["coupons"] for basket in _recent(baskets, cutoff))
        found["coupon_discount_currency"] = sum(basket["coupon_discount"] for basket in baskets) / 100
    return found


def _recent(baskets: list[Row], cutoff: date, days: int = 91) -> list[Row]:
    return [basket for basket in baskets if (cutoff - basket["at"].date()).days <= days]


def _discounts(baskets: list[Row], cutoff: date, told: Mapping[str, Any]) -> dict[str, float | None]:
    recent = _recent(baskets, cutoff)
    taken, taken_recently = (sum(basket["discount"] for basket in of) / 100 for of in (baskets, recent))
    discounted = sum(basket["discounted"] for basket in baskets)
    return {
        "discount_currency": taken,
        "discount_91d_currency": taken_recently,
        "discounted_lines": discounted,
        "discounted_lines_91d": sum(basket["discounted"] for basket in recent),
        "discount_share": _over(taken, told["spend_currency"] + taken),
        "discount_91d_share": _over(taken_recently, told["spend_91d_currency"] + taken_recently),
        "discounted_lines_share": _over(discounted, sum(basket["lines"] for basket in baskets)),
    }


def _categories(
    bought: list[Row], seen: Seen, slugs: Mapping[str, str], cutoff: date
) -> dict[str, float | None]:
    named = [row for row in bought if row["category"] is not None]
    lines = Counter(row["category"] for row in named)
    recent = {row["category"] for row in named if row["age"] <= 91}
    first = {category: max(row["age"] for row in named if row["category"] == category) for category in lines}
    found: dict[str, float | None] = {
        "categories": len(lines),
        "categories_91d": len(recent),
        "category_top_share": _over(max(lines.values(), default=None), len(named)),
        "category_concentration_share": _over(sum(count**2 for count in lines.values()), len(named) ** 2),
        "days_since_new_category": min(first.values(), default=None),
        "categories_kept_share": _over(len(recent), len(lines)),
    }
    for category in seen.categories:
        spent = [row for row in named if row["category"] == category]
        slug = slugs[category]
        found[f"spend_on_{slug}_currency"] = sum(row["amount"] for row in spent) / 100
        found[f"spend_on_{slug}_91d_currency"] = sum(row["amount"] for row in spent if row["age"] <= 91) / 100
    return found


def _channels(
    rows: list[Row], baskets: list[Row], seen: Seen, slugs: Mapping[str, str]
) -> dict[str, float | None]:
    lines = Counter(row["channel"] for row in rows)
    codes = {channel: code for code, channel in enumerate(seen.channels)}
    own = Counter(row["channel"] for row in rows if row["kind"] not in (*BY_US, "purchase"))
    for basket in baskets:  # once, however many its lines
        listed = [row["channel"] for row in basket["first_lines"] if row["channel"] in codes]
        own[min(listed, key=lambda channel: codes[channel], default=None)] += 1
    best = min(codes, key=lambda channel: (-own[channel], codes[channel]))
    found: dict[str, float | None] = {
        "channels": len({channel if channel in codes else None for channel in lines}),
        "preferred_channel_code": codes[best] if own[best] else None,
    }
    if len(seen.channels) > 1:
        found |= {f"channel_{slugs[channel]}_share": lines[channel] / len(rows) for channel in seen.channels}
    return found


def _within(rows: Sequence[Row], days: int) -> int:
    return sum(row["age"] <= days for row in rows)


def _over(top: float | None, bottom: float | None) -> float | None:
    return None if top is None or not bottom or bottom <= 0 else top / bottom
