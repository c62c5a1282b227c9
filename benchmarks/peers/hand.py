"""A peer: the SQL that an expert writes by hand on DuckDB for these columns at one cutoff, and nothing besides.

No row is judged, names and kinds are written as they are in the files, whole numbers are as narrow as these data allow,
and each of three shapes is tried: which is the fastest depends on the machine.
"""

from typing import Any

import duckdb
import pandas as pd

from benchmarks.peers.columns import BROWSING, NOT_OWN, OUTBOUND, RATED, WANTING, shares_of, spend_on
from benchmarks.peers.task import Task
from tiercast.features.declare import WINDOWS_DAYS

_OTHER = 9
"""The code of every channel beyond the vocabulary."""


def one_scan(task: Task) -> pd.DataFrame:
    """Read once, and keep all typed rows for the groupings."""
    return _answer(task, one_scan_sql(task, f"read_parquet('{task.folder}/*.parquet')"))


def lines_kept(task: Task) -> pd.DataFrame:
    """Read twice: all rows, grouped as they come, and order lines, which are kept for two groupings."""
    return _answer(task, _twice(task, kept="MATERIALIZED"))


def scans(task: Task) -> pd.DataFrame:
    """Read three times, each with the columns and rows that one grouping needs, and keep nothing."""
    return _answer(task, _twice(task, kept="NOT MATERIALIZED"))


def one_scan_sql(task: Task, source: str) -> str:
    """Return the first shape over any source of rows."""
    seen = _rows(task, source, more=["order_id", "category", "CAST(discount * 100 AS INT) AS discount_minor"])
    return _text(
        task, [("seen", "MATERIALIZED", seen), ("lines", "", "SELECT * FROM seen WHERE kind = 'purchase'")]
    )


def _twice(task: Task, *, kept: str) -> str:
    source = f"read_parquet('{task.folder}/*.parquet')"
    lines = (
        f"SELECT customer_id, order_id, category, {_code(task)}, epoch(occurred_at)::BIGINT AS at_s, "
        f"{_age(task)} AS age, CAST(amount * 100 AS INT) AS amount_minor, CAST(discount * 100 AS INT) AS discount_minor"
        f" FROM {source} WHERE kind = 'purchase' AND {_seen(task)}"
    )
    return _text(task, [("seen", "NOT MATERIALIZED", _rows(task, source)), ("lines", kept, lines)])


def _answer(task: Task, text: str) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {task.threads}")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        return connection.execute(text).df()


def _seen(task: Task) -> str:
    cutoff = f"TIMESTAMP '{task.cutoffs[0]}'"
    return f"occurred_at < {cutoff} AND known_at < {cutoff}"


def _age(task: Task) -> str:
    return f"({task.day} - epoch(occurred_at)::BIGINT // 86400)::SMALLINT"


def _code(task: Task) -> str:
    codes = " ".join(f"WHEN '{channel}' THEN {code}" for code, channel in enumerate(task.channels))
    return f"CASE channel {codes} ELSE {_OTHER} END::TINYINT AS code"


def _rows(task: Task, source: str, more: Any = ()) -> str:
    columns = [
        "customer_id",
        "kind",
        _code(task),
        f"kind IN {OUTBOUND} AS contact",
        f"kind NOT IN {NOT_OWN} AS own",
        "epoch(occurred_at)::BIGINT AS at_s",
        f"{_age(task)} AS age",
        "CAST(amount * 100 AS INT) AS amount_minor",
        f"CASE WHEN kind IN {RATED} THEN CAST(rating / rating_scale * 1000 AS SMALLINT) END AS permille",
        *more,
    ]
    return f"SELECT {', '.join(columns)} FROM {source} WHERE {_seen(task)}"


def _text(task: Task, first: list[tuple[str, str, str]]) -> str:
    parts = [
        *first,
        ("touched", "", _touched(task)),
        ("placed", "", _PLACED),
        ("stepped", "", _STEPPED),
        ("ordered", "", _ordered(task)),
        ("sized", "", _SIZED),
        ("grouped", "", _grouped(task)),
    ]
    return (
        "WITH " + ",\n".join(f"{name} AS {kept} ({sql})" for name, kept, sql in parts) + f"\n{_final(task)}"
    )


