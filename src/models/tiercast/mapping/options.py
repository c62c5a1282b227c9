"""How text is read: the delimiter, encoding and quote of a CSV file, and the marks inside its numbers."""

import codecs
import re
from collections.abc import Mapping

MEANINGS = {
    "delimiter": "the mark between columns, or: tab",
    "encoding": "utf-8, latin-1, gb18030, utf-16, …",
    "quote": "the mark around text that holds delimiters, or: none",
    "decimal": "the mark before the fraction of a number: . or ,",
    "thousands": "the mark between the thousands of a number: , . ' _ or: space",
    "symbol": "what stands beside numbers, as in $ or EUR",
}
NAMED = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";"}
GROUPS = (",", ".", "'", "’", "_", " ", "\u00a0", "\u202f")


def checked(options: Mapping[str, str]) -> dict[str, str]:
    r"""Return options with their marks written out, or say what is wrong with them.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> checked({"delimiter": "tab", "decimal": ",", "encoding": "Latin-1"})
    {'delimiter': '\t', 'decimal': ',', 'encoding': 'iso8859-1'}
    >>> checked({"encoding": "klingon"})
    Traceback (most recent call last):
    ...
    ValueError: encoding is 'klingon', which is none that Python knows; say one such as utf-8, latin-1 or gb18030
    """
    told: dict[str, str] = {}
    for key, value in options.items():
        mark = NAMED.get(value, value)
        if key == "encoding":
            told[key] = _encoding(value)
        elif key == "quote":
            told[key] = "" if value in ("none", "") else _one(key, mark)
        elif key == "delimiter":
            told[key] = _one(key, mark)
        elif key == "symbol":
            if not re.fullmatch(r"[^\d\s.,'+-]{1,4}", value):
                raise ValueError(f"symbol is {value!r}; {MEANINGS[key]} is expected")
            told[key] = value
        elif key in {"decimal", "thousands"}:
            allowed = (".", ",") if key == "decimal" else GROUPS
            if mark not in allowed:
                raise ValueError(f"{key} is {value!r}; there is: {MEANINGS[key]}")
            told[key] = mark
        else:
            raise ValueError(f"unknown option {key!r}; there is: {', '.join(MEANINGS)}")
    if told.get("thousands") == told.get("decimal", "."):
        raise ValueError(f"decimal and thousands are both {told['thousands']!r}; they must differ")
    if told.get("delimiter") and told.get("delimiter") == told.get("quote", '"'):
        raise ValueError("delimiter and quote are the same mark; they must differ")
    return told


def _one(key: str, mark: str) -> str:
    if len(mark) != 1 or mark in "\r\n\\\0":
        raise ValueError(f"{key} is {mark!r}; one mark is expected: {MEANINGS[key]}")
    return mark


def _encoding(name: str) -> str:
    try:
        found = codecs.lookup(name)
        "".encode(found.name)  # some of Python's codecs are no text encodings
    except (LookupError, ValueError):
        problem = f"encoding is {name!r}, which is none that Python knows"
        raise ValueError(f"{problem}; say one such as utf-8, latin-1 or gb18030") from None
    return found.name
