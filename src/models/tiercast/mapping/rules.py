"""The rules of a column map: from what the file says of one contract column to the declaration that does it."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from tiercast.mapping.arithmetic import DECIMALS, MONEY, Number
from tiercast.mapping.columnmap import Rule
from tiercast.mapping.fault import meant
from tiercast.mapping.times import MICROSECONDS, Time, problem_of
from tiercast.mapping.words import KEEP, Constant, First, Joined, Words
from tiercast.serving.contract import KIND_OF
from tiercast.serving.reading import NUMBER_PATTERN, TIME_PATTERN

WORD_KEYS = ("column", "empty", "values", "prefixes", "patterns", "negative", "otherwise")
NUMBER_KEYS = ("column", "sum", "product", "minus", "scale", "absolute")
TIME_KEYS = ("column", "format", "zone", "unit")
ALL_KEYS = {
    "text": ("value", *WORD_KEYS, "join", "between", "first"),
    "number": ("value", *NUMBER_KEYS, *WORD_KEYS[1:]),
    "time": ("value", *TIME_KEYS),
}


class BadRule(ValueError):
    """Something in a map that no map can say; ``there_is`` lists what can be said instead."""

    def __init__(self, problem: str, there_is: Iterable[str] = ()) -> None:
        super().__init__(problem)
        self.there_is = tuple(there_is)


def rule_of(name: str, told: object) -> Rule:
    """Return the rule for the contract column ``name``.

    Raises
    ------
    BadRule

    Examples
    --------
    >>> rule_of("amount", {"product": ["Quantity", "UnitPrice"], "absolute": True})
    Number(plus=(), times=('Quantity', 'UnitPrice'), minus=(), scale=None, absolute=True, money=True)
    >>> rule_of("kind", {"colum": "event"})
    Traceback (most recent call last):
    ...
    tiercast.mapping.rules.BadRule: kind has an unknown key 'colum' (did you mean column?)
    """
    kind = KIND_OF[name]
    if isinstance(told, str):
        told = {"column": told}
    if not isinstance(told, Mapping):
        raise BadRule(f'{name} is the name of a column in quotes, or a table such as {{value = "web"}}')
    known = ALL_KEYS[kind]
    for key in told:
        if key not in known:
            raise BadRule(f"{name} has an unknown key {key!r}{meant(key, known)}", known)
    if "value" in told:
        return _constant(name, told)
    if kind == "time":
        return _time(name, told)
    if kind == "number" and not set(told) & set(WORD_KEYS[1:]):
        return _number(name, told)
    return _words(name, told)


def word(value: object) -> str:
    """Return a word of a map as text: a text, a whole number or true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int):
        raise BadRule(f"a text is expected, and {value!r} came; put it in quotes")
    return str(value)


def zone_of(zone: object) -> str:
    """Return the name of an IANA zone that exists, or nothing for nothing.

    Raises
    ------
    BadRule

    Examples
    --------
    >>> zone_of("Mars/Olympus")
    Traceback (most recent call last):
    ...
    tiercast.mapping.rules.BadRule: zone is 'Mars/Olympus', which is no IANA time zone; say one such as Europe/Berlin
    """
    if zone:
        try:
            ZoneInfo(str(zone))
        except (OSError, ValueError, KeyError):
            raise BadRule(
                f"zone is {zone!r}, which is no IANA time zone; say one such as Europe/Berlin"
            ) from None
    return str(zone)


def patterns_of(patterns: Mapping[str, str]) -> dict[str, str]:
    """Return patterns that mean the same on every engine, or refuse them.

    Raises
    ------
    BadRule

    Examples
    --------
    >>> patterns_of({"[0-9]{5}.*": "merchandise"})
    {'[0-9]{5}.*': 'merchandise'}
    >>> patterns_of({"(?=a)b": "x"})
    Traceback (most recent call last):
    ...
    tiercast.mapping.rules.BadRule: pattern '(?=a)b': engines disagree on it; use letters, . [ ] ( ) | * + ? { } only
    """
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise BadRule(f"pattern {pattern!r}: {error}") from None
        # what is left out is spelled or meant differently by RE2 and by Java: \\w, lookaround, POSIX classes, &&
        if re.search(
            r"\\[A-Za-z0-9]|\(\?|\[\[|\[:|&&|\[\^?\]|[*+?}]\+|[\^$](?!\])", re.sub(r"\[\^", "[", pattern)
        ):
            raise BadRule(
                f"pattern {pattern!r}: engines disagree on it; use letters, . [ ] ( ) | * + ? {{ }} only"
            )
    return dict(patterns)


