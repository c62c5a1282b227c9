"""What comes in is made plain first: a frame's mixed columns are given one type each.

Every engine reads the same afterwards; a value that cannot be read stays as it is, for the contract to reject by name.
"""

import numpy as np
import pandas as pd

from tiercast.serving.contract import KIND_OF, NAMES, REQUIRED
from tiercast.serving.intake import clean_request
from tiercast.serving.refusals import WrongType

_PLAIN = {"text": "biuf", "number": "iuf", "time": "iufM"}
_EMPTY = {"text": "str", "number": "float64", "time": "datetime64[us]"}


def plain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return touchpoints in memory as a new frame in which every column has one type that engines agree on.

    Parameters
    ----------
    frame : pandas.DataFrame
        Never changed. Columns the contract does not name are kept.

    Raises
    ------
    WrongType
        A column came twice, or holds values that cannot be read without guessing.

    Examples
    --------
    >>> mixed = pd.DataFrame({"customer_id": [1, 2], "amount": [10, "ten"], "known_at": [None, None]})
    >>> plain_frame(mixed).dtypes.astype(str).to_dict()
    {'customer_id': 'int64', 'amount': 'str', 'known_at': 'datetime64[us]'}
    >>> mixed["amount"].tolist()
    [10, 'ten']
    """
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongType(f"a column came twice: {', '.join(twice)}; give each column once", columns=twice)
    came = {name: frame.iloc[:, place].reset_index(drop=True) for place, name in enumerate(names)}
    mixed = [name for name in NAMES if name in came and not _is_plain(came[name], KIND_OF[name])]
    if mixed and all(name in came for name in REQUIRED) and len(frame):
        cleaned = clean_request(
            pd.DataFrame({name: came[name] for name in dict.fromkeys((*REQUIRED, *mixed))})
        )
        came |= {name: cleaned[name] for name in mixed}
    return pd.DataFrame({name: _one_type(cells, name) for name, cells in came.items()})


def _is_plain(cells: pd.Series, kind: str) -> bool:
    if isinstance(cells.dtype, pd.StringDtype):
        return True
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        return kind == "time"
    return isinstance(cells.dtype, np.dtype) and cells.dtype.kind in _PLAIN[kind] and not cells.isna().all()


def _one_type(cells: pd.Series, name: str) -> pd.Series:
    try:
        return _typed(cells, KIND_OF.get(name, ""))
    except (pd.errors.OutOfBoundsDatetime, OverflowError, UnicodeError) as error:
        problem = "broken Unicode" if isinstance(error, UnicodeError) else "times out of range"
        raise WrongType(f"column {name} holds {problem}", column=name) from None


def _typed(cells: pd.Series, kind: str) -> pd.Series:
    if kind and cells.isna().all():
        return pd.Series([None] * len(cells), dtype=_EMPTY[kind])
    held = cells.dtype
    if isinstance(held, pd.StringDtype) or (held.kind == "O"):
        return cells.astype("str")
    if isinstance(held, np.dtype) and held.kind in "iuf" and kind == "number":
        return cells.astype("float64")
    if isinstance(held, np.dtype) and held.kind == "u":
        return cells.astype("str" if held.itemsize == 8 else "int64")
    if isinstance(held, np.dtype) and held.kind == "f":
        return cells.astype("float64")
    if held.kind == "M":
        zoned = getattr(held, "tz", None) is not None
        cells = cells.dt.tz_convert("UTC") if zoned else cells
        # the finer part is cut off, not rounded, as the contract does
        floored = cells.dt.floor("us") if cells.dt.unit == "ns" else cells
        return floored.astype("datetime64[us, UTC]" if zoned else "datetime64[us]")
    return cells if isinstance(held, np.dtype) and held.kind in "bi" else cells.astype("str")
