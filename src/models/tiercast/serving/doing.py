"""What to do and when, asked of a version: the clocks of a request, and next actions with their reasons."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from .actions import decide
from .contract import PER_CUSTOMER
from .habits import clock_rows
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
    if bundle.habits is None:
        raise UnknownChoice("this version holds no clocks: train a new one", there_is=[])
    rows = clean_request(touchpoints, {each["column"]: each["kind"] for each in bundle.attributes})
    beside = {*PER_CUSTOMER, *(each["column"] for each in bundle.attributes)}
    events = rows.drop(columns=[name for name in rows if name in beside])
    found = bundle.selected(bundle.habits.texts["clock_days"], events, cutoff)
    return bundle.habits.clocks.tell(clock_rows(found), cutoff=cutoff)


def next_actions_of(
    bundle: Any, features: pd.DataFrame, policy: Mapping[str, Any], table: Mapping[str, Any]
) -> pd.DataFrame:
    """Return the next action of each row with its day, reason and names in both languages, and the tier."""
    rows = features.reset_index(drop=True)
    frame = bundle.enriched(rows)
    frame = frame.assign(tier=assign(policy, frame)["tier"])
    return pd.concat([rows[["customer_id", "cutoff"]], frame[["tier"]], decide(table, frame)], axis=1)
