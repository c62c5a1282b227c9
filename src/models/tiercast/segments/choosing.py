"""Which algorithm, and how many segments: every candidate is judged alike, and Optuna looks around the best.

The declared candidates are k-means and a Gaussian mixture with 3 to 8 clusters, and HDBSCAN. Then
:mod:`tiercast.tuning` looks further within each of the three. A candidate that passes the gates beats any that does not;
among those, separation decides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tiercast.learners.learner import Range
from tiercast.segments.algorithms import ALGORITHMS, find
from tiercast.segments.judging import (
    JUDGE_ROWS,
    Gates,
    Past,
    judged_past,
    separation_of,
    stability_of,
)
from tiercast.segments.traits import TRAITS, Trait, chosen_behaviours
from tiercast.serving.behaviour import prepare
from tiercast.tuning import tune

CLUSTERS = range(3, 9)
STYLE_WEIGHT = 0.4
DEFAULTS: dict[str, dict[str, float]] = {
    "kmeans": {"clusters": 4, "style_weight": STYLE_WEIGHT},
    "mixture": {"clusters": 4, "style_weight": STYLE_WEIGHT},
    "hdbscan": {"smallest_share": 0.05, "neighbours": 10, "style_weight": STYLE_WEIGHT},
}
SPACES: dict[str, dict[str, Range]] = {
    "kmeans": {"clusters": Range(CLUSTERS[0], CLUSTERS[-1]), "style_weight": Range(0.25, 0.75)},
    "mixture": {"clusters": Range(CLUSTERS[0], CLUSTERS[-1])},
    "hdbscan": {"smallest_share": Range(0.02, 0.2, log=True), "neighbours": Range(5, 50)},
}
TRIED: tuple[str, ...] = (
    "algorithm", "clusters", "style_weight", "smallest_share_asked", "neighbours", "silhouette", "stability", "lasting",
    "value_gain", "smallest_share", "agreement", "placed", "separation", "holds",
)  # fmt: skip
MOST_SECONDS = 600.0
Judge = Callable[[str, Mapping[str, float]], dict[str, Any]]


@dataclass(frozen=True)
class Choice:
    """What was chosen: an algorithm and its settings, how it did, and every candidate that was tried."""

    how: str
    algorithm: str
    settings: dict[str, float]
    judged: dict[str, Any]
    tried: pd.DataFrame


def choose(
    buyers: pd.DataFrame,
    *,
    seed: int,
    trials: int,
    past: Past | None = None,
    gates: Gates | None = None,
    algorithms: tuple[str, ...] = ALGORITHMS,
    traits: tuple[Trait, ...] = TRAITS,
    keep_number: int | None = None,
) -> Choice:
    """Return the candidate that holds every gate and separates best, or, where none holds, the best compromise.

    Parameters
    ----------
    trials : int
        How often Optuna may look further within each algorithm.
    past : Past, optional
        An earlier cutoff: with it, candidates have to last, and separation includes the value that followed.
    keep_number : int, optional
        The number of segments of an older fit: it is kept as long as a candidate with it holds every gate, because
        a number that changes renames customers.
    """
    limits = gates or Gates()
    known: dict[tuple[Any, ...], dict[str, Any]] = {}

    def judge(algorithm: str, settings: Mapping[str, float]) -> dict[str, Any]:
        rounded = {name: round(float(value), 3) for name, value in settings.items()}
        key = (algorithm, *sorted(rounded.items()))
        if key not in known:
            known[key] = judged(
                buyers, algorithm, rounded, seed=seed, past=past, gates=limits, traits=traits
            ) | {"_settings": rounded}
        return known[key]

    for algorithm in algorithms:
        starts = [DEFAULTS[algorithm]]
        if "clusters" in DEFAULTS[algorithm]:
            starts = [{**DEFAULTS[algorithm], "clusters": each} for each in CLUSTERS]
        best = min(starts, key=lambda each: _loss(judge(algorithm, each)))
        tune(
            lambda settings, algorithm=algorithm: _loss(judge(algorithm, settings)),  # type: ignore[misc]
            defaults=best,
            space=SPACES[algorithm],
            trials=trials,
            seconds=MOST_SECONDS,
            seed=seed,
        )
    kept = [each for each in known.values() if each["holds"] and each["clusters"] == keep_number]
    found = min(kept or known.values(), key=_loss)
    tried = pd.DataFrame(
        [{name: each[name] for name in TRIED} for each in known.values()], columns=list(TRIED)
    )
    how = "chosen" if found["holds"] else "unstable"
    return Choice(how, found["algorithm"], found["_settings"], found, tried)


def judged(
    buyers: pd.DataFrame,
    algorithm: str,
    settings: Mapping[str, float],
    *,
    seed: int,
    past: Past | None = None,
    gates: Gates | None = None,
    traits: tuple[Trait, ...] = TRAITS,
) -> dict[str, Any]:
    """Return how one candidate does: the columns ``TRIED``; NaN where it finds no groups.

    Separation is judged in one space for all candidates, that of the default weight of style.
    """
    limits = gates or Gates()
    nan = float("nan")
    told: dict[str, Any] = dict.fromkeys(TRIED, nan) | {
        "algorithm": algorithm,
        "clusters": 0,
        "style_weight": settings.get("style_weight", STYLE_WEIGHT),
        "smallest_share_asked": settings.get("smallest_share", nan) if algorithm == "hdbscan" else nan,
        "neighbours": settings.get("neighbours", nan),
        "holds": False,
    }
    chance = np.random.default_rng(seed)
    rows = np.sort(chance.choice(len(buyers), min(JUDGE_ROWS, len(buyers)), replace=False))
    behaviours = chosen_behaviours(buyers, style_weight=told["style_weight"], traits=traits)
    points = prepare(buyers, behaviours)
    found = find(points, algorithm, settings, seed=seed)
    if found is None:
        return told
    labels = found.labels(points)
    common = prepare(buyers, chosen_behaviours(buyers, style_weight=STYLE_WEIGHT, traits=traits))
    told |= {
        "clusters": len(found.centres),
        "silhouette": separation_of(common[rows], labels[rows]),
        "stability": stability_of(points[rows], labels[rows], algorithm, settings, seed=seed),
        "smallest_share": float(np.bincount(labels, minlength=len(found.centres)).min() / len(points)),
        "agreement": found.agreement,
        "placed": found.placed,
    }
    if past is not None:
        told |= judged_past(
            past, algorithm, settings, seed=seed, traits=traits, style_weight=told["style_weight"]
        )
    told["separation"] = told["silhouette"] + np.nan_to_num(told["value_gain"])
    told["holds"] = bool(
        told["stability"] >= limits.stability
        and told["smallest_share"] >= limits.smallest_share
        and (np.isnan(told["lasting"]) or told["lasting"] >= limits.lasting)
        and told["clusters"] in CLUSTERS
    )
    return told


def _loss(told: Mapping[str, Any]) -> float:
    """Return what Optuna makes small: candidates that hold are ahead of all others."""
    merit = told["separation"] * (1.0 if told["holds"] else told["stability"])
    return float(100.0 if np.isnan(merit) else (0.0 if told["holds"] else 10.0) - merit)
