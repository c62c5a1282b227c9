"""Many customers at once: random picks, and rows repeated for each of them."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Random: TypeAlias = np.random.Generator


def pick(random: Random, weights: Sequence[float] | Floats, size: int) -> Ints:
    """Return codes 0, 1, … drawn with the given weights."""
    steps = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(steps / steps[-1], random.random(size), side="right").clip(max=len(steps) - 1)


def pick_by_row(random: Random, weights: Floats, row: Ints) -> Ints:
    """Return one code per entry of ``row``, drawn with the weights in that row of a table."""
    steps = np.cumsum(weights, axis=1)[:, :-1] / weights.sum(axis=1, keepdims=True)
    return (random.random(len(row))[:, None] >= steps[row]).sum(axis=1)


def repeated(counts: Ints) -> Ints:
    """Return 0 ``counts[0]`` times, then 1 ``counts[1]`` times, and so on.

    Examples
    --------
    >>> repeated(np.array([2, 0, 1]))
    array([0, 0, 2])
    """
    return np.repeat(np.arange(len(counts)), counts)


def places_within(counts: Ints) -> Ints:
    """Return 0, 1, … within each group of ``counts`` rows.

    Examples
    --------
    >>> places_within(np.array([2, 0, 3]))
    array([0, 1, 0, 1, 2])
    """
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
