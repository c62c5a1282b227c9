"""What came beside the touchpoints: side tables accounted for, and how many touchpoints found their customer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import pandas as pd

from tiercast.engines.engine import Engine
from tiercast.engines.identified import RESOLVED_BY
from tiercast.features.contract import contract
from tiercast.features.described import dictionaries_of
from tiercast.schema import History
from tiercast.serving.tables import Tables
from tiercast.sides import SIDES
from tiercast.sidetable import SideTable, in_force
from tiercast.windows import day_of


@dataclass(frozen=True)
class SideAccount:
    """What a side table holds: ``rows_read = rows_accepted + rows_rejected``, nothing lost.

    Parameters
    ----------
    rejected : mapping of str to int
        Rows by code of :data:`tiercast.sides.REJECTIONS`.
    repeats : int
        Accepted rows that say once more what another said.
    keys : int
        Different keys: products, stores, customers, …
    first_day, last_day : date or None
        On which its rows begin to hold; None where they always do.
    attributes : mapping of str to str
        The attributes of customers, with their kind.
    used, missing : int or None
        Different keys in the touchpoints, and those of them that it never describes.
    rows_used, rows_missing : int or None
        Touchpoints with such a key, and those of them that it did not describe when they were seen.
    """

    name: str
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    rejected: Mapping[str, int]
    repeats: int
    keys: int
    first_day: date | None
    last_day: date | None
    attributes: Mapping[str, str] = field(default_factory=dict)
    ignored_columns: tuple[str, ...] = ()
    used: int | None = None
    missing: int | None = None
    rows_used: int | None = None
    rows_missing: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, dates as ISO text."""
        stored = asdict(self)
        for name in ("first_day", "last_day"):
            stored[name] = stored[name].isoformat() if stored[name] else None
        return stored


@dataclass(frozen=True)
class Match:
    """How many touchpoints of a channel found their customer: ``rows = own + all resolved + unresolved``.

    Parameters
    ----------
    own : int
        Rows that say themselves whose they are.
    resolved : mapping of str to int
        Rows that were resolved, by the kind of id that did.
    """

    channel: str
    rows: int
    own: int
    resolved: Mapping[str, int]
    unresolved: int

    @property
    def share(self) -> float:
        """Rows with a customer as a share of all."""
        return 1 - self.unresolved / self.rows if self.rows else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, with the ``matched_share``."""
        return {**asdict(self), "matched_share": self.share}


def account_of_sides(engine: Engine, history: History, *, whole: bool = True) -> tuple[SideAccount, ...]:
    """Return the account of every side table of the attached history; ``whole`` compares them with the touchpoints."""
    found = []
    for name, table in history.sides.items():
        compared = _described(engine, history, table) if whole and SIDES[name].describes else {}
        found.append(_account(table, compared))
    return tuple(found)


def _account(table: SideTable, compared: Mapping[str, int]) -> SideAccount:
    starts = table.frame["assigned_us" if "assigned_us" in table.frame else "valid_from_us"]
    days = [
        day_of(int(moment // 864e8)) if pd.notna(moment) else None for moment in (starts.min(), starts.max())
    ]
    return SideAccount(
        name=table.name,
        rows_read=table.rows_read,
        rows_accepted=table.rows_read - table.rows_rejected,
        rows_rejected=table.rows_rejected,
        rejected=dict(table.rejected),
        repeats=table.repeats,
        keys=len(table.frame[list(SIDES[table.name].key)].drop_duplicates()),
        first_day=days[0],
        last_day=days[1],
        attributes={
            name: kind for name, (column, kind) in table.told.items() if table.frame[column].notna().any()
        },
        ignored_columns=table.ignored,
        used=compared.get("used"),
        missing=compared.get("missing"),
        rows_used=compared.get("rows_used"),
        rows_missing=compared.get("rows_missing"),
    )


def _described(engine: Engine, history: History, table: SideTable) -> dict[str, int]:
    key = SIDES[table.name].describes
    where, tables = table.name, dictionaries_of(history)
    if where == "customers":
        rows = in_force(table, [key])
        known = {name: rows[name] for name in (key, "from_day", "until_day")}
        where, tables = "attributes", Tables({"attributes": known | {"attribute": [""] * len(rows)}})
    view = contract(currency=history.currency, minor_per_major=history.minor_per_major).select([key])
    found = engine.run(
        f"""SELECT COUNT(*) AS used, COUNT(CASE WHEN described = 0 THEN 1 END) AS missing,
          COALESCE(SUM(counted), 0) AS rows_used, COALESCE(SUM(counted - described), 0) AS rows_missing FROM (
          SELECT contract.{key} AS term, COUNT(*) AS counted, COUNT(told.{key}) AS described FROM ({view}) AS contract
          LEFT JOIN {where} AS told ON told.{key} = contract.{key}
            AND told.from_day <= seen_day AND seen_day < told.until_day
          WHERE verdict = 'ACCEPTED' AND contract.{key} IS NOT NULL GROUP BY contract.{key}) AS terms""",
        tables=tables,
    ).iloc[0]
    return {str(name): int(count) for name, count in found.items()}


def match_rates(engine: Engine, history: History) -> tuple[Match, ...]:
    """Return how many touchpoints found their customer, by channel, most touchpoints first."""
    view = contract(currency=history.currency, minor_per_major=history.minor_per_major)
    how = RESOLVED_BY if "identities" in history.sides else "CAST(NULL AS STRING)"
    rows = replace(view, columns={**view.columns, RESOLVED_BY: how}).select(["channel", RESOLVED_BY])
    counted = engine.run(
        f"""SELECT channel, verdict, {RESOLVED_BY}, COUNT(*) AS counted FROM ({rows}) AS contract
          WHERE verdict IN ('ACCEPTED', 'NULL_CUSTOMER') GROUP BY channel, verdict, {RESOLVED_BY}"""
    )
    found = [_match(str(channel), part) for channel, part in counted.groupby("channel", sort=True)]
    return tuple(sorted(found, key=lambda match: -match.rows))


def _match(channel: str, counted: pd.DataFrame) -> Match:
    theirs, by_id = counted["verdict"] == "ACCEPTED", counted[RESOLVED_BY].notna()
    by_kind = counted[theirs & by_id].sort_values(["counted", RESOLVED_BY], ascending=[False, True])
    return Match(
        channel,
        rows=int(counted["counted"].sum()),
        own=int(counted.loc[theirs & ~by_id, "counted"].sum()),
        resolved={
            str(kind): int(rows) for kind, rows in zip(by_kind[RESOLVED_BY], by_kind["counted"], strict=True)
        },
        unresolved=int(counted.loc[~theirs, "counted"].sum()),
    )
