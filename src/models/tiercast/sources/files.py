"""Touchpoints in files: parquet or CSV, one file, a pattern, or a folder."""

import glob
from pathlib import Path

from tiercast.errors import SourceError
from tiercast.schema import History
from tiercast.sources.source import Source


def _open(where: str, form: str) -> History:
    path = Path(where).expanduser()
    pattern = str(path / f"**/*.{form}") if path.is_dir() else str(path)
    files = [str(path)] if path.is_file() else sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - patterns may be absolute
    if not files:
        raise SourceError(source=f"{form}:{where}", problem="no such file, folder or pattern")
    if not any(Path(name).stat().st_size for name in files):
        raise SourceError(source=f"{form}:{where}", problem="the file is empty (0 bytes)")
    return History(f"{form}:{where}", files=tuple(files), format=form)


PARQUET = Source("parquet", "parquet file, glob or folder", lambda where: _open(where, "parquet"))
CSV = Source("csv", "CSV with a header, file, glob or folder", lambda where: _open(where, "csv"))
