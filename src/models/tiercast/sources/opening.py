"""Opening: ``parquet:FILE``, ``csv:FILE``, ``complete_journey:`` or a frame in memory become a readable history."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from tiercast.collect import choose, collect
from tiercast.errors import SourceError
from tiercast.mapping.columnmap import ColumnMap
from tiercast.mapping.reading import read_map
from tiercast.mapping.spoken import take_options
from tiercast.market import episode_gap_of, minor_per_major_of, peaks_of
from tiercast.schema import History
from tiercast.sources.source import Source

BARE = re.compile(r"(.*[.](?:csv|csv[.]gz|parquet|duckdb))(?:[#?].*)?", re.DOTALL | re.IGNORECASE)


def open_source(
    source: str | pd.DataFrame | History,
    *,
    map: str | Path | ColumnMap | None = None,  # noqa: A002
    currency: str | None = None,
    zone: str | None = None,
    sides: Mapping[str, Any] | None = None,
    extensions: tuple[str, ...] = (),
) -> History:
    """Return the history that ``source`` names.

    Parameters
    ----------
    source : str, pandas.DataFrame or History
        ``SCHEME:WHERE``, or a bare path that ends in ``.parquet``, ``.csv`` or ``.csv.gz``, or touchpoints in memory.
        ``?map=FILE``, ``currency``, ``zone``, ``duplicates``, ``peaks`` and ``episode_gap_days`` may follow any of them.
    map : path or ColumnMap, optional
        What each column means, where the table does not carry the contract's names.
    currency, zone : str, optional
        Override what the source and the map say.
    sides : mapping of name to source, optional
        Side tables, as :func:`~tiercast.sources.siding.read_sides` takes them; they stand beside what the source brings.
    extensions : tuple of str
        Modules of yours that hold further :class:`Source` objects.

    Raises
    ------
    UnknownName
        No source has that scheme, or no side table that name; the message lists those there are.
    SourceError
        It cannot be read.
    MapError
        The map cannot be used.

    Examples
    --------
    >>> open_source("nowhere:x")
    Traceback (most recent call last):
    ...
    tiercast.errors.UnknownName: ...
    """
    told: dict[str, str] = {}
    if isinstance(source, pd.DataFrame):
        found = History("a frame in memory", frame=source)
    elif isinstance(source, History):
        found = source
    else:
        where, told, written = take_options(source)
        scheme, where = _scheme(where)
        found = choose(collect("tiercast.sources", Source, extensions), scheme, what="source").open(where)
        found = replace(found, name=found.name + written)
    mapping = _mapping(found, map or told.get("map"), told.get("duplicates", ""))
    opened_before = (
        isinstance(source, History) and mapping is source.mapping
    )  # and may have been overridden then
    money = currency or told.get("currency")
    if mapping is not None and not opened_before:
        money = money or mapping.currency
        found = replace(
            found,
            mapping=mapping,
            zone=mapping.zone or found.zone,
            peaks=mapping.peaks or found.peaks,
            episode_gap_days=mapping.episode_gap_days or found.episode_gap_days,
        )
    checked = _checked(
        replace(
            found,
            currency=money or found.currency,
            minor_per_major=_minor_units(found, money or found.currency),
            zone=zone or told.get("zone") or found.zone,
        ),
        peaks=told.get("peaks", found.peaks),
        episode_gap_days=told.get("episode_gap_days", found.episode_gap_days),
    )
    return _with_sides(checked, sides, extensions) if sides else checked


def _minor_units(found: History, currency: str) -> int:
    """Return the minor units that a map or the source said, else those of the currency."""
    said = found.mapping.minor_per_major if found.mapping is not None else 0
    if not said and found.minor_per_major != minor_per_major_of(found.currency):
        said = found.minor_per_major
    return said or minor_per_major_of(currency)


def _with_sides(history: History, sides: Mapping[str, Any], extensions: tuple[str, ...]) -> History:
    from tiercast.sources.siding import read_sides

    return replace(history, sides={**history.sides, **read_sides(sides, extensions=extensions)})


def _scheme(source: str) -> tuple[str, str]:
    scheme, colon, where = source.partition(":")
    bare = BARE.fullmatch(source)
    if bare and not (colon and re.fullmatch("[a-z][a-z0-9_]*", scheme)):
        ending = bare[1].lower().removesuffix(".gz").rsplit(".", 1)[-1]
        return ending, source
    return (scheme, where) if colon else ("parquet", source)


def _mapping(
    found: History,
    map: str | Path | ColumnMap | None,  # noqa: A002
    duplicates: str,
) -> ColumnMap | None:
    mapping = found.mapping
    if map is not None:
        if mapping is not None and mapping is not map:
            raise SourceError(
                source=found.name,
                problem="it brings a column map of its own",
                fix="read its file with parquet: or csv: to use yours",
            )
        mapping = map if isinstance(map, ColumnMap) else read_map(map)
    if duplicates:
        if duplicates not in ("keep", "drop"):
            raise SourceError(source=found.name, problem="duplicates is neither keep nor drop")
        mapping = replace(mapping or ColumnMap(), duplicates=duplicates)
    return mapping


def _checked(history: History, *, peaks: object, episode_gap_days: object) -> History:
    """Refuse, before anything is read, a currency or a zone that no row could ever match, and terms of no market."""
    code = history.currency.upper()
    if not re.fullmatch("[A-Z]{3}", code):
        raise SourceError(
            source=history.name, problem="its currency is no ISO 4217 code", fix="give one such as EUR"
        )
    try:
        ZoneInfo(history.zone)
    except (OSError, ValueError, KeyError):
        raise SourceError(
            source=history.name, problem="its zone is no IANA time zone", fix="give one such as Europe/Berlin"
        ) from None
    try:
        return replace(
            history, currency=code, peaks=peaks_of(peaks), episode_gap_days=episode_gap_of(episode_gap_days)
        )
    except ValueError as error:
        raise SourceError(source=history.name, problem=str(error)) from None
