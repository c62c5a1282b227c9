"""Gradient boosting with LightGBM: activity, value and the hazard curve, with the BTYD stage's columns as features."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tiercast.learners.learner import Learner, Panel, Range, Setup, constant, sampled
from tiercast.learners.linear import winsorised
from tiercast.serving.blend import Hurdle
from tiercast.serving.btyd_stage import COLUMNS, LOG_VALUE, LOGIT
from tiercast.serving.rules import RateTable
from tiercast.serving.trees import HazardTrees, Trees

MOST_ROWS = 250_000
"""Whole customers are drawn from a panel beyond it."""
TWEEDIE: dict[str, Any] = {"objective": "tweedie", "tweedie_variance_power": 1.5}
DEFAULTS: dict[str, float] = {
    "rounds": 250,
    "learning_rate": 0.03,
    "num_leaves": 10,
    "min_child_samples": 60,
    "feature_fraction": 0.2,
    "lambda_l2": 5.0,
}
SPACE: dict[str, Range] = {
    "rounds": Range(100, 400, log=True),
    "num_leaves": Range(6, 28, log=True),
    "min_child_samples": Range(20, 200, log=True),
    "feature_fraction": Range(0.1, 0.6),
    "lambda_l2": Range(0.1, 30.0, log=True),
}


def _columns(panel: Panel) -> list[str]:
    return [name for name in (*panel.columns, *COLUMNS) if name in panel.features]


def _boost(
    values: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray,
    names: list[str],
    objective: dict[str, Any],
    parameters: Mapping[str, float],
    setup: Setup,
    offset: np.ndarray | None = None,
) -> str:
    import lightgbm

    settings = {
        **objective,
        "learning_rate": float(parameters["learning_rate"]),
        "num_leaves": int(parameters["num_leaves"]),
        "min_child_samples": int(parameters["min_child_samples"]),
        "feature_fraction": float(parameters["feature_fraction"]),
        "lambda_l2": float(parameters["lambda_l2"]),
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "max_bin": 127,
        "seed": setup.seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": setup.threads,
        "verbosity": -1,
    }
    table = lightgbm.Dataset(
        values, label, weight=weight, init_score=offset, feature_name=names, free_raw_data=True
    )
    return str(lightgbm.train(settings, table, num_boost_round=int(parameters["rounds"])).model_to_string())


def boosted(
    panel: Panel,
    label: np.ndarray,
    objective: dict[str, Any],
    link: str,
    parameters: Mapping[str, float],
    setup: Setup,
    offset: str = "",
) -> Trees | RateTable:
    """Fit trees to a label of the panel's rows, on top of an ``offset`` column where one is named.

    A label that never rises above zero leaves nothing to learn: the answer is zero.
    """
    if not (label > 0).any():
        return constant(0.0)
    names = _columns(panel)
    start = panel.features[offset].to_numpy(float) if offset else None
    asked = {**objective, "boost_from_average": False} if offset else objective
    text = _boost(
        panel.features[names].to_numpy(float), label, panel.weights(), names, asked, parameters, setup, start
    )
    return Trees(tuple(names), text, link, offset)


def fit_activity(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Trees | RateTable:
    """Fit P(purchase within the window)."""
    rows = sampled(panel, MOST_ROWS, setup.seed)
    label = rows.labels["purchased"].to_numpy(float)
    return boosted(rows, label, {"objective": "binary"}, "logit", parameters, setup)


def fit_activity_on_btyd(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Trees | RateTable:
    """Fit what BTYD's purchase probability misses: its logit is the offset."""
    rows = sampled(panel, MOST_ROWS, setup.seed)
    label = rows.labels["purchased"].to_numpy(float)
    return boosted(rows, label, {"objective": "binary"}, "logit", parameters, setup, LOGIT)


