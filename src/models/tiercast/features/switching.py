"""Switching: the channel of each order beside that of the order before it, exact also where orders become known late."""

from tiercast.features.declare import rest
from tiercast.features.relations import CUTOFF, Relation, same

PLACES = 64
"""More than any vocabulary of channels holds: a number and a place share one whole number."""
OTHER = PLACES - 1
"""The place of every channel beyond the vocabulary."""
_VIA = f"COALESCE(channel_code, {OTHER})"

STEPS = Relation(
    "steps",
    "roll-up",
    {
        "customer_id": "customer_id",
        "seen_day": "seen_day",
        "place": "ROW_NUMBER() OVER sold",
        "via_code": _VIA,
        "last_code": f"LAG({_VIA}) OVER sold",
        "last_known_day": "LAG(seen_day) OVER sold",
    },
    {},
    "FROM order_rows WHERE is_new = 1\n"
    f"  WINDOW sold AS (PARTITION BY customer_id ORDER BY at_s, {_VIA}, seen_day)",
)

STEPS_HIDDEN = Relation(
    "steps_hidden",
    "finalise",
    same("customer_id", "place"),
    {},
    f"FROM steps WHERE seen_day < {CUTOFF} AND last_known_day >= {CUTOFF}",
)
"""Orders whose order before the cutoff could not yet see."""

STEPS_MENDED = Relation(
    "steps_mended",
    "finalise",
    {
        "customer_id": "steps_hidden.customer_id",
        "place": "steps_hidden.place",
        "before": f"MAX(steps.place * {PLACES} + via_code)",
    },
    {},
    "FROM steps_hidden INNER JOIN steps ON steps.customer_id = steps_hidden.customer_id"
    f" AND steps.place < steps_hidden.place AND steps.seen_day < {CUTOFF}\n"
    "  GROUP BY steps_hidden.customer_id, steps_hidden.place",
)

SWITCHES_SEEN = Relation(
    "switches_seen",
    "finalise",
    {"customer_id": "steps.customer_id"},
    {
        "via_code": "via_code",
        "from_code": f"CASE WHEN last_known_day >= {CUTOFF}"
        f" THEN {rest('mended_step.before', PLACES)} ELSE last_code END",
    },
    f"FROM steps{{joins}} WHERE seen_day < {CUTOFF}",
    {
        "mended_step": "LEFT JOIN steps_mended AS mended_step ON mended_step.customer_id = steps.customer_id"
        " AND mended_step.place = steps.place"
    },
)
"""One row per order seen: the channel it came through, and that of the order seen before it."""

SWITCHING = (STEPS_HIDDEN, STEPS_MENDED, SWITCHES_SEEN)
