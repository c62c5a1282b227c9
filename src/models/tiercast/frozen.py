"""Everybody of a cutoff as something frozen sees them: one opening for all who ask a version or a run about a history.

What was frozen when something was learned (the text of its features, its dictionaries, its currency and the kinds of its
attributes) is asked of another history here, and nowhere else, so that the same four guards hold everywhere: the currency
is the one that was learned, attributes are of the kinds that were learned, what cannot be known without a side table is
unknown, never zero, and a history that ends long before the cutoff is not taken for silence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import pandas as pd

from tiercast.attribute_kinds import as_learned
from tiercast.engines.engine import Engine
from tiercast.features.described import people_of
from tiercast.intake import Account, require_currency, require_usable, take_stock
from tiercast.newest import MOST_SILENT_DAYS, require_newest
from tiercast.schema import History
from tiercast.serving.bundle import arrange


class Frozen(Protocol):
    """What a served version is, and what a run of an experiment keeps; ``manifest`` holds at least the ``currency``."""

    @property
    def manifest(self) -> Mapping[str, Any]: ...

    @property
    def features_sql(self) -> str: ...

    @property
    def tables(self) -> Any: ...

    @property
    def attributes(self) -> Sequence[Mapping[str, str]]: ...

    def unknown(self, people: Mapping[str, Any]) -> list[str]:
        """Return the features that nobody knows without the tables about customers that did not come."""
        ...


@dataclass(frozen=True)
class Known:
    """Everybody seen before a cutoff.

    Parameters
    ----------
    features : DataFrame
        ``customer_id``, ``cutoff`` and the frozen columns, ordered by customer.
    cutoff : date
    account : Account
        What was read.
    history : History
        With attributes of the kinds that were learned.
    """

    features: pd.DataFrame
    cutoff: date
    account: Account
    history: History


def features_of(
    bundle: Frozen,
    history: History,
    cutoff: date | None,
    engine: Engine,
    *,
    progress: Callable[[str], None] = lambda _: None,
    newest_within_days: int = MOST_SILENT_DAYS,
) -> Known:
    """Return the frozen features of everybody in a history, which is attached and checked first.

    Parameters
    ----------
    cutoff : date or None
        ``None`` is the last day of the data, which is taken as incomplete.
    newest_within_days : int
        How many days before the cutoff the newest touchpoint of all may be.

    Raises
    ------
    SourceError
        Another currency, or an attribute of another kind, than was learned.
    ContractError
        Too little of the history was accepted.
    StaleHistory
    """
    progress("reading touchpoints")
    learned = _as_learned(bundle, history)
    engine.attach(learned)
    account = take_stock(engine, learned, repeats=False)
    require_usable(account)
    day = cutoff or account.last_day
    assert day is not None  # a usable history has accepted rows
    progress("computing features")
    features = _asked(bundle, learned, day, engine)
    require_newest(features, cutoff=day, last_day=account.last_day, most_days=newest_within_days)
    return Known(features, day, account, learned)


def features_again(bundle: Frozen, history: History, cutoff: date, engine: Engine) -> pd.DataFrame:
    """Return the same features of a history that is attached and checked already.

    Raises
    ------
    SourceError
    """
    return _asked(bundle, _as_learned(bundle, history), cutoff, engine)


def _as_learned(bundle: Frozen, history: History) -> History:
    require_currency(history, str(bundle.manifest["currency"]))
    return as_learned(history, {each["name"]: each["kind"] for each in bundle.attributes})


def _asked(bundle: Frozen, history: History, cutoff: date, engine: Engine) -> pd.DataFrame:
    people = people_of(history)
    found = engine.frames(bundle.features_sql, cutoffs=[cutoff], tables=bundle.tables.with_(**people))
    return arrange(pd.concat(found, ignore_index=True), cutoff, unknown=bundle.unknown(people))
