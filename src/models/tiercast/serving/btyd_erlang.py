"""What regular buyers need: the hidden steps between two purchases, and what follows from them.

A regular customer's gap between two purchases is Erlang-k: k hidden steps, each exponential at her own rate.
Of the step she is on we know only what her silence tells.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .btyd_arithmetic import Floats

_LEAST_STAYING = 1e-10
_LEAST = 1e-300


def step_terms(shape: Floats, silent_share: Floats, k: int) -> Floats:
    """Return how likely silence finds a customer 0, 1, … k − 1 steps after her last purchase, up to a factor.

    With a rate that is Gamma(shape, rate) at the last purchase and a silence s since, ``silent_share`` is
    s / (rate + s), and j steps have the negative-binomial term ``C(shape + j − 1, j) · silent_share^j``. Their
    sum times ``(1 − silent_share)^shape`` is the probability that no purchase fell into the silence: no term is
    negative, so nothing cancels.

    Returns
    -------
    array, shape (*shape.shape, k)

    Examples
    --------
    >>> step_terms(np.array([2.0]), np.array([0.5]), 3)
    array([[1.  , 1.  , 0.75]])
    """
    j = np.arange(1, k, dtype=np.float64)
    ratios = (shape[..., None] + j - 1.0) / j * silent_share[..., None]
    terms = np.concatenate([np.ones((*shape.shape, 1)), np.cumprod(ratios, axis=-1)], axis=-1)
    return np.asarray(terms, dtype=np.float64)


def bought_if_active(shape: Floats, steps: Floats, reach: Floats, quits: Floats) -> Floats:
    """Return the purchases an active customer is expected to make, for each probability of quitting after one.

    The purchases of a customer j steps after her last one number floor((N + j) / k), where N, the steps of the
    horizon, is negative binomial; the m-th of them happens when she stayed m − 1 times. Summed over m this is a
    mean of s^floor((N + j) / k), and a root-of-unity filter turns it into k terms, one for each k-th root u of
    the probability s of staying::

        1/k · Σ_u u^(j + 1 − k) · (1 − (1 + (1 − u) · reach)^−(shape + j)) / (1 − u)

    Exact; for k = 1 it is ``(1 − (1 + p · reach)^−shape) / p``, the answer of BG/NBD and MBG/NBD. Rounding
    leaves an absolute error near 1e-16 times the steps expected, times s^−(1 − 1/k) where hardly anybody stays.

    Parameters
    ----------
    shape : array, shape (n,)
        Of the gamma rate: r + k · repeats.
    steps : array, shape (n, k)
        Probabilities of 0 … k − 1 steps since the last purchase.
    reach : array, shape (n,)
        Horizon over (alpha + age).
    quits : array, shape (n, nodes)
        Probabilities of quitting after a purchase.

    Examples
    --------
    A customer about to take the last of two steps, who never quits, buys half as often as she steps, and a bit:

    >>> late = np.array([[0.0, 1.0]])
    >>> bought_if_active(np.array([8.0]), late, np.array([1.0]), np.array([[0.0]])).round(4)
    array([[4.75]])
    """
    k = steps.shape[1]
    log_stays = np.log1p(-np.minimum(quits, 1.0 - _LEAST_STAYING)) / k
    root, away = np.exp(log_stays), np.maximum(-np.expm1(log_stays), _LEAST)
    growth = np.log1p(away * reach[:, None])
    total = np.zeros_like(root)
    for j in range(k):
        happened = -np.expm1(-(shape[:, None] + j) * growth) / away
        total += steps[:, j, None] * root ** (j + 1 - k) * happened
    for turn in range(1, k // 2 + 1):
        if 2 * turn == k:  # the root on the negative axis: real, so four times as fast
            total += _turned(shape, steps, reach, -root)
        else:
            total += 2.0 * np.real(_turned(shape, steps, reach, root * np.exp(2j * np.pi * turn / k)))
    return total / k


def _turned(shape: Floats, steps: Floats, reach: Floats, root: NDArray[Any]) -> NDArray[Any]:
    """Return one term of the filter, for a root that is not on the positive axis."""
    k = steps.shape[1]
    away = 1.0 - root
    grown = 1.0 + away * reach[:, None]
    left = np.exp(-shape[:, None] * np.log(grown))
    total, power = np.zeros_like(root), root ** (1 - k)
    for j in range(k):
        total += steps[:, j, None] * power * (1.0 - left)
        power, left = power * root, left / grown
    return total / away
