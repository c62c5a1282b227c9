"""Contacts, the answers to them, and the channels of both, told a second time in plain Python."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from tests.features.oracle_episode import BY_US
from tiercast.features.declare import Seen
from tiercast.serving.contract import FAMILIES

Row = Mapping[str, Any]
DICTIONARY: list[dict[str, Any]] = [
    {"channel": "store", "is_online": "false"},
    {"channel": "email", "is_online": "true", "cost_per_contact": 0.05, "direction": "push"},
    {"channel": "email", "is_online": "true", "cost_per_contact": 0.085, "valid_from": date(2024, 1, 20)},
    {"channel": "it's; drop table x --", "is_online": "no", "cost_per_contact": 3.0},
]  # fmt: skip
"""A dictionary of channels; the others are as the default one has them."""
OFFLINE_BY_DEFAULT = ("direct_mail", "tv", "call_center")
ONLINE_BY_DEFAULT = ("web", "app")


def contact(
    rows: Sequence[Row], bought: Sequence[Row], baskets: Sequence[Row], seen: Seen, told: Mapping[str, Any]
) -> dict[str, float | None]:
    """Return what contacts cost, how they were answered, and the mix of channels."""
    found: dict[str, float | None] = {}
    if seen.any_of(FAMILIES["reach"]):
        found |= _costs(rows, told, seen)
        answers = ("email_open", "email_click", "coupon_claim", "coupon_redemption", "purchase")
        last = max((row["occurred_at"] for row in rows if row["kind"] in answers), default=None)
        sent = [row for row in rows if row["kind"] in FAMILIES["reach"]]
        found["contacts_since_answer"] = sum(last is None or row["occurred_at"] > last for row in sent)
    found |= _answers(rows, seen)
    if len(seen.channels) > 1:
        found |= _channels(rows, baskets, seen)
    return found


def _costs(rows: Sequence[Row], told: Mapping[str, Any], seen: Seen) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, days in (("contact_cost_currency", 10**6), ("contact_cost_91d_currency", 91)):
        sent = [row for row in rows if row["kind"] in FAMILIES["reach"] and row["age"] <= days]
        costs = [price for row in sent if (price := _price(row)) is not None]
        found[name] = None if sent and not costs else sum(costs) / 100
    if "purchase" in seen.kinds:
        cost = found["contact_cost_currency"]
        found["contact_cost_share"] = None if cost is None else _over(cost, told["spend_currency"])
    return found


def _described(row: Row) -> Mapping[str, Any]:
    lines = [line for line in DICTIONARY if line["channel"] == row["channel"]]
    held = [line for line in lines if line.get("valid_from", date.min) <= row["seen_on"]]
    return max(held, key=lambda line: line.get("valid_from", date.min), default={})


def _price(row: Row) -> int | None:
    price = _described(row).get("cost_per_contact")
    return None if price is None else int(price * 100 + 0.5)


def _online(row: Row) -> bool | None:
    said = _described(row).get("is_online")
    if said is not None:
        return bool(said == "true")
    return (dict.fromkeys(ONLINE_BY_DEFAULT, True) | dict.fromkeys(OFFLINE_BY_DEFAULT, False)).get(
        row["channel"]
    )


def _answers(rows: Sequence[Row], seen: Seen) -> dict[str, float | None]:
    of = {
        kind: [row["age"] for row in rows if row["kind"] == kind]
        for kind in ("email_send", "email_open", "email_click")
    }
    recent = {kind: sum(age <= 91 for age in ages) for kind, ages in of.items()}
    ever = {kind: len(ages) for kind, ages in of.items()}
    found: dict[str, float | None] = {}
    for kind in ("email_open", "email_click"):
        if kind in seen.kinds:
            found |= {f"{kind}s": ever[kind], f"{kind}s_91d": recent[kind]}
            found[f"days_since_{kind}"] = min(of[kind], default=None)
    if {"email_open", "email_send"} <= seen.kinds:
        found["opens_per_email"] = _over(ever["email_open"], ever["email_send"])
        now = found["opens_per_email_91d"] = _over(recent["email_open"], recent["email_send"])
        before = _over(ever["email_open"] - recent["email_open"], ever["email_send"] - recent["email_send"])
        found["opens_per_email_difference"] = None if now is None or before is None else now - before
    if {"email_open", "email_click"} <= seen.kinds:
        found["clicks_per_open"] = _over(ever["email_click"], ever["email_open"])
        found["clicks_per_open_91d"] = _over(recent["email_click"], recent["email_open"])
    return found


def _channels(rows: Sequence[Row], baskets: Sequence[Row], seen: Seen) -> dict[str, float | None]:
    def code(channel: str) -> int:
        return seen.channels.index(channel) if channel in seen.channels else 63

    def listed(number: int | None) -> int | None:
        return None if number == 63 else number

    own = [row for row in rows if row["kind"] not in BY_US]
    met = Counter(code(row["channel"]) for row in rows)
    first = min(((row["occurred_at"], code(row["channel"])) for row in own), default=(None, 63))
    last = min(((-row["occurred_at"].timestamp(), code(row["channel"])) for row in own), default=(None, 63))
    known = [online for row in own if (online := _online(row)) is not None]
    found: dict[str, float | None] = {
        "first_channel_code": listed(first[1]),
        "last_channel_code": listed(last[1]),
        "channel_concentration_share": sum(count**2 for count in met.values()) / len(rows) ** 2,
        "online_share": _over(sum(known), len(known)),
    }
    if "purchase" not in seen.kinds:
        return found
    orders = sorted(
        (basket["at"], min(code(row["channel"]) for row in basket["first_lines"])) for basket in baskets
    )
    # the first-known lines of an order may differ: one that is offline makes it so
    placed = [min(told) for basket in baskets
              if (told := [online for row in basket["first_lines"] if (online := _online(row)) is not None])]  # fmt: skip
    switches = sum(one[1] != other[1] for one, other in pairwise(orders))
    return found | {
        "order_online_share": _over(sum(placed), len(placed)),
        "is_omnichannel": len(set(placed)) == 2,
        "order_channel_switches": switches,
        "order_channel_switches_share": _over(switches, len(orders) - 1),
    }


def _over(top: float, bottom: float) -> float | None:
    return top / bottom if bottom > 0 else None
