"""Tell whether an experiment was drawn as planned: are the arms as large as they should be, and alike before it began?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm

from tiercast.evaluation.arrays import Floats, columns
from tiercast.evaluation.bootstrap import holm


@dataclass(frozen=True)
class SampleRatio:
    """How many were treated, how many should have been, and how likely a difference this large is by chance."""

    treated: int
    control: int
    expected_treated: float
    chi_square: float
    p_value: float


def sample_ratio(treated: ArrayLike, probability: ArrayLike) -> SampleRatio:
    """Return the chi-square test of the number treated against the probabilities with which it was drawn.

    One degree of freedom; the variance is that of independent draws with unequal probabilities. Fabijan et al. 2019,
    "Diagnosing sample ratio mismatch in online controlled experiments".

    Examples
    --------
    >>> sample_ratio([1] * 50 + [0] * 50, [0.5] * 100).p_value
    1.0
    >>> round(sample_ratio([1] * 70 + [0] * 30, [0.5] * 100).chi_square, 2)
    16.0
    """
    drawn, chance = columns(treated, probability)
    expected, spread = float(chance.sum()), float((chance * (1.0 - chance)).sum())
    off = (float(drawn.sum()) - expected) ** 2 / spread if spread > 0 else float("nan")
    return SampleRatio(int(drawn.sum()), int(drawn.size - drawn.sum()), expected, off, float(chi2.sf(off, 1)))


def standardised_differences(
    features: pd.DataFrame, treated: ArrayLike, probability: ArrayLike
) -> pd.DataFrame:
    """Return by how much the weighted arms differ in each column known before, in standard deviations.

    Each row weighs one over the probability of its arm. Unknown values are compared by their share, under the column's
    name and ``is unknown``. Austin 2009; p-values of a weighted z test, adjusted for the number of columns (Holm 1979).

    Returns
    -------
    pandas.DataFrame
        ``column``, ``difference_sd`` (treated less control), ``p_value``; largest difference first, ties by name.

    Examples
    --------
    >>> seen = pd.DataFrame({"orders": [1.0, 2.0, 1.0, 2.0], "spend": [9.0, 9.0, 1.0, 2.0]})
    >>> told = standardised_differences(seen, [1, 1, 0, 0], [0.5] * 4)
    >>> told["column"].tolist(), told["difference_sd"].round(1).tolist()
    (['spend', 'orders'], [21.2, 0.0])
    """
    drawn, chance = columns(treated, probability)
    values = features.to_numpy(dtype=np.float64, na_value=np.nan)
    unknown = np.isnan(values)
    partly = np.asarray(unknown.any(axis=0) & ~unknown.all(axis=0), dtype=np.bool_).reshape(-1)
    names = [*map(str, features.columns), *(f"{name} is unknown" for name in features.columns[partly])]
    table = np.column_stack([values, unknown[:, partly].astype(float)])
    means, spreads, errors = [], [], []
    for heft in (drawn / chance, (1.0 - drawn) / (1.0 - chance)):
        mean, spread, error = _moments(table, heft)
        means.append(mean)
        spreads.append(spread)
        errors.append(error)
    pooled = np.sqrt((spreads[0] + spreads[1]) / 2.0)
    gap = np.nan_to_num(means[0] - means[1])
    scale = np.where(pooled > 1e-12, pooled, 1.0)
    width = np.sqrt(errors[0] + errors[1])
    z = np.divide(np.abs(gap), width, out=np.zeros(gap.size), where=width > 1e-12)
    adjusted = holm(dict(zip(names, (2.0 * norm.sf(z)).tolist(), strict=True)))
    found = pd.DataFrame(
        {"column": names, "difference_sd": gap / scale, "p_value": [adjusted[name] for name in names]}
    )
    return found.iloc[np.lexsort([found["column"], -found["difference_sd"].abs()])].reset_index(drop=True)


def _moments(table: Floats, heft: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the weighted mean, variance and squared standard error of the mean of each column, where known.

    The mean is NaN where nobody's value is known.
    """
    known = np.isfinite(table)
    held = np.where(known, table, 0.0)
    reached = heft @ known
    mass = np.maximum(reached, 1e-12)
    mean = np.where(reached > 0, heft @ held / mass, np.nan)
    off = np.where(known, (table - mean) ** 2, 0.0)
    return mean, heft @ off / mass, (heft**2) @ off / mass**2


def effective_size(weights: ArrayLike) -> float:
    """Return how many equally weighted customers tell as much (Kish 1965).

    Examples
    --------
    >>> effective_size([1.0, 1.0, 1.0]), effective_size([1.0, 0.0, 0.0])
    (3.0, 1.0)
    """
    (heft,) = columns(weights)
    squares = float((heft**2).sum())
    return float(heft.sum()) ** 2 / squares if squares > 0 else 0.0
