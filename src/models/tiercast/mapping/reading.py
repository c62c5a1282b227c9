"""Reading a column map: a TOML file that is checked to the last key before any row is read."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tiercast.mapping import options
from tiercast.mapping.columnmap import ColumnMap, Exclusion
from tiercast.mapping.fault import MapError, meant
from tiercast.mapping.rules import BadRule, patterns_of, rule_of, word, zone_of
from tiercast.mapping.words import Words
from tiercast.market import episode_gap_of, peaks_of
from tiercast.serving.contract import NAMES

KEYS = (
    "columns", "currency", "zone", "minor_per_major", "peaks", "episode_gap_days", "duplicates", "ignore", "exclude",
    "decimal", "thousands", "symbol", "csv",
)  # fmt: skip
CSV_KEYS = ("delimiter", "encoding", "quote")
EXCLUDE_KEYS = ("reason", "column", "values", "prefixes", "patterns", "negative", "empty")
MINORS = (1, 10, 100, 1_000, 10_000)


def read_map(path: str | Path) -> ColumnMap:
    """Return the column map in a TOML file.

    Raises
    ------
    MapError
        The file is not there, is not TOML, or says something that no map can say; the message says what there is.
    """
    place = Path(path).expanduser()
    try:
        stored = tomllib.loads(place.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise MapError(where=path, problem="there is no such file") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        told = f"is not TOML: {error}" if isinstance(error, tomllib.TOMLDecodeError) else "cannot be read"
        raise MapError(where=path, problem=told) from None
    return map_of(stored, name=str(path))


def map_of(stored: Mapping[str, Any], *, name: str = "in memory") -> ColumnMap:
    """Return the column map that a mapping describes; see ``docs/sources.md`` for what can be said.

    Examples
    --------
    >>> map_of({"columns": {"occurred_at": "InvoiceDate", "kind": {"value": "purchase"}}}).columns["kind"]
    Constant(value='purchase', columns=())
    >>> map_of({"columns": {"ocurred_at": "InvoiceDate"}})
    Traceback (most recent call last):
    tiercast.mapping.fault.MapError: map in memory: [columns] has an unknown key 'ocurred_at' (did you mean
    occurred_at?); there is: customer_id, occurred_at, kind, ...
    >>> map_of({"columns": {"InvoiceDate": "occurred_at"}})
    Traceback (most recent call last):
    tiercast.mapping.fault.MapError: map in memory: [columns] has it the wrong way round: write occurred_at =
    "InvoiceDate"
    """
    try:
        _known(stored, KEYS, "it")
        columns = _table(stored, "columns")
        for key, value in columns.items():
            if key not in NAMES and value in NAMES:
                raise BadRule(f'[columns] has it the wrong way round: write {value} = "{key}"')
        _known(columns, NAMES, "[columns]")
        csv = _table(stored, "csv")
        _known(csv, CSV_KEYS, "[csv]")
        marks = {key: stored[key] for key in ("decimal", "thousands", "symbol") if key in stored}
        read = ColumnMap(
            name=name,
            columns={key: rule_of(key, value) for key, value in columns.items()},
            ignore=_ignored(stored),
            exclude=tuple(_exclusion(each) for each in _listed(stored, "exclude")),
            duplicates=_one_of(stored, "duplicates", ("keep", "drop")),
            currency=_currency(stored),
            zone=zone_of(stored.get("zone", "")),
            minor_per_major=_minor(stored),
            peaks=peaks_of(stored["peaks"]) if "peaks" in stored else (),
            episode_gap_days=episode_gap_of(stored["episode_gap_days"])
            if "episode_gap_days" in stored
            else 0,
            options=options.checked({key: _text(key, value) for key, value in {**csv, **marks}.items()}),
        )
    except BadRule as problem:
        raise MapError(where=name, problem=str(problem), there_is=problem.there_is) from None
    except ValueError as problem:
        raise MapError(where=name, problem=str(problem)) from None
    if read.duplicates == "drop" and "event_id" in read.columns:
        raise MapError(
            where=name, problem='duplicates = "drop" and event_id both say which rows repeat: keep one'
        )
    return read


def _known(stored: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in stored:
        if key not in keys:
            raise BadRule(f"{where} has an unknown key {key!r}{meant(key, keys)}", keys)


def _table(stored: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = stored.get(key, {})
    if not isinstance(found, Mapping):
        raise BadRule(f"{key} is a table: write [{key}] above its lines")
    return found


def _listed(stored: Mapping[str, Any], key: str) -> list[Any]:
    found = stored.get(key, [])
    if not isinstance(found, list):
        raise BadRule(f"{key} is a list" + (": write [[exclude]] above each" if key == "exclude" else ""))
    return found


def _ignored(stored: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_text("ignore", each) for each in _listed(stored, "ignore"))


def _one_of(stored: Mapping[str, Any], key: str, known: tuple[str, ...]) -> str:
    found = stored.get(key, known[0])
    if found not in known:
        raise BadRule(f"{key} is {found!r}", known)
    return str(found)


def _currency(stored: Mapping[str, Any]) -> str:
    found = stored.get("currency", "")
    if found and not re.fullmatch("[A-Za-z]{3}", str(found)):
        raise BadRule(f"currency is {found!r}, which is no ISO 4217 code; say one such as EUR")
    return str(found).upper()


def _minor(stored: Mapping[str, Any]) -> int:
    found = stored.get("minor_per_major", 0)
    if "minor_per_major" in stored and (found not in MINORS or isinstance(found, bool)):
        raise BadRule(f"minor_per_major is {found!r}", [str(each) for each in MINORS])
    return int(found)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadRule(f"{key} is text in quotes; {value!r} came")
    return value


def _exclusion(stored: object) -> Exclusion:
    if not isinstance(stored, Mapping):
        raise BadRule("exclude is a list of tables: write [[exclude]] above each")
    _known(stored, EXCLUDE_KEYS, "[[exclude]]")
    reason = _text("reason", stored.get("reason", "")).strip()
    if not reason or "column" not in stored or len(stored) < 3:
        raise BadRule(
            "[[exclude]] needs a reason, a column, and what is excluded (values, prefixes, patterns, …)"
        )
    told = {key: [word(each) for each in _listed(stored, key)] for key in ("values", "prefixes", "patterns")}
    rule = Words(
        _text("column", stored["column"]),
        values=dict.fromkeys(told["values"], reason),
        prefixes=dict.fromkeys(told["prefixes"], reason),
        patterns=patterns_of(dict.fromkeys(told["patterns"], reason)),
        negative=reason if stored.get("negative") is True else None,
        empty=reason if stored.get("empty") is True else None,
    )
    return Exclusion(reason, rule)
