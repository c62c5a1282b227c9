"""A refit renames nobody: new segments take the labels of the old ones that hold the same customers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiercast.serving.refusals import MissingColumns
from tiercast.serving.segments import Segments

KEPT_FROM_OVERLAP = 0.3
"""Least overlap (shared customers / customers of either) at which a label is kept."""


@dataclass(frozen=True)
class Match:
    """Which old segment each new one goes on from.

    Parameters
    ----------
    old_of : tuple of (int or None)
        For each new segment the position of the old one, None for a segment that is new.
    overlap : tuple of float
        Customers whom both hold / customers whom either holds; of a segment that is new, with its best old one.
    agreement : float
        Share of the customers who keep their label; NaN when nothing could be compared.
    problem : str
        Why nothing could be compared, or empty.
    """

    old_of: tuple[int | None, ...]
    overlap: tuple[float, ...]
    agreement: float
    problem: str = ""


def match(old: Segments, new: Segments, features: pd.DataFrame) -> Match:
    """Return the pairing of old and new segments that shares the most customers (Kuhn 1955, the Hungarian method).

    Both are asked about the same customers today, so that it does not matter of what behaviours either was made.

    Examples
    --------
    >>> from tiercast.serving.behaviour import Behaviour
    >>> behaviour = (Behaviour("orders", 0.0, 9.0, 0.0, 1.0, power=1.0),)
    >>> old = Segments(behaviour, ((3.0,), (0.0,)), ("many", "few"), ("多", "少"))
    >>> new = Segments(behaviour, ((0.1,), (2.9,)), ("a", "b"), ("甲", "乙"))
    >>> seen = pd.DataFrame({"days_since_purchase": 1.0, "orders": [3.0, 3.0, 0.0]})
    >>> match(old, new, seen).old_of
    (1, 0)
    >>> match(old, new, seen.drop(columns="orders").assign(x=1.0)).problem
    'segments need orders, which did not come'
    """
    from scipy.optimize import linear_sum_assignment

    none = Match((None,) * len(new.centres), (0.0,) * len(new.centres), float("nan"))
    try:
        then, now = old.predict(features), new.predict(features)
    except MissingColumns as error:
        return Match(none.old_of, none.overlap, none.agreement, error.message)
    seen = np.isfinite(then) & np.isfinite(now)
    if not seen.any():
        return Match(none.old_of, none.overlap, none.agreement, "no customer is placed by both")
    cells = now[seen].astype(int) * len(old.centres) + then[seen].astype(int)
    shared = np.bincount(cells, minlength=len(new.centres) * len(old.centres)).reshape(len(new.centres), -1)
    either = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True) - shared
    overlap = shared / np.maximum(either, 1)
    rows, columns = linear_sum_assignment(-overlap)
    pairs = {int(row): int(column) for row, column in zip(rows, columns, strict=True)}
    held = {row: column for row, column in pairs.items() if overlap[row, column] >= KEPT_FROM_OVERLAP}
    kept = sum(shared[row, column] for row, column in held.items())
    best = overlap.max(axis=1)
    return Match(
        tuple(held.get(each) for each in range(len(new.centres))),
        tuple(
            float(overlap[each, held[each]]) if each in held else float(best[each])
            for each in range(len(best))
        ),
        float(kept / seen.sum()),
    )
