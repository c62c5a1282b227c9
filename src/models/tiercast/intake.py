"""Intake: what a source holds, row by row accounted for, and what can be trained from it when."""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from tiercast.beside import Match, SideAccount, account_of_sides, match_rates
from tiercast.engines.engine import Engine
from tiercast.errors import ContractError, SourceError
from tiercast.features.contract import contract_sql
from tiercast.schema import NAMES, History
from tiercast.serving.contract import CHANNELS, KINDS, REJECTIONS
from tiercast.windows import day_of

UNRESOLVED = ("NULL_CUSTOMER",)
MOST_REJECTED_SHARE = 0.2


@dataclass(frozen=True)
class Account:
    """What was read: ``rows_read = rows_accepted + rows_unresolved + rows_rejected + rows_excluded``, nothing lost.

    Parameters
    ----------
    rejected, excluded : mapping of str to int
        Rows by reason code, and by the reason that a column map declares.
    exact_repeats : int
        Accepted rows that repeat another in every column (kept: a real second purchase looks just so).
    sides : tuple of SideAccount
        What came beside the touchpoints.
    matches : tuple of Match
        By channel, how many touchpoints found their customer; empty when each said itself whose it is.
    """

    source: str
    rows_read: int
    rows_accepted: int
    rows_unresolved: int
    rows_rejected: int
    rejected: dict[str, int]
    exact_repeats: int
    customers: int
    buyers: int
    first_day: date | None
    last_day: date | None
    kinds: dict[str, int]
    channels: dict[str, int]
    unknown_kinds: tuple[str, ...]
    unknown_channels: tuple[str, ...]
    ignored_columns: tuple[str, ...]
    currency: str
    zone: str
    rows_excluded: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    sides: tuple[SideAccount, ...] = ()
    matches: tuple[Match, ...] = ()

    @property
    def rejected_share(self) -> float:
        """Rejected rows as a share of all rows read."""
        return self.rows_rejected / self.rows_read if self.rows_read else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, dates as ISO text."""
        stored = asdict(self)
        for name in ("sides", "matches"):
            stored[name] = [each.to_json() for each in getattr(self, name)]
        for name in ("first_day", "last_day"):
            stored[name] = stored[name].isoformat() if stored[name] else None
        return stored


def take_stock(engine: Engine, history: History, *, repeats: bool = True) -> Account:
    """Return the account of the attached history.

    Parameters
    ----------
    repeats : bool
        Count exact repeats too, which reads every column, and compare side tables with the touchpoints.
    """
    contract = _contract(history)
    verdicts = engine.run(
        f"""SELECT verdict, COUNT(*) AS rows, COUNT(DISTINCT customer_id) AS customers,
          COUNT(DISTINCT CASE WHEN kind = 'purchase' THEN customer_id END) AS buyers,
          MIN(day) AS first_day, MAX(day) AS last_day FROM ({contract}) AS contract GROUP BY verdict"""
    )
    rows = {str(code): int(count) for code, count in zip(verdicts["verdict"], verdicts["rows"], strict=True)}
    accepted = verdicts[verdicts["verdict"] == "ACCEPTED"]
    counted = engine.run(
        f"""SELECT kind, channel, COUNT(*) AS rows FROM ({contract}) AS contract
          WHERE verdict = 'ACCEPTED' GROUP BY kind, channel"""
    )
    kinds = _by(counted, "kind")
    channels = _by(counted, "channel")
    rejected = {
        code: count for code, count in sorted(rows.items()) if code in REJECTIONS and code not in UNRESOLVED
    }
    repeated = engine.repeats(_contract(history, keep_raw=True)) if repeats and rows.get("ACCEPTED") else 0
    excluded = engine.excluded()
    asked = repeats and ("identities" in history.sides or any(rows.get(code) for code in UNRESOLVED))
    return Account(
        source=history.name,
        rows_read=sum(rows.values()) + sum(excluded.values()),
        rows_accepted=rows.get("ACCEPTED", 0),
        rows_unresolved=sum(rows.get(code, 0) for code in UNRESOLVED),
        rows_rejected=sum(rejected.values()),
        rows_excluded=sum(excluded.values()),
        rejected=rejected,
        excluded=excluded,
        exact_repeats=repeated,
        customers=int(accepted["customers"].iloc[0]) if len(accepted) else 0,
        buyers=int(accepted["buyers"].iloc[0]) if len(accepted) else 0,
        first_day=day_of(int(accepted["first_day"].iloc[0])) if len(accepted) else None,
        last_day=day_of(int(accepted["last_day"].iloc[0])) if len(accepted) else None,
        kinds=kinds,
        channels=channels,
        unknown_kinds=tuple(kind for kind in kinds if kind not in KINDS),
        unknown_channels=tuple(channel for channel in channels if channel not in CHANNELS),
        ignored_columns=tuple(name for name in engine.columns if name not in NAMES),
        currency=history.currency,
        zone=history.zone,
        sides=account_of_sides(engine, history, whole=repeats),
        matches=match_rates(engine, history) if asked else (),
    )


def rejected_rows(engine: Engine, history: History) -> pd.DataFrame:
    """Return every row that was not accepted, as it came, with its ``verdict`` in front."""
    return engine.rejected(_contract(history, keep_raw=True))


def require_usable(account: Account, *, most_rejected_share: float = MOST_REJECTED_SHARE) -> None:
    """Refuse a history with nothing accepted, or with more than a share of its rows rejected.

    Raises
    ------
    ContractError
    """
    if account.rows_read == 0:
        raise SourceError(source=account.source, problem="it holds no rows")
    if account.rows_accepted == 0 or account.rejected_share > most_rejected_share:
        raise ContractError(
            source=account.source,
            read_rows=account.rows_read,
            rejected_rows=account.rows_rejected,
            allowed_share=most_rejected_share,
            rows_by_code=account.rejected,
        )


def require_currency(history: History, learned: str) -> None:
    """Refuse a history in another currency than a model learned: the frozen text would mistake its amounts.

    Raises
    ------
    SourceError
    """
    if history.currency != learned:
        raise SourceError(
            source=history.name,
            problem=f"its amounts are in {history.currency}, and this version learned {learned}",
            fix="convert them, or train on this currency",
        )


def _by(counted: pd.DataFrame, column: str) -> dict[str, int]:
    found = counted.groupby(column)["rows"].sum().sort_values(ascending=False, kind="stable")
    return {str(name): int(rows) for name, rows in found.items()}


def _contract(history: History, *, keep_raw: bool = False) -> str:
    return contract_sql(
        currency=history.currency,
        minor_per_major=history.minor_per_major,
        keep_raw=keep_raw,
    )
