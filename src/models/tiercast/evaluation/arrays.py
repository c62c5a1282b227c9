"""Read what a metric is given as columns of equal length, and say whether a figure can be made of them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tiercast.serving.refusals import Refused

Floats = NDArray[np.float64]


class MisalignedInput(Refused, ValueError):
    """Columns that should describe the same customers have different lengths."""

    code = "MISALIGNED_INPUT"

    def __init__(self, *lengths: int) -> None:
        came = " and ".join(str(length) for length in lengths)
        super().__init__(
            f"columns of one metric must have one row per customer each: {came} rows came; align them first",
            rows=list(lengths),
        )


def columns(*given: ArrayLike) -> tuple[Floats, ...]:
    """Return each column as float64 of shape (n,), refusing columns of different lengths.

    Examples
    --------
    >>> columns([0, 1], [0.5, 0.25])
    (array([0., 1.]), array([0.5 , 0.25]))
    >>> columns([0, 1], [0.5])
    Traceback (most recent call last):
    ...
    tiercast.evaluation.arrays.MisalignedInput: columns ... one row per customer each: 2 and 1 ...
    >>> columns([], [])
    (array([], dtype=float64), array([], dtype=float64))
    """
    read = tuple(np.asarray(column, dtype=np.float64) for column in given)
    if any(column.ndim != 1 or column.size != read[0].size for column in read):
        raise MisalignedInput(*(column.size for column in read))
    return read


def complete(*given: Floats) -> bool:
    """Return whether there are rows and every number is there: else a figure is NaN, never a guess.

    Examples
    --------
    >>> complete(np.array([1.0])), complete(np.array([np.nan])), complete(np.array([]))
    (True, False, False)
    """
    return all(column.size > 0 and bool(np.isfinite(column).all()) for column in given)
