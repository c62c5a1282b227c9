"""A source is where touchpoints come from: a scheme such as ``parquet:`` and a function that opens what follows it."""

from collections.abc import Callable
from dataclasses import dataclass

from tiercast.schema import History


@dataclass(frozen=True)
class Source:
    """A named way to reach touchpoints.

    Parameters
    ----------
    name : str
        The scheme, before the colon.
    meaning : str
        One line for ``tiercast sources``.
    open : callable
        Takes what stands after the colon, returns a :class:`~tiercast.schema.History`.
    """

    name: str
    meaning: str
    open: Callable[[str], History]
