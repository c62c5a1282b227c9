"""Stores: how many, how faithful to one, and how long since a new one?"""

from tiercast.features.category import days_since_top
from tiercast.features.declare import Family, Feature, Seen, count


def declare(seen: Seen) -> list[Feature]:
    """Declare the breadth and concentration of stores, and how long ago a new and the main one were used."""
    if not seen.stores:
        return []

    def store(name: str, sql: str, unit: str, meaning: str, absent: float | None = None) -> Feature:
        return Feature(name, "stores", sql, unit, meaning, absent)

    return [
        store("stores", "COUNT(*)", "stores", "distinct stores", 0.0),
        store("stores_91d", count("recent_size > 0"), "stores", "distinct stores in 91 d", 0.0),
        store("store_top_share", "CAST(MAX(size) AS DOUBLE) / SUM(size)", "share",
              "share of orders at the most used store"),
        store("store_concentration_share",
              "CAST(SUM(size * size) AS DOUBLE) / (CAST(SUM(size) AS DOUBLE) * CAST(SUM(size) AS DOUBLE))", "share",
              "Simpson index of orders over stores"),
        store("days_since_new_store", "MIN(first_age_days)", "days",
              "days since a store was bought in for the first time"),
        store("days_since_top_store", days_since_top(), "days",
              "days since the most used store was bought in; of equal ones, the one used last"),
    ]  # fmt: skip


STORE = Family("store", "How many stores, and how faithful to one?", declare)
