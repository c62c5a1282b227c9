"""Whether two contestants said the same of every customer."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

TOLERANCE = 1e-9
"""Relative: what different orders of the same sums may do to a number."""


class NotEqual(AssertionError):
    """Two contestants did not do the same work, so that their times say nothing."""


def compare(ours: str | Path, theirs: str | Path, names: Sequence[str], *, exact: bool = False) -> int:
    """Return how many cells were compared, all of them alike.

    Parameters
    ----------
    ours, theirs : path
        Parquet files with ``customer_id`` and the columns ``names``, in any order.
    exact : bool
        Every bit counts; else numbers may differ by one in a thousand million. What is absent is absent in both.

    Raises
    ------
    NotEqual
        Customers or cells differ.
    """
    order = []
    for path in (ours, theirs):
        ids = pq.read_table(path, columns=["customer_id"])["customer_id"].to_pandas().to_numpy(dtype=object)
        order.append((ids, np.argsort(ids.astype("U"), kind="stable")))
    (mine, of_mine), (other, of_other) = order
    if len(mine) != len(other) or (mine[of_mine] != other[of_other]).any():
        raise NotEqual(f"{len(mine):,} customers here, {len(other):,} there, and not the same")
    for name in names:
        first, second = (_numbers(path, name)[rows] for path, rows in ((ours, of_mine), (theirs, of_other)))
        differ = _differ(first, second, exact=exact)
        if differ.any():
            place = int(np.argmax(differ))
            raise NotEqual(
                f"{name}: {int(differ.sum()):,} of {len(first):,} differ, as {first[place]!r} and {second[place]!r}"
                f" of {mine[of_mine][place]}"
            )
    return len(mine) * len(names)


def _numbers(path: str | Path, name: str) -> np.ndarray:
    return pq.read_table(path, columns=[name])[name].to_numpy().astype("float64")


def _differ(first: np.ndarray, second: np.ndarray, *, exact: bool) -> np.ndarray:
    absent = np.isnan(first)
    if exact:
        return (absent != np.isnan(second)) | (~absent & (first.view("int64") != second.view("int64")))
    return ~np.isclose(first, second, rtol=TOLERANCE, atol=0.0, equal_nan=True)
