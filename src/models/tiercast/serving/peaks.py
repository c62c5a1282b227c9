"""Peaks: the days of the year around which retail sells most, and how far off the next of them is."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

import pandas as pd

from .refusals import UnknownChoice

EPOCH = date(1970, 1, 1)
NEAR_DAYS = 28
_NEW_YEARS_AFTER_20_JANUARY = (
    17, 7, 26, 14, 3, 22, 11, 29, 18, 8, 27, 16, 5, 24, 13, 31, 20, 9, 28, 17, 7, 26, 15, 3, 21, 11, 30, 18, 8, 27,
    16, 4, 23, 12, 2, 20, 9, 29, 18, 6, 25, 14, 3, 21, 11, 30, 19, 8, 27, 16, 5, 23, 12, 2, 21, 9, 28, 17, 6, 24,
    14, 3, 22, 11, 30, 19, 8, 26, 15, 4, 23, 12, 2, 21, 10, 28, 17, 6, 25, 13, 3, 22, 12, 30, 19, 8, 26, 15, 4, 23,
    13, 1, 20, 9, 28, 16, 6, 25, 14, 3, 22, 11, 30, 18, 7, 26, 16, 4, 23, 13, 2, 20, 9, 28, 17, 6, 25, 14, 4, 21,
    10, 29, 18, 7, 26, 16, 5, 23, 12, 1, 20, 9,
)  # fmt: skip
"""Chinese New Year of 1970 to 2101, in days after 20 January: it follows the moon, and no short rule gives it."""


def chinese_new_year(year: int) -> date:
    """Return the first day of the Chinese year that begins in ``year``, 1970 to 2101.

    Examples
    --------
    >>> chinese_new_year(2024), chinese_new_year(2025)
    (datetime.date(2024, 2, 10), datetime.date(2025, 1, 29))
    """
    return date(year, 1, 20) + timedelta(days=_NEW_YEARS_AFTER_20_JANUARY[year - 1970])


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, 2nd ed., chapter 8).

    Examples
    --------
    >>> easter(2024), easter(2025)
    (datetime.date(2024, 3, 31), datetime.date(2025, 4, 20))
    """
    century, rest = divmod(year, 100)
    leaps, odd = divmod(century, 4)
    moved = (century - (century + 8) // 25 + 1) // 3
    full = (19 * (year % 19) + century - leaps - moved + 15) % 30
    fours, left = divmod(rest, 4)
    to_sunday = (32 + 2 * odd + 2 * fours - full - left) % 7
    late = (year % 19 + 11 * full + 22 * to_sunday) // 451
    month, day = divmod(full + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November.

    Examples
    --------
    >>> black_friday(2024)
    datetime.date(2024, 11, 29)
    """
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)


PEAKS: dict[str, Callable[[int], date]] = {
    "chinese_new_year": chinese_new_year,
    "valentine": lambda year: date(year, 2, 14),
    "easter": easter,
    "back_to_school": lambda year: date(year, 9, 1),
    "singles_day": lambda year: date(year, 11, 11),
    "black_friday": black_friday,
    "christmas": lambda year: date(year, 12, 25),
}


def calendar_of(days: Iterable[date], names: Sequence[str] = tuple(PEAKS)) -> pd.DataFrame:
    """Return what the calendar says of each day.

    Parameters
    ----------
    days : iterable of date
        1970 to 2100.
    names : sequence of str
        The peaks that matter in this market, of :data:`PEAKS`; at least one.

    Returns
    -------
    pandas.DataFrame
        In the order of ``days``: ``cutoff_day`` (days since 1970), ``cutoff_month`` (1 is January), ``cutoff_weekday``
        (0 is Monday), ``days_until_peak`` (0 on the day itself) and ``peaks_28d``, the peaks of the 28 days from that
        day on, it included and the 28th after it excluded.

    Raises
    ------
    UnknownChoice
        A peak has no such name, or none was named.

    Examples
    --------
    >>> calendar_of([date(2024, 11, 10), date(2024, 12, 26)])[["days_until_peak", "peaks_28d"]].values.tolist()
    [[1, 2], [34, 0]]
    >>> calendar_of([date(2024, 11, 10)], ["easter", "easter monday"])
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.UnknownChoice: peaks are some of chinese_new_year, valentine, easter, back_to_school,
    singles_day, black_friday, christmas
    >>> calendar_of([]).shape
    (0, 5)
    """
    if not names or not set(names) <= set(PEAKS):
        raise UnknownChoice(f"peaks are some of {', '.join(PEAKS)}", there_is=list(PEAKS))
    rows = [
        ((day - EPOCH).days, day.month, day.weekday(), min(ahead), sum(left < NEAR_DAYS for left in ahead))
        for day in days
        for ahead in [_days_ahead(day, names)]
    ]
    columns = ["cutoff_day", "cutoff_month", "cutoff_weekday", "days_until_peak", "peaks_28d"]
    return pd.DataFrame(rows, columns=columns, dtype="int64")


def _days_ahead(day: date, names: Sequence[str]) -> list[int]:
    left = [(PEAKS[name](year) - day).days for name in names for year in (day.year, day.year + 1)]
    return [days for days in left if days >= 0]
