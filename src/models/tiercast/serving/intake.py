"""Turns whatever a caller sends into one clean table of touchpoints, or says which column cannot be read.

A request arrives as a data frame (in process, or ``dataframe_split`` over HTTP), as a list of records or as a
dict of lists (``inputs``). Nothing is guessed here and no row is judged: that is for the contract's SQL. This
file only makes sure that every column has one type that the SQL can judge.
"""

import datetime as dt
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from .contract import PER_CUSTOMER, REQUIRED, TOUCHPOINTS, Column
from .refusals import EmptyInput, MissingColumns, UnknownColumns, WrongType

_KINDS_PER_CUSTOMER = {"tier_since_on": "time", "tier_below_since_on": "time"}
_COLUMNS = TOUCHPOINTS + tuple(
    Column(name, _KINDS_PER_CUSTOMER.get(name, "text"), "one a customer") for name in PER_CUSTOMER
)
_NONE: Mapping[str, str] = {}
_NUMPY_OF: dict[str, Any] = {"b": "bool", "i": "int64", "u": "uint64", "f": "float64"}
_LARGEST_EXACT_FLOAT = 2.0**53
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_WANTED = {
    "text": "text (or whole numbers)",
    "number": "numbers",
    "time": "an ISO 8601 time such as 2025-01-31T09:30:00Z, as text or as a datetime column",
}


def clean_request(model_input: Any, attributes: Mapping[str, str] = _NONE) -> pd.DataFrame:
    """Return the touchpoints of a request as a fresh table in which every column has one readable type.

    Parameters
    ----------
    model_input : DataFrame, list of records, or dict of lists
        One row per touchpoint, with the columns of the contract and optionally one value per customer
        (``tier_before``, ``tier_since_on``, ``tier_below_since_on``, attributes). Never changed.
    attributes : mapping of str to str
        Columns in which the version's attributes of customers may come, with their kind.

    Returns
    -------
    DataFrame
        Columns in the contract's order, only those that came; index 0..n-1. Text columns are object (``str``
        or ``None``; 17, 17.0 and "17" are one customer). Numeric columns are float64, or object text when any
        text came, so that the contract rejects those rows by name. Time columns are ``datetime64[us]`` in UTC
        without zone, or object text. Cleaning a clean table changes nothing.

    Raises
    ------
    EmptyInput, MissingColumns, UnknownColumns, WrongType
        Names of columns and counts only: values of the caller's rows are never repeated.

    Examples
    --------
    Works:

    >>> row = {"customer_id": 17, "occurred_at": "2025-01-31", "kind": "purchase", "channel": "store"}
    >>> clean_request([row | {"amount": 10}]).iloc[0].to_dict()["customer_id"]
    '17'

    Refuses:

    >>> clean_request([row | {"amonut": 10}])
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.UnknownColumns: not in the contract: amonut (did you mean amount?); ...

    Empty:

    >>> clean_request([])
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.EmptyInput: no rows came; send at least one touchpoint
    """
    came = _as_columns(model_input)
    more = (Column(name, kind, "an attribute", truths=True) for name, kind in attributes.items())
    columns = {column.name: column for column in (*_COLUMNS, *more)}
    _check_names(list(came), tuple(columns))
    rows = len(next(iter(came.values())))
    if rows == 0:
        raise EmptyInput("no rows came; send at least one touchpoint", rows=0)
    read: dict[str, Callable[[pd.Series, Column], pd.Series]] = {
        "text": _text,
        "number": _number,
        "time": _time,
    }
    return pd.DataFrame(
        {name: read[column.kind](came[name], column) for name, column in columns.items() if name in came}
    )


