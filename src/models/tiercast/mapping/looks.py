"""Looks: what the values of a column show, whatever its name: times, numbers, a few words, an identifier."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from tiercast.mapping.cells import number_pattern
from tiercast.serving.reading import TIME_PATTERN

NEARLY_ALL = 0.99
FEW = 60
TRIED = 2_000
DAYS = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d", "%d/%m/%y", "%m/%d/%y",
    "%d.%m.%y", "%Y.%m.%d", "%Y年%m月%d日", "%d %b %Y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y",
)  # fmt: skip
HOURS = (
    "", " %H:%M:%S", " %H:%M", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S.%f", " %H:%M:%S %z", "T%H:%M:%S", "T%H:%M:%S%z",
    ", %H:%M", ", %H:%M:%S",
)  # fmt: skip
FORMATS = tuple(day + hour for day, hour in product(DAYS, HOURS))
SINCE_1970 = {"seconds": 1e0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
SYMBOLS = ("$", "€", "£", "¥", "R$", "EUR", "USD", "CHF", "GBP", "CNY", "元", "kr", "zł")
MARKS = ((".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", " "), (".", "'"), (",", "\u00a0"))


@dataclass(frozen=True)
class WhenLook:
    """How a column tells time: what a map says of it, whether hours are told, whether day and month are certain."""

    told: dict[str, str] = field(default_factory=dict)
    clock: bool = True
    certain: bool = True


@dataclass(frozen=True)
class Look:
    """One column of a sample.

    Parameters
    ----------
    name : str
    held : str
        text, integer, float, bool, date, time, time_zoned or other.
    rows, filled, distinct : int
        Rows of the sample, rows with a value, different values.
    values : dict of str to int
        Each value with its rows, most frequent first; empty when there are many.
    when : WhenLook or None
        None when it holds no times.
    numbers : numpy.ndarray or None
        Each row as a number, NaN where empty; None when it holds other things.
    marks : dict of str to str
        ``decimal``, ``thousands`` and ``symbol``, where numbers are text.
    """

    name: str
    held: str
    rows: int
    filled: int
    distinct: int
    values: dict[str, int] = field(default_factory=dict)
    when: WhenLook | None = None
    numbers: Any = None
    marks: dict[str, str] = field(default_factory=dict)

    @property
    def unique(self) -> bool:
        """Whether every row holds another value."""
        return self.rows > 1 and self.distinct == self.rows

    def share(self, condition: Any) -> float:
        """Return the share of the numbers there are for which a condition holds, as in ``numbers < 0``."""
        known = self.numbers is not None and ~np.isnan(self.numbers)
        return float(np.asarray(condition)[known].mean()) if np.any(known) else 0.0


def looks_of(sample: pd.DataFrame, held: Mapping[str, str]) -> dict[str, Look]:
    """Return the look of each column.

    Examples
    --------
    >>> rows = pd.DataFrame({"at": ["13/1/2024 08:00", "2/2/2024 09:30"], "paid": ["1.234,50", "7,00"], "what": "buy"})
    >>> seen = looks_of(rows, dict.fromkeys(rows, "text"))
    >>> seen["at"].when.told, seen["paid"].marks, seen["what"].values
    ({'format': '%d/%m/%Y %H:%M'}, {'decimal': ',', 'thousands': '.', 'symbol': ''}, {'buy': 2})
    """
    return {str(name): _look(str(name), sample[name], held[str(name)]) for name in sample.columns}


def _look(name: str, cells: pd.Series, held: str) -> Look:
    if held == "other":
        return Look(name, held, len(cells), int(cells.notna().sum()), 0)
    text = cells.dropna().astype(str).str.strip()
    if held == "float":
        text = text.str.removesuffix(".0")
    text = text[text != ""]
    counted = text.value_counts()
    values = {str(value): int(rows) for value, rows in counted.items()} if len(counted) <= FEW else {}
    when, numbers = None, None
    marks: dict[str, str] = {}
    if len(text) and held in {"time", "time_zoned", "date"}:
        when = WhenLook(clock=held != "date" and not text.str.contains(r"^\S+$|00:00:00").all())
    elif len(text) and held != "bool":
        when = _since_1970(text) if held != "text" else None
        when = when or _written(text)
        numbers, marks = _numbers(cells, text, held)
    return Look(name, held, len(cells), len(text), len(counted), values, when, numbers, marks)


def _since_1970(text: pd.Series) -> WhenLook | None:
    numbers = pd.to_numeric(text, errors="coerce")
    for unit, factor in SINCE_1970.items():
        if numbers.between(3e8 * factor, 4.1e9 * factor).all():  # 1979 to 2099
            return WhenLook({"unit": unit})
    return None


def _written(text: pd.Series) -> WhenLook | None:
    tried = text.drop_duplicates().head(TRIED)
    if tried.str.fullmatch(TIME_PATTERN).mean() >= NEARLY_ALL:
        return WhenLook(clock=bool(tried.str.contains(":").any()))
    if tried.str.len().max() > 40 or not tried.str.contains(r"[0-9]").all():
        return None
    few = tried.head(20)
    fitting = [form for form in FORMATS if _fits(few, form) and _fits(tried, form)]
    if tried.str.fullmatch("[0-9]{13}").all() or not fitting:
        return _since_1970(tried) if tried.str.fullmatch("[0-9]{10,19}").all() else None
    # a wrong order of day and month makes rows jump about: exports are mostly in order of time
    restless = [_restless(text.head(TRIED), form) for form in fitting]
    best = fitting[int(np.argmin(restless))]
    return WhenLook({"format": best}, clock="%H" in best or "%I" in best, certain=len(fitting) == 1)


def _fits(text: pd.Series, form: str) -> bool:
    return bool(_parsed(text, form).notna().mean() >= NEARLY_ALL)


def _parsed(text: pd.Series, form: str) -> pd.Series:
    return pd.to_datetime(text, format=form, errors="coerce", utc=True)


def _restless(text: pd.Series, form: str) -> float:
    return float(_parsed(text, form).diff().abs().dt.total_seconds().sum())


def _numbers(cells: pd.Series, text: pd.Series, held: str) -> tuple[Any, dict[str, str]]:
    if held != "text":
        return pd.to_numeric(cells, errors="coerce").to_numpy(dtype="float64", na_value=np.nan), {}
    symbol = next((each for each in SYMBOLS if text.str.contains(each, regex=False).mean() >= NEARLY_ALL), "")
    bare = text.str.replace(symbol, "", regex=False).str.strip(" ") if symbol else text
    tried = bare.drop_duplicates().head(TRIED)
    for decimal, thousands in MARKS:
        if tried.str.fullmatch(number_pattern(decimal, thousands)).mean() >= NEARLY_ALL:
            plain = bare.str.replace(thousands, "", regex=False) if thousands else bare
            numbers = pd.to_numeric(plain.str.replace(decimal, ".", regex=False), errors="coerce")
            marks = {"decimal": decimal, "thousands": thousands, "symbol": symbol}
            return numbers.reindex(cells.index).to_numpy(dtype="float64", na_value=np.nan), marks
    return None, {}
