"""The column map as a declaration: contract column by contract column, what of a table it is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tiercast.mapping.arithmetic import Number
from tiercast.mapping.times import Time
from tiercast.mapping.words import Constant, First, Joined, Words

Rule = Constant | Words | Joined | First | Number | Time


@dataclass(frozen=True)
class Exclusion:
    """Rows that are left out on purpose: counted by their reason, never silently.

    ``rule`` gives the reason for rows that are left out and nothing for all others.
    """

    reason: str
    rule: Words


@dataclass(frozen=True)
class ColumnMap:
    """What each column of a table means.

    A column of the table that carries a name of the contract already is taken as it is, unless the map says otherwise.

    Parameters
    ----------
    name : str
        What a refusal calls it: the file it was read from.
    columns : mapping of str to rule
        Contract column to what it is made from.
    ignore : sequence of str
        Columns of the table that carry a contract's name and mean something else.
    exclude : sequence of Exclusion
    duplicates : str
        ``keep`` exact repeats of a row, or ``drop`` them: the second is then rejected as ``DUPLICATE_EVENT``.
    currency, zone : str
        Of the source; empty: what the source says itself.
    minor_per_major : int
        0: what the source says itself.
    peaks : sequence of str
        Days of the year that matter in this market; empty: all that we know.
    episode_gap_days : int
        Days of silence that end an episode; 0: what the source says itself.
    options : mapping of str to str
        How text is read: ``delimiter``, ``encoding``, ``quote`` of CSV files; ``decimal``, ``thousands``, ``symbol`` of
        the numbers in any text.
    """

    name: str = "in memory"
    columns: Mapping[str, Rule] = field(default_factory=dict)
    ignore: Sequence[str] = ()
    exclude: Sequence[Exclusion] = ()
    duplicates: str = "keep"
    currency: str = ""
    zone: str = ""
    minor_per_major: int = 0
    peaks: Sequence[str] = ()
    episode_gap_days: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