def _as_columns(model_input: Any) -> dict[Any, pd.Series]:
    if isinstance(model_input, Mapping):
        if not model_input:
            raise EmptyInput("no rows came; send at least one touchpoint", rows=0)
        return _from_mapping(model_input)
    elif isinstance(model_input, list | tuple):
        if not len(model_input):
            raise EmptyInput("no rows came; send at least one touchpoint", rows=0)
        if not all(isinstance(record, dict) for record in model_input):
            raise WrongType(
                "a list must hold one record (a JSON object) per touchpoint", expected="list of records"
            )
        return _from_records(list(model_input))
    elif isinstance(model_input, pd.DataFrame):
        frame = model_input
    else:
        raise WrongType(
            "send a table: dataframe_split, dataframe_records, a list of records or a dict of lists",
            expected="table",
            came=type(model_input).__name__,
        )
    if frame.shape[1] == 0 and len(frame) == 0:
        raise EmptyInput("no rows came; send at least one touchpoint", rows=0)
    names = list(frame.columns)
    if len(set(names)) < len(names):
        twice = sorted({_shown(name) for name in names if names.count(name) > 1})
        raise WrongType(f"a column came twice: {', '.join(twice)}; send each column once", columns=twice)
    return {name: frame[name].reset_index(drop=True) for name in names}


def _from_records(records: list[dict[Any, Any]]) -> dict[Any, pd.Series]:
    names = dict.fromkeys(name for record in records for name in record)
    return {
        name: pd.Series([_unwrapped(record.get(name)) for record in records], dtype="object")
        for name in names
    }


def _from_mapping(columns: Mapping[Any, Any]) -> dict[Any, pd.Series]:
    columns = {name: _unwrapped(cells) for name, cells in columns.items()}
    listed = [cells for cells in columns.values() if isinstance(cells, _SEQUENCES)]
    if not listed:
        if any(isinstance(cells, Mapping) for cells in columns.values()):
            raise WrongType("a dict must hold one list of cells per column", expected="dict of lists")
        return _from_records([columns])
    if len(listed) < len(columns) or len(set(map(len, listed))) > 1:
        raise WrongType(
            "a dict must hold lists of equal length, one per column", expected="dict of equal lists"
        )
    return {name: _cells(cells) for name, cells in columns.items()}


def _unwrapped(cells: Any) -> Any:
    """Take a lone cell out of the array that MLflow puts around every value under ``inputs``."""
    return cells.item() if isinstance(cells, np.ndarray) and cells.ndim == 0 else cells


_SEQUENCES = (list, tuple, np.ndarray, pd.Series)


def _cells(cells: Any) -> pd.Series:
    """Return one column's cells, never letting numpy turn nested lists into a table."""
    if isinstance(cells, pd.Series):
        return cells.reset_index(drop=True)
    if isinstance(cells, np.ndarray) and cells.ndim == 1:
        return pd.Series(cells, dtype="object" if cells.dtype.kind in "OU" else None)
    nested = [_Boxed(cell) if isinstance(cell, _SEQUENCES) else cell for cell in cells]
    return pd.Series(nested, dtype=object)


class _Boxed:
    """A nested cell, kept whole until its column is refused."""

    def __init__(self, cell: Any) -> None:
        self.cell = cell


def _check_names(names: list[Any], allowed: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in names]
    unknown = [name for name in names if name not in allowed]
    if unknown:
        closest = {_shown(name): difflib.get_close_matches(str(name), allowed, n=1) for name in unknown[:10]}
        said = [f"{name} (did you mean {near[0]}?)" if near else name for name, near in closest.items()]
        raise UnknownColumns(
            f"not in the contract: {', '.join(said)}; there is: {', '.join(allowed)}",
            unknown=list(closest),
            unknown_count=len(unknown),
            closest={name: near[0] for name, near in closest.items() if near},
            missing=missing,
        )
    if missing:
        raise MissingColumns(
            f"required columns did not come: {', '.join(missing)}; required are {', '.join(REQUIRED)}",
            missing=missing,
            required=list(REQUIRED),
        )


def _shown(name: Any) -> str:
    """Return a column's name if it looks like one: anything else may be a row that slipped into it."""
    return (
        name
        if isinstance(name, str) and _IDENTIFIER.fullmatch(name)
        else "(a name that is not an identifier)"
    )


def _refused(column: Column, came: str, **details: Any) -> WrongType:
    wanted = _WANTED[column.kind]
    return WrongType(
        f"column {column.name} holds {came}; send {wanted}", column=column.name, came=came, **details
    )


