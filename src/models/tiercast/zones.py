"""Local time: the offsets of a zone, written out as SQL over whole numbers so that every engine tells the same hour.

Engines carry their own lists of zones and disagree on the hour that a clock change skips or repeats; one list, taken
from Python, serves both here. A skipped local time is read as if the clock had not changed yet, and of a repeated one
the first is meant, as Python and Java do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Zone:
    """The local calendar: a list of (from second UTC, offset in seconds), oldest first.

    Examples
    --------
    >>> Zone.named("UTC").shifts
    ((0, 0),)
    >>> len(Zone.named("Europe/Berlin").shifts) > 100
    True
    """

    name: str
    shifts: tuple[tuple[int, int], ...]

    @classmethod
    @cache
    def named(cls, name: str) -> "Zone":
        """Work out the offsets of an IANA zone from 1970 to 2050, hour by hour at each change."""
        zone = ZoneInfo(name)

        def offset(second: int) -> int:
            shift = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
            return int((shift or timedelta()).total_seconds())

        shifts = [(0, offset(0))]
        for day in range(0, 80 * 366 * 86_400, 86_400):
            if offset(day + 86_400) != shifts[-1][1]:
                low, high = day, day + 86_400
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (middle, high) if offset(middle) == shifts[-1][1] else (low, middle)
                shifts.append((high, offset(high)))
        return cls(name, tuple(shifts))

    def sql(self, second: str) -> str:
        """Return the local second as SQL over a UTC second."""
        whens = " ".join(
            f"WHEN {second} >= {start} THEN {shift}" for start, shift in reversed(self.shifts[1:])
        )
        first = self.shifts[0][1]
        return f"{second} + CASE {whens} ELSE {first} END" if whens else f"{second} + {first}"

    def offset_of_local(self, local: str, *, moment: Callable[[int], str], told: Callable[[int], str]) -> str:
        """Return the offset that holds at a local time, as SQL.

        Parameters
        ----------
        local : str
            The local time, as SQL.
        moment : callable
            Writes a local second as a literal that compares with ``local``.
        told : callable
            Writes an offset in seconds as a literal.

        Examples
        --------
        >>> Zone("none", ((0, 3600),)).offset_of_local("at", moment=str, told=str)
        '3600'
        >>> Zone("one change", ((0, 0), (7200, 3600))).offset_of_local("at", moment=str, told=str)
        'CASE WHEN at < 10800 THEN 0 ELSE 3600 END'
        """
        changes = [
            (start + max(before, after), after)
            for (_, before), (start, after) in zip(self.shifts, self.shifts[1:], strict=False)
        ]
        offsets = [self.shifts[0][1], *(after for _, after in changes)]

        def between(first: int, last: int) -> str:
            """Return the offset among those from ``first`` to ``last``: halved, as there are up to 160 of them."""
            if first == last:
                return told(offsets[first])
            middle = (first + last + 1) // 2
            before, after = between(first, middle - 1), between(middle, last)
            return f"CASE WHEN {local} < {moment(changes[middle - 1][0])} THEN {before} ELSE {after} END"

        return between(0, len(offsets) - 1)
