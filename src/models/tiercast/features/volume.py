"""Volume: how many orders, lines and units, and how many lately?"""

from tiercast.features.declare import WINDOWS_DAYS, Family, Feature, Seen, count, ratio, total


def declare(seen: Seen) -> list[Feature]:
    """Declare counts of orders, of their lines and units, over the lifetime and trailing windows."""
    if "purchase" not in seen.kinds:
        return []
    found = [
        Feature("orders", "orders", "SUM(is_new)", "orders", "orders so far"),
        Feature("lines", "orders", "SUM(lines)", "lines", "order lines so far"),
        Feature(
            "basket_lines_max", "orders", "MAX(total_lines)", "lines", "lines of the largest order", None
        ),
    ]
    found += [
        Feature(
            f"orders_{w}d", "orders", count(f"age_days <= {w} AND is_new = 1"), "orders", f"orders in {w} d"
        )
        for w in WINDOWS_DAYS
    ]
    found.append(Feature("lines_91d", "orders", total("lines", "age_days <= 91"), "lines", "lines in 91 d"))
    found += [
        Feature("basket_lines_mean", "derived", ratio("lines", "orders"), "lines", "lines an order", None),
        Feature("basket_lines_91d_mean", "derived", ratio("lines_91d", "orders_91d"), "lines",
                "lines an order, 91 d", None),
        Feature("orders_per_order_day", "derived", ratio("orders", "order_days"), "orders",
                "orders a day with one", None),
        Feature("orders_trend_difference", "derived", "orders_28d - (orders_91d - orders_28d) * 28e0 / 63e0",
                "orders", "orders of the last 28 days beyond the pace of the 63 before"),
    ]  # fmt: skip
    if seen.quantities:
        recent = total("quantity_milli", "age_days <= 91")
        found += [
            Feature("units", "orders", "CAST(SUM(quantity_milli) AS DOUBLE) / 1e3", "units",
                    "units so far; a line that does not say is one"),
            Feature("units_91d", "orders", f"CAST({recent} AS DOUBLE) / 1e3", "units", "units in 91 d"),
            Feature("basket_units_mean", "derived", ratio("units", "orders"), "units", "units an order", None),
        ]  # fmt: skip
    return found


VOLUME = Family("volume", "How many orders and lines, and how many lately?", declare)
