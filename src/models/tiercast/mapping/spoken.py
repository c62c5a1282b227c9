"""What may follow the ``?`` of a source: options, such as ``?map=orders.toml`` which works for every source."""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from tiercast.errors import SourceError

TAIL = re.compile(r"\?([a-z_]+=[^&?]*(?:&[a-z_]+=[^&?]*)*)$", re.DOTALL)
EVERYWHERE = {
    "map": "a column map, a TOML file",
    "currency": "of every amount, ISO 4217",
    "zone": "IANA zone of weekdays and hours",
    "duplicates": "keep or drop exact repeats of a row",
    "peaks": "days of the year that matter, with commas between",
    "episode_gap_days": "days of silence that end an episode",
}


def split_options(where: str) -> tuple[str, dict[str, str]]:
    """Return what stands before the ``?``, and the options after it; ``%26`` writes an ``&`` inside one.

    A ``?`` without a ``name=`` after it is part of a pattern, as in ``parquet:part-?.parquet``.

    Examples
    --------
    >>> split_options("orders.csv?delimiter=;&encoding=latin-1")
    ('orders.csv', {'delimiter': ';', 'encoding': 'latin-1'})
    >>> split_options("part-?.csv")
    ('part-?.csv', {})
    """
    found = TAIL.search(where)
    if not found:
        return where, {}
    return where[: found.start()], _told(where, found[1].split("&"))


def take_options(where: str) -> tuple[str, dict[str, str], str]:
    """Return a source without the options that work everywhere, these options, and how they were written.

    Examples
    --------
    >>> take_options("csv:orders.csv?delimiter=;&map=orders.toml")
    ('csv:orders.csv?delimiter=;', {'map': 'orders.toml'}, '&map=orders.toml')
    >>> take_options("postgres:postgresql://db/shop?sslmode=require#orders?map=orders.toml")
    ('postgres:postgresql://db/shop?sslmode=require#orders', {'map': 'orders.toml'}, '?map=orders.toml')
    """
    found = TAIL.search(where)
    if not found:
        return where, {}, ""
    pairs = found[1].split("&")
    ours = [pair for pair in pairs if pair.split("=", 1)[0] in EVERYWHERE]
    rest = [pair for pair in pairs if pair not in ours]
    before = where[: found.start()] + ("?" + "&".join(rest) if rest else "")
    written = ("&" if rest else "?") + "&".join(ours) if ours else ""
    return before, _told(where, ours), written


def _told(where: str, pairs: Sequence[str]) -> dict[str, str]:
    """Return options by name; of two that contradict each other none is taken silently."""
    told: dict[str, str] = {}
    for name, value in (pair.split("=", 1) for pair in pairs):
        if name in told:
            raise SourceError(source=where, problem=f"{name} is given twice", fix="give it once")
        told[name] = unquote(value)
    return told


def with_map(source: str, map: str | Path | None) -> str:  # noqa: A002
    """Return a source that says its column map itself.

    Examples
    --------
    >>> with_map("csv:orders.csv?delimiter=;", "maps/orders.toml")
    'csv:orders.csv?delimiter=;&map=maps/orders.toml'
    >>> with_map("parquet:orders.parquet", None)
    'parquet:orders.parquet'
    >>> with_map("csv:orders.csv?map=a.toml", "b.toml")
    Traceback (most recent call last):
    tiercast.errors.SourceError: cannot read csv:orders.csv?map=a.toml: two maps are given for it; give one
    """
    if not map:
        return source
    _, told, _ = take_options(source)
    if told.get("map") == str(map):
        return source
    if "map" in told:
        raise SourceError(source=source, problem="two maps are given for it", fix="give one")
    mark = "&" if TAIL.search(source) else "?"
    spelled = str(map).replace("%", "%25").replace("&", "%26").replace("?", "%3F")
    return f"{source}{mark}map={spelled}"
