"""Touchpoints as columns of numbers: what each part of the world adds, gathered into one table of codes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiercast.serving.contract import CHANNELS, KINDS
from tiercast.sources.synthetic.arrays import Floats, Ints

DISCOUNT_TYPES: tuple[str, ...] = ("coupon", "loyalty", "promotion")
SURVEY_TYPES: tuple[str, ...] = ("csat", "nps")
PURPOSES: tuple[str, ...] = ("marketing", "profiling")
STAFFED: tuple[str, ...] = ("false", "true")

Codes = dict[str, NDArray[Any]]
"""A table of touchpoints: whole numbers by column, -1 where there is nothing; money in minor units, times in seconds."""

COLUMNS: dict[str, str] = {
    "customer": "int32", "kind": "int8", "channel": "int8", "order": "int64", "case": "int64", "store": "int16",
    "product": "int16", "quantity": "int16", "amount": "int64", "discount": "int64", "discount_type": "int8",
    "rating": "int8", "rating_scale": "int8", "survey_type": "int8", "points": "int32", "campaign": "int16",
    "purpose": "int8", "referred": "int32", "staffed": "int8",
}  # fmt: skip


class Rows:
    """Collects touchpoints."""

    def __init__(self) -> None:
        self._chunks: list[dict[str, Any]] = []

    def add(
        self,
        kind: str,
        customer: Ints,
        at: Floats,
        channel: str | Ints,
        *,
        known: Floats | None = None,
        **columns: Any,
    ) -> None:
        """Add one row per entry of ``customer``.

        Parameters
        ----------
        at, known : ndarray
            Days since the start; ``known`` is absent where the rows arrive as all others do.
        channel : str or ndarray
            A name, or a code per row.
        columns : int or ndarray
            Further columns of ``COLUMNS``, codes or numbers.
        """
        self._chunks.append(
            {
                "customer": customer,
                "kind": KINDS.index(kind),
                "channel": CHANNELS.index(channel) if isinstance(channel, str) else channel,
                "at": at,
                "known": np.nan if known is None else known,
                **columns,
            }
        )

    def gather(self) -> tuple[Codes, Floats, Floats]:
        """Return all rows as codes, with when they occurred and were known (NaN: as all others), in days."""
        ends = np.cumsum([len(chunk["customer"]) for chunk in self._chunks])
        total = int(ends[-1])

        def column(name: str, kind: str, absent: float) -> NDArray[Any]:
            cells = np.full(total, absent, dtype=kind)
            for chunk, end in zip(self._chunks, ends, strict=True):
                if name in chunk:
                    cells[end - len(chunk["customer"]) : end] = chunk[name]
            return cells

        codes = {name: column(name, kind, -1) for name, kind in COLUMNS.items()}
        return codes, column("at", "float64", np.nan), column("known", "float64", np.nan)
