"""How good a clustering is: found again on redrawn customers, lasting, apart, and of use for what comes.

*Stability* is the mean adjusted Rand index (Hubert and Arabie 1985) between the clustering and refits on redrawn
customers, all judged on the same customers. *Lasting* is the same index between what the frozen clustering said of
customers some weeks ago and what it says of them now. *Separation* is the mean silhouette (Rousseeuw 1987), and, where
an earlier cutoff is at hand, how much more of the value that followed the groups explain than as many quantile groups of
recency, frequency and money.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiercast.segments.algorithms import Found, find
from tiercast.segments.traits import TRAITS, Trait, chosen_behaviours
from tiercast.segments.worth import explained_share, rfm_groups
from tiercast.serving.behaviour import Behaviour, bought_before, prepare
from tiercast.serving.segments import Segments

REDRAWS = 20
FIRST_REDRAWS = 6
HOPELESS_BELOW = 0.7
JUDGE_ROWS = 3_000
PAST_ROWS = 20_000


@dataclass(frozen=True)
class Gates:
    """What a clustering has to reach: mean adjusted Rand indices, and the share of its smallest group."""

    stability: float = 0.85
    lasting: float = 0.70
    smallest_share: float = 0.02


@dataclass(frozen=True)
class Past:
    """The same customers at an earlier cutoff, what they were worth after it, and how they look some weeks later.

    Parameters
    ----------
    features : DataFrame
        One row a customer at the earlier cutoff.
    value_currency : array or None
        Net revenue in the window after that cutoff, aligned with ``features``; None where it is not known.
    later : DataFrame
        One row a customer, ``weeks`` weeks after that cutoff.
    weeks : float
    """

    features: pd.DataFrame
    value_currency: np.ndarray | None
    later: pd.DataFrame
    weeks: float = 13.0

    def buyers(self, *, seed: int) -> "Past":
        """Return the same, of those who had bought by then, ordered by customer, at most ``PAST_ROWS`` by chance."""
        kept = np.flatnonzero(bought_before(self.features))
        kept = kept[np.argsort(self.features["customer_id"].to_numpy(dtype=object)[kept], kind="stable")]
        if len(kept) > PAST_ROWS:
            kept = kept[np.sort(np.random.default_rng(seed).choice(len(kept), PAST_ROWS, replace=False))]
        value = None if self.value_currency is None else np.asarray(self.value_currency, dtype=float)[kept]
        rows = self.features.iloc[kept].reset_index(drop=True)
        return Past(rows, value, self.later, self.weeks)


def stability_of(
    points: np.ndarray, labels: np.ndarray, algorithm: str, settings: Mapping[str, float], *, seed: int
) -> float:
    """Return the mean adjusted Rand index of refits on redrawn customers; NaN where a refit finds no groups.

    A candidate whose first ``FIRST_REDRAWS`` refits are far from any gate is not redrawn further.
    """
    from sklearn.metrics import adjusted_rand_score

    chance = np.random.default_rng([seed, int(100 * settings.get("clusters", 0))])
    found: list[float] = []
    for number in range(REDRAWS):
        if number == FIRST_REDRAWS and not np.mean(found) >= HOPELESS_BELOW:
            break
        drawn = points[chance.integers(0, len(points), min(len(points), JUDGE_ROWS))]
        again = find(drawn, algorithm, settings, seed=seed + number, starts=4)
        found.append(np.nan if again is None else adjusted_rand_score(labels, again.labels(points)))
    return float(np.mean(found))


def separation_of(points: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean silhouette, NaN with fewer than two groups."""
    from sklearn.metrics import silhouette_score

    if not 1 < len(np.unique(labels)) < len(labels):
        return float("nan")
    return float(silhouette_score(points, labels))


def lasting_of(part: Segments, before: pd.DataFrame, later: pd.DataFrame) -> float:
    """Return the adjusted Rand index between a frozen clustering's answers at two cutoffs, of those seen at both."""
    from sklearn.metrics import adjusted_rand_score

    then = pd.Series(part.predict(before), index=before["customer_id"].to_numpy(dtype=object)).dropna()
    now = pd.Series(part.predict(later), index=later["customer_id"].to_numpy(dtype=object)).dropna()
    both = then.index.intersection(now.index)
    if len(both) < 2:
        return float("nan")
    return float(adjusted_rand_score(then.loc[both], now.loc[both]))


def judged_past(
    past: Past,
    algorithm: str,
    settings: Mapping[str, float],
    *,
    seed: int,
    traits: tuple[Trait, ...] = TRAITS,
    style_weight: float,
) -> dict[str, float]:
    """Return what a clustering fitted at the earlier cutoff came to: ``lasting`` and ``value_gain``."""
    missing = {"lasting": float("nan"), "value_gain": float("nan")}
    behaviours = chosen_behaviours(past.features, style_weight=style_weight, traits=traits)
    points = prepare(past.features, behaviours)
    if len(points) < 30:
        return missing
    found = find(points, algorithm, settings, seed=seed)
    if found is None:
        return missing
    part = served(found, behaviours)
    told = {"lasting": lasting_of(part, past.features, past.later), "value_gain": float("nan")}
    if past.value_currency is not None:
        groups = rfm_groups(past.features, len(found.centres))
        ours = explained_share(found.labels(points), past.value_currency)
        told["value_gain"] = ours - explained_share(groups, past.value_currency)
    return told


def served(found: Found, behaviours: tuple[Behaviour, ...]) -> Segments:
    """Return groups as a served part, its names being numbers."""
    names = tuple(str(each) for each in range(len(found.centres)))
    centres = tuple(tuple(float(each) for each in row) for row in found.centres)
    return Segments(behaviours, centres, names, names, found.mixture)
