"""Lists of customers: persuadable, sure thing, lost cause, do not disturb, each with what was seen to hold of it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tiercast.evaluation.arrays import Floats
from tiercast.evaluation.uplift import Estimate, effect_by_band
from tiercast.persuasion.experiment import Experiment
from tiercast.persuasion.walking import Walked
from tiercast.serving.uplift import LISTS, LISTS_ZH, ListRules


def bands_of(score: Floats, bands: int) -> np.ndarray:
    """Return the band of each score, 0 the highest; equal scores share a band.

    Examples
    --------
    >>> bands_of(np.array([0.1, 0.2, 0.3, 0.4]), 2).tolist()
    [1, 1, 0, 0]
    """
    edges = np.unique(np.quantile(score, np.arange(1, bands) / bands))
    place = np.searchsorted(edges, score, side="right")
    return np.asarray(np.unique(-place, return_inverse=True)[1])


def band_table(
    experiment: Experiment,
    walked: Walked,
    outcome: Floats,
    score: Floats,
    *,
    bands: int,
    confidence_share: float,
) -> pd.DataFrame:
    """Return for each band what was said and what was seen of the customers who were judged, the highest band first.

    Bands hold equally many customers of each block. ``uplift_from`` is where a band begins among the scores of everybody.
    """
    band = banded(walked, bands)
    rows = walked.rows
    seen = effect_by_band(
        band,
        experiment.treated[rows],
        outcome[rows],
        experiment.probability[rows],
        confidence_share=confidence_share,
    )
    size = np.bincount(band)
    starts = [float(np.quantile(score, 1.0 - number / size.size)) for number in range(1, size.size)]
    return pd.DataFrame(
        {
            "band": np.arange(1, size.size + 1),
            "judged_customers": size,
            "uplift_from": [*starts, float(score.min())],
            "said_uplift": np.bincount(band, walked.chosen) / size,
            "seen_uplift": [seen[place].value for place in range(size.size)],
            "seen_uplift_low": [seen[place].low for place in range(size.size)],
            "seen_uplift_high": [seen[place].high for place in range(size.size)],
            "outcome_left_alone": np.bincount(band, walked.alone) / size,
        }
    )


def banded(walked: Walked, bands: int) -> np.ndarray:
    """Return the band of each judged customer within their block; as few as the block with the most ties allows."""
    each = [bands_of(walked.chosen[walked.block == number], bands) for number in np.unique(walked.block)]
    fewest = min(int(band.max()) + 1 for band in each)
    found = np.zeros(len(walked.chosen), dtype=np.intp)
    for number, band in zip(np.unique(walked.block), each, strict=True):
        found[walked.block == number] = np.minimum(band, fewest - 1)
    return found


def cut_lists(bands: pd.DataFrame, *, sure_from: float, least_uplift: float = 0.0) -> ListRules:
    """Return where the lists are cut.

    From the highest band down, customers are persuadable as long as each band's whole interval lies above
    ``least_uplift`` (what a contact has to add to be worth it). From the lowest band up, they are not to be disturbed as
    long as each band's whole interval lies below zero; and above these no effect is shown as long as each band's
    interval includes zero.

    Examples
    --------
    >>> bands = pd.DataFrame({"uplift_from": [0.2, 0.1, 0.0, -0.1], "seen_uplift_low": [0.1, -0.1, -0.1, -0.3],
    ...                       "seen_uplift_high": [0.3, 0.2, 0.2, -0.05]})
    >>> cut_lists(bands, sure_from=0.5)
    ListRules(persuadable_from=0.2, unaffected_below=0.2, disturbed_below=0.0, sure_from=0.5)
    """
    low, high = (bands[f"seen_uplift_{end}"].to_numpy(float) for end in ("low", "high"))
    starts = bands["uplift_from"].to_numpy(float)
    top = _leading(low > least_uplift)
    harmed = len(starts) - _leading(high[::-1] < 0.0)
    shown = (low > 0.0) | (high < 0.0)
    unaffected = harmed - _leading(~shown[:harmed][::-1])

    def above(place: int) -> float:
        """Return the least uplift of the band before one, below which all that follow lie."""
        return float(starts[place - 1]) if place else float("inf")

    return ListRules(
        persuadable_from=above(top),
        unaffected_below=above(max(unaffected, top)) if unaffected < harmed else -np.inf,
        disturbed_below=above(harmed) if harmed < len(starts) else -np.inf,
        sure_from=sure_from,
    )


def _leading(held: np.ndarray) -> int:
    """Return how many of the first places hold, one after another."""
    return int(np.argmin(held)) if not held.all() else int(held.size)


def finest(tables: Sequence[pd.DataFrame], least_uplift: float) -> pd.DataFrame:
    """Return the finest table whose highest band gains enough or whose lowest one loses; else the coarsest."""
    for table in tables:
        if table["seen_uplift_low"].iloc[0] > least_uplift or table["seen_uplift_high"].iloc[-1] < 0.0:
            return table
    return tables[-1]


def judged_lists(bands: pd.DataFrame, rules: ListRules, walked: Walked) -> pd.Series:
    """Return the list of each judged customer: that of a customer at the beginning of their band."""
    band = banded(walked, len(bands))
    return rules.assign(bands["uplift_from"].to_numpy(float)[band], walked.alone)


def list_table(
    experiment: Experiment,
    walked: Walked,
    outcome: Floats,
    named: pd.Series,
    judged: pd.Series,
    *,
    confidence_share: float,
) -> pd.DataFrame:
    """Return for each list how many customers are on it, and what was said and seen of those who were judged.

    Parameters
    ----------
    named : pandas.Series
        The list of everybody.
    judged : pandas.Series
        That of the customers who were judged, by models that saw none of them.
    """
    codes = {name: number for number, name in enumerate(LISTS)}
    place = judged.map(codes).to_numpy(dtype=np.intp)
    rows = walked.rows
    seen = effect_by_band(
        place,
        experiment.treated[rows],
        outcome[rows],
        experiment.probability[rows],
        confidence_share=confidence_share,
    )
    size = np.bincount(place, minlength=len(LISTS))
    nobody = Estimate(float("nan"), float("nan"), float("nan"))
    told = [seen.get(number, nobody) if size[number] else nobody for number in range(len(LISTS))]
    everybody = np.bincount(named.map(codes).to_numpy(dtype=np.intp), minlength=len(LISTS))

    def mean(values: Floats) -> np.ndarray:
        total = np.bincount(place, values, len(LISTS))
        return np.where(size > 0, total / np.maximum(size, 1), np.nan)

    return pd.DataFrame(
        {
            "list": list(LISTS),
            "list_zh": [LISTS_ZH[name] for name in LISTS],
            "customers": everybody,
            "customer_share": everybody / max(len(named), 1),
            "judged_customers": size,
            "said_uplift": mean(walked.chosen),
            "seen_uplift": [each.value for each in told],
            "seen_uplift_low": [each.low for each in told],
            "seen_uplift_high": [each.high for each in told],
            "outcome_left_alone": mean(walked.alone),
        }
    )
