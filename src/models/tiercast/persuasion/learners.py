"""Learners of uplift: two models, one of each arm; one model of a transformed outcome; and two plain regressions.

Each is fitted on the rows of two arms and answers the outcome if left alone and what a contact adds.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tiercast.evaluation.arrays import Floats
from tiercast.learners.learner import Panel
from tiercast.learners.linear import design_of, linear_of
from tiercast.serving.linear import Linear
from tiercast.serving.trees import Trees


@dataclass(frozen=True)
class Growth:
    """How trees are grown: few and shallow, because what a contact changes is small beside what happens anyway.

    Parameters
    ----------
    rounds, leaves : int
    learning_rate : float
    least_share : float
        Of the rows, in a leaf.
    least_rows : int
        In a leaf, where that share is fewer.
    feature_fraction, penalty : float
        Columns tried by a tree; L2 on the leaves.
    regression_penalty : float
        L2 of the plain regressions, for each row.
    centre_folds : int
        Parts out of which the expected outcome of the others is told, see :func:`expected_outcome`.
    """

    rounds: int = 80
    leaves: int = 6
    learning_rate: float = 0.05
    least_share: float = 0.01
    least_rows: int = 40
    feature_fraction: float = 0.7
    penalty: float = 10.0
    regression_penalty: float = 0.002
    centre_folds: int = 3


@dataclass(frozen=True)
class Drawn:
    """Rows to learn from: encoded features, the arm, its probability and the outcome."""

    features: pd.DataFrame
    treated: Floats
    probability: Floats
    outcome: Floats
    seed: int
    threads: int = 1
    growth: Growth = field(default_factory=Growth)

    @property
    def is_binary(self) -> bool:
        """Whether the outcome is 0 or 1 throughout."""
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())

    @cached_property
    def two_models(self) -> "Fitted":
        """Boosted trees of each arm, fitted once for all learners that begin with them."""
        control, treated = (_boosted_arm(self, arm) for arm in (0.0, 1.0))
        return Fitted(control, treated)

    def where(self, inside: np.ndarray) -> "Drawn":
        """Return some of the rows."""
        return replace(
            self,
            features=self.features.loc[inside],
            treated=self.treated[inside],
            probability=self.probability[inside],
            outcome=self.outcome[inside],
        )

    @property
    def weights(self) -> Floats:
        """One over the probability of the arm that was drawn."""
        return self.treated / self.probability + (1.0 - self.treated) / (1.0 - self.probability)


@dataclass(frozen=True)
class Fitted:
    """What was learned: the outcome if left alone, and either that if contacted or what the contact adds."""

    control: Any
    treated: Any = None
    effect: Any = None

    def predict(self, features: pd.DataFrame) -> tuple[Floats, Floats]:
        """Return what a contact adds, and the outcome if left alone."""
        alone = np.asarray(self.control.predict(features), dtype=np.float64)
        if self.effect is not None:
            return np.asarray(self.effect.predict(features), dtype=np.float64), alone
        return np.asarray(self.treated.predict(features), dtype=np.float64) - alone, alone


def fit_two_models(rows: Drawn) -> Fitted:
    """Fit boosted trees to each arm; a contact adds the difference (the T-learner: Künzel et al. 2019)."""
    return rows.two_models


def expected_outcome(rows: Drawn) -> Floats:
    """Return ``(1 − e) · treated + e · control`` of each row by two models that have not seen the row's own outcome.

    The rows of each arm are parted by lot, whatever their outcome; each part is told by the models of all others.
    """
    part = np.zeros(len(rows.outcome), dtype=np.intp)
    random = np.random.default_rng(rows.seed)
    for arm in (0.0, 1.0):
        inside = np.flatnonzero(rows.treated == arm)
        part[inside] = random.permutation(inside.size) % rows.growth.centre_folds
    centre = np.full(len(part), np.nan)
    for number in range(rows.growth.centre_folds):
        inside = part == number
        if inside.any():
            added, alone = rows.where(~inside).two_models.predict(rows.features.loc[inside])
            centre[inside] = alone + (1.0 - rows.probability[inside]) * added
    return centre


def fit_transformed_outcome(rows: Drawn) -> Fitted:
    """Fit boosted trees to an outcome whose mean is what a contact adds (Athey & Imbens 2016).

    ``(y − m) · (w − e) / (e · (1 − e))``, where e is the probability of being contacted. Any m that has not seen the
    row's own outcome keeps the mean; the one that keeps the variance low is :func:`expected_outcome` (Robins, Rotnitzky &
    Zhao 1994), told out of fold (Chernozhukov et al. 2018).
    """
    chance = rows.probability
    moved = (rows.outcome - expected_outcome(rows)) * (rows.treated - chance) / (chance * (1.0 - chance))
    effect = _boosted(rows, moved, np.ones(len(moved)), "regression", "identity")
    return Fitted(rows.two_models.control, effect=effect)


def fit_two_regressions(rows: Drawn) -> Fitted:
    """Fit a penalised regression to each arm: logistic where the outcome is 0 or 1, ridge else."""
    control, treated = (_regression(rows, arm) for arm in (0.0, 1.0))
    return Fitted(control, treated)


LEARNERS: Mapping[str, Callable[[Drawn], Fitted]] = {
    "two_regressions": fit_two_regressions,
    "two_models": fit_two_models,
    "transformed_outcome": fit_transformed_outcome,
}
"""The simplest first: it is chosen where nothing is better."""


def _boosted_arm(rows: Drawn, arm: float) -> Trees:
    objective, link = ("binary", "logit") if rows.is_binary else ("regression", "identity")
    of_arm = rows.where(rows.treated == arm)
    return _boosted(of_arm, of_arm.outcome, of_arm.weights, objective, link)


def _boosted(rows: Drawn, label: Floats, weight: Floats, objective: str, link: str) -> Trees:
    import lightgbm

    growth = rows.growth
    settings = {
        "objective": objective,
        "learning_rate": growth.learning_rate,
        "num_leaves": growth.leaves,
        "min_data_in_leaf": max(growth.least_rows, int(growth.least_share * len(label))),
        "min_sum_hessian_in_leaf": 0.0,
        "feature_fraction": growth.feature_fraction,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": growth.penalty,
        "max_bin": 127,
        "seed": rows.seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": rows.threads,
        "verbosity": -1,
    }
    values = rows.features.to_numpy(dtype=np.float64)
    names = [f"column_{place}" for place in range(values.shape[1])]  # LightGBM takes no free text for a name
    table = lightgbm.Dataset(
        values, label, weight=weight / weight.mean(), feature_name=names, free_raw_data=True
    )
    text = lightgbm.train(settings, table, num_boost_round=growth.rounds).model_to_string()
    return Trees(tuple(map(str, rows.features.columns)), str(text), link)


def _regression(rows: Drawn, arm: float) -> Linear:
    from sklearn.linear_model import LogisticRegression, Ridge

    inside = rows.treated == arm
    features = rows.features.loc[inside].reset_index(drop=True)
    label, weight = rows.outcome[inside], rows.weights[inside]
    weight = weight / weight.mean()
    panel = Panel(features, pd.DataFrame(index=features.index), tuple(map(str, features.columns)))
    columns, centres, scales, design, occurs = design_of(panel)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an unfinished fit is still a candidate, and judged
        if rows.is_binary:
            model = LogisticRegression(
                C=1.0 / (rows.growth.regression_penalty * len(label)), solver="newton-cholesky", max_iter=50
            )
        else:
            model = Ridge(alpha=rows.growth.regression_penalty * len(label))
        model.fit(design, label, sample_weight=weight)
    link = "logit" if rows.is_binary else "identity"
    intercept = float(np.ravel(model.intercept_)[0])
    return linear_of(columns, centres, scales, np.ravel(model.coef_), occurs, intercept, link)
