"""How long customers usually stay silent between purchases, each counting once, however often they buy.

Who buys every week has fifty silences a year, who buys every quarter has four: pooled, the frequent decide what is
usual. And a silence that is not over yet is only known to be at least so long. Wang & Chang (1999), "Nonparametric
estimation of a recurrent survival function", JASA 94, answer both with a product-limit estimate: a customer's finished
silences share one vote, and their last, unfinished one counts only where it is all that is known of them.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from tiercast.engines.engine import Engine
from tiercast.features.compile import write
from tiercast.features.contract import contract
from tiercast.features.relations import resolve, words
from tiercast.features.rollup import TOUCHES
from tiercast.schema import History
from tiercast.windows import day_number


@dataclass(frozen=True)
class Silences:
    """Who is still silent after how many days, as far as enough customers could be seen.

    Parameters
    ----------
    days : array
        Days since a purchase, ascending, as far as enough customers could be followed.
    still_silent_share : array
        Share of customers without another purchase through each of ``days``, that day included.
    customers, repeat_customers : int
        Who bought at all, and who on more than one day.
    """

    days: np.ndarray
    still_silent_share: np.ndarray
    customers: int
    repeat_customers: int

    @property
    def seen_days(self) -> int:
        """How long a silence could be followed."""
        return int(self.days[-1]) if self.days.size else 0

    def within(self, share: float) -> int | None:
        """Return the days within which ``share`` of the returns came; None where nobody was seen to return.

        Examples
        --------
        >>> Silences(np.array([7, 14, 60]), np.array([0.5, 0.46, 0.45]), 200, 110).within(0.9)
        7
        """
        if not self.days.size or self.still_silent_share[-1] >= 1.0:
            return None
        returned = (1.0 - self.still_silent_share) / (1.0 - self.still_silent_share[-1])
        return int(self.days[np.argmax(returned >= share - 1e-9)])

    def return_share_after(self, days: int) -> float:
        """Return the share of those silent for ``days`` who were seen to return later; NaN where none were left.

        Examples
        --------
        >>> round(Silences(np.array([7, 14, 60]), np.array([0.5, 0.46, 0.45]), 200, 110).return_share_after(7), 2)
        0.1
        """
        stays = np.concatenate([[1.0], self.still_silent_share])
        left = stays[np.searchsorted(self.days, days, side="right")]
        return float(1.0 - stays[-1] / left) if left > 0 else float("nan")


def silence_text(history: History, *, known_until: date) -> str:
    """Return the SQL text of the silences known before a day: how many there are of each length.

    Rows are ``silence_days``, ``returned`` (1, or 0 where the only purchase day has none after it), ``purchase_days`` of
    the customer, and ``silences``. A day with a purchase counts once. The last silence of who came back is left out.
    """
    end = day_number(known_until)
    bought = f"""SELECT customer_id, day FROM touches
  WHERE kind = 'purchase' AND day < {end} AND seen_day < {end} GROUP BY customer_id, day"""
    silent = """SELECT day, LEAD(day) OVER (PARTITION BY customer_id ORDER BY day) AS next_day,
    COUNT(*) OVER (PARTITION BY customer_id) AS purchase_days
  FROM bought"""
    view = contract(currency=history.currency, minor_per_major=history.minor_per_major)
    made = resolve((view, TOUCHES), {"touches": words([bought])})
    parts = [(relation.stage, relation.name, select) for relation, select in made]
    return write(
        [*parts, ("finalise", "bought", bought), ("finalise", "silent", silent)],
        f"""SELECT COALESCE(next_day, {end} - 1) - day AS silence_days,
  CASE WHEN next_day IS NULL THEN 0 ELSE 1 END AS returned, purchase_days, COUNT(*) AS silences
FROM silent WHERE next_day IS NOT NULL OR purchase_days = 1
GROUP BY 1, 2, 3""",
    )


def look_at_silences(
    engine: Engine, history: History, *, known_until: date, least_customers: int
) -> Silences:
    """Return the silences of the attached history as known before a day; see :func:`silences_of`."""
    found = engine.run(silence_text(history, known_until=known_until))
    return silences_of(found, least_customers=least_customers)


def silences_of(counted: pd.DataFrame, *, least_customers: int) -> Silences:
    """Return the curve of counted silences, cut where fewer than ``least_customers`` could still be followed.

    Past that day it would tell of a handful: one late return of the only customer who could be followed for so long
    makes it fall to zero. Who has returned was followed: at risk are, of all N, those still silent (S) who are still
    followed (G), so that N G = at risk / S.

    Parameters
    ----------
    counted : pandas.DataFrame
        As :func:`silence_text` selects it.

    Examples
    --------
    >>> counted = pd.DataFrame({"silence_days": [10, 20, 90], "returned": [1, 1, 0], "purchase_days": [2, 3, 1],
    ...                         "silences": [4, 4, 2]})
    >>> found = silences_of(counted, least_customers=1)
    >>> found.days.tolist(), found.still_silent_share.round(3).tolist()
    ([10, 20, 90], [0.5, 0.25, 0.25])
    >>> found.customers, found.repeat_customers, found.within(0.9)
    (8, 6, 20)
    >>> silences_of(counted.iloc[:0], least_customers=1).within(0.9) is None
    True
    """
    length = counted["silence_days"].to_numpy(float)
    returned = counted["returned"].to_numpy(float)
    votes = counted["silences"].to_numpy(float) / np.maximum(counted["purchase_days"].to_numpy(float) - 1, 1)
    days, place = np.unique(length, return_inverse=True)
    ended = np.bincount(place, weights=votes, minlength=days.size)
    events = np.bincount(place, weights=votes * returned, minlength=days.size)
    at_risk = ended[::-1].cumsum()[::-1]
    stays = np.cumprod(np.where(at_risk - events > 1e-9, 1.0 - events / at_risk, 0.0))
    before = np.concatenate([[1.0], stays])[:-1]
    followed = np.divide(at_risk, before, out=np.zeros(days.size), where=before > 0)
    kept = (followed >= least_customers - 1e-6) & (days > 0)
    return Silences(
        days[kept].astype(int), stays[kept], round(float(votes.sum())), round(float((votes * returned).sum()))
    )
