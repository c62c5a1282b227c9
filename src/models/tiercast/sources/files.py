"""Touchpoints in files: parquet or CSV, one file, a pattern, or a folder, also of folders such as ``year=2024``.

``parquet:sales.parquet`` · ``parquet:lake/sales`` · ``csv:orders.csv?delimiter=;&encoding=latin-1&decimal=,``
"""

import glob
from pathlib import Path

from tiercast.errors import SourceError
from tiercast.mapping import options
from tiercast.mapping.fault import meant
from tiercast.mapping.spoken import EVERYWHERE, split_options
from tiercast.schema import History
from tiercast.sources.source import Source

ENDINGS = {"parquet": (".parquet",), "csv": (".csv", ".csv.gz")}


def _open(where: str, form: str) -> History:
    place, told = split_options(where)
    source = f"{form}:{where}"
    known = (*(options.MEANINGS if form == "csv" else ()), *EVERYWHERE)
    for key in told:
        if key not in known:
            raise SourceError(
                source=source,
                problem=f"unknown option {key!r}{meant(key, known)}",
                fix=f"there is: {', '.join(known)}",
            )
    try:
        told = options.checked(told)
    except ValueError as problem:
        raise SourceError(source=source, problem=str(problem)) from None
    if not place.strip():
        raise SourceError(
            source=source, problem="no place is named", fix=f"write {form}:PLACE, as in {form}:."
        )
    path = Path(place).expanduser()
    patterns = [str(path / f"**/*{ending}") for ending in ENDINGS[form]] if path.is_dir() else [str(path)]
    files = (
        [str(path)]
        if path.is_file()
        else sorted(name for pattern in patterns for name in glob.glob(pattern, recursive=True))  # noqa: PTH207 - patterns may be absolute
    )
    if not files:
        raise SourceError(source=source, problem="no such file, folder or pattern")
    if not any(Path(name).stat().st_size for name in files):
        raise SourceError(source=source, problem="the file is empty (0 bytes)")
    return History(source, files=tuple(files), format=form, options=told)


PARQUET = Source("parquet", "parquet file, glob or folder", lambda where: _open(where, "parquet"))
CSV = Source(
    "csv",
    "CSV with a header, also .gz: file, glob or folder; ?delimiter=;&encoding=latin-1&decimal=,",
    lambda where: _open(where, "csv"),
)