def fit_value(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Trees | RateTable:
    """Fit the mean of net value with a Tweedie loss (power 1.5)."""
    rows = sampled(panel, MOST_ROWS, setup.seed)
    return boosted(rows, _value(rows), TWEEDIE, "log", parameters, setup)


def fit_value_on_btyd(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Trees | RateTable:
    """Fit what BTYD's expected value misses: its log is the offset of a Tweedie loss."""
    rows = sampled(panel, MOST_ROWS, setup.seed)
    return boosted(rows, _value(rows), TWEEDIE, "log", parameters, setup, LOG_VALUE)


def _value(panel: Panel) -> np.ndarray:
    return winsorised(panel.labels["value_currency"].to_numpy(float))


def fit_hurdle(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Hurdle:
    """Fit the value of those who buy (gamma loss); the activity curve supplies the chance that they do."""
    rows = sampled(panel, MOST_ROWS, setup.seed)
    spent = rows.where(_value(rows) > 0)
    return Hurdle(boosted(spent, _value(spent), {"objective": "gamma"}, "log", parameters, setup))


def fit_hazard(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> HazardTrees:
    """Fit the discrete hazard: a customer counts in every bin that began before the purchase or the end of follow-up.

    A bin that the follow-up ends within is left out, unless the purchase came first.
    """
    panel = sampled(panel, MOST_ROWS // 6, setup.seed)  # each row is one for every bin
    names = _columns(panel)
    edges = bin_edges(setup.horizon.days, float(panel.labels["observed_days"].max()))
    starts = np.asarray([0, *edges[:-1]], dtype=float)
    ends = np.asarray(edges, dtype=float)
    wait = panel.labels["days_to_purchase"].to_numpy(float)
    seen = panel.labels["observed_days"].to_numpy(float)
    wait = np.where(np.isfinite(wait), wait, np.inf)
    bought = (wait[:, None] > starts) & (wait[:, None] <= ends)
    at_risk = (wait[:, None] > starts) & ((seen[:, None] >= ends) | bought)
    row, place = np.nonzero(at_risk)
    values = np.column_stack([panel.features[names].to_numpy(float)[row], place.astype(float)])
    text = _boost(
        values, bought[row, place].astype(float), panel.weights()[row], [*names, "bin"],
        {"objective": "binary"}, parameters, setup,
    )  # fmt: skip
    return HazardTrees(Trees((*names, "bin"), text, "logit"), edges)


def bin_edges(horizon_days: int, observed_days: float) -> tuple[int, ...]:
    """Return the ends of the hazard's bins: as fine as a week near the cutoff, and no further than was observed.

    Examples
    --------
    >>> bin_edges(28, 60.0)
    (3, 7, 14, 21, 28, 30, 42, 60)
    """
    wanted = sorted({3, 7, 14, 21, 30, 42, 60, 90, 120, 182, horizon_days})
    kept = tuple(edge for edge in wanted if edge <= max(observed_days, 3))
    return kept


ON_OFFSET: dict[str, float] = {**DEFAULTS, "rounds": 150}
LIGHTGBM = Learner("lightgbm", "churn", "model", fit_activity, DEFAULTS, SPACE)
LIGHTGBM_ON_BTYD = Learner("lightgbm_on_btyd", "churn", "model", fit_activity_on_btyd, ON_OFFSET, SPACE)
LIGHTGBM_VALUE = Learner("lightgbm_tweedie", "lifetime_value", "model", fit_value, DEFAULTS, SPACE)
LIGHTGBM_VALUE_ON_BTYD = Learner(
    "lightgbm_tweedie_on_btyd", "lifetime_value", "model", fit_value_on_btyd, ON_OFFSET, SPACE
)
LIGHTGBM_HURDLE = Learner("lightgbm_hurdle", "lifetime_value", "model", fit_hurdle, DEFAULTS, SPACE)
LIGHTGBM_HAZARD = Learner("lightgbm_hazard", "repurchase", "model", fit_hazard, DEFAULTS, {})
