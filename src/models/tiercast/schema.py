"""The tables that cross a boundary: touchpoints on the way in, features in the middle, the scorecard on the way out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tiercast.mapping.columnmap import ColumnMap
from tiercast.market import EPISODE_GAP_DAYS, minor_per_major_of
from tiercast.serving.contract import NAMES, REQUIRED, TOUCHPOINTS
from tiercast.serving.peaks import PEAKS
from tiercast.sidetable import SideTable

__all__ = ["NAMES", "REQUIRED", "TOUCHPOINTS", "History"]


@dataclass(frozen=True)
class History:
    """Touchpoints that an engine can read, with what a row does not say about itself.

    Exactly one of ``frame``, ``files``, ``batches`` and ``table`` says where the rows are.

    Parameters
    ----------
    name : str
        What people call it: the source as it was asked for.
    frame : pandas.DataFrame, optional
        Touchpoints in memory.
    files : sequence of str
        Files of one ``format``: ``parquet``, ``csv`` or ``duckdb`` (one database file, with ``table``).
    batches : callable, optional
        Returns a ``pyarrow.RecordBatchReader`` over the rows, each time it is called: a database's answer.
    table : str
        The table in a DuckDB file, or (format ``spark``) in Spark's catalogue.
    options : mapping of str to str
        How to read text: ``delimiter``, ``encoding``, ``quote`` of files; ``decimal``, ``thousands``,
        ``symbol`` of numbers.
    currency : str
        ISO 4217 code of every amount; a row in another one is rejected.
    minor_per_major : int
        Minor units in one major unit: 100 for most, 1 for JPY; 0 stands for what ISO 4217 says of the currency.
    zone : str
        IANA zone in which weekdays and hours are told.
    peaks : sequence of str
        The days of the year that matter in this market, of :data:`tiercast.serving.peaks.PEAKS`.
    episode_gap_days : int
        So many days without a touchpoint of the customer's own end an episode of deciding.
    sides : mapping of str to SideTable
        What is known besides the touchpoints: customers, products, channels, stores, assignments, identities.
    mapping : ColumnMap, optional
        What each column means, where the table does not carry the contract's names and types itself.
    """

    name: str
    frame: pd.DataFrame | None = None
    files: Sequence[str] = ()
    batches: Callable[[], Any] | None = None
    table: str = ""
    format: str = "frame"
    options: Mapping[str, str] = field(default_factory=dict)
    currency: str = "USD"
    minor_per_major: int = 0
    zone: str = "UTC"
    peaks: Sequence[str] = tuple(PEAKS)
    episode_gap_days: int = EPISODE_GAP_DAYS
    ignored: Sequence[str] = field(default=())
    sides: Mapping[str, SideTable] = field(default_factory=dict)
    mapping: ColumnMap | None = None

    def __post_init__(self) -> None:
        if not self.minor_per_major:
            object.__setattr__(self, "minor_per_major", minor_per_major_of(self.currency))
