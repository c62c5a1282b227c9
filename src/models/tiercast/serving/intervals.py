"""Say how far a customer's value may stray from the forecast: a low and a high amount.

What is applied at prediction time. The fitting is in ``tiercast.evaluation.intervals``.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .refusals import Refused


class BrokenIntervals(Refused, ValueError):
    """Stored intervals whose quantiles or bins do not rise or do not fit together."""

    code = "BROKEN_INTERVALS"

    def __init__(self, fault: str, **details: Any) -> None:
        super().__init__(f"value intervals must rise and fit together: {fault}; fit again", **details)


@dataclass(frozen=True)
class ValueIntervals:
    """Quantiles of a customer's value: a point mass at zero, and a spread around the mean of those who buy.

    With the chance P that money is left and the mean m of those who leave some, the quantile at level p is 0
    for p <= 1 - P, and otherwise ``m * exp(q((p - (1 - P)) / P))`` where q are quantiles of log(actual / m)
    among the spenders of a calibration window, kept apart by bin of predicted value P * m (Mondrian). P is the
    purchase probability times ``paid_share``, and m the value given a purchase over it.

    Parameters
    ----------
    levels : tuple of float
        Rising levels in (0, 1) at which q is stored (99 of them, 0.01 ... 0.99). Beyond the ends q is
        constant.
    bin_edges : tuple of float
        Inner edges of the bins of predicted value, in currency, rising; a value on an edge is in the upper
        bin.
    log_ratio_quantiles : tuple of tuple of float
        One row of q for each bin (one more than edges), each as long as ``levels`` and rising.
    paid_share : float
        Of those who bought, who left money: above 0 and at most 1. The others paid nothing, or gave all of it back.

    Notes
    -----
    Vovk, Gammerman & Shafer 2005 (Mondrian conformal prediction); Romano, Patterson & Candès 2019.

    Examples
    --------
    >>> spread = ValueIntervals(levels=(0.25, 0.75), bin_edges=(), log_ratio_quantiles=((-0.5, 0.5),))
    >>> spread.quantile(0.75, [1.0, 0.5, 0.2], [100.0, 100.0, 100.0]).round(2).tolist()
    [164.87, 100.0, 0.0]
    >>> ValueIntervals(levels=(0.25, 0.75), bin_edges=(10.0,), log_ratio_quantiles=((-0.5, 0.5),))
    Traceback (most recent call last):
    ...
    tiercast.serving.intervals.BrokenIntervals: value intervals must rise and fit together: 1 edges ...
    """

    type: ClassVar[str] = "value_intervals"

    levels: tuple[float, ...]
    bin_edges: tuple[float, ...]
    log_ratio_quantiles: tuple[tuple[float, ...], ...]
    paid_share: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.paid_share <= 1:
            raise BrokenIntervals(f"a paid share is above 0 and at most 1; {self.paid_share} came")
        if len(self.log_ratio_quantiles) != len(self.bin_edges) + 1:
            bins = len(self.log_ratio_quantiles)
            raise BrokenIntervals(f"{len(self.bin_edges)} edges do not part {bins} bins", bins=bins)
        if len(self.levels) < 2 or any(len(row) != len(self.levels) for row in self.log_ratio_quantiles):
            raise BrokenIntervals("each bin needs one quantile for each of at least two levels")
        levels, edges, table = np.asarray(self.levels), np.asarray(self.bin_edges), self._table
        if not (np.isfinite(levels).all() and np.isfinite(edges).all() and np.isfinite(table).all()):
            raise BrokenIntervals("a stored number is not finite")
        if levels[0] <= 0 or levels[-1] >= 1 or (np.diff(levels) <= 0).any() or (np.diff(edges) <= 0).any():
            raise BrokenIntervals("levels must rise within (0, 1), and edges must rise")
        if (np.diff(table, axis=1) < 0).any():
            raise BrokenIntervals("the quantiles of a bin must rise")

    @property
    def _table(self) -> NDArray[np.float64]:
        return np.asarray(self.log_ratio_quantiles, dtype=np.float64)

    def quantile(
        self, level: ArrayLike, purchase_probability: ArrayLike, conditional_mean: ArrayLike
    ) -> NDArray[np.float64]:
        """Return the value, in currency, that each customer stays at or below with probability ``level``.

        Parameters
        ----------
        level : float, or array of float of shape (n,)
            Between 0 and 1.
        purchase_probability : array of float, shape (n,)
            P(a purchase within the horizon).
        conditional_mean : array of float, shape (n,)
            Expected value given a purchase, in currency; at or below zero it is read as zero.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            At least 0, rising in ``level``; NaN where probability or mean is NaN.
        """
        probability, mean, asked = self._columns(purchase_probability, conditional_mean, level)
        beyond = asked - (1 - probability)
        within = np.divide(beyond, probability, out=np.zeros_like(mean), where=beyond > 0)
        spend = self._among_spenders(within, probability, mean)
        bought = np.where(asked > 1 - probability, spend, 0.0)
        return np.where(np.isnan(probability) | np.isnan(mean), np.nan, bought)

    def positive_quantile(
        self, level: ArrayLike, purchase_probability: ArrayLike, conditional_mean: ArrayLike
    ) -> NDArray[np.float64]:
        """Return the quantile of the value of those who leave money; the probability only chooses the bin.

        [Q(0.1), Q(0.9)] of the positive part should cover about 80 % of realised spenders.

        Examples
        --------
        >>> spread = ValueIntervals(levels=(0.25, 0.75), bin_edges=(), log_ratio_quantiles=((-0.5, 0.5),))
        >>> spread.positive_quantile(0.75, [0.01], [100.0]).round(2).tolist()
        [164.87]
        """
        probability, mean, asked = self._columns(purchase_probability, conditional_mean, level)
        return self._among_spenders(asked, probability, mean)

    def interval(
        self, purchase_probability: ArrayLike, conditional_mean: ArrayLike, *, coverage_share: float = 0.8
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the central interval (low, high) of each customer's value, in currency; both ends included.

        Examples
        --------
        >>> spread = ValueIntervals(levels=(0.1, 0.9), bin_edges=(), log_ratio_quantiles=((-1.0, 1.0),))
        >>> low, high = spread.interval([1.0, 0.05, float("nan")], [100.0, 100.0, 100.0])
        >>> low.round(2).tolist(), high.round(2).tolist()
        ([36.79, 0.0, nan], [271.83, 0.0, nan])
        """
        tail = (1.0 - coverage_share) / 2.0
        low = self.quantile(tail, purchase_probability, conditional_mean)
        return low, self.quantile(1.0 - tail, purchase_probability, conditional_mean)

    def cumulative(
        self, value: ArrayLike, purchase_probability: ArrayLike, conditional_mean: ArrayLike
    ) -> NDArray[np.float64]:
        """Return P(value of the customer <= ``value``): what a probability integral transform needs.

        Below zero it is 0, at zero it is 1 - P. Between two stored levels it is straight in the log of the
        ratio; up to the first stored level it jumps there, beyond the last it is 1.

        Examples
        --------
        >>> spread = ValueIntervals(levels=(0.1, 0.9), bin_edges=(), log_ratio_quantiles=((-1.0, 1.0),))
        >>> spread.cumulative([0.0, 100.0, -5.0], [0.4, 0.4, 0.4], [100.0, 100.0, 100.0]).round(4).tolist()
        [0.6, 0.8, 0.0]
        """
        probability, mean, amount = self._columns(purchase_probability, conditional_mean, value)
        positive = (amount > 0) & (mean > 0)
        ratio = np.divide(amount, mean, out=np.ones_like(mean), where=positive)
        log_ratio = np.log(ratio, out=np.zeros_like(mean), where=positive)
        bins, table = self._bins(probability * mean), self._table
        share = np.zeros_like(mean)
        for number, quantiles in enumerate(table):
            here = bins == number
            share[here] = np.interp(log_ratio[here], quantiles, self.levels, left=0.0, right=1.0)
        share = np.where((amount > 0) & (mean <= 0), 1.0, np.where(positive, share, 0.0))
        spread = np.where(amount < 0, 0.0, 1 - probability + probability * share)
        return np.where(np.isnan(probability) | np.isnan(mean) | np.isnan(amount), np.nan, spread)

    def _columns(
        self, probability: ArrayLike, mean: ArrayLike, other: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the chance that money is left, the mean of those who leave some, and what else was asked."""
        chance, amount, third = _columns(probability, mean, other)
        return chance * self.paid_share, amount / self.paid_share, third

    def _among_spenders(
        self, level: NDArray[np.float64], probability: NDArray[np.float64], mean: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        levels, table = np.asarray(self.levels), self._table
        asked = np.clip(level, levels[0], levels[-1])
        upper = np.clip(np.searchsorted(levels, np.nan_to_num(asked, nan=0.5)), 1, levels.size - 1)
        share = (asked - levels[upper - 1]) / (levels[upper] - levels[upper - 1])
        bins = self._bins(probability * mean)
        below = table[bins, upper - 1]
        spend: NDArray[np.float64] = mean * np.exp(below + share * (table[bins, upper] - below))
        return spend

    def _bins(self, predicted_value: NDArray[np.float64]) -> NDArray[np.intp]:
        return np.searchsorted(np.asarray(self.bin_edges), np.nan_to_num(predicted_value), side="right")

    def to_json(self) -> dict[str, Any]:
        """Return the quantiles as plain JSON, with their ``type``.

        Examples
        --------
        >>> spread = ValueIntervals(levels=(0.1, 0.9), bin_edges=(), log_ratio_quantiles=((-1.0, 1.0),))
        >>> ValueIntervals.from_json(spread.to_json()) == spread
        True
        """
        return {
            "type": self.type,
            "levels": list(self.levels),
            "bin_edges": list(self.bin_edges),
            "log_ratio_quantiles": [list(row) for row in self.log_ratio_quantiles],
            "paid_share": self.paid_share,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Rebuild the quantiles from :meth:`to_json`, refusing what does not rise."""
        return cls(
            levels=tuple(float(level) for level in stored["levels"]),
            bin_edges=tuple(float(edge) for edge in stored["bin_edges"]),
            log_ratio_quantiles=tuple(tuple(float(q) for q in row) for row in stored["log_ratio_quantiles"]),
            paid_share=float(stored.get("paid_share", 1.0)),
        )


def _columns(
    probability: ArrayLike, mean: ArrayLike, other: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    chance, amount, third = np.broadcast_arrays(
        np.clip(np.atleast_1d(np.asarray(probability, dtype=np.float64)), 0.0, 1.0),
        np.maximum(np.atleast_1d(np.asarray(mean, dtype=np.float64)), 0.0),
        np.asarray(other, dtype=np.float64),
    )
    return chance, amount, third
