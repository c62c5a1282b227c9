"""Stage two, the roll-up: touches, orders and what was bought, each row with the day on which it could be seen."""

from tiercast.features.bought import RETURNED, SUPPLIES, SUPPLY_PARTS, SUPPLY_SPLITS
from tiercast.features.kinds import CONTACTS, MEANS, MEANT, NOT_OWN, is_kind
from tiercast.features.relations import Relation, same
from tiercast.features.switching import STEPS

MOST_PRICE = 10**12
"""Thousandths of a minor unit: a price beyond it says nothing, and sums of it would not fit."""

_UNITS = "COALESCE(quantity_milli, 1000)"
_COST = f"CAST(sold.unit_cost_milli AS DOUBLE) * {_UNITS} / 1e6"
_PRICE = f"amount_minor * 1e6 / NULLIF({_UNITS}, 0)"

TOUCHES = Relation(
    "touches",
    "roll-up",
    same("customer_id", "day", "seen_day"),
    same(
        "kind", "occurred_s", "order_id", "store_id", "discount_type", "campaign_id", "case_id",
        "quantity_milli", "amount_minor", "discount_minor", "rating_permille", "points_milli", "survey_type",
        "referred_customer_id", "purpose",
    )
    | {
        "channel": "contract.channel",
        "product_id": "contract.product_id",
        "category": "contract.category",
        "days_per_unit_milli": "sold.days_per_unit_milli",
        "is_own": f"CASE WHEN {is_kind(*NOT_OWN)} THEN 0 ELSE 1 END",
        "is_contact": f"CASE WHEN {is_kind(*CONTACTS)} THEN 1 ELSE 0 END",
        "channel_code": "met.code",
        "channel_bit": "CAST(1 AS BIGINT) << CAST(COALESCE(met.code, 62) AS INT)",
        "came_code": f"CASE WHEN {is_kind(*NOT_OWN, 'purchase')} THEN NULL ELSE met.code END",
        "kind_code": "what.code",
        "is_online": "via.is_online",
        "is_push": "via.is_push",
        "contact_cost_minor": "via.cost_minor",
        **MEANT,
        "cost_minor": "contract.cost_minor",
        "price_milli": f"CASE WHEN kind = 'purchase' AND amount_minor > 0 AND {_PRICE} <= {MOST_PRICE}"
        f" THEN CAST(FLOOR({_PRICE} + 5e-1) AS BIGINT) END",
    },
    "FROM contract{joins} WHERE verdict = 'ACCEPTED'",
    {
        "met": "LEFT JOIN vocabulary AS met ON met.field = 'channel' AND met.term = contract.channel",
        "what": "LEFT JOIN vocabulary AS what ON what.field = 'kind' AND what.term = contract.kind",
        "means": MEANS,
        "via": "LEFT JOIN channels AS via ON via.channel = contract.channel"
        " AND via.from_day <= seen_day AND seen_day < via.until_day",
        "sold": "LEFT JOIN products AS sold ON sold.product_id = contract.product_id"
        " AND sold.from_day <= seen_day AND seen_day < sold.until_day",
    },
    {
        "product_categories": {"category": "COALESCE(contract.category, sold.category)"},
        "product_costs": {
            "cost_minor": "COALESCE(contract.cost_minor,"
            f" CASE WHEN {_COST} <= 1e10 THEN CAST(FLOOR({_COST} + 5e-1) AS BIGINT) END)"
        },
    },
)  # fmt: skip

_SUMS = {
    "lines": "COUNT(*)",
    "amount_minor": "SUM(COALESCE(amount_minor, 0))",
    "discount_minor": "SUM(COALESCE(discount_minor, 0))",
    "cost_minor": "SUM(COALESCE(cost_minor, 0))",
    "costed_amount_minor": "SUM(CASE WHEN cost_minor IS NOT NULL THEN COALESCE(amount_minor, 0) ELSE 0 END)",
    "margin_minor": "SUM(COALESCE(amount_minor - cost_minor, 0))",
    "discounted_amount_minor": "SUM(CASE WHEN discount_minor > 0 THEN COALESCE(amount_minor, 0) ELSE 0 END)",
    "quantity_milli": f"SUM({_UNITS})",
    "discounted_lines": "COUNT(CASE WHEN discount_minor > 0 THEN 1 END)",
    "coupon_lines": "COUNT(CASE WHEN discount_type = 'coupon' THEN 1 END)",
    "coupon_discount_minor": "SUM(CASE WHEN discount_type = 'coupon' THEN COALESCE(discount_minor, 0) ELSE 0 END)",
}
_FIRST = {"store_id": "MIN(store_id)", "channel_code": "MIN(channel_code)", "is_online": "MIN(is_online)"}
_SECOND = "CASE WHEN order_id IS NULL THEN occurred_s END"

