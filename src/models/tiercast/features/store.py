"""Stores: how many, how faithful to one, and how long since a new one?"""

from tiercast.features.declare import Family, Feature, Seen


def declare(seen: Seen) -> list[Feature]:
    """Declare the breadth and concentration of stores."""
    if not seen.stores:
        return []
    return [
        Feature("stores", "stores", "COUNT(*)", "stores", "distinct stores"),
        Feature(
            "store_top_share",
            "stores",
            "CAST(MAX(orders) AS DOUBLE) / SUM(orders)",
            "share",
            "share of orders at the most used store",
            None,
        ),
        Feature(
            "store_concentration_share",
            "stores",
            "CAST(SUM(orders * orders) AS DOUBLE) / (CAST(SUM(orders) AS DOUBLE) * CAST(SUM(orders) AS DOUBLE))",
            "share",
            "Simpson index of orders over stores",
            None,
        ),
        Feature(
            "stores_91d",
            "stores",
            "COUNT(CASE WHEN cutoff_day - last_day <= 91 THEN 1 END)",
            "stores",
            "distinct stores in 91 d",
        ),
    ]


STORE = Family("store", "How many stores, and how faithful to one?", declare)
