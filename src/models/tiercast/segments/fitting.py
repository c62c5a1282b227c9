"""Fit segments on the customers of one day: choose, cluster, name, keep old labels, and tell what was found."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from tiercast.segments.algorithms import ALGORITHMS, Found, find
from tiercast.segments.choosing import DEFAULTS, TRIED, Choice, choose, judged
from tiercast.segments.judging import Gates, Past, served
from tiercast.segments.labels import named
from tiercast.segments.profiles import indexes_of, profile_of
from tiercast.segments.report import SegmentReport, TooManyClusters
from tiercast.segments.traits import TRAITS, Trait, chosen_behaviours, told_behaviours
from tiercast.serving.behaviour import BOUGHT, Behaviour, known, prepare
from tiercast.serving.refusals import MissingColumns
from tiercast.serving.segments import Segments, bought_before

FIT_ROWS = 20_000
TRIALS = 6
LEAST_DISTINCT = 30
VALUE_COLUMNS = ("spend_91d_currency", "net_spend_currency", "orders_91d")


def fit(
    features: pd.DataFrame,
    *,
    clusters: int | None,
    seed: int,
    algorithm: str = "auto",
    trials: int = TRIALS,
    past: Past | None = None,
    previous: Segments | None = None,
    gates: Gates | None = None,
    traits: tuple[Trait, ...] = TRAITS,
) -> tuple[Segments, SegmentReport]:
    """Cluster the customers who have bought, and name the clusters.

    Parameters
    ----------
    features : DataFrame
        Feature columns and ``customer_id``, one row a customer. Behaviours that are absent or constant are skipped.
    clusters : int or None
        A number of at least 1, or None to choose between 3 and 8. A given number is fitted by k-means unless an
        algorithm is named; HDBSCAN finds a number of its own, whatever is given.
    seed : int
        The one source of chance.
    algorithm : str
        ``auto`` lets all of ``kmeans``, ``mixture`` and ``hdbscan`` compete.
    trials : int
        How often Optuna may look further within each algorithm.
    past : Past, optional
        An earlier cutoff of the same customers: with it, the choice has to last and to tell of value.
    previous : Segments, optional
        Old segments whose labels are kept where the customers are the same, and whose number is kept while it passes.

    Returns
    -------
    Segments, SegmentReport

    Raises
    ------
    MissingColumns
        Without ``customer_id`` or ``days_since_purchase``.
    TooManyClusters
        More (or less than 1) clusters were asked for than there are distinct customers.

    Examples
    --------
    >>> chance = np.random.default_rng(1)
    >>> often = {"orders_91d": chance.poisson(40, 60), "days_since_purchase": chance.integers(1, 4, 60)}
    >>> seldom = {"orders_91d": chance.poisson(2, 60), "days_since_purchase": chance.integers(50, 90, 60)}
    >>> seen = pd.concat([pd.DataFrame(often), pd.DataFrame(seldom)], ignore_index=True).astype(float)
    >>> seen.insert(0, "customer_id", [f"c{each:03d}" for each in range(120)])
    >>> segments, report = fit(seen, clusters=2, seed=0)
    >>> segments.names_en, report.how
    (('here lately, active now', 'silent for long, quiet now'), 'given')
    >>> fit(seen, clusters=500, seed=0)
    Traceback (most recent call last):
    ...
    tiercast.segments.report.TooManyClusters: between 1 and 86 segments can be told apart here, not 500
    >>> fit(seen.iloc[:0], clusters=None, seed=0)[1].how
    'no_buyers'
    """
    buyers = sampled(features, seed=seed)
    told = told_behaviours(buyers, traits)
    skipped = tuple(each.name for each in traits if each.name not in {found.name for found in told})
    behaviours = chosen_behaviours(buyers, style_weight=DEFAULTS["kmeans"]["style_weight"], traits=traits)
    distinct = len(np.unique(prepare(buyers, behaviours), axis=0))
    if clusters is not None and len(buyers) and not 1 <= clusters <= max(distinct, 1):
        raise TooManyClusters(asked=clusters, distinct=max(distinct, 1))
    if not len(buyers):
        part = Segments(behaviours, (), (), ())
        return part, _report(part, buyers, told, skipped, Choice("no_buyers", "", {}, {}, _none()))
    if clusters is not None:
        name = "kmeans" if algorithm == "auto" else algorithm
        settings = {**DEFAULTS[name], "clusters": clusters}
        figures = judged(buyers, name, settings, seed=seed, gates=gates, traits=traits)
        choice = Choice("given", name, settings, figures, _none())
    elif distinct < LEAST_DISTINCT:
        choice = Choice("too_few", "", {}, {}, _none())
    else:
        names = ALGORITHMS if algorithm == "auto" else (algorithm,)
        choice = choose(
            buyers,
            seed=seed,
            trials=trials,
            past=None if past is None else past.buyers(seed=seed),
            gates=gates,
            algorithms=names,
            traits=traits,
            keep_number=None if previous is None else len(previous.centres),
        )
    part = fitted(buyers, choice, seed=seed, traits=traits)
    part, matched = named(part, buyers, told, previous)
    return part, replace(_report(part, buyers, told, skipped, choice), matched=matched)


def sampled(features: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return the customers who have bought, in the order of their id, at most ``FIT_ROWS`` of them by chance.

    Raises
    ------
    MissingColumns
    """
    missing = sorted({"customer_id", BOUGHT} - set(features.columns))
    if missing:
        raise MissingColumns(f"clustering needs {', '.join(missing)}, which did not come", missing=missing)
    buyers = features.loc[bought_before(features)].sort_values("customer_id", kind="stable")
    if len(buyers) > FIT_ROWS:
        chosen = np.random.default_rng(seed).choice(len(buyers), FIT_ROWS, replace=False)
        buyers = buyers.iloc[np.sort(chosen)]
    return buyers.reset_index(drop=True)


