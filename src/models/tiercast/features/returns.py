"""Returns: how much of what they buy comes back, how soon, and how lately?"""

from tiercast.features.declare import Family, Feature, Seen, count, currency, ratio, total


def declare(seen: Seen) -> list[Feature]:
    """Declare what came back, its share of the spend and of the orders, and how long it was kept."""
    if not {"purchase", "return"} <= seen.kinds:
        return []
    back = "kind = 'return'"
    recent = f"{back} AND age_days <= 91"
    found = [
        Feature("returns", "touches", count(back), "lines", "returned lines so far"),
        Feature("returns_91d", "touches", count(recent), "lines", "returned lines in 91 d"),
        Feature("returned_91d_currency", "touches", currency(total("amount_minor", recent)), "currency",
                "value of returns in 91 d"),
        Feature("days_since_return", "touches", f"MIN(CASE WHEN {back} THEN age_days END)", "days",
                "days since the last return", None),
        Feature("returned_share", "derived", ratio("returned_currency", "spend_currency"), "share",
                "value of returns as a share of the spend", None),
        Feature("returned_91d_share", "derived", ratio("returned_91d_currency", "spend_91d_currency"), "share",
                "value of returns as a share of the spend, 91 d", None),
    ]  # fmt: skip
    if seen.returned_orders:
        found += [
            Feature("orders_returned", "returned", "COUNT(*)", "orders", "orders of which something came back"),
            Feature("kept_mean_days", "returned",
                    "CASE WHEN COUNT(kept_days) > 0 THEN CAST(SUM(kept_days) AS DOUBLE) / COUNT(kept_days) END", "days",
                    "from an order to the first return of something in it, mean", None),
            Feature("orders_returned_share", "derived", ratio("orders_returned", "orders"), "share",
                    "share of orders of which something came back", None),
        ]  # fmt: skip
    return found


RETURNS = Family("returns", "How much of what they buy comes back, and how lately?", declare)
