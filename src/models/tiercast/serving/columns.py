"""Columns of features as plain numbers: what did not come is unknown, and counts of the unknown are none."""

import numpy as np
import pandas as pd


def seen(features: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as float64; NaN where it is unknown, infinite, or did not come.

    Examples
    --------
    >>> seen(pd.DataFrame({"orders": [1.0, float("inf")]}), "orders").tolist()
    [1.0, nan]
    >>> seen(pd.DataFrame({"orders": [1.0]}), "visits").tolist()
    [nan]
    """
    if column not in features:
        return np.full(len(features), np.nan)
    found = features[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def counted(features: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as counts: 0 where it is unknown or did not come."""
    return np.asarray(np.clip(np.nan_to_num(seen(features, column)), 0.0, None), dtype=np.float64)
