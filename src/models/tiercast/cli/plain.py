"""Answers as plain JSON, and text that is safe to show on a terminal."""

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

HIDDEN = "\N{REPLACEMENT CHARACTER}"


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: dates as ISO text, what is not finite as null, frames as records.

    Examples
    --------
    >>> plain({"on": date(2017, 11, 6), "share": float("nan"), "where": Path("a/b"), 3: ("x",)})
    {'on': '2017-11-06', 'share': None, 'where': 'a/b', '3': ['x']}
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):  # a moment too
        return value.isoformat() if value == value else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return [plain(row) for row in value.to_dict("records")]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if (listed := getattr(value, "tolist", None)) is not None:  # a number or an array of numpy
        return plain(listed())
    return None if value != value else str(value)


def print_json(answer: Any) -> None:
    """Write one JSON object to standard output."""
    sys.stdout.write(json.dumps(plain(answer), ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    sys.stdout.flush()


def one_line(text: object) -> str:
    r"""Return text without line breaks and without what a terminal would obey.

    Examples
    --------
    >>> one_line("a shop\n  \x1b[31mred")
    'a shop �[31mred'
    """
    return shown(" ".join(str(text).split()))


def shown(text: object) -> str:
    r"""Return text with control characters made visible; line breaks stay.

    Examples
    --------
    >>> shown("客户 c1\x1b]0;x")
    '客户 c1�]0;x'
    """
    return "".join(letter if letter.isprintable() or letter == "\n" else HIDDEN for letter in str(text))
