"""Every score out of fold: nobody is ranked by a model that has seen their own outcome."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiercast.evaluation.arrays import Floats
from tiercast.persuasion.experiment import Experiment
from tiercast.persuasion.learners import LEARNERS, Drawn, Fitted, Growth

CONSTANT = "the same for all"
GROWTH = Growth()


@dataclass(frozen=True)
class Crossed:
    """Scores out of fold.

    Parameters
    ----------
    added : mapping of str to array
        By learner, what a contact adds to each customer's outcome.
    alone : array
        The outcome if left alone, by the two boosted models.
    chosen : array
        What a contact adds, in each fold by the learner that erred least in the *other* folds.
    choices : mapping of str to int
        In how many folds each learner was that one.
    losses : mapping of str to float
        Each learner's error over all folds, see :func:`r_losses`; :data:`CONSTANT` is the mean effect for everybody.
    best : str
        The learner with the least of them: what is fitted to everybody.
    """

    added: Mapping[str, Floats]
    alone: Floats
    chosen: Floats
    choices: Mapping[str, int]
    losses: Mapping[str, float]
    best: str


def folds_of(experiment: Experiment, outcome: Floats, *, folds: int, seed: int) -> np.ndarray:
    """Return the fold of each customer, drawn anew in each arm and among those with the outcome and without.

    The order of the rows does not matter: customers are sorted by id before the draw.
    """
    strata = 2 * (experiment.treated > 0) + (outcome != 0)
    order = np.argsort(experiment.customers.to_numpy().astype(str), kind="stable")
    random = np.random.default_rng(seed)
    fold = np.zeros(len(experiment), dtype=np.intp)
    for stratum in np.unique(strata):
        rows = order[strata[order] == stratum]
        fold[rows] = random.permutation(rows.size) % folds
    return fold


def cross_fit(
    experiment: Experiment,
    outcome: str,
    *,
    folds: int,
    seed: int,
    threads: int = 1,
    growth: Growth = GROWTH,
) -> Crossed:
    """Return every learner's scores out of fold, and the choice among them.

    The choice for a fold is made on the other folds, so a figure of ``chosen`` is one of the whole procedure, choice
    included.
    """
    happened = experiment.outcomes[outcome]
    fold = folds_of(experiment, happened, folds=folds, seed=seed)
    features = experiment.features
    added = {name: np.full(len(experiment), np.nan) for name in LEARNERS}
    alone, centre = np.full(len(experiment), np.nan), np.full(len(experiment), np.nan)
    for number in range(folds):
        inside = fold == number
        rows = _drawn(experiment, features, happened, ~inside, seed, threads, growth)
        asked = features.loc[inside]
        for name, learner in LEARNERS.items():
            added[name][inside], baseline = learner(rows).predict(asked)
            if name == "two_models":
                alone[inside] = baseline
                centre[inside] = baseline + experiment.probability[inside] * added[name][inside]
    errors = r_losses({**added, CONSTANT: _mean_effect(experiment, happened)}, experiment, happened, centre)
    by_fold = {name: np.bincount(fold, each, folds) for name, each in errors.items()}
    sizes = np.bincount(fold, minlength=folds)
    chosen, choices = np.full(len(experiment), np.nan), dict.fromkeys(LEARNERS, 0)
    for number in range(folds):
        best = min(LEARNERS, key=lambda name: float(by_fold[name].sum() - by_fold[name][number]))
        choices[best] += 1
        chosen[fold == number] = added[best][fold == number]
    losses = {name: float(each.sum() / sizes.sum()) for name, each in by_fold.items()}
    return Crossed(added, alone, chosen, choices, losses, min(LEARNERS, key=lambda name: losses[name]))


def r_losses(
    added: Mapping[str, Floats], experiment: Experiment, outcome: Floats, centre: Floats
) -> dict[str, Floats]:
    """Return each customer's squared error of what a contact adds, up to a constant that all learners share.

    ``((y − m) − (w − e) · added)²`` with m the expected outcome: Nie & Wager 2021, the R-loss.
    """
    off, drawn = outcome - centre, experiment.treated - experiment.probability
    return {name: (off - drawn * each) ** 2 for name, each in added.items()}


def fit_all(
    experiment: Experiment, outcome: str, name: str, *, seed: int, threads: int = 1, growth: Growth = GROWTH
) -> Fitted:
    """Return a learner fitted to everybody: what is served."""
    everybody = np.ones(len(experiment), dtype=bool)
    happened = experiment.outcomes[outcome]
    return LEARNERS[name](_drawn(experiment, experiment.features, happened, everybody, seed, threads, growth))


def _mean_effect(experiment: Experiment, outcome: Floats) -> Floats:
    means = []
    for heft in (
        experiment.treated / experiment.probability,
        (1.0 - experiment.treated) / (1.0 - experiment.probability),
    ):
        means.append(float(heft @ outcome / heft.sum()))
    return np.full(len(experiment), means[0] - means[1])


def _drawn(
    experiment: Experiment,
    features: pd.DataFrame,
    outcome: Floats,
    rows: np.ndarray,
    seed: int,
    threads: int,
    growth: Growth,
) -> Drawn:
    return Drawn(
        features.loc[rows].reset_index(drop=True),
        experiment.treated[rows],
        experiment.probability[rows],
        outcome[rows],
        seed,
        threads,
        growth,
    )
