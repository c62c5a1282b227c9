"""How old the newest touchpoint may be: predictions for a day long after the data end speak of silence nobody observed."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from tiercast.serving.refusals import Refused

if TYPE_CHECKING:
    import pandas as pd

MOST_SILENT_DAYS = 30
"""Beyond it a whole history is not quiet but missing: a default, which a scoring may be told otherwise."""
AGE = "days_since_touchpoint"


class StaleHistory(Refused, ValueError):
    """The newest touchpoint of the whole history is too long before the cutoff."""

    code = "STALE_HISTORY"

    def __init__(self, *, cutoff: date, newest: date, most_days: int) -> None:
        days = (cutoff - newest).days
        super().__init__(
            f"the newest touchpoint known before {cutoff} is of {newest}, {days} days earlier, and at most {most_days} are "
            "expected: days without data would count as days on which nobody did anything; wait for the data, take a cutoff "
            f"until {latest_cutoff(newest, most_days)}, or let a scoring allow more days",
            cutoff=cutoff.isoformat(),
            newest=newest.isoformat(),
            days=days,
            most_days=most_days,
        )


def latest_cutoff(newest: date, most_days: int = MOST_SILENT_DAYS) -> date:
    """Return the last cutoff for which a history is new enough.

    Examples
    --------
    >>> latest_cutoff(date(2025, 4, 10))
    datetime.date(2025, 5, 10)
    """
    return newest + timedelta(days=most_days)


def require_newest(
    features: "pd.DataFrame", *, cutoff: date, last_day: date | None, most_days: int = MOST_SILENT_DAYS
) -> None:
    """Refuse to score everybody of a history that ends too long before the cutoff.

    It is about a whole history: one customer, or one request of a few, may well have been silent for longer.

    Parameters
    ----------
    features : pandas.DataFrame
        Of everybody seen before the cutoff; nobody seen is nothing to refuse.
    cutoff : date
    last_day : date, optional
        The last day of the history, where the features do not tell how old their newest touchpoint is.
    most_days : int
        An age of so many days is new enough.

    Raises
    ------
    StaleHistory

    Examples
    --------
    >>> import pandas as pd
    >>> seen = pd.DataFrame({"customer_id": ["a", "b"], "days_since_touchpoint": [31.0, 400.0]})
    >>> require_newest(seen, cutoff=date(2025, 5, 11), last_day=None, most_days=31)
    >>> require_newest(seen, cutoff=date(2025, 5, 11), last_day=None)
    Traceback (most recent call last):
    ...
    tiercast.newest.StaleHistory: the newest touchpoint known before 2025-05-11 is of 2025-04-10, 31 days earlier, and at ...
    >>> require_newest(seen.iloc[:0], cutoff=date(2025, 5, 11), last_day=None)
    """
    least = float(features[AGE].min()) if AGE in features else float("nan")
    newest = cutoff - timedelta(days=int(least)) if least == least else last_day
    if len(features) and newest is not None and newest < cutoff - timedelta(days=most_days):
        raise StaleHistory(cutoff=cutoff, newest=newest, most_days=most_days)
