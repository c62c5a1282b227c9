"""A published scorecard, read back: the file, or a folder of publications of which one is meant."""

from datetime import date
from pathlib import Path

import pandas as pd

from tiercast.errors import SourceError
from tiercast.serving.refusals import MissingColumns
from tiercast.serving.scorecard import COLUMNS, LATER

FILE = "scorecard.parquet"


def read_scorecard(place: str | Path, *, cutoff: date | None = None) -> pd.DataFrame:
    """Return a scorecard.

    Parameters
    ----------
    place : path
        ``scorecard.parquet``, or the folder that ``tiercast score --out`` was given.
    cutoff : date, optional
        Which publication of a folder; default: the newest.

    Raises
    ------
    SourceError
        Nothing is there, it cannot be read, or two versions of one cutoff are there.
    MissingColumns
        It is no scorecard.
    """
    given = Path(place)
    file = given if given.is_file() else _of_folder(given, cutoff)
    try:
        cards = pd.read_parquet(file)
    except Exception as error:  # whatever Arrow finds wrong with the file
        raise SourceError(
            source=file, problem=f"it is not a readable parquet file ({type(error).__name__})"
        ) from error
    later = {answer.name for answer in LATER}  # what was published before these columns is a scorecard too
    missing = [name for name in COLUMNS if name not in cards and name not in later]
    if missing:
        raise MissingColumns(f"this is no scorecard: {', '.join(missing)} did not come", missing=missing)
    return cards.reindex(columns=list(COLUMNS))


def _of_folder(folder: Path, cutoff: date | None) -> Path:
    found = sorted(folder.glob(f"cutoff=*/version=*/{FILE}")) if folder.is_dir() else []
    if cutoff is not None:
        found = [file for file in found if file.parts[-3] == f"cutoff={cutoff.isoformat()}"]
    if not found:
        raise SourceError(
            source=folder,
            problem=f"no scorecard{f' of {cutoff}' if cutoff else ''} is published there",
            fix="publish one with: tiercast score --out FOLDER",
        )
    newest = [file for file in found if file.parts[-3] == found[-1].parts[-3]]
    if len(newest) > 1:
        raise SourceError(
            source=folder,
            problem=f"{len(newest)} versions are published for one cutoff: {', '.join(file.parts[-2] for file in newest)}",
            fix="name the file of one of them",
        )
    return newest[0]
