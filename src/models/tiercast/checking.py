"""Checking: what a source holds, and from when on it can be learned from."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from tiercast.config import TrainCard, card_of
from tiercast.engines.engine import Engine
from tiercast.intake import Account, rejected_rows, take_stock
from tiercast.newest import MOST_SILENT_DAYS, StaleHistory, latest_cutoff
from tiercast.schema import History
from tiercast.training.horizon import HorizonChoice, choose_horizon
from tiercast.training.plan import answered_from, least_window, trainable_from
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
    horizon : HorizonChoice or None
        The window that churn and value would be about, and why; None without purchases.
    answered_from : date or None
        First day on which a training can serve the purchase process or a rule, judged by nothing; None without purchases.
    """

    account: Account
    rejected: pd.DataFrame
    trainable_from: date | None
    trainable_now: bool
    notes: tuple[str, ...]
    horizon: HorizonChoice | None = None
    answered_from: date | None = None


def check_history(engine: Engine, history: History, *, horizon_days: int) -> CheckReport:
    """Account for every row of the attached history, and say from when on it can be trained on.

    Parameters
    ----------
    horizon_days : int
        The window that churn and value would be about; 0 lets the data choose, as a training without a champion would.

    Raises
    ------
    CardError
        No card may have such a horizon.
    """
    account = take_stock(engine, history)
    rejected = rejected_rows(engine, history)
    ready, asked, answered, carried = None, None, None, None
    if account.first_day is not None and account.last_day is not None and account.buyers:
        card = card_of(
            {"job": "train", "source": "checked", "horizon_days": horizon_days}, name="of the check"
        )
        assert isinstance(card, TrainCard)  # the job is train
        asked = choose_horizon(
            card, engine, history, first_day=account.first_day, data_ends_on=account.last_day
        )
        horizon = Horizon(asked.days, card.gap_days)
        least, history_days = least_window(horizon), card.first_origin_after_days
        rolling = {
            "step_days": card.step_days,
            "test_origins": card.test_origins,
            "history_days": history_days,
        }
        answered = answered_from(account.first_day, horizon=least, history_days=history_days)
        carried = trainable_from(account.first_day, horizon=least, **rolling)
        ready = trainable_from(account.first_day, horizon=horizon, **rolling)
    now = ready is not None and account.last_day is not None and account.last_day >= ready
    notes = _notes(account, ready, now, asked, _until_then(account.last_day, answered, carried))
    return CheckReport(account, rejected, ready, now, notes, asked, answered)


def _until_then(last_day: date | None, answered: date | None, carried: date | None) -> str:
    """Return what a training can do before the whole horizon can be judged.

    Examples
    --------
    >>> answered, carried = date(2026, 4, 9), date(2026, 6, 4)
    >>> _until_then(date(2026, 4, 1), answered, carried)
    'until then: from 2026-04-09, 8 more days, the purchase process or a rule answers, not judged; from 2026-06-04 models do'
    >>> _until_then(date(2026, 5, 1), answered, carried)
    'until then: now the purchase process or a rule answers, not judged; from 2026-06-04 models do'
    >>> _until_then(date(2026, 6, 4), answered, carried)
    'until then: now models answer, judged on shorter windows'
    """
    if last_day is None or answered is None or carried is None:
        return ""
    if last_day >= carried:
        return "until then: now models answer, judged on shorter windows"
    early = (answered - last_day).days
    when = f"from {answered}, {early} more days," if early > 0 else "now"
    return f"until then: {when} the purchase process or a rule answers, not judged; from {carried} models do"


def _notes(
    account: Account, ready: date | None, now: bool, asked: HorizonChoice | None, until_then: str
) -> tuple[str, ...]:
    notes = []
    if ready is None or asked is None:
        notes.append("no purchases: nothing can be trained; prospects can be counted")
    elif now:
        notes.append(f"trainable now with a horizon of {asked.days} days (since {ready})")
    elif account.last_day is not None:
        short = (ready - account.last_day).days
        notes.append(f"trainable with a horizon of {asked.days} days from {ready}: {short} more days")
        notes.append(until_then)
    if account.last_day is not None:
        notes.append(
            f"can be scored at cutoffs until {latest_cutoff(account.last_day)}: {MOST_SILENT_DAYS} days after the newest "
            f"touchpoint, of {account.last_day}; later ones are refused ({StaleHistory.code})"
        )
    if asked is not None and asked.basis != "card":
        notes.append(f"why {asked.days} days: {asked.reason}")
        notes.extend(asked.warnings)
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
