"""Published data sets: a file that everybody can download, and the column map that says what it means."""

import tomllib
from pathlib import Path

from tiercast.errors import SourceError
from tiercast.mapping.reading import map_of
from tiercast.schema import History

ENDINGS = ("parquet", "csv", "csv.gz")


def open_published(name: str, where: str, told: str) -> History:
    """Return a published data set under its map.

    Parameters
    ----------
    name : str
        The scheme; also what the file is called in a folder.
    where : str
        The file, or the folder that it lies in.
    told : str
        Its column map, TOML.

    Raises
    ------
    SourceError
        There is no such file.
    """
    source = f"{name}:{where}"
    path = Path(where).expanduser()
    asked = [path / f"{name}.{ending}" for ending in ENDINGS] if path.is_dir() else [path]
    found = [file for file in asked if file.is_file()]
    if not found or not where:
        wanted = " or ".join(f"{name}.{ending}" for ending in ENDINGS[:2])
        raise SourceError(
            source=source, problem="no such file", fix=f"give the path of {wanted}, or of its folder"
        )
    form = "parquet" if found[0].suffix == ".parquet" else "csv"
    mapping = map_of(tomllib.loads(told), name=f"of {name}")
    return History(source, files=(str(found[0]),), format=form, mapping=mapping)
