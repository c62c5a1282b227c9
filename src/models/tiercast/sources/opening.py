"""Opening: ``parquet:FILE``, ``csv:FILE``, ``complete_journey:`` or a frame in memory become a readable history."""

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pandas as pd

from tiercast.collect import choose, collect
from tiercast.errors import SourceError
from tiercast.schema import History
from tiercast.sources.source import Source


def open_source(
    source: str | pd.DataFrame | History,
    *,
    currency: str | None = None,
    zone: str | None = None,
    extensions: tuple[str, ...] = (),
) -> History:
    """Return the history that ``source`` names.

    Parameters
    ----------
    source : str, pandas.DataFrame or History
        ``SCHEME:WHERE``, or a bare path that ends in ``.parquet`` or ``.csv``, or touchpoints in memory.
    currency, zone : str, optional
        Override what the source says about itself.
    extensions : tuple of str
        Modules of yours that hold further :class:`Source` objects.

    Raises
    ------
    UnknownName
        No source has that scheme; the message lists those there are.
    SourceError
        It cannot be read.

    Examples
    --------
    >>> open_source("nowhere:x")
    Traceback (most recent call last):
    ...
    tiercast.errors.UnknownName: ...
    """
    if isinstance(source, pd.DataFrame):
        found = History("a frame in memory", frame=source)
    elif isinstance(source, History):
        found = source
    else:
        scheme, colon, where = source.partition(":")
        if not colon:
            suffix = source.rsplit(".", 1)[-1].lower()
            scheme, where = (suffix, source) if suffix in {"csv", "parquet"} else ("parquet", source)
        found = choose(collect("tiercast.sources", Source, extensions), scheme, what="source").open(where)
    return _checked(replace(found, currency=currency or found.currency, zone=zone or found.zone))


def _checked(history: History) -> History:
    """Refuse a currency or a zone that no row could ever match, before anything is read."""
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
    return replace(history, currency=code)
