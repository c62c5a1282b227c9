"""What each segment is like: means, and what it has more or less of than customers on the whole, with intervals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tiercast.serving.behaviour import Behaviour, measured, prepare
from tiercast.serving.segments import Segments

WIDTH_95 = 1.959964
PROFILED = ("segment", "behaviour", "mean", "ratio", "index", "index_low", "index_high", "stands_out")


def profile_of(segments: Segments, buyers: pd.DataFrame, told: Sequence[Behaviour]) -> pd.DataFrame:
    """Return one row a segment, most valuable first.

    Returns
    -------
    DataFrame
        ``segment, segment_zh, customers, customer_share``, then for each behaviour its mean (in its own unit) and
        ``<behaviour>_index``: how far the segment's mean lies from the mean of all buyers, in robust standard units.
    """
    profile = pd.DataFrame(
        {"segment": list(segments.names_en), "segment_zh": list(segments.names_zh)}, dtype=object
    )
    where = segments.predict(buyers)
    sizes = pd.Series(where).value_counts().reindex(range(len(profile)), fill_value=0)
    profile["customers"] = sizes.to_numpy(dtype=np.int64)
    profile["customer_share"] = profile["customers"] / max(len(buyers), 1)
    long = indexes_of(segments, buyers, told)
    for each in told:
        rows = long[long["behaviour"] == each.name]
        profile[each.name] = rows["mean"].to_numpy(dtype=np.float64)
        profile[f"{each.name}_index"] = rows["index"].to_numpy(dtype=np.float64)
    return profile


def indexes_of(segments: Segments, buyers: pd.DataFrame, told: Sequence[Behaviour]) -> pd.DataFrame:
    """Return over- and under-representation, one row a segment and behaviour.

    Returns
    -------
    DataFrame
        ``segment, behaviour, mean`` (of the known, in its unit), ``ratio`` (to the mean of all buyers; 1.3 is 30 %
        over), ``index`` (robust standard units), ``index_low, index_high`` (95 %, of the difference between the segment
        and everybody: the segment is part of everybody, so what they share does not count) and ``stands_out``:
        ``over``, ``under``, or empty where the interval holds 0.
    """
    points = prepare(buyers, told)
    where = segments.predict(buyers)
    rows = []
    for position, each in enumerate(told):
        own = measured(buyers, each.column, each.over, each.over_at_least)
        own = np.where(np.isfinite(own), own, np.nan)
        overall = float(np.nanmean(own)) if np.isfinite(own).any() else float("nan")
        for number, name in enumerate(segments.names_en):
            inside = where == number
            mean = float(np.nanmean(own[inside])) if np.isfinite(own[inside]).any() else float("nan")
            index, spread = _apart(points[:, position] / each.weight, inside)
            low, high = index - WIDTH_95 * spread, index + WIDTH_95 * spread
            stands_out = "over" if low > 0 else "under" if high < 0 else ""
            ratio = mean / overall if overall else float("nan")
            rows.append((name, each.name, mean, ratio, index, low, high, stands_out))
    return pd.DataFrame(rows, columns=list(PROFILED))


def _apart(values: np.ndarray, inside: np.ndarray) -> tuple[float, float]:
    """Return how far the mean inside lies from the mean of all, and the standard error of that (Welch 1947)."""
    n, rest = int(inside.sum()), int((~inside).sum())
    if not n:
        return float("nan"), float("nan")
    if not rest:
        return 0.0, 0.0
    outside_share = rest / (n + rest)
    difference = values[inside].mean() - values[~inside].mean()
    variance = values[inside].var() / n + values[~inside].var() / rest
    return float(outside_share * difference), float(outside_share * np.sqrt(variance))
