"""Every customer scored out of fold: nobody is put on a list by a model that has seen their own outcome."""

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
    losses : mapping of str to float
        Each learner's error over all folds, see :func:`r_losses`; :data:`CONSTANT` is the mean effect for everybody.
    best : str
        The learner with the least of them: what is fitted to everybody.
    """

    added: Mapping[str, Floats]
    alone: Floats
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
    """Return every learner's scores out of fold, and which of them errs least."""
    happened = experiment.outcomes[outcome]
    fold = folds_of(experiment, happened, folds=folds, seed=seed)
    features = experiment.features
    added = {name: np.full(len(experiment), np.nan) for name in LEARNERS}
    alone, centre = np.full(len(experiment), np.nan), np.full(len(experiment), np.nan)
    for number in range(folds):
        inside = fold == number
        rows = drawn_rows(experiment, features, happened, ~inside, seed, threads, growth)
        asked = features.loc[inside]
        for name, learner in LEARNERS.items():
            added[name][inside], baseline = learner(rows).predict(asked)
            if name == "two_models":
                alone[inside] = baseline
                centre[inside] = baseline + experiment.probability[inside] * added[name][inside]
    errors = r_losses({**added, CONSTANT: _mean_effect(experiment, happened)}, experiment, happened, centre)
    losses = {name: float(each.mean()) for name, each in errors.items()}
    return Crossed(added, alone, losses, min(LEARNERS, key=lambda name: losses[name]))


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
    return LEARNERS[name](
        drawn_rows(experiment, experiment.features, happened, everybody, seed, threads, growth)
    )


def _mean_effect(experiment: Experiment, outcome: Floats) -> Floats:
    means = []
    for heft in (
        experiment.treated / experiment.probability,
        (1.0 - experiment.treated) / (1.0 - experiment.probability),
    ):
        means.append(float(heft @ outcome / heft.sum()))
    return np.full(len(experiment), means[0] - means[1])


def drawn_rows(
    experiment: Experiment,
    features: pd.DataFrame,
    outcome: Floats,
    rows: np.ndarray,
    seed: int,
    threads: int,
    growth: Growth,
) -> Drawn:
    """Return some rows of an experiment to learn from."""
    return Drawn(
        features.loc[rows].reset_index(drop=True),
        experiment.treated[rows],
        experiment.probability[rows],
        outcome[rows],
        seed,
        threads,
        growth,
    )
