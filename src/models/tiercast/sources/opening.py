"""Opening: ``parquet:FILE``, ``csv:FILE``, ``complete_journey:`` or a frame in memory become a readable history."""

from dataclasses import replace

import pandas as pd

from tiercast.collect import choose, collect
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
    changes = {"currency": currency, "zone": zone}
    return replace(found, **{name: value for name, value in changes.items() if value})
