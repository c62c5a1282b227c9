"""Tables on disk: parquet or CSV by the name's ending, written whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING

from tiercast.cli.faults import WrongUsage
from tiercast.errors import OutputError
from tiercast.scratch import hidden_beside

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".parquet", ".csv")


def require_ending(place: Path) -> Path:
    """Return the place, if its ending says how to write it.

    Examples
    --------
    >>> require_ending(Path("out.csv")).name
    'out.csv'
    """
    if place.suffix.lower() not in ENDINGS:
        raise WrongUsage(f"{place} ends neither in .parquet nor in .csv, so its form is unknown")
    return place


def write_frame(frame: "pd.DataFrame", place: Path) -> Path:
    """Write a frame, into a hidden file first and then renamed, and return the place as an absolute path.

    Raises
    ------
    OutputError
    """
    require_ending(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with hidden_beside(place) as hidden:
            if place.suffix.lower() == ".csv":
                frame.to_csv(hidden, index=False)
            else:
                _storable(frame).to_parquet(hidden, index=False)
            hidden.replace(place)
    except OSError as error:
        raise OutputError(path=place, problem=error.strerror or type(error).__name__) from error
    return place.absolute()


def _storable(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the frame with text in every column of mixed values, which parquet cannot hold."""
    from pandas.api.types import infer_dtype

    mixed = [name for name in frame if infer_dtype(frame[name], skipna=True).startswith("mixed")]
    return (
        frame.assign(**{str(name): frame[name].map(str, na_action="ignore") for name in mixed})
        if mixed
        else frame
    )
