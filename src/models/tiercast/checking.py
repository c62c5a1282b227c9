"""Checking: what a source holds, and from when on it can be learned from."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from tiercast.engines.engine import Engine
from tiercast.intake import Account, rejected_rows, take_stock
from tiercast.schema import History
from tiercast.training.plan import trainable_from
from tiercast.windows import Horizon


@dataclass(frozen=True)
class CheckReport:
    """What a source holds and what it can be used for.

    Parameters
    ----------
    account : Account
        Rows accepted, unresolved and rejected, customers, span, kinds and channels.
    rejected : pandas.DataFrame
        Every row that was not accepted, as it came, after its ``verdict``.
    trainable_from : date or None
        First day on which the history is long enough; None without purchases.
    trainable_now : bool
    notes : tuple of str
        What to know, in sentences.
    """

    account: Account
    rejected: pd.DataFrame
    trainable_from: date | None
    trainable_now: bool
    notes: tuple[str, ...]


def check_history(engine: Engine, history: History, *, horizon_days: int) -> CheckReport:
    """Account for every row of the attached history, and say from when on it can be trained on.

    Parameters
    ----------
    horizon_days : int
        The window that churn and value would be about.
    """
    account = take_stock(engine, history)
    rejected = rejected_rows(engine, history)
    ready = None
    if account.first_day is not None and account.buyers:
        ready = trainable_from(
            account.first_day, horizon=Horizon(horizon_days), step_days=14, test_origins=3, history_days=84
        )
    now = ready is not None and account.last_day is not None and account.last_day >= ready
    return CheckReport(account, rejected, ready, now, _notes(account, ready, now, horizon_days))


def _notes(account: Account, ready: date | None, now: bool, horizon_days: int) -> tuple[str, ...]:
    notes = []
    if ready is None:
        notes.append("no purchases: nothing can be trained; prospects can be counted")
    elif now:
        notes.append(f"trainable now with a horizon of {horizon_days} days (since {ready})")
    elif account.last_day is not None:
        short = (ready - account.last_day).days
        notes.append(f"trainable with a horizon of {horizon_days} days from {ready}: {short} more days")
    if account.exact_repeats:
        notes.append(
            f"{account.exact_repeats:,} rows repeat another exactly: kept, because they carry no event_id"
        )
    if account.unknown_kinds:
        told = ", ".join(account.unknown_kinds[:10])
        notes.append(f"kinds that no family knows, kept under their own names: {told}")
    if account.ignored_columns:
        told = ", ".join(account.ignored_columns[:20])
        notes.append(f"columns that the contract does not name, ignored: {told}")
    return tuple(notes)
