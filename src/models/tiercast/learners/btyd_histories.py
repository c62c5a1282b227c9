"""The distinct purchase histories of many customers, which is all that a buy-till-you-die fit looks at."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from tiercast.serving.btyd_arithmetic import BadHistory, Floats, History


@dataclass(frozen=True)
class Histories:
    """Distinct purchase histories and how many customers share each.

    Parameters
    ----------
    repeats, span, age : array
        Time may be in any unit.
    weight : array
        Customers with this history.
    log_gaps : array
        Sum of the logarithms of the gaps between purchases, its mean over those customers; NaN where unknown.
    """

    repeats: Floats
    span: Floats
    age: Floats
    weight: Floats
    log_gaps: Floats

    @classmethod
    def collapse(cls, history: History, gap_log_mean: ArrayLike | None = None) -> "Histories":
        """Group equal histories; customers without one are left out.

        Parameters
        ----------
        history : History
        gap_log_mean : array or None
            Mean of ln(days) over each customer's gaps between days with a purchase. A customer with one gap needs
            none: it is the span. No mean can be above the logarithm of the mean gap, and none is taken to be.

        Raises
        ------
        BadHistory
            When the means are not one for each customer.

        Examples
        --------
        >>> nan = float("nan")
        >>> Histories.collapse(History.of([1, 0, 1, nan], [7, 0, 7, nan], [30, 30, 30, nan])).weight
        array([1., 2.])
        """
        log_gaps = _log_gaps(history, gap_log_mean)[history.known]
        columns = (
            history.repeats[history.known],
            history.span_days[history.known],
            history.age_days[history.known],
        )
        order = np.lexsort((log_gaps, *columns[::-1]))
        x, t, age, log_gaps = (column[order] for column in (*columns, log_gaps))
        new = np.ones(len(x), dtype=bool)
        new[1:] = (np.diff(x) != 0) | (np.diff(t) != 0) | (np.diff(age) != 0)
        first = np.flatnonzero(new)
        weight = np.diff(np.append(first, len(x))).astype(np.float64)
        told = np.add.reduceat(log_gaps, first) / weight if len(first) else log_gaps
        return cls(x[first], t[first], age[first], weight, told)

    def at(self, rows: slice | NDArray[np.bool_]) -> "Histories":
        """Return some of the histories."""
        columns = (self.repeats, self.span, self.age, self.weight, self.log_gaps)
        return Histories(*(column[rows] for column in columns))

    def thinned(self, most: int) -> "Histories":
        """Return the same when there are at most ``most`` distinct histories, else those of ``most`` customers.

        They are taken at even steps through all customers in order of repeats, span and age, so that every kind
        of history keeps its share.
        """
        if len(self.weight) <= most:
            return self
        passed = np.floor(np.cumsum(self.weight) * (most / self.weight.sum()))
        weight = np.diff(passed, prepend=0.0)
        return replace(self, weight=weight).at(weight > 0)

    def in_units_of(self, days: float) -> "Histories":
        """Return the same histories, in days, with time counted in units of ``days``."""
        return replace(
            self,
            span=self.span / days,
            age=self.age / days,
            log_gaps=self.log_gaps - self.repeats * np.log(days),
        )

    @property
    def gaps_known(self) -> bool:
        """Whether every gap between two purchases is told."""
        return bool(np.all(np.isfinite(self.log_gaps)))

    def rhythm_evidence(self, k: int) -> float:
        """Return what the gaps alone add to the log-likelihood of Erlang-k gaps; 0 for k = 1.

        The density of a gap t has the factor ``t^(k − 1) / (k − 1)!`` whatever the parameters are.

        Examples
        --------
        Two gaps of ten days speak more for regularity than one of nineteen and one of a day:

        >>> history = History.of([2, 2], [20, 20], [30, 30])
        >>> round(Histories.collapse(history, [np.log(10), np.log(10)]).rhythm_evidence(2), 2)
        9.21
        >>> round(Histories.collapse(history, [np.log(19) / 2] * 2).rhythm_evidence(2), 2)
        5.89
        """
        if k == 1:
            return 0.0
        evidence = (k - 1) * self.log_gaps - self.repeats * gammaln(k)
        return float(evidence @ self.weight)


def _log_gaps(history: History, gap_log_mean: ArrayLike | None) -> Floats:
    """Return each customer's sum of log gaps: 0 without a gap, NaN where it is unknown."""
    x = history.repeats
    with np.errstate(divide="ignore", invalid="ignore"):
        log_mean_gap = np.log(history.span_days / x)
    told = np.where(x == 1, log_mean_gap, np.nan)
    if gap_log_mean is not None:
        given = np.atleast_1d(np.asarray(gap_log_mean, dtype=np.float64))
        if given.shape != x.shape:
            raise BadHistory("expected one mean of log gaps for each customer")
        told = np.where(x == 1, told, np.minimum(given, log_mean_gap))
    with np.errstate(invalid="ignore"):
        sums = np.where(x > 0, x * told, 0.0)
    return np.where(np.isfinite(sums), sums, np.nan)
