"""Elastic net: a logistic regression that leaves most features out, so that what it reads can be read by people."""

import warnings
from collections.abc import Mapping

import numpy as np

from tiercast.learners.learner import Learner, Panel, Setup, constant, sampled
from tiercast.learners.linear import design_of, linear_of
from tiercast.serving.linear import Linear
from tiercast.serving.rules import RateTable

MOST_ROWS = 20_000
"""Whole customers are drawn from a panel beyond it: few coefficients want few rows."""
MOST_PASSES = 40


def fit_elastic_net(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Linear | RateTable:
    """Fit P(purchase within the window) with a penalty of which ``l1_ratio`` is L1 and the rest L2.

    What is minimised is the weighted mean log loss plus ``penalty`` times (``l1_ratio`` times the sum of sizes plus half of
    the rest times the sum of squares) of the coefficients, over squeezed and standardised features, by SAGA.

    Notes
    -----
    Zou & Hastie 2005 (elastic net); Defazio, Bach & Lacoste-Julien 2014 (SAGA).
    """
    from sklearn.linear_model import LogisticRegression

    rows = sampled(panel, MOST_ROWS, setup.seed)
    label = rows.labels["purchased"].to_numpy(float)
    if len(np.unique(label)) < 2:
        return constant(float(label.mean()) if len(label) else 0.0)
    columns, centres, scales, design, occurs = design_of(rows)
    weights = rows.weights()
    model = LogisticRegression(
        C=1.0 / (float(parameters["penalty"]) * float(weights.sum())),
        l1_ratio=float(parameters["l1_ratio"]),
        solver="saga",
        max_iter=MOST_PASSES,
        tol=1e-3,
        random_state=setup.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an unfinished fit is still a candidate, and judged
        model.fit(design, label, sample_weight=weights)
    return linear_of(
        columns, centres, scales, np.ravel(model.coef_), occurs, float(np.ravel(model.intercept_)[0]), "logit"
    )


ELASTIC_NET = Learner(
    "elastic_net", "churn", "model", fit_elastic_net, {"penalty": 0.01, "l1_ratio": 0.5}, {}
)
