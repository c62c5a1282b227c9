"""Attributes: what is on record of each customer becomes one row a fact, alike for a history and for a request."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from .contract import NAMES, PER_CUSTOMER, Column
from .reading import output_name, typed_columns
from .refusals import RejectedRows
from .tables import ALWAYS, NEVER

DAY_US = 86_400_000_000
_NOTHING = pd.DataFrame(
    {name: pd.Series(dtype=kind) for name, kind in (
        ("customer_id", "str"), ("attribute", "str"), ("from_day", "int64"), ("until_day", "int64"),
        ("number", "float64"), ("term", "str"))}
)  # fmt: skip


def request_columns(names: Sequence[str]) -> dict[str, str]:
    """Return the column of a request in which each attribute is sent: its name, unless the touchpoints have it.

    Examples
    --------
    >>> request_columns(["city", "points", "customer_points"])
    {'city': 'city', 'points': 'customer_customer_points', 'customer_points': 'customer_points'}
    """
    taken = {*NAMES, *PER_CUSTOMER}
    found = {}
    for name in names:
        column = name
        while column in taken or (column != name and column in names):
            column = f"customer_{column}"
        found[name] = column
    return found


def facts_of(people: pd.DataFrame, told: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Return the table ``attributes``: one row for each fact, dates as days, text as it came.

    Parameters
    ----------
    people : pandas.DataFrame
        ``customer_id, from_day, until_day`` and the columns of ``told``: text, numbers, microseconds since 1970.
    told : mapping of str to (str, str)
        Each attribute's column and kind: ``text``, ``number`` or ``time``.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a"], "from_day": 0, "until_day": 9, "since_us": 864e8 * 3, "city": "Rome"})
    >>> facts = facts_of(people, {"since": ("since_us", "time"), "city": ("city", "text")})
    >>> facts[["attribute", "number", "term"]].values.tolist()
    [['since', 3.0, nan], ['city', nan, 'Rome']]
    """
    parts = [_facts(people, name, column, kind) for name, (column, kind) in told.items()]
    return pd.concat([_NOTHING, *parts], ignore_index=True)


def _facts(people: pd.DataFrame, name: str, column: str, kind: str) -> pd.DataFrame:
    rows = people.loc[people[column].notna(), ["customer_id", "from_day", "until_day", column]]
    cells = rows[column]
    number = cells.astype("float64") if kind != "text" else pd.Series(np.nan, index=rows.index)
    return pd.DataFrame(
        {
            "customer_id": rows["customer_id"].astype("str"),
            "attribute": pd.Series(name, index=rows.index, dtype="str"),
            "from_day": rows["from_day"],
            "until_day": rows["until_day"],
            "number": np.floor(number / DAY_US) if kind == "time" else number,
            "term": cells.astype("str")
            if kind == "text"
            else pd.Series(np.nan, index=rows.index, dtype="str"),
        }
    )


def facts_of_request(
    connection: Any, rows: pd.DataFrame, listed: Sequence[Mapping[str, str]], *, skip: bool
) -> pd.DataFrame:
    """Return the table ``attributes`` of what a request says of its customers, read as a side table is read.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row a customer: ``customer_id`` and the columns in which attributes came.
    listed : sequence of mappings
        The attributes of the version: ``name``, ``column`` and ``kind``.
    skip : bool
        Leave a customer with a cell that cannot be read without attributes, instead of refusing the request.

    Raises
    ------
    RejectedRows
    """
    came = [each for each in listed if each["column"] in rows]
    columns = [Column(f"attribute_{place}", each["kind"], each["name"]) for place, each in enumerate(came)]
    named = {each["column"]: column.name for each, column in zip(came, columns, strict=True)}
    connection.register("people", rows[["customer_id", *named]].rename(columns=named))
    try:
        described = connection.execute("DESCRIBE people").fetchall()
        typed = typed_columns({str(row[0]): str(row[1]) for row in described}, columns)
        people = connection.execute(f"SELECT customer_id, {', '.join(typed)} FROM people").df()
    finally:
        connection.unregister("people")
    bad = (people["bad_time"] | people["bad_number"]).to_numpy(bool)
    if bad.any() and not skip:
        codes = {f"BAD_{kind.upper()}": int(people[f"bad_{kind}"].sum()) for kind in ("time", "number")}
        told = ", ".join(f"{count} × {code}" for code, count in codes.items() if count)
        raise RejectedRows(
            f"attributes cannot be read: {told}; mend them, or send rejected = skip to go on without them",
            rejected={code: count for code, count in codes.items() if count},
        )
    kept = people[~bad].assign(from_day=ALWAYS, until_day=NEVER)
    return facts_of(kept, {column.meaning: (output_name(column), column.kind) for column in columns})
