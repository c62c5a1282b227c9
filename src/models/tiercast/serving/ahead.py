"""Several horizons at once: chances and value of a month, a quarter, half a year and a year never contradict each other."""

import numpy as np

WITHIN_DAYS: tuple[int, ...] = (7, 30, 60, 90, 180, 365)
"""Horizons of which the chance to buy is told."""
VALUE_DAYS: tuple[int, ...] = (30, 90, 180, 365)
"""Horizons of which the value is told."""


def within_name(days: int) -> str:
    """Return the column of the chance to buy within so many days.

    Examples
    --------
    >>> within_name(30)
    'purchase_within_30d_probability'
    """
    return f"purchase_within_{days}d_probability"


def value_names(days: int) -> tuple[str, str, str]:
    """Return the columns of the value within so many days: expected, and both ends of its central 80 % interval.

    Examples
    --------
    >>> value_names(30)
    ('expected_value_30d_currency', 'expected_value_30d_low_currency', 'expected_value_30d_high_currency')
    """
    told = f"expected_value_{days}d"
    return f"{told}_currency", f"{told}_low_currency", f"{told}_high_currency"


def rising(answers: np.ndarray, *, kept: int) -> np.ndarray:
    """Return answers that never fall from one horizon to the next longer one; the served horizon's stay, bit for bit.

    Longer horizons are raised to what a shorter one says, from the kept one on; shorter ones are lowered to it.

    Parameters
    ----------
    answers : array, shape (rows, horizons)
        Columns in order of their horizons, shortest first.
    kept : int
        The column that is not touched.

    Examples
    --------
    >>> rising(np.array([[5.0, 2.0, 3.0, 1.0, 4.0]]), kept=2).tolist()
    [[2.0, 2.0, 3.0, 3.0, 4.0]]
    """
    longer = np.maximum.accumulate(answers[:, kept:], axis=1)
    shorter = np.minimum.accumulate(answers[:, kept::-1], axis=1)[:, ::-1]
    return np.concatenate([shorter[:, :-1], longer], axis=1)