def fitted(
    buyers: pd.DataFrame, choice: Choice, *, seed: int, traits: tuple[Trait, ...] = TRAITS
) -> Segments:
    """Return the chosen clustering of these customers, most valuable group first, its names being numbers."""
    weight = choice.settings.get("style_weight", DEFAULTS["kmeans"]["style_weight"])
    behaviours = chosen_behaviours(buyers, style_weight=weight, traits=traits)
    points = prepare(buyers, behaviours)
    found = find(points, choice.algorithm, choice.settings, seed=seed) if choice.algorithm else None
    if found is None or len(found.centres) == 1:
        return served(Found(points.mean(axis=0, keepdims=True)), behaviours)
    value = pd.Series(_value(buyers)).groupby(found.labels(points)).mean()
    means = value.reindex(range(len(found.centres))).to_numpy(dtype=float)
    held = [int(each) for each in np.lexsort([*found.centres.T[::-1], -means]) if np.isfinite(means[each])]
    mixture = None if found.mixture is None else found.mixture.reordered(held)
    return served(Found(found.centres[held], mixture), behaviours)


def _report(
    part: Segments,
    buyers: pd.DataFrame,
    told: tuple[Behaviour, ...],
    skipped: tuple[str, ...],
    choice: Choice,
) -> SegmentReport:
    figures: Mapping[str, Any] = choice.judged
    nan = float("nan")
    return SegmentReport(
        len(part.centres),
        choice.how,
        figures.get("silhouette", nan),
        figures.get("stability", nan),
        choice.tried,
        profile_of(part, buyers, told),
        skipped,
        algorithm=choice.algorithm,
        settings=choice.settings,
        indexes=indexes_of(part, buyers, told),
        lasting=figures.get("lasting", nan),
    )


def _value(buyers: pd.DataFrame) -> np.ndarray:
    for column in VALUE_COLUMNS:
        if column in buyers and buyers[column].notna().any():
            return np.nan_to_num(known(buyers, column))
    return -known(buyers, BOUGHT)


def _none() -> pd.DataFrame:
    return pd.DataFrame(columns=list(TRIED), dtype=float)
