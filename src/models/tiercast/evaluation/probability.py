"""Judge stated probabilities: do they rank customers, and does 30 % mean 30 %.

``actual`` is 1 where the event (churn, say) happened and 0 where it did not; ``probability`` is what was
said. Rows are customers. Every figure is NaN for no rows and for a missing prediction (a row is never dropped
silently). Figures that cut the ranking (calibration error, lift) share tied customers between the bins in
proportion, so the order of the rows never matters.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy
from sklearn.metrics import average_precision_score, roc_auc_score

from tiercast.evaluation.arrays import Floats, columns, complete


def log_loss_per_row(actual: ArrayLike, probability: ArrayLike) -> Floats:
    """Return each customer's surprise, -log of the probability given to what happened (natural log).

    Probabilities are held within float64 epsilon of 0 and 1, as scikit-learn does.

    Examples
    --------
    >>> log_loss_per_row([1, 0], [0.5, 0.2]).round(4).tolist()
    [0.6931, 0.2231]
    """
    happened, said = columns(actual, probability)
    epsilon = np.finfo(np.float64).eps
    held = np.clip(said, epsilon, 1.0 - epsilon)
    return np.asarray(-(xlogy(happened, held) + xlogy(1.0 - happened, 1.0 - held)), dtype=np.float64)


def log_loss(actual: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean surprise: 0 is perfect, 0.693 is a coin (Good 1952).

    Examples
    --------
    >>> round(log_loss([1, 0], [0.5, 0.5]), 4)
    0.6931
    >>> log_loss([], [])
    nan
    """
    losses = log_loss_per_row(actual, probability)
    return float(losses.mean()) if complete(losses) else float("nan")


def brier(actual: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean squared distance between what was said and what happened (Brier 1950, two-class form).

    Examples
    --------
    >>> brier([1, 0], [0.5, 0.5])
    0.25
    """
    happened, said = columns(actual, probability)
    return float(np.mean((said - happened) ** 2)) if complete(happened, said) else float("nan")


def roc_auc(actual: ArrayLike, probability: ArrayLike) -> float:
    """Return the chance that a customer with the event was ranked above one without (ties one half).

    NaN when only one class is there: nobody to compare with. Hanley & McNeil 1982.

    Examples
    --------
    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    >>> roc_auc([1, 1], [0.1, 0.4])
    nan
    """
    happened, said = columns(actual, probability)
    if not complete(happened, said) or happened.min() == happened.max():
        return float("nan")
    return float(roc_auc_score(happened, said))


def average_precision(actual: ArrayLike, probability: ArrayLike) -> float:
    """Return the area under precision against recall, in steps (scikit-learn's definition).

    NaN when nobody had the event. The base rate is the value of a ranking by chance.

    Examples
    --------
    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    happened, said = columns(actual, probability)
    if not complete(happened, said) or happened.max() == 0:
        return float("nan")
    return float(average_precision_score(happened, said))


def expected_calibration_error(actual: ArrayLike, probability: ArrayLike, *, bins: int = 10) -> float:
    """Return the mean gap between said and happened, over bins that hold equally many customers each.

    Naeini, Cooper & Hauskrecht 2015, with equal-mass bins. Sampling noise alone makes it positive.

    Examples
    --------
    >>> expected_calibration_error([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5])
    0.0
    >>> round(expected_calibration_error([0, 0, 1, 1], [0.2, 0.2, 0.7, 0.7], bins=2), 4)
    0.25
    """
    happened, said = columns(actual, probability)
    if not complete(happened, said):
        return float("nan")
    said_in_bin, happened_in_bin = binned_sums(happened, said, np.ones_like(said), bins=bins)
    return float(np.abs(said_in_bin - happened_in_bin).sum() / said.size)


def binned_sums(actual: Floats, predicted: Floats, counts: Floats, *, bins: int) -> tuple[Floats, Floats]:
    """Return (sum predicted, sum actual) in bins of equal mass by rising prediction.

    Tied customers are shared between bins in proportion.

    Examples
    --------
    >>> predicted, actual = binned_sums(np.array([4.0, 0.0]), np.array([1.0, 1.0]), np.ones(2), bins=2)
    >>> predicted.tolist(), actual.tolist()
    ([1.0, 1.0], [2.0, 2.0])
    """
    distinct, group = np.unique(predicted, return_inverse=True)
    return sums_by_group(distinct, group, actual, counts, bins=bins)


def sums_by_group(
    distinct: Floats, group: np.ndarray, actual: Floats, counts: Floats, *, bins: int
) -> tuple[Floats, Floats]:
    """Do the work of :func:`binned_sums` when the distinct predictions are already known.

    Examples
    --------
    >>> sums_by_group(np.array([1.0]), np.array([0, 0]), np.array([4.0, 0.0]), np.ones(2), bins=1)
    (array([2.]), array([4.]))
    """
    mass = np.bincount(group, weights=counts, minlength=distinct.size)
    summed = np.bincount(group, weights=counts * actual, minlength=distinct.size)
    reached = np.concatenate([[0.0], np.cumsum(mass)])
    edges = np.linspace(0.0, reached[-1], bins + 1)
    predicted_curve = np.concatenate([[0.0], np.cumsum(mass * distinct)])
    actual_curve = np.concatenate([[0.0], np.cumsum(summed)])
    return (
        np.diff(np.interp(edges, reached, predicted_curve)),
        np.diff(np.interp(edges, reached, actual_curve)),
    )


def predicted_to_actual(actual: ArrayLike, probability: ArrayLike) -> float:
    """Return expected events over events that happened: 1 is right on level, 1.2 is 20 % too many.

    NaN when nobody had the event.

    Examples
    --------
    >>> predicted_to_actual([1, 0, 1, 0], [0.5, 0.5, 0.5, 0.9])
    1.2
    """
    happened, said = columns(actual, probability)
    if not complete(happened, said) or happened.sum() == 0:
        return float("nan")
    return float(said.sum() / happened.sum())


def top_decile_lift(actual: ArrayLike, probability: ArrayLike) -> float:
    """Return how many times more frequent the event is among the 10 % ranked highest than among all.

    At most 10; 1 is chance. NaN when nobody had the event. Lemmens & Croux 2006.

    Examples
    --------
    >>> top_decile_lift([1, 0, 0, 0, 0, 0, 0, 0, 0, 1], [0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2])
    5.0
    """
    happened, said = columns(actual, probability)
    if not complete(happened, said) or happened.sum() == 0:
        return float("nan")
    return 10.0 * top_share(happened, said, share=0.1)


def top_share(actual: Floats, predicted: Floats, *, share: float) -> float:
    """Return the share of the total of ``actual`` held by the top ``share`` of customers by prediction.

    A cut inside a group of tied customers takes from them in proportion. The total must be positive.

    Examples
    --------
    >>> top_share(np.array([6.0, 2.0, 1.0, 1.0]), np.array([4.0, 3.0, 2.0, 1.0]), share=0.25)
    0.6
    """
    distinct, group = np.unique(-predicted, return_inverse=True)
    mass = np.bincount(group, minlength=distinct.size)
    held = np.cumsum(np.bincount(group, weights=actual, minlength=distinct.size))
    cut = share * actual.size
    reached = np.interp(cut, np.concatenate([[0], np.cumsum(mass)]), np.concatenate([[0.0], held]))
    return float(reached / actual.sum())
