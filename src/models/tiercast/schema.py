"""The tables that cross a boundary: touchpoints on the way in, features in the middle, the scorecard on the way out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from tiercast.serving.contract import NAMES, REQUIRED, TOUCHPOINTS

__all__ = ["NAMES", "REQUIRED", "TOUCHPOINTS", "History"]


@dataclass(frozen=True)
class History:
    """Touchpoints that an engine can read, with what a row does not say about itself.

    Exactly one of ``frame`` and ``files`` is given.

    Parameters
    ----------
    name : str
        What people call it: the source as it was asked for.
    frame : pandas.DataFrame, optional
        Touchpoints in memory.
    files : sequence of str
        Parquet or CSV files, all of one ``format``.
    currency : str
        ISO 4217 code of every amount; a row in another one is rejected.
    minor_per_major : int
        Minor units in one major unit: 100 for most, 1 for JPY.
    zone : str
        IANA zone in which weekdays and hours are told.
    """

    name: str
    frame: pd.DataFrame | None = None
    files: Sequence[str] = ()
    format: str = "frame"
    currency: str = "USD"
    minor_per_major: int = 100
    zone: str = "UTC"
    ignored: Sequence[str] = field(default=())
