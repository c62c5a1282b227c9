"""Intent: what do they look at, search for, ask about and put into a cart, and what of it is still open?"""

from tiercast.features.declare import Family, Feature, Seen, count, ratio, since
from tiercast.features.kinds import is_kind

BROWSING = {"visit": "visits", "view": "views", "search": "searches"}
WANTING = {
    "enquiry": "enquiries", "cart": "carts", "checkout": "checkouts", "quote": "quotes", "wishlist": "wishlists",
}  # fmt: skip


def declare(seen: Seen) -> list[Feature]:
    """Declare browsing and intent by kind and how lately, carts without a purchase since, and how browsing ends."""

    def touch(name: str, sql: str, unit: str, meaning: str, absent: float | None = 0.0) -> Feature:
        return Feature(name, "touches", sql, unit, meaning, absent)

    plurals = {kind: plural for kind, plural in (BROWSING | WANTING).items() if kind in seen.kinds}
    found = [
        touch(f"{plural}_91d", count(f"{is_kind(kind)} AND age_days <= 91"), plural, f"{plural} in 91 d")
        for kind, plural in plurals.items()
    ]
    found += [
        touch(plural, count(is_kind(kind)), plural, f"{plural} so far")
        for kind, plural in plurals.items()
        if kind in WANTING
    ]
    for word, told, of in (
        ("browse", "visits, views and searches", BROWSING),
        ("intent", "signs of intent", WANTING),
    ):
        if kinds := seen.any_of(tuple(of)):
            any_ = is_kind(*kinds)
            found += [
                touch(f"{word}_touchpoints_28d", count(f"{any_} AND age_days <= 28"), "touchpoints", f"{told} in 28 d"),
                touch(f"days_since_{word}", since(any_), "days", f"days since the last of their {told}", None),
            ]  # fmt: skip
    return found + _endings(seen)


def _endings(seen: Seen) -> list[Feature]:
    """Return what browsing and carts came to."""
    found = []
    if seen.any_of(("cart", "checkout")):
        found.append(Feature("carts_since_purchase", "after", count("is_contact = 0 AND is_after_purchase = 1"), "carts",
                             "carts and checkouts since the last purchase"))  # fmt: skip
    if "purchase" in seen.kinds and (browsing := seen.any_of(tuple(BROWSING))):
        acts = " + ".join(f"{BROWSING[kind]}_91d" for kind in browsing)
        found.append(Feature("orders_per_browse_91d", "derived", ratio("orders_91d", f"({acts})"), "orders",
                             "orders for each visit, view or search, 91 d", None))  # fmt: skip
    if {"purchase", "cart"} <= seen.kinds:
        found.append(Feature("orders_per_cart_91d", "derived", ratio("orders_91d", "carts_91d"), "orders",
                             "orders for each cart, 91 d", None))  # fmt: skip
    return found


INTENT = Family("intent", "What do they look for and intend, and what of it is still open?", declare)