def _touched(task: Task) -> str:
    counts = {
        "n": "TRUE",
        "n28": "age <= 28",
        "contacts": "contact",
        "contacts91": "contact AND age <= 91",
        **{
            f"own{code}": f"code = {code} AND own AND kind <> 'purchase'"
            for code in range(len(task.channels))
        },
        **{f"met{code}": f"code = {code}" for code in range(len(shares_of(task.channels)))},
        "visits91": "kind = 'visit' AND age <= 91",
        "carts91": "kind = 'cart' AND age <= 91",
        "browse28": f"kind IN {BROWSING} AND age <= 28",
        "wanting28": f"kind IN {WANTING} AND age <= 28",
        "opens": "kind = 'email_open'",
        "clicks91": "kind = 'email_click' AND age <= 91",
        "returns": "kind = 'return'",
        "complaints91": "kind = 'complaint' AND age <= 91",
    }
    columns = [
        *(f"count(CASE WHEN {condition} THEN 1 END) AS {name}" for name, condition in counts.items()),
        "min(age) AS touched_age",
        "bit_or(1::SMALLINT << code) AS met",
        "min(CASE WHEN contact THEN age END) AS contact_age",
        f"min(CASE WHEN kind IN {WANTING} THEN age END) AS wanting_age",
        "min(CASE WHEN kind = 'return' THEN age END) AS return_age",
        "sum(CASE WHEN kind = 'return' THEN amount_minor END) AS returned",
        "max(at_s * 1001 + permille) % 1001 AS newest",
        "avg(permille) AS rated",
    ]
    return f"SELECT customer_id, {', '.join(columns)} FROM seen GROUP BY customer_id"


_PLACED = (
    "SELECT customer_id, min(age) AS age, min(at_s) AS at_s, min(code) AS code, count(*) AS lines,"
    " sum(amount_minor)::INT AS amount, sum(discount_minor)::INT AS discount,"
    " count(CASE WHEN discount_minor > 0 THEN 1 END) AS discounted FROM lines GROUP BY customer_id, order_id"
)
_STEPPED = "SELECT *, lag(age) OVER (PARTITION BY customer_id ORDER BY age DESC) - age AS gap FROM placed"
_DAY = "(gap > 0 OR gap IS NULL)"


def _ordered(task: Task) -> str:
    via = ", ".join(
        f"count(CASE WHEN code = {code} THEN 1 END) AS via{code}" for code in range(len(task.channels))
    )
    return f"""SELECT customer_id, {via}, count(*) AS orders, sum(lines) AS lines, min(age) AS last_age, max(age) AS first_age,
    count(CASE WHEN {_DAY} THEN 1 END) AS days, sum(gap) AS spanned, count(CASE WHEN gap > 0 THEN 1 END) AS gaps,
    sum(gap::INT * gap) AS gap_squares, median(CASE WHEN gap > 0 THEN gap END) AS gap_median,
    max(CASE WHEN gap > 0 THEN gap END) AS gap_max, sum(amount) AS spent,
    sum(amount::BIGINT * amount) AS amount_squares, max(amount) AS largest,
    max(at_s * 2147483648 + amount) % 2147483648 AS newest_amount, sum(discount) AS discount,
    sum(CASE WHEN age <= 91 THEN discount ELSE 0 END) AS discount91, sum(discounted) AS discounted,
    {", ".join(f"count(CASE WHEN age <= {w} THEN 1 END) AS orders{w}" for w in WINDOWS_DAYS)},
    {", ".join(f"count(CASE WHEN age <= {w} AND {_DAY} THEN 1 END) AS days{w}" for w in WINDOWS_DAYS)},
    {", ".join(f"sum(CASE WHEN age <= {w} THEN amount ELSE 0 END) AS spent{w}" for w in WINDOWS_DAYS)}
  FROM stepped GROUP BY customer_id"""


_SIZED = (
    "SELECT customer_id, category, count(*) AS size, count(CASE WHEN age <= 91 THEN 1 END) AS recent,"
    " sum(amount_minor) AS amount FROM lines WHERE category IS NOT NULL GROUP BY customer_id, category"
)