def _plain(cells: pd.Series, column: Column) -> pd.Series:
    """Return a column as numpy's bool, int, float or datetime64, or as object."""
    kind = cells.dtype
    if isinstance(kind, pd.CategoricalDtype):
        choices = _plain(pd.Series(kind.categories), column).astype(object).to_numpy()
        codes = cells.cat.codes.to_numpy()
        picked = np.full(len(codes), None, dtype=object)
        picked[codes >= 0] = choices[codes[codes >= 0]]
        return pd.Series(picked, index=cells.index, dtype=object).infer_objects()
    if isinstance(kind, pd.PeriodDtype | pd.IntervalDtype | pd.SparseDtype) or kind.kind in "mc":
        raise _refused(column, "a type without a plain reading")
    if kind.kind == "M":
        if getattr(cells.dt, "tz", None) is not None:
            cells = cells.dt.tz_convert("UTC").dt.tz_localize(None)
        try:
            return cells.astype("datetime64[us]")
        except (pd.errors.OutOfBoundsDatetime, OverflowError, ValueError):
            raise _refused(column, "times out of range") from None
    if isinstance(kind, np.dtype) and kind.kind in "biuf":
        return cells
    if kind.kind in "biuf":
        absent = cells.isna().to_numpy()
        plain = cells.to_numpy(dtype=_NUMPY_OF[kind.kind], na_value=0)
        if not absent.any():
            return pd.Series(plain)
        held = plain.astype(object)
        held[absent] = None
        return pd.Series(held, dtype=object)
    return pd.Series(cells.to_numpy(dtype=object, copy=True), dtype=object)


def _by_type(cells: pd.Series, column: Column) -> tuple[np.ndarray, np.ndarray, dict[type, np.ndarray]]:
    """Split object cells by their Python type: the cells, which are absent, and where each type stands."""
    values = cells.to_numpy(dtype=object, copy=True)
    absent = np.asarray(pd.isna(cells))
    values[absent] = None
    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        return values, absent, {str: ~absent}
    types = [*map(type, values[~absent].tolist())]
    numbers = {kind: number for number, kind in enumerate(dict.fromkeys(types))}
    places = np.full(len(values), -1)
    places[~absent] = (
        np.fromiter(map(numbers.__getitem__, types), "int64", len(types)) if len(numbers) > 1 else 0
    )
    kinds = {kind: places == number for kind, number in numbers.items()}
    for kind, where in kinds.items():
        if not issubclass(kind, str | Real | Decimal | np.bool_ | dt.date | np.datetime64):
            raise _refused(column, "nested or binary cells", cells=int(where.sum()))
    return values, absent, kinds


def _check_text(values: np.ndarray, column: Column) -> None:
    """Refuse characters that no database accepts: NUL, and halves of a surrogate pair."""
    joined = "".join([text for text in values.tolist() if text is not None])
    if joined.isascii():
        faulty = "\0" in joined
    else:
        try:
            faulty = b"\0" in joined.encode("utf-8")
        except UnicodeEncodeError:
            faulty = True
    if faulty:
        raise _refused(column, "NUL characters or broken Unicode")


def _whole_text(numbers: pd.Series, column: Column) -> np.ndarray:
    """Write numbers as text: 17.0 as "17"; refuse what has already lost digits."""
    if numbers.dtype.kind in "iu":
        return numbers.astype(str).to_numpy(dtype=object)
    floats = numbers.to_numpy(dtype="float64")
    present = ~np.isnan(floats)
    if (np.abs(floats[present]) >= _LARGEST_EXACT_FLOAT).any():
        raise _refused(column, "numbers too large to be exact")
    whole = present & (np.floor(floats) == floats)
    written = np.full(len(floats), None, dtype=object)
    written[whole] = floats[whole].astype("int64").astype(str)
    rest = present & ~whole
    written[rest] = [repr(number) for number in floats[rest].tolist()]
    return written


