"""Tell whether the better figure is really better, or other customers would have told another story.

Customers are drawn again and again, with all their rows, and both learners are judged on the same draw: what
they share cancels, so small real differences show.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tiercast.evaluation.arrays import Floats, MisalignedInput, columns, complete
from tiercast.evaluation.measures import Counted, Measure, mean_of, measure_named


@dataclass(frozen=True)
class PairedDifference:
    """Challenger minus rival, on one measure, with its interval over resampled customers.

    Parameters
    ----------
    estimate, low, high : float
        The difference on the rows as they are, and the ends of its interval, in the unit of the measure. NaN
        when it cannot be computed.
    share_better : float
        Share of resamples in which the challenger was strictly better.
    p_value : float
        Two-sided, from the share of resamples on the other side of zero; never below 1 / (resamples + 1).
    larger_is_better : bool
        Which sign favours the challenger.

    Examples
    --------
    >>> less_loss = PairedDifference(-0.02, -0.03, -0.01, 1.0, 0.001, larger_is_better=False)
    >>> less_loss.is_better, less_loss.is_worse
    (True, False)
    """

    estimate: float
    low: float
    high: float
    share_better: float
    p_value: float
    larger_is_better: bool

    @property
    def is_better(self) -> bool:
        """Whether the whole interval favours the challenger."""
        return self.low > 0 if self.larger_is_better else self.high < 0

    @property
    def is_worse(self) -> bool:
        """Whether the whole interval favours the rival."""
        return self.high < 0 if self.larger_is_better else self.low > 0


def paired_difference(
    measure: str | Measure,
    actual: ArrayLike,
    challenger: ArrayLike,
    rival: ArrayLike,
    *,
    seed: int,
    customer: ArrayLike | None = None,
    resamples: int = 1000,
    confidence_share: float = 0.95,
) -> PairedDifference:
    """Return challenger minus rival on a measure, with a percentile interval over resampled customers.

    Parameters
    ----------
    measure : str or Measure
        A name of ``tiercast.evaluation.measures.MEASURES``.
    actual, challenger, rival : array of float, shape (n,)
    seed : int
        Same seed, same rows: same draws, whatever the measure.
    customer : array, shape (n,), optional
        Whose row it is; all rows of a customer are drawn together (several origins stacked). Default: one row
        each.
    resamples : int
    confidence_share : float

    Returns
    -------
    PairedDifference
        All NaN when the measure is NaN on the rows as they are. Resamples that cannot be judged are left out.

    Notes
    -----
    Efron & Tibshirani 1993, chapters 13 and 16.

    Examples
    --------
    >>> said = np.linspace(0.1, 0.9, 50)
    >>> happened = (said > 0.5).astype(float)
    >>> paired_difference("brier", happened, said, np.full(50, 0.5), seed=1, resamples=200).is_better
    True
    >>> paired_difference("roc_auc", np.ones(50), said, said, seed=1, resamples=200).estimate
    nan
    >>> paired_difference("brier", [], [], [], seed=1).is_better
    False
    """
    happened, new, old = columns(actual, challenger, rival)
    judged = measure_named(measure) if isinstance(measure, str) else measure
    if not complete(happened, new, old):
        return _unknown(judged.larger_is_better)
    return _resampled(
        judged.prepare(happened, new),
        judged.prepare(happened, old),
        _draws(happened.size, customer),
        larger_is_better=judged.larger_is_better,
        seed=seed,
        resamples=resamples,
        confidence_share=confidence_share,
    )


@dataclass(frozen=True)
class Interval:
    """A figure with its interval over resampled customers; all NaN when it cannot be computed."""

    estimate: float
    low: float
    high: float


def figure_interval(
    measure: str | Measure,
    actual: ArrayLike,
    predicted: ArrayLike,
    *,
    seed: int,
    customer: ArrayLike | None = None,
    resamples: int = 1000,
    confidence_share: float = 0.95,
) -> Interval:
    """Return one learner's figure, and between what it lies for other customers like these.

    Two intervals that overlap say nothing of which learner is better: that is :func:`paired_difference`.

    Examples
    --------
    >>> said = np.linspace(0.1, 0.9, 50)
    >>> found = figure_interval("brier", (said > 0.5).astype(float), said, seed=1, resamples=200)
    >>> found.low < found.estimate < found.high
    True
    >>> figure_interval("brier", [], [], seed=1)
    Interval(estimate=nan, low=nan, high=nan)
    """
    happened, said = columns(actual, predicted)
    judged = measure_named(measure) if isinstance(measure, str) else measure
    if not complete(happened, said):
        return Interval(float("nan"), float("nan"), float("nan"))
    found = _resampled(
        judged.prepare(happened, said),
        lambda _counts: 0.0,
        _draws(happened.size, customer),
        larger_is_better=judged.larger_is_better,
        seed=seed,
        resamples=resamples,
        confidence_share=confidence_share,
    )
    return Interval(found.estimate, found.low, found.high)


def paired_loss_difference(
    challenger_loss: ArrayLike,
    rival_loss: ArrayLike,
    *,
    seed: int,
    customer: ArrayLike | None = None,
    resamples: int = 1000,
    confidence_share: float = 0.95,
) -> PairedDifference:
    """Return the difference of two mean losses given row by row: any loss at all, smaller is better.

    Examples
    --------
    >>> paired_loss_difference([0.1] * 20, [0.3] * 20, seed=1, resamples=100).low.__round__(6)
    -0.2
    """
    new, old = columns(challenger_loss, rival_loss)
    if not complete(new, old):
        return _unknown(False)
    return _resampled(
        mean_of(new - old),
        lambda _counts: 0.0,
        _draws(new.size, customer),
        larger_is_better=False,
        seed=seed,
        resamples=resamples,
        confidence_share=confidence_share,
    )


def _unknown(larger_is_better: bool) -> PairedDifference:
    nan = float("nan")
    return PairedDifference(nan, nan, nan, nan, nan, larger_is_better)


def _draws(rows: int, customer: ArrayLike | None) -> np.ndarray:
    """Return the number of each row's customer, counted 0, 1, 2 …."""
    if customer is None:
        return np.arange(rows)
    whose = np.asarray(customer)
    if whose.size != rows:
        raise MisalignedInput(rows, whose.size)
    return np.unique(whose, return_inverse=True)[1]


