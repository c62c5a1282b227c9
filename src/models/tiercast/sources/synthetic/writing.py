"""Writing: a synthetic history of any size as parquet files, part by part, in constant memory."""

import os
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tiercast.errors import OutputError, SourceError
from tiercast.sources.synthetic.block import blocks_of, draw_block
from tiercast.sources.synthetic.identities import identities_table
from tiercast.sources.synthetic.law import Law
from tiercast.sources.synthetic.making import season_of
from tiercast.sources.synthetic.places import channels_table, products_table, stores_table
from tiercast.sources.synthetic.settings import Settings
from tiercast.sources.synthetic.tables import (
    assignments_table,
    customers_table,
    touchpoints_table,
    truth_table,
)

if TYPE_CHECKING:
    import pyarrow as pa

BLOCKS_PER_PART = 8
ROW_GROUP = 262_144


@dataclass(frozen=True)
class Written:
    """What was written: ``parquet:FOLDER/touchpoints`` reads it."""

    folder: Path
    customers: int
    touchpoints: int
    parts: int


def write_synthetic(
    folder: str | os.PathLike[str],
    customers: int,
    *,
    seed: int = 7,
    days: int = 730,
    start: date = date(2024, 1, 1),
    late: float = 0.02,
    resent: float = 0.0,
    unresolved: float = 0.0,
    law: Law | None = None,
    blocks_per_part: int = BLOCKS_PER_PART,
) -> Written:
    """Write what :func:`~tiercast.sources.synthetic.synthesize` would return, for up to ten million customers.

    The folder gets one folder per table (``touchpoints``, ``customers``, ``products``, ``channels``, ``stores``,
    ``identities``, ``assignments``, ``truth``) with files ``part-00000.parquet`` and on. Each customer is in one part;
    the touchpoints of a part are in order of arrival. It appears when all of it is written.

    Parameters
    ----------
    folder : path
        Must not exist, or be empty.
    blocks_per_part : int
        Blocks of 8,192 customers in one part; it decides which rows share a file, and nothing else.

    Raises
    ------
    SourceError
        A number is out of its range.
    OutputError
        The folder holds something, or cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as place:
    ...     written = write_synthetic(f"{place}/world", 100)
    ...     sorted(path.name for path in written.folder.iterdir())
    ['assignments', 'channels', 'customers', 'identities', 'products', 'stores', 'touchpoints', 'truth']
    """
    settings = Settings(customers, seed, days, start, late, resent, unresolved, law or Law())
    if blocks_per_part < 1:
        raise SourceError(
            source=settings.name, problem=f"blocks_per_part is {blocks_per_part}", fix="give 1 or more"
        )
    place = Path(folder)
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise OutputError(path=place, problem="it exists and is not an empty folder")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}-") as scratch:
            rows, parts = _write(Path(scratch) / "all", settings, blocks_per_part)
            if place.exists():
                place.rmdir()
            (Path(scratch) / "all").rename(place)
    except OSError as error:
        raise OutputError(path=place, problem=error.strerror or str(error)) from error
    return Written(place, customers, rows, parts)


def _write(place: Path, settings: Settings, blocks_per_part: int) -> tuple[int, int]:
    import pyarrow as pa

    season, total = season_of(settings), blocks_of(settings)
    for name, table in (
        ("products", products_table(settings.start)),
        ("channels", channels_table()),
        ("stores", stores_table()),
    ):
        _store(table, place / name, 0)
    rows = part = 0
    for part, first in enumerate(range(0, total, blocks_per_part)):
        blocks = [
            draw_block(settings, index, season) for index in range(first, min(first + blocks_per_part, total))
        ]
        for name, tables in (
            ("customers", [customers_table(block, settings) for block in blocks]),
            ("identities", [identities_table(block, settings) for block in blocks]),
            ("assignments", [assignments_table(block, settings) for block in blocks]),
            ("truth", [truth_table(block, settings, season) for block in blocks]),
        ):
            _store(pa.concat_tables(tables), place / name, part)
        touchpoints = touchpoints_table(blocks, settings)
        rows += len(touchpoints)
        _store(touchpoints, place / "touchpoints", part)
    return rows, part + 1


def _store(table: "pa.Table", folder: Path, part: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    categorical = [
        name
        for name, kind in zip(table.column_names, table.schema.types, strict=True)
        if pa.types.is_dictionary(kind)
    ]
    pq.write_table(
        table,
        folder / f"part-{part:05d}.parquet",
        compression="zstd",
        compression_level=1,
        use_dictionary=categorical,  # pyright: ignore[reportArgumentType] - a list is allowed
        row_group_size=ROW_GROUP,
    )
