"""What to do and when, asked of a version: clocks and habits of a request, and next actions with their reasons."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from .actions import decide
from .contract import PER_CUSTOMER
from .habits import COUNTS, Habits, clock_rows
from .intake import clean_request
from .refusals import UnknownChoice
from .tiers import assign


def clocks_of(bundle: Any, touchpoints: pd.DataFrame, cutoff: date) -> pd.DataFrame:
    """Return one row for each customer and category of a request, with its days, as :meth:`~.clocks.Clocks.tell` does.

    Rows that break the contract are left out, as in a batch.

    Raises
    ------
    UnknownChoice
        The version was made before there were clocks.
    Refused
        Columns or types that cannot be read.
    """
    found = bundle.selected(_parts(bundle).texts["clock_days"], _events(bundle, touchpoints), cutoff)
    return bundle.habits.clocks.tell(clock_rows(found), cutoff=cutoff)


def habits_of(bundle: Any, touchpoints: pd.DataFrame, cutoff: date) -> pd.DataFrame:
    """Return one row for each customer of a request, by id, as :meth:`~.habits.Habits.tell` does beside their segment.

    Rows that break the contract are left out, as in a batch.

    Raises
    ------
    UnknownChoice
        The version was made before there were habits.
    Refused
        Columns or types that cannot be read.
    """
    parts, events = _parts(bundle), _events(bundle, touchpoints)
    counted = {name: bundle.selected(parts.texts[name], events, cutoff) for name in COUNTS}
    seen = bundle.features(events, cutoff=cutoff)
    customers = seen["customer_id"]
    told = parts.tell(counted, customers, cutoff=cutoff, groups=bundle.segments.assign(seen)["segment"])
    return pd.concat([customers, told], axis=1)


def _parts(bundle: Any) -> Habits:
    if bundle.habits is None:
        raise UnknownChoice("this version holds no clocks and no habits: train a new one", there_is=[])
    held: Habits = bundle.habits
    return held


def _events(bundle: Any, touchpoints: pd.DataFrame) -> pd.DataFrame:
    rows = clean_request(touchpoints, {each["column"]: each["kind"] for each in bundle.attributes})
    beside = {*PER_CUSTOMER, *(each["column"] for each in bundle.attributes)}
    return rows.drop(columns=[name for name in rows if name in beside])


def next_actions_of(
    bundle: Any, features: pd.DataFrame, policy: Mapping[str, Any], table: Mapping[str, Any]
) -> pd.DataFrame:
    """Return the next action of each row with its day, reason and names in both languages, and the tier."""
    rows = features.reset_index(drop=True)
    frame = bundle.enriched(rows)
    frame = frame.assign(tier=assign(policy, frame)["tier"])
    return pd.concat([rows[["customer_id", "cutoff"]], frame[["tier"]], decide(table, frame)], axis=1)
