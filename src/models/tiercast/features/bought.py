"""What became of what was bought: orders that came back, and supplies that run out. Rows of the roll-up and as seen."""

from tiercast.features.relations import CUTOFF, Relation, same

MOST_DAYS = 36_500
"""A supply lasts a century at most: what is longer was not meant as a clock."""
_FIRST_BACK = (
    "(SELECT customer_id, order_id, day, seen_day, ROW_NUMBER() OVER (PARTITION BY customer_id, order_id"
    " ORDER BY seen_day, occurred_s) AS back_nth FROM touches WHERE kind = 'return' AND order_id IS NOT NULL) AS back"
)

RETURNED = Relation(
    "returned",
    "roll-up",
    {"customer_id": "back.customer_id", "seen_day": "GREATEST(back.seen_day, order_rows.seen_day)"},
    {"kept_days": "CASE WHEN back.day >= order_rows.day THEN back.day - order_rows.day END"},
    f"FROM {_FIRST_BACK} INNER JOIN order_rows ON order_rows.customer_id = back.customer_id"
    " AND order_rows.order_id = back.order_id WHERE back_nth = 1 AND is_new = 1",
)
"""One row for each order of which something came back: the first return that was known, against the order it names."""

RETURNED_SEEN = Relation(
    "returned_seen",
    "finalise",
    same("customer_id"),
    same("kept_days"),
    f"FROM returned WHERE seen_day < {CUTOFF}",
)

_LASTS = f"CAST(LEAST(CAST(COALESCE(quantity_milli, 1000) AS DOUBLE) * days_per_unit_milli, {MOST_DAYS}e6) AS BIGINT)"

_BOUGHT = "kind = 'purchase' AND days_per_unit_milli > 0"
_SUPPLY = "COALESCE(category, product_id)"
_DAY = same("customer_id", "supply", "day")

SUPPLY_PARTS = Relation(
    "supply_parts",
    "roll-up",
    same("customer_id") | {"supply": _SUPPLY} | same("day", "seen_day"),
    {"quantity_milli": "SUM(COALESCE(quantity_milli, 1000))", "lasting": f"SUM({_LASTS})"},
    f"FROM touches WHERE {_BOUGHT}\n  GROUP BY customer_id, {_SUPPLY}, day, seen_day",
)
SUPPLY_SPLITS = Relation(
    "supply_splits",
    "roll-up",
    _DAY,
    {},
    "FROM supply_parts GROUP BY customer_id, supply, day HAVING COUNT(*) > 1",
)
_IS_SPLIT = (
    "JOIN supply_splits AS split ON split.customer_id = supply_parts.customer_id"
    " AND split.supply = supply_parts.supply AND split.day = supply_parts.day"
)


def _ends(lasting: str) -> str:
    return f"day + CAST(LEAST(FLOOR({lasting} / 1e6), {MOST_DAYS}) AS BIGINT)"


SUPPLIES = Relation(
    "supplies",
    "roll-up",
    _DAY | same("seen_day"),
    {
        "quantity_milli": "quantity_milli",
        "run_out_day": (_ends("lasting"), _ends("SUM(lasting) OVER known")),
    },
    (
        f"FROM supply_parts ANTI {_IS_SPLIT}",
        f"FROM supply_parts SEMI {_IS_SPLIT}\n"
        "  WINDOW known AS (PARTITION BY customer_id, supply, day ORDER BY seen_day)",
    ),
)
"""One row for each part in which a day's purchases of one supply came to be known, and when all known of them ends."""

SUPPLIES_SEEN = Relation(
    "supplies_seen",
    "finalise",
    same("customer_id"),
    {
        "left_days": f"MAX(run_out_day) - {CUTOFF}",
        "quantity_milli": "SUM(quantity_milli)",
        "last_age_days": f"{CUTOFF} - MAX(day)",
    },
    f"FROM supplies WHERE seen_day < {CUTOFF} GROUP BY customer_id, supply",
)
"""One row for each supply: the days until all that was bought of it is used up, below 0 if it is."""
