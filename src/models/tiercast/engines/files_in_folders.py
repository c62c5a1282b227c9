"""Files in folders that are named ``year=2024``: where such folders begin, so that each of them becomes a column."""

from collections.abc import Sequence
from pathlib import Path

from tiercast.errors import SourceError


def partition_root(source: str, files: Sequence[str]) -> str:
    """Return the folder above the first ``column=value`` folder, or nothing when there is none.

    Parameters
    ----------
    source : str
        What the refusal calls the files.
    files : sequence of str

    Raises
    ------
    SourceError
        The files lie in folders of different columns, so that no table holds them all.

    Examples
    --------
    >>> partition_root("sales", ["lake/sales/year=2024/month=1/a.parquet", "lake/sales/year=2024/month=2/a.parquet"])
    'lake/sales'
    >>> partition_root("sales", ["lake/a=b.parquet"])
    ''
    """
    found = {_columns(Path(name)) for name in files}
    if len(found) > 1:
        shown = sorted("/".join(columns) or "none" for _, columns in found)
        raise SourceError(
            source=source,
            problem=f"its files lie in folders of different columns: {', '.join(shown[:4])}",
            fix="read them one by one, or move them",
        )
    root, columns = found.pop() if found else ("", ())
    return root if columns else ""


def _columns(path: Path) -> tuple[str, tuple[str, ...]]:
    folders = path.parts[:-1]
    places = [at for at, name in enumerate(folders) if "=" in name.strip("=")]
    if not places:
        return "", ()
    columns = tuple(folders[at].split("=", 1)[0] for at in places)
    return str(Path(*folders[: places[0]])), columns
