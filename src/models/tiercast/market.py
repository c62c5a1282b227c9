"""What a market's history does not say of itself: the days that matter in it, its money, how long a decision may rest."""

from collections.abc import Iterable

from tiercast.serving.peaks import PEAKS

EPISODE_DAYS = 182
"""How far an episode of deciding is followed back; a longer one is told as so long."""
EPISODE_GAP_DAYS = 30
"""So many days without a touchpoint of the customer's own end an episode, unless the history says otherwise."""


MINOR_PER_MAJOR: dict[int, tuple[str, ...]] = {
    1: (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ),
    1_000: ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"),
    10_000: ("CLF", "UYW"),
}
"""Currencies by their minor units in a major one, where these are not 100 (ISO 4217, list one)."""


def minor_per_major_of(currency: str) -> int:
    """Return how many minor units one major unit of a currency has, as ISO 4217 tells it.

    Examples
    --------
    >>> [minor_per_major_of(code) for code in ("EUR", "JPY", "kwd", "IDR")]
    [100, 1, 1000, 100]
    """
    code = currency.upper()
    return next((minor for minor, codes in MINOR_PER_MAJOR.items() if code in codes), 100)


def peaks_of(told: object) -> tuple[str, ...]:
    """Return peaks of the year by name, in calendar's order, from a list of names or a text with commas.

    Raises
    ------
    ValueError
        None was named, or one that there is not.

    Examples
    --------
    >>> peaks_of("christmas, easter")
    ('easter', 'christmas')
    >>> peaks_of(["easter", "boxing_day"])
    Traceback (most recent call last):
    ValueError: peaks are some of chinese_new_year, valentine, easter, back_to_school, singles_day, black_friday,
    christmas; 'boxing_day' came
    """
    names = told.split(",") if isinstance(told, str) else told
    listed = [str(name).strip() for name in names] if isinstance(names, Iterable) else [str(told)]
    unknown = [repr(name) for name in listed if name not in PEAKS]
    if unknown or not listed:
        raise ValueError(f"peaks are some of {', '.join(PEAKS)}; {', '.join(unknown) or 'none'} came")
    return tuple(name for name in PEAKS if name in listed)


def episode_gap_of(told: object) -> int:
    """Return the days of silence that end an episode, from a whole number or its text.

    Raises
    ------
    ValueError
        It is no whole number from 1 to :data:`EPISODE_DAYS`.

    Examples
    --------
    >>> episode_gap_of("45")
    45
    >>> episode_gap_of(365)
    Traceback (most recent call last):
    ValueError: episode_gap_days is a whole number from 1 to 182; 365 came
    """
    text = str(told).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= EPISODE_DAYS):
        raise ValueError(f"episode_gap_days is a whole number from 1 to {EPISODE_DAYS}; {told} came")
    return int(text)
