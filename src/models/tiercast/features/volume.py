"""Volume: how many orders and lines, and how many lately?"""

from tiercast.features.declare import WINDOWS_DAYS, Family, Feature, Seen, ratio


def declare(seen: Seen) -> list[Feature]:
    """Declare counts of baskets and of their lines, over the lifetime and trailing windows."""
    if "purchase" not in seen.kinds:
        return []
    found = [
        Feature("orders", "baskets", "COUNT(*)", "orders", "baskets so far"),
        Feature("lines", "baskets", "SUM(lines)", "lines", "basket lines so far"),
        Feature("basket_lines_max", "baskets", "MAX(lines)", "lines", "lines of the largest basket", None),
    ]
    for w in WINDOWS_DAYS:
        found.append(
            Feature(
                f"orders_{w}d",
                "baskets",
                f"COUNT(CASE WHEN age_days <= {w} THEN 1 END)",
                "orders",
                f"baskets in {w} d",
            )
        )
    found.append(
        Feature(
            "lines_91d",
            "baskets",
            "SUM(CASE WHEN age_days <= 91 THEN lines ELSE 0 END)",
            "lines",
            "lines in 91 d",
        )
    )
    found += [
        Feature("basket_lines_mean", "derived", ratio("lines", "orders"), "lines", "lines a basket", None),
        Feature(
            "basket_lines_91d_mean",
            "derived",
            ratio("lines_91d", "orders_91d"),
            "lines",
            "lines a basket, 91 d",
            None,
        ),
        Feature(
            "orders_per_order_day",
            "derived",
            ratio("orders", "order_days"),
            "orders",
            "baskets a day with one",
            None,
        ),
        Feature(
            "orders_trend_difference",
            "derived",
            "orders_28d - (orders_91d - orders_28d) * 28e0 / 63e0",
            "orders",
            "orders of the last 28 days beyond the pace of the 63 before",
        ),
    ]
    return found


VOLUME = Family("volume", "How many orders and lines, and how many lately?", declare)