def _grouped(task: Task) -> str:
    apart = ", ".join(
        f"sum(CASE WHEN category = '{term}' THEN amount ELSE 0 END) AS spent_on{code}"
        for code, term in enumerate(task.categories[: len(spend_on(task.categories))])
    )
    return (
        "SELECT customer_id, count(*) AS kinds, count(CASE WHEN recent > 0 THEN 1 END) AS kinds91, max(size) AS top,"
        f" sum(size) AS sizes, sum(size * size) AS size_squares, {apart} FROM sized GROUP BY customer_id"
    )


def _final(task: Task) -> str:
    def number(sql: str) -> str:
        return f"CAST({sql} AS DOUBLE)"

    def count(sql: str) -> str:
        return f"CAST(coalesce({sql}, 0) AS DOUBLE)"

    def money(sql: str) -> str:
        return f"coalesce({sql}, 0) / 100"

    times = [f"(own{code} + coalesce(via{code}, 0))" for code in range(len(task.channels))]
    most = f"greatest({', '.join(times)})"
    chosen = " ".join(f"WHEN {each} = {most} THEN {code}" for code, each in enumerate(times))
    made = {
        "days_since_purchase": number("last_age"),
        "customer_age_days": number("first_age"),
        "order_days": count("days"),
        "days_since_purchase_to_gap_ratio": "CASE WHEN gaps > 0 THEN last_age * gaps / spanned END",
        "gap_mean_days": "CASE WHEN gaps > 0 THEN spanned / gaps END",
        "gap_sd_days": "CASE WHEN gaps > 1 THEN sqrt(gaps * gap_squares - spanned * spanned) / gaps END",
        "gap_median_days": number("gap_median"),
        "gap_max_days": number("gap_max"),
        "orders": count("orders"),
        "lines": count("lines"),
        "spend_currency": money("spent"),
        "net_spend_currency": "(coalesce(spent, 0) - coalesce(returned, 0)) / 100",
        "basket_mean_currency": "spent / orders / 100",
        "basket_sd_currency": "sqrt(orders * amount_squares - spent * spent) / orders / 100",
        "basket_max_currency": "largest / 100",
        "basket_last_currency": "newest_amount / 100",
        "discount_currency": money("discount"),
        "discount_91d_currency": money("discount91"),
        "discounted_lines": count("discounted"),
        "discount_share": "CASE WHEN spent + discount > 0 THEN discount / (spent + discount) END",
        "categories": count("kinds"),
        "categories_91d": count("kinds91"),
        "category_top_share": "top / sizes",
        "category_concentration_share": "size_squares / (sizes * sizes)",
        "channels": number("bit_count(met)"),
        "preferred_channel_code": number(f"CASE WHEN {most} = 0 THEN NULL {chosen} END"),
        "contacts_sent": number("contacts"),
        "contacts_sent_91d": number("contacts91"),
        "days_since_contact": number("contact_age"),
        "touchpoints": number("n"),
        "touchpoints_28d": number("n28"),
        "days_since_touchpoint": number("touched_age"),
        "visits_91d": number("visits91"),
        "carts_91d": number("carts91"),
        "browse_touchpoints_28d": number("browse28"),
        "intent_touchpoints_28d": number("wanting28"),
        "days_since_intent": number("wanting_age"),
        "email_opens": number("opens"),
        "email_clicks_91d": number("clicks91"),
        "returns": number("returns"),
        "returned_currency": money("returned"),
        "days_since_return": number("return_age"),
        "satisfaction_share": "newest / 1000",
        "rating_mean_share": "rated / 1000",
        "complaints_91d": number("complaints91"),
        **{f"order_days_{w}d": count(f"days{w}") for w in WINDOWS_DAYS},
        **{f"orders_{w}d": count(f"orders{w}") for w in WINDOWS_DAYS},
        **{f"spend_{w}d_currency": money(f"spent{w}") for w in WINDOWS_DAYS},
        **{name: money(f"spent_on{code}") for code, name in enumerate(spend_on(task.categories))},
        **{name: f"met{code} / n" for code, name in enumerate(shares_of(task.channels))},
    }
    selected = ",\n  ".join(f"{made[name]} AS {name}" for name in task.names)
    return (
        f"SELECT touched.customer_id,\n  {selected}\nFROM touched"
        " LEFT JOIN ordered ON ordered.customer_id = touched.customer_id"
        " LEFT JOIN grouped ON grouped.customer_id = touched.customer_id"
    )
