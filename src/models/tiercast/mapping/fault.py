"""The error of a column map that cannot be used."""

import difflib
import os
from collections.abc import Iterable

from tiercast.errors import TiercastError


class MapError(TiercastError, ValueError):
    """A column map cannot be used.

    Examples
    --------
    >>> raise MapError(where="shop.toml", problem="unknown key 'currancy'", there_is=["columns", "currency"])
    Traceback (most recent call last):
    tiercast.mapping.fault.MapError: map shop.toml: unknown key 'currancy'; there is: columns, currency
    """

    code = "BAD_MAP"
    exit_code = 2

    def __init__(self, *, where: str | os.PathLike[str], problem: str, there_is: Iterable[str] = ()) -> None:
        known = list(there_is)
        listing = f"; there is: {', '.join(known)}" if known else ""
        super().__init__(f"map {os.fspath(where)}: {problem}{listing}", map=os.fspath(where), there_is=known)


def meant(name: str, known: Iterable[str]) -> str:
    """Return ``(did you mean …?)`` after a blank when something that there is comes close, else nothing.

    Capitals, blanks and underscores are what people get wrong most, so they count for nothing here.

    Examples
    --------
    >>> meant("invoice_date", ["InvoiceNo", "InvoiceDate"])
    ' (did you mean InvoiceDate?)'
    >>> meant("weather", ["InvoiceNo", "InvoiceDate"])
    ''
    """
    plain = {_plain(each): each for each in known}
    close = difflib.get_close_matches(_plain(name), list(plain), 1)
    return f" (did you mean {plain[close[0]]}?)" if close else ""


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