def _constant(name: str, told: Mapping[str, Any]) -> Constant:
    if len(told) > 1:
        raise BadRule(f"{name} has a value, so nothing else can be said of it")
    value = told["value"]
    text = str(value) if isinstance(value, float) else word(value)
    pattern = {"number": NUMBER_PATTERN, "time": TIME_PATTERN}.get(KIND_OF[name], "(?s)^.+$")
    if not re.fullmatch(pattern, text):
        raise BadRule(f"{name} is always {text!r}, which is no {KIND_OF[name]}")
    return Constant(text)


def _column(name: str, told: Mapping[str, Any], key: str = "column") -> str:
    column = told.get(key)
    if not isinstance(column, str) or not column:
        raise BadRule(f"{name} needs a {key}: the name of a column of the table, in quotes")
    return column


def _columns(name: str, told: Mapping[str, Any], key: str, *, least: int = 1) -> tuple[str, ...]:
    if key not in told:
        return ()
    columns = told[key]
    if (
        not isinstance(columns, list)
        or len(columns) < least
        or not all(isinstance(each, str) for each in columns)
    ):
        raise BadRule(f"{name}: {key} is a list of {least} or more columns of the table")
    return tuple(columns)


def _words(name: str, told: Mapping[str, Any]) -> Words | Joined | First:
    forms = [key for key in ("column", "join", "first") if key in told]
    if len(forms) != 1:
        raise BadRule(f"{name} needs one of: value, column, join, first")
    if forms[0] != "column":
        if len(told) > 1 + ("between" in told and forms[0] == "join"):
            raise BadRule(f"{name}: {forms[0]} stands alone")
        columns = _columns(name, told, forms[0], least=2)
        return First(columns) if forms[0] == "first" else Joined(columns, word(told.get("between", "-")))
    maps: dict[str, dict[str, str]] = {}
    for key in ("values", "prefixes", "patterns"):
        given = told.get(key, {})
        if not isinstance(given, Mapping):
            raise BadRule(f'{name}: {key} is a table such as {{buy = "purchase"}}')
        maps[key] = {each: word(meaning) for each, meaning in given.items()}
        if "" in maps[key]:
            raise BadRule(f"{name}: {key} has an empty key; what empty cells mean is said by: empty")
    given = told.get("otherwise", None if any(maps.values()) or "negative" in told else KEEP)
    if isinstance(given, Mapping):
        for key in given:
            if key not in WORD_KEYS:
                raise BadRule(
                    f"{name}: otherwise has an unknown key {key!r}{meant(key, WORD_KEYS)}", WORD_KEYS
                )
        otherwise: Any = _words(f"{name}: otherwise", given)
    else:
        otherwise = None if given is None else word(given)
    return Words(
        _column(name, told),
        empty=word(told["empty"]) if "empty" in told else None,
        values=maps["values"],
        prefixes=maps["prefixes"],
        patterns=patterns_of(maps["patterns"]),
        negative=word(told["negative"]) if "negative" in told else None,
        otherwise=otherwise,
    )


def _number(name: str, told: Mapping[str, Any]) -> Number:
    absolute = told.get("absolute", False)
    if not isinstance(absolute, bool):
        raise BadRule(f"{name}: absolute is true or false")
    plus = (_column(name, told),) if "column" in told else _columns(name, told, "sum")
    times = _columns(name, told, "product", least=2)
    if not (plus or times) or ("column" in told and "sum" in told):
        raise BadRule(f"{name} needs a column, a sum or a product")
    return Number(plus, times, _columns(name, told, "minus"), _scale(name, told), absolute, name in MONEY)


def _scale(name: str, told: Mapping[str, Any]) -> Decimal | None:
    if "scale" not in told:
        return None
    try:
        scale = Decimal(str(told["scale"]))
    except InvalidOperation:
        scale = Decimal("NaN")
    fits = scale.is_finite() and 0 < abs(scale) < 1_000_000 and scale == round(scale, DECIMALS)
    if not fits or isinstance(told["scale"], bool):
        raise BadRule(f"{name}: scale is a number with up to {DECIMALS} decimals, such as 0.01 for cents")
    return scale


def _time(name: str, told: Mapping[str, Any]) -> Time:
    column = _column(name, told)
    given = {key: told.get(key, "") for key in ("format", "zone", "unit")}
    for key, value in given.items():
        if not isinstance(value, str):
            raise BadRule(f"{name}: {key} is text in quotes")
    if given["unit"] and given["unit"] not in MICROSECONDS:
        raise BadRule(f"{name}: unit is {given['unit']!r}", MICROSECONDS)
    if given["unit"] and (given["format"] or given["zone"]):
        raise BadRule(f"{name}: what is counted since 1970 has no format and is in UTC: say unit alone")
    problem = problem_of(given["format"]) if given["format"] else ""
    if problem:
        raise BadRule(f"{name}: format {given['format']!r}: {problem}")
    return Time(column, given["format"], zone_of(given["zone"]), given["unit"])
