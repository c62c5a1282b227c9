"""Response: do they open, click and come back after a contact, and are they tired of it?"""

from tiercast.features.declare import Family, Feature, Seen, count, ratio, since
from tiercast.features.kinds import is_kind
from tiercast.serving.contract import FAMILIES

RECENT = " AND age_days <= 91"


def declare(seen: Seen) -> list[Feature]:
    """Declare opens and clicks, their rates where anything was sent, and contacts since the last answer.

    An answer is an open, a click, a coupon claimed or redeemed, or a purchase.
    """

    def touch(name: str, sql: str, unit: str, meaning: str, absent: float | None = None) -> Feature:
        return Feature(name, "touches", sql, unit, meaning, absent)

    found: list[Feature] = []
    for kind, acts in (("email_open", "opens"), ("email_click", "clicks")):
        if kind in seen.kinds:
            found += [
                touch(f"{kind}s", count(is_kind(kind)), acts, f"{acts} of emails so far", 0.0),
                touch(f"{kind}s_91d", count(f"{is_kind(kind)}{RECENT}"), acts, f"{acts} of emails in 91 d", 0.0),
                touch(f"days_since_{kind}", since(is_kind(kind)), "days", f"days since the last of the {acts}"),
            ]  # fmt: skip
    if {"email_open", "email_send"} <= seen.kinds:
        ever, recent, before = (
            _rate("email_open", "email_send", *when) for when in ((), (RECENT,), ("", RECENT))
        )
        found += [
            touch("opens_per_email", ever, "opens", "opens for each email sent"),
            touch("opens_per_email_91d", recent, "opens", "opens for each email sent, 91 d"),
            touch("opens_per_email_difference", f"({recent}) - ({before})", "opens",
                  "opens per email of the last 91 days beyond those of all before: below 0, they tire of it"),
        ]  # fmt: skip
    if {"email_click", "email_open"} <= seen.kinds:
        ever, recent = (_rate("email_click", "email_open", when) for when in ("", RECENT))
        found += [
            touch("clicks_per_open", ever, "clicks", "clicks for each open"),
            touch("clicks_per_open_91d", recent, "clicks", "clicks for each open, 91 d"),
        ]
    if seen.any_of(FAMILIES["reach"]):
        found.append(Feature("contacts_since_answer", "after", count("is_contact = 1 AND is_after_answer = 1"), "contacts",
                             "outbound contacts since the last open, click, coupon or purchase"))  # fmt: skip
    return found


def _rate(top: str, bottom: str, when: str = "", but: str = "") -> str:
    """Return ``top`` for each ``bottom`` in a window, or in all but another."""
    acts, chances = (
        count(f"{is_kind(kind)}{when}") + (f" - {count(f'{is_kind(kind)}{but}')}" if but else "")
        for kind in (top, bottom)
    )
    return ratio(f"CAST({acts} AS DOUBLE)", f"({chances})")


RESPONSE = Family("response", "Do they answer contacts, and are they tired of them?", declare)
