"""Rows of somebody's table under a map, and what the contract's reading stage makes of them."""

from dataclasses import replace
from typing import Any

import pandas as pd

from tiercast.mapping.reading import map_of
from tiercast.mapping.words import KEEP, Words
from tiercast.schema import History

FIXED = {"customer_id": "a", "occurred_at": "2024-01-01", "kind": "visit", "channel": "web"}


def history_of(told: dict[str, Any], **columns: Any) -> History:
    """Return rows under a map; what the contract requires and neither has is the same in every row."""
    mapping = map_of(told)
    rows = pd.DataFrame(columns)
    missing = {name: value for name, value in FIXED.items() if name not in {*rows, *mapping.columns}}
    return History("rows", frame=rows.assign(line=range(len(rows)), **missing), mapping=mapping)


def read(engine: Any, history: History) -> pd.DataFrame:
    """Return the contract's columns, in the order of the rows."""
    assert history.mapping is not None
    numbered = {**history.mapping.columns, "event_id": Words("line", otherwise=KEEP)}
    engine.attach(replace(history, mapping=replace(history.mapping, columns=numbered)))
    return engine.run("SELECT * FROM touchpoints ORDER BY CAST(event_id AS INT)")


def listed(cells: pd.Series) -> list[Any]:
    """Return cells as they are, None for what is not there."""
    return [None if there is pd.NA or there != there else there for there in cells.tolist()]
