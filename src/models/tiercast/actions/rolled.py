"""What clocks, affinities and cross-sell count, as SQL: rows of the roll-up as seen at a cutoff, for either engine."""

from collections.abc import Iterable, Iterator
from datetime import date

import pandas as pd

from tiercast.engines.engine import Engine
from tiercast.features.compile import write
from tiercast.features.contract import contract
from tiercast.features.described import beside, dictionaries_of
from tiercast.features.relations import CUTOFF, Relation, resolve, same
from tiercast.features.rollup import ROLL_UP
from tiercast.features.seen import FINALISE
from tiercast.schema import History

_UNITS = "COALESCE(quantity_milli, 1000)"
_IS_GIVEN = "days_per_unit_milli > 0"
KEYS = ("category", "product_id")
"""What a clock may be of."""


def clock_days(key: str) -> Relation:
    """Return customer × category (or product) × day: units bought, and the days that they last where products say."""
    return Relation(
        "clock_days",
        "finalise",
        same("customer_id") | {"category": key} | same("day"),
        {
            "units_milli": f"SUM({_UNITS})",
            "given_units_milli": f"SUM(CASE WHEN {_IS_GIVEN} THEN {_UNITS} ELSE 0 END)",
            "given_days_micro": f"SUM(CASE WHEN {_IS_GIVEN} THEN CAST(LEAST(CAST({_UNITS} AS DOUBLE) * days_per_unit_milli,"
            " 36500e6) AS BIGINT) ELSE 0 END)",
        },
        f"FROM touches WHERE seen_day < {CUTOFF} AND kind = 'purchase' AND {key} IS NOT NULL\n"
        f"  GROUP BY customer_id, {key}, day",
    )


CHANNEL_DAYS = Relation(
    "channel_days",
    "finalise",
    same("customer_id") | {"term": "channel"},
    {"days": "COUNT(*)"},
    "FROM (SELECT customer_id, channel, day FROM touches"
    f" WHERE seen_day < {CUTOFF} AND is_own = 1 GROUP BY customer_id, channel, day) AS met\n"
    "  GROUP BY customer_id, channel",
)
"""Customer × channel: days on which they came through it themselves."""

ORDER_TIMES = Relation(
    "order_times",
    "finalise",
    same("customer_id")
    | {"weekday": "(local_day + 3) - FLOOR((local_day + 3) / 7e0) * 7", "hour": "local_hour"},
    {"orders": "COUNT(*)"},
    "FROM orders_seen WHERE is_new = 1\n"
    "  GROUP BY customer_id, (local_day + 3) - FLOOR((local_day + 3) / 7e0) * 7, local_hour",
)
"""Customer × local weekday (0 is Monday) × local hour: orders."""

CATEGORY_LINES = Relation(
    "category_lines",
    "finalise",
    same("customer_id", "category"),
    {
        "lines": "COUNT(*)",
        "discounted_lines": "COUNT(CASE WHEN discount_minor > 0 THEN 1 END)",
        "first_day": "MIN(day)",
        "last_day": "MAX(day)",
    },
    f"FROM touches WHERE seen_day < {CUTOFF} AND kind = 'purchase' AND category IS NOT NULL\n"
    "  GROUP BY customer_id, category",
)
"""Customer × category: basket lines, how many of them at a discount, and the first and last day."""

CONSENT_WORDS = Relation(
    "consent_words",
    "finalise",
    same("customer_id") | {"purpose": "COALESCE(purpose, '')"} | same("channel"),
    {"word": "MAX(occurred_s * 2 + CASE WHEN kind = 'consent_withdrawn' THEN 1 ELSE 0 END)"},
    f"FROM touches WHERE seen_day < {CUTOFF} AND kind IN ('consent_granted', 'consent_withdrawn')\n"
    "  GROUP BY customer_id, COALESCE(purpose, ''), channel",
)
"""Customer × purpose × channel: the second of the newest word on consent, times two, plus one if it was withdrawn."""


def rolled_text(history: History, wanted: Relation, cutoff: date) -> str:
    """Return the SQL text of one of these relations over the roll-up, with the cutoff as its parameter."""
    told = beside(history, cutoff)
    described = [name for name in ("product_categories", "product_costs", "store_zones") if told.get(name)]
    view = contract(currency=history.currency, minor_per_major=history.minor_per_major)
    relations = [each.told(described) for each in (view, *ROLL_UP, *FINALISE)] + [wanted]
    names = (*wanted.keys, *wanted.columns)
    parts = [
        (relation.stage, relation.name, select)
        for relation, select in resolve(relations, {wanted.name: set(names)})
    ]
    return write(
        parts, f"SELECT {', '.join(names)}, CAST({CUTOFF} AS BIGINT) AS cutoff_day\nFROM {wanted.name}"
    )


def rolled(
    engine: Engine, history: History, wanted: Relation, cutoffs: Iterable[date]
) -> Iterator[pd.DataFrame]:
    """Run one of these relations at each cutoff, a bucket of customers after the other."""
    days = sorted(set(cutoffs))
    if days:
        text = rolled_text(history, wanted, days[0])
        yield from engine.frames(text, cutoffs=days, tables=dictionaries_of(history))
