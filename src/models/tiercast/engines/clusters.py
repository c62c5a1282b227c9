"""Clusters: which rows of parquet files may share a customer, told by their statistics alone.

Files sorted or written by customer fall into ranges of ids of which no customer lies in two. A bucket made of whole
ranges reads its own rows and no others, where a bucket drawn by the hash of an id reads all of them and drops most.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tiercast.mapping.columnmap import ColumnMap
from tiercast.mapping.words import KEEP, Words
from tiercast.schema import History
from tiercast.serving.reading import DUCKDB

UNEVEN = 1.25
"""A bucket may hold so many times its share of the rows: memory was planned for its share."""
RANGES_PER_BUCKET = 32
_BLANK = re.compile("[\x00-\x20].*", re.S)


@dataclass(frozen=True)
class Cluster:
    """The rows whose id, as it is written in the file, lies between two others, both included: texts or whole numbers."""

    first: Any
    last: Any
    rows: int


def whole_buckets(
    connection: Any, files: Sequence[str], history: History, types: dict[str, str], many: int
) -> list[str]:
    """Return a condition on the rows as they are for each of so many buckets of whole customers; none if there are none.

    Every customer's rows meet the same condition, and no rows meet two. Rows of nobody meet none: no feature is theirs.
    Which ranges come together is drawn by a hash, since ids often tell who came first.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    files : sequence of str
        Parquet files.
    history : History
        With its map, which may call the customer by another name.
    types : dict of str to str
        The columns of the files, with DuckDB's names of their types.
    many : int
    """
    column = _column(history.mapping, types)
    held = DUCKDB.classify(types[column]) if column else ""
    if held not in {"text", "integer"} or "identities" in history.sides:
        return []  # an id in another column may add rows to a customer
    written = {"text": ["BYTE_ARRAY"], "integer": ["INT32", "INT64"]}[held]
    found = clusters(_row_groups(connection, files, column, written), whole_numbers=held == "integer")
    return conditions(found, DUCKDB.quote(column), many)


def _column(mapping: ColumnMap | None, types: dict[str, str]) -> str:
    """Return the column that says whose a row is, word for word; nothing if that is worked out."""
    if mapping is None or ("customer_id" not in mapping.columns and "customer_id" not in mapping.ignore):
        return "customer_id" if "customer_id" in types else ""
    rule = mapping.columns.get("customer_id")
    plain = isinstance(rule, Words) and rule == Words(rule.column, otherwise=KEEP)
    return rule.column if isinstance(rule, Words) and plain and rule.column in types else ""


def _row_groups(
    connection: Any, files: Sequence[str], column: str, written: Sequence[str]
) -> list[tuple[str | None, str | None, int]]:
    """Return the least and the greatest id and the rows of every row group in which anybody has one.

    Of ids that are not written as the table reads them the ends are not told: they have an order of their own.
    """
    told = (
        "SELECT CASE WHEN type IN ? THEN stats_min_value END, stats_max_value, row_group_num_rows"
        " FROM parquet_metadata(?) WHERE path_in_schema = ? AND COALESCE(stats_null_count < num_values, TRUE)"
    )
    found: list[tuple[str | None, str | None, int]] = connection.execute(
        told, [list(written), list(files), column]
    ).fetchall()
    return found


def clusters(
    row_groups: Sequence[tuple[str | None, str | None, int]], *, whole_numbers: bool = False
) -> list[Cluster]:
    """Return the ranges of ids that share no customer; none where a range is not told.

    The contract takes the blanks around an id away, so ids that differ by blanks alone are one customer's: a range
    begins where its first id would without them, and an id that begins with a blank leaves all ranges in doubt.

    Parameters
    ----------
    row_groups : sequence of (str or None, str or None, int)
        The least and the greatest id of rows, as parquet's statistics tell them, and how many rows there are.
    whole_numbers : bool
        Ids are whole numbers, in their order.

    Examples
    --------
    >>> [(each.first, each.last, each.rows) for each in clusters([("c", "d", 5), ("a", "b", 3), ("b", "b", 1)])]
    [('a', 'b', 4), ('c', 'd', 5)]
    >>> [each.last for each in clusters([("9", "9", 1), ("10", "11", 1)], whole_numbers=True)]
    [9, 11]
    >>> clusters([(" b", "c", 1), ("d", "e", 1)]), clusters([(None, None, 1)])
    ([], [])
    """
    found: list[Cluster] = []
    for least, greatest, rows in row_groups:
        if least is None or greatest is None or (not whole_numbers and least < "!"):
            return []
        if whole_numbers:
            found.append(Cluster(int(least), int(greatest), rows))
        else:
            found.append(Cluster(_BLANK.sub("", least), greatest, rows))
    apart: list[Cluster] = []
    for each in sorted(found, key=lambda each: (each.first, each.last)):
        before = apart[-1] if apart else None
        if before is not None and each.first <= before.last:
            apart[-1] = Cluster(before.first, max(before.last, each.last), before.rows + each.rows)
        else:
            apart.append(each)
    return apart


def conditions(found: Sequence[Cluster], column: str, many: int) -> list[str]:
    """Return the condition of each bucket, the clusters dealt out evenly; none where they cannot be.

    Examples
    --------
    >>> told = clusters([("a", "b", 2), ("c", "d", 2), ("e", "e'", 2), ("f", "g", 2)])
    >>> conditions(told, "id", 2)[0]
    "(id BETWEEN 'e' AND 'e''') OR (id BETWEEN 'f' AND 'g')"
    >>> conditions(told, "id", 3)
    []
    """
    whole = _joined(found, sum(each.rows for each in found) / many / RANGES_PER_BUCKET) if found else []
    buckets: list[list[Cluster]] = [[] for _ in range(many)]
    held = [0] * many
    for each in sorted(whole, key=lambda each: (-each.rows, _drawn(each))):
        lightest = held.index(min(held))
        buckets[lightest].append(each)
        held[lightest] += each.rows
    if not whole or max(held) > UNEVEN * sum(held) / many:
        return []
    return [
        " OR ".join(_between(column, each) for each in sorted(bucket, key=lambda each: each.first))
        for bucket in buckets
    ]


def _joined(found: Sequence[Cluster], rows: float) -> list[Cluster]:
    """Join neighbours until each holds so many rows: a condition should not name a thousand ranges."""
    joined = [found[0]]
    for _, each in pairwise(found):
        before = joined[-1]
        if before.rows + each.rows <= rows:
            joined[-1] = Cluster(before.first, each.last, before.rows + each.rows)
        else:
            joined.append(each)
    return joined


def _drawn(cluster: Cluster) -> str:
    return hashlib.sha256(str(cluster.first).encode()).hexdigest()


def _between(column: str, cluster: Cluster) -> str:
    first, last = (
        str(end) if isinstance(end, int) else "'" + end.replace("'", "''") + "'"
        for end in (cluster.first, cluster.last)
    )
    return f"({column} BETWEEN {first} AND {last})"