def _resampled(
    challenger: Counted,
    rival: Counted,
    customer_number: np.ndarray,
    *,
    larger_is_better: bool,
    seed: int,
    resamples: int,
    confidence_share: float,
) -> PairedDifference:
    once = np.ones(customer_number.size)
    estimate = challenger(once) - rival(once)
    if not np.isfinite(estimate):
        return _unknown(larger_is_better)
    customers = int(customer_number.max()) + 1
    own_row = customers == customer_number.size
    random = np.random.default_rng(seed)
    differences = np.empty(resamples)
    for number in range(resamples):
        drawn = np.bincount(random.integers(0, customers, customers), minlength=customers).astype(np.float64)
        counts = drawn if own_row and customer_number[0] == 0 else drawn[customer_number]
        differences[number] = challenger(counts) - rival(counts)
    return _summary(float(estimate), differences, larger_is_better, confidence_share)


def _summary(
    estimate: float, differences: Floats, larger_is_better: bool, confidence_share: float
) -> PairedDifference:
    judged = differences[np.isfinite(differences)]
    if judged.size == 0:
        return _unknown(larger_is_better)
    tail = (1.0 - confidence_share) / 2.0
    low, high = np.quantile(judged, [tail, 1.0 - tail])
    gains = judged if larger_is_better else -judged
    other_side = min(int((judged <= 0).sum()), int((judged >= 0).sum()))
    return PairedDifference(
        estimate=estimate,
        low=float(low),
        high=float(high),
        share_better=float((gains > 0).mean()),
        p_value=min(1.0, 2.0 * (other_side + 1) / (judged.size + 1)),
        larger_is_better=larger_is_better,
    )


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values adjusted for how many comparisons a table makes (Holm 1979), under the same names.

    A missing p-value stays missing and does not count as a comparison.

    Examples
    --------
    >>> {name: round(p, 4) for name, p in holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}).items()}
    {'a': 0.03, 'b': 0.06, 'c': 0.06, 'd': 0.02}
    >>> holm({})
    {}
    """
    names = [name for name, p in p_values.items() if np.isfinite(p)]
    p = np.array([p_values[name] for name in names], dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.minimum(1.0, np.maximum.accumulate(p[order] * (p.size - np.arange(p.size))))
    adjusted = dict(zip((names[place] for place in order), stepped.tolist(), strict=True))
    return {name: adjusted.get(name, float("nan")) for name in p_values}
