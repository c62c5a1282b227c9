"""Stores: how many, how faithful to one, and how long since a new one?"""

from tiercast.features.declare import Family, Feature, Seen, count


def declare(seen: Seen) -> list[Feature]:
    """Declare the breadth and concentration of stores."""
    if not seen.stores:
        return []
    return [
        Feature("stores", "stores", "COUNT(*)", "stores", "distinct stores"),
        Feature(
            "store_top_share",
            "stores",
            "CAST(MAX(size) AS DOUBLE) / SUM(size)",
            "share",
            "share of orders at the most used store",
            None,
        ),
        Feature(
            "store_concentration_share",
            "stores",
            "CAST(SUM(size * size) AS DOUBLE) / (CAST(SUM(size) AS DOUBLE) * CAST(SUM(size) AS DOUBLE))",
            "share",
            "Simpson index of orders over stores",
            None,
        ),
        Feature(
            "stores_91d",
            "stores",
            count("recent_size > 0"),
            "stores",
            "distinct stores in 91 d",
        ),
    ]


STORE = Family("store", "How many stores, and how faithful to one?", declare)
