"""Stage three begins: the rows of the roll-up that were seen at the cutoff, and what a feature may be made from."""

from tiercast.features.bought import RETURNED_SEEN, SUPPLIES_SEEN
from tiercast.features.dealings import DEALINGS
from tiercast.features.decision import DECIDING
from tiercast.features.relations import CUTOFF, Relation, same
from tiercast.features.rollup import ORDERS, TOUCHES
from tiercast.features.switching import SWITCHING

_OF = same("customer_id")
_AGE = same("day", "seen_day") | {"age_days": f"{CUTOFF} - day"}
RECENT_DAYS = 91


def _seen(of: Relation, more: dict[str, str] | None = None) -> Relation:
    """Return the rows of a roll-up that the cutoff could see."""
    given = {name: name for name in of.columns} | _AGE | (more or {})
    return Relation(
        f"{of.name}_seen",
        "finalise",
        _OF,
        given,
        f"FROM {of.name} WHERE seen_day < {CUTOFF}",
    )


HIDDEN = Relation(
    "hidden",
    "finalise",
    same("customer_id", "nth", "day"),
    {},
    f"FROM orders WHERE seen_day < {CUTOFF} AND before_seen_day >= {CUTOFF}",
)
"""Orders whose order before the cutoff could not yet see: known later, though it happened earlier."""

MENDED = Relation(
    "mended",
    "finalise",
    {
        "customer_id": "hidden.customer_id",
        "nth": "hidden.nth",
        "seen_step_days": "hidden.day - MAX(orders.day)",
    },
    {},
    "FROM hidden INNER JOIN orders ON orders.customer_id = hidden.customer_id AND orders.nth < hidden.nth"
    f" AND orders.seen_day < {CUTOFF}\n"
    "  GROUP BY hidden.customer_id, hidden.nth, hidden.day",
)

ORDERS_SEEN = Relation(
    "orders_seen",
    "finalise",
    {"customer_id": "orders.customer_id"},
    {name: f"orders.{name}" for name in (*ORDERS.keys, *ORDERS.columns)}
    | {
        "age_days": f"{CUTOFF} - day",
        "gap_days": f"CASE WHEN before_seen_day >= {CUTOFF} THEN seen_step_days ELSE step_days END",
    }
    | {
        "local_day": "CAST(FLOOR(local_s / 8.64e4) AS BIGINT)",
        "local_hour": "CAST(FLOOR((local_s - FLOOR(local_s / 8.64e4) * 86400) / 3.6e3) AS BIGINT)",
    },
    f"FROM orders{{joins}} WHERE seen_day < {CUTOFF}",
    {
        "seen_step_days": "LEFT JOIN mended ON mended.customer_id = orders.customer_id"
        " AND mended.nth = orders.nth"
    },
)


def _sizes(name: str, *, term: str, of: str, where: str, values: dict[str, str]) -> Relation:
    """Return one row per customer and ``term``: how many rows of ``of`` it has, how much, how lately."""
    recent = f"{CUTOFF} - day <= {RECENT_DAYS}"
    sums = {column: f"SUM({value})" for column, value in values.items()}
    recently = {
        f"recent_{column}": f"SUM(CASE WHEN {recent} THEN {value} ELSE 0 END)"
        for column, value in values.items()
    }
    return Relation(
        name,
        "finalise",
        same("customer_id", term),
        {"size": "COUNT(*)", "recent_size": f"COUNT(CASE WHEN {recent} THEN 1 END)"}
        | sums
        | recently
        | {"first_age_days": f"{CUTOFF} - MIN(day)", "last_age_days": f"{CUTOFF} - MAX(day)"},
        f"FROM {of} WHERE seen_day < {CUTOFF} AND {where}\n  GROUP BY customer_id, {term}",
    )


CATEGORY_SIZES = _sizes(
    "category_sizes",
    term="category",
    of="touches",
    where="kind = 'purchase' AND category IS NOT NULL",
    values={"amount_minor": "COALESCE(amount_minor, 0)"},
)
CATEGORIES_SEEN = Relation(
    "categories_seen",
    "finalise",
    _OF,
    same(*CATEGORY_SIZES.columns) | {"code": "listed.code"},
    "FROM category_sizes{joins}",
    {"listed": "LEFT JOIN vocabulary AS listed ON listed.field = 'category' AND listed.term = category"},
)
STORES_SEEN = _sizes(
    "stores_seen", term="store_id", of="orders", where="is_new = 1 AND store_id IS NOT NULL", values={}
)
PRODUCTS_SEEN = _sizes(
    "products_seen",
    term="product_id",
    of="touches",
    where="kind = 'purchase' AND product_id IS NOT NULL",
    values={},
)

ATTRIBUTES_SEEN = Relation(
    "attributes_seen",
    "finalise",
    _OF,
    {"number": "number", "attribute_code": "what.code", "term_code": "told.code"},
    f"FROM attributes{{joins}} WHERE from_day < {CUTOFF} AND {CUTOFF} <= until_day",
    {
        "what": "LEFT JOIN vocabulary AS what ON what.field = 'attribute' AND what.term = attribute",
        "told": "LEFT JOIN vocabulary AS told ON told.field = CONCAT('attribute ', attribute) AND told.term = attributes.term",
    },
)
ASSIGNMENTS_SEEN = Relation(
    "assignments_seen",
    "finalise",
    _OF,
    same("is_treated", "probability_permille") | {"age_days": f"{CUTOFF} - day"},
    f"FROM assignments WHERE seen_day < {CUTOFF}",
)

FINALISE = (
    _seen(TOUCHES),
    HIDDEN,
    MENDED,
    ORDERS_SEEN,
    CATEGORY_SIZES,
    CATEGORIES_SEEN,
    STORES_SEEN,
    ATTRIBUTES_SEEN,
    ASSIGNMENTS_SEEN,
    PRODUCTS_SEEN,
    RETURNED_SEEN,
    SUPPLIES_SEEN,
    *DECIDING,
    *DEALINGS,
    *SWITCHING,
)

GRAINS: dict[str, str] = {
    "touches": "touches_seen",
    "orders": "orders_seen",
    "categories": "categories_seen",
    "stores": "stores_seen",
    "attributes": "attributes_seen",
    "assignments": "assignments_seen",
    "products": "products_seen",
    "returned": "returned_seen",
    "supplies": "supplies_seen",
    "days": "days_seen",
    "cases": "cases_seen",
    "service": "service_seen",
    "referred": "referred_seen",
    "after": "after_seen",
    "switches": "switches_seen",
}
"""What a feature aggregates over: the name it declares, and the relation that holds those rows."""
