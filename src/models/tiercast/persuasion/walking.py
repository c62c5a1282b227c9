"""Walking through the customers: each block is ranked by models that saw only the blocks before it.

Plain cross-fitting lets every fold's model lean on every other fold's outcomes, and theirs on its own: an experiment in which
a contact changes everybody alike then shows "persuadable" customers four times as often as its interval admits. Walking
forward does not (Luedtke & van der Laan 2016; Wager 2024, "Sequential validation of treatment heterogeneity").
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tiercast.evaluation.arrays import Floats
from tiercast.persuasion.crossing import drawn_rows, folds_of, r_losses
from tiercast.persuasion.experiment import Experiment
from tiercast.persuasion.learners import LEARNERS, Growth

SLICES = 20


@dataclass(frozen=True)
class Walked:
    """Scores of the customers who are judged.

    Parameters
    ----------
    rows : array of int
        Which rows of the experiment they are.
    block : array of int
    added : mapping of str to array
        By learner, what a contact adds.
    alone : array
        The outcome if left alone, by the two boosted models.
    chosen : array
        What a contact adds, in each block by the learner that erred least in the blocks before it; in the first by the
        simplest.
    choices : mapping of str to int
        In how many blocks each learner was that one.
    """

    rows: np.ndarray
    block: np.ndarray
    added: Mapping[str, Floats]
    alone: Floats
    chosen: Floats
    choices: Mapping[str, int]


def walk(
    experiment: Experiment,
    outcome: str,
    *,
    blocks: int,
    first_share: float,
    seed: int,
    threads: int,
    growth: Growth,
) -> Walked:
    """Return scores of every customer after the first share, who are only learned from.

    The order in which customers come is drawn by lot, evenly in both arms, and does not depend on that of the rows.
    """
    happened = experiment.outcomes[outcome]
    piece = folds_of(experiment, happened, folds=SLICES, seed=seed + 1)
    start = min(max(round(first_share * SLICES), 1), SLICES - blocks)
    block = np.full(len(experiment), -1, dtype=np.intp)
    for number, pieces in enumerate(np.array_split(np.arange(start, SLICES), blocks)):
        block[np.isin(piece, pieces)] = number
    features = experiment.features
    added = {name: np.full(len(experiment), np.nan) for name in LEARNERS}
    alone, chosen = np.full(len(experiment), np.nan), np.full(len(experiment), np.nan)
    lost, choices = dict.fromkeys(LEARNERS, 0.0), dict.fromkeys(LEARNERS, 0)
    for number in range(blocks):
        inside = block == number
        rows = drawn_rows(experiment, features, happened, block < number, seed, threads, growth)
        for name, learner in LEARNERS.items():
            added[name][inside], baseline = learner(rows).predict(features.loc[inside])
            if name == "two_models":
                alone[inside] = baseline
        best = min(LEARNERS, key=lambda name: lost[name])
        choices[best] += 1
        chosen[inside] = added[best][inside]
        centre = alone + experiment.probability * added["two_models"]
        for name, each in r_losses(added, experiment, happened, centre).items():
            lost[name] += float(each[inside].sum())
    rows_judged = np.flatnonzero(block >= 0)
    return Walked(
        rows_judged,
        block[rows_judged],
        {name: each[rows_judged] for name, each in added.items()},
        alone[rows_judged],
        chosen[rows_judged],
        choices,
    )