def _text(cells: pd.Series, column: Column) -> pd.Series:
    plain = _plain(cells, column)
    if plain.dtype.kind == "M" and not plain.isna().all():
        raise _refused(column, "times")
    if plain.dtype.kind == "M":
        plain = pd.Series([None] * len(plain), dtype=object)
    if plain.dtype.kind == "b":
        plain = plain.astype(object)
    if plain.dtype.kind in "iuf":
        return pd.Series(_whole_text(plain, column), dtype=object)
    values, _, kinds = _by_type(plain, column)
    for kind, where in kinds.items():
        if issubclass(kind, bool | np.bool_):
            if not column.truths:
                raise _refused(column, "true and false", cells=int(where.sum()))
            values[where] = np.where(values[where].astype(bool), "true", "false")
        elif issubclass(kind, Integral):
            values[where] = [str(int(number)) for number in values[where]]
        elif issubclass(kind, Decimal):
            values[where] = [_written(number) for number in values[where]]
        elif issubclass(kind, Real):
            values[where] = _whole_text(pd.Series(values[where].astype("float64")), column)
        elif issubclass(kind, str):
            values[where] = [str(text) for text in values[where]] if kind is not str else values[where]
        else:
            raise _refused(column, "times", cells=int(where.sum()))
    _check_text(values, column)
    return pd.Series(values, dtype=object)


def _written(number: Decimal) -> str:
    if not number.is_finite():
        return str(number)
    return str(int(number)) if number == number.to_integral_value() else str(number)


def _number(cells: pd.Series, column: Column) -> pd.Series:
    plain = _plain(cells, column)
    if plain.dtype.kind in "iuf":
        return plain.astype("float64")
    if plain.dtype.kind == "M":
        if plain.isna().all():
            return pd.Series(np.full(len(plain), np.nan))
        raise _refused(column, "times")
    values, absent, kinds = _by_type(plain.astype(object), column)
    for kind, where in kinds.items():
        if issubclass(kind, bool | np.bool_):
            raise _refused(column, "true and false", cells=int(where.sum()))
        if issubclass(kind, dt.date | np.datetime64):
            raise _refused(column, "times", cells=int(where.sum()))
    if not any(issubclass(kind, str) for kind in kinds):
        numbers = np.full(len(values), np.nan)
        try:
            numbers[~absent] = values[~absent].astype("float64")
        except (OverflowError, ValueError):
            raise _refused(column, "numbers out of range") from None
        return pd.Series(numbers)
    for where in kinds.values():
        values[where] = [str(cell) for cell in values[where]]
    _check_text(values, column)
    return pd.Series(values, dtype=object)


def _time(cells: pd.Series, column: Column) -> pd.Series:
    plain = _plain(cells, column)
    if plain.dtype.kind == "M":
        return plain
    if plain.dtype.kind in "biuf":
        if plain.dtype.kind == "f" and plain.isna().all():
            return pd.Series([None] * len(plain), dtype=object)
        raise _refused(column, "bare numbers", expected="ISO 8601")
    values, absent, kinds = _by_type(plain, column)
    moments = [kind for kind in kinds if issubclass(kind, dt.date | np.datetime64)]
    if any(issubclass(kind, Real | Decimal | np.bool_) for kind in kinds):
        raise _refused(column, "bare numbers", expected="ISO 8601")
    read = np.full(len(values), np.datetime64("NaT"), dtype="datetime64[us]")
    for kind in moments:
        try:
            utc = pd.to_datetime(pd.Series(values[kinds[kind]], dtype=object), utc=True)
            read[kinds[kind]] = utc.dt.tz_localize(None).astype("datetime64[us]").to_numpy()
        except (pd.errors.OutOfBoundsDatetime, OverflowError, ValueError, TypeError):
            raise _refused(column, "times out of range") from None
    if moments and len(moments) == len(kinds):
        return pd.Series(read)
    for kind in moments:
        values[kinds[kind]] = np.datetime_as_string(read[kinds[kind]])
    values[absent] = None
    _check_text(values, column)
    return pd.Series(values, dtype=object)