ORDER_PARTS = Relation(
    "order_parts",
    "roll-up",
    {
        "customer_id": "customer_id",
        "order_id": "order_id",
        "order_s": _SECOND,
        "seen_day": "seen_day",
        "day": "MIN(day)",
        "at_s": "MIN(occurred_s)",
    },
    _SUMS | _FIRST,
    f"FROM touches WHERE kind = 'purchase'\n  GROUP BY customer_id, order_id, {_SECOND}, seen_day",
)
"""One row for each part in which an order came to be known: nearly always the only one."""

ORDER_SPLITS = Relation(
    "order_splits",
    "roll-up",
    same("customer_id", "order_id", "order_s"),
    {},
    "FROM order_parts GROUP BY customer_id, order_id, order_s HAVING COUNT(*) > 1",
)
_IS_SPLIT = (
    "JOIN order_splits AS split ON split.customer_id = order_parts.customer_id"
    " AND COALESCE(split.order_id, '') = COALESCE(order_parts.order_id, '')"
    " AND COALESCE(split.order_s, -1) = COALESCE(order_parts.order_s, -1)"
)

ORDER_ROWS = Relation(
    "order_rows",
    "roll-up",
    same("customer_id", "order_id", "order_s", "seen_day")
    | {name: (name, f"FIRST_VALUE({name}) OVER known") for name in ("day", "at_s")},
    {"is_new": ("1", "CASE WHEN ROW_NUMBER() OVER known = 1 THEN 1 ELSE 0 END")}
    | same(*_SUMS)
    | {name: (name, f"FIRST_VALUE({name}) OVER known") for name in _FIRST}
    | {f"total_{name}": (name, f"SUM({name}) OVER known") for name in ("lines", "amount_minor")},
    (
        f"FROM order_parts ANTI {_IS_SPLIT}",
        f"FROM order_parts SEMI {_IS_SPLIT}\n"
        "  WINDOW known AS (PARTITION BY customer_id, order_id, order_s ORDER BY seen_day)",
    ),
)
"""One row for each part in which an order came to be known: what it adds, and what the order amounts to since."""

_BLOCK = "CAST(FLOOR(at_s / 6.912e5) AS BIGINT)"
_PLACED = (
    "LEFT JOIN stores AS placed ON placed.store_id = order_rows.store_id"
    " AND placed.from_day <= order_rows.seen_day AND order_rows.seen_day < placed.until_day"
)


def _local(where: str) -> str:
    return f"at_s + CASE WHEN at_s < {where}.switch_s THEN {where}.shift_s ELSE {where}.shift_after_s END"


ORDERS = Relation(
    "orders",
    "roll-up",
    same("customer_id", "day", "seen_day", "at_s"),
    same("is_new", *_SUMS, *_FIRST, "total_lines", "total_amount_minor")
    | {
        "store_id": "order_rows.store_id",
        "nth": "ROW_NUMBER() OVER bought",
        "step_days": "day - LAG(day) OVER bought",
        "before_seen_day": "LAG(seen_day) OVER bought",
        "local_s": _local("home"),
        "region_code": "area.code",
    },
    "FROM order_rows{joins}\n"
    "  WINDOW bought AS (PARTITION BY customer_id ORDER BY day, seen_day, at_s, order_id, order_s)",
    {
        "home": f"INNER JOIN calendar AS home ON home.zone_code = 0 AND home.block = {_BLOCK}",
        "placed": _PLACED,
        "there": "INNER JOIN calendar AS there"
        f" ON there.zone_code = COALESCE(placed.zone_code, 0) AND there.block = {_BLOCK}",
        "area": "LEFT JOIN vocabulary AS area ON area.field = 'region' AND area.term = placed.region",
    },
    {"store_zones": {"local_s": _local("there")}},
)


ROLL_UP = (
    TOUCHES,
    ORDER_PARTS,
    ORDER_SPLITS,
    ORDER_ROWS,
    STEPS,
    ORDERS,
    RETURNED,
    SUPPLY_PARTS,
    SUPPLY_SPLITS,
    SUPPLIES,
)
