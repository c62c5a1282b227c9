"""Gradient boosting with LightGBM: activity, value and the hazard curve, with the BTYD stage's columns as features."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tiercast.learners.learner import Learner, Panel, Range, Setup, constant, drawn, sampled
from tiercast.learners.linear import away_from_zero, winsorised
from tiercast.serving.blend import Hurdle
from tiercast.serving.btyd_stage import COLUMNS, LOG_VALUE, LOGIT
from tiercast.serving.rules import RateTable
from tiercast.serving.trees import HazardTrees, Trees

MOST_ROWS = 150_000
"""Whole customers are drawn from a panel beyond it: the same customer at the next origin tells little more."""
MOST_HAZARD_ROWS = 40_000
"""Of a hazard, each row of which is one for every bin."""
BINNING: dict[str, Any] = {
    "max_bin": 127,
    "bin_construct_sample_cnt": 50_000,
    "feature_pre_filter": False,
    "verbosity": -1,
}
"""Ends of bins are found on some 400 rows for each bin: on all of them they cost as much as half the trees."""
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


def _grow(table: Any, objective: dict[str, Any], parameters: Mapping[str, float], setup: Setup) -> str:
    import lightgbm

    settings = {
        **objective,
        **BINNING,
        "learning_rate": float(parameters["learning_rate"]),
        "num_leaves": int(parameters["num_leaves"]),
        "min_child_samples": int(parameters["min_child_samples"]),
        "feature_fraction": float(parameters["feature_fraction"]),
        "lambda_l2": float(parameters["lambda_l2"]),
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": setup.seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": setup.threads,
    }
    return str(lightgbm.train(settings, table, num_boost_round=int(parameters["rounds"])).model_to_string())


def _binned(values: np.ndarray, names: list[str]) -> Any:
    import lightgbm

    nothing = np.zeros(len(values))
    return lightgbm.Dataset(
        values, nothing, feature_name=names, params=dict(BINNING), free_raw_data=True
    ).construct()


def _told(table: Any, label: np.ndarray, weight: np.ndarray, score: np.ndarray | None = None) -> Any:
    """Return a table that learns this label now, and holds nothing of the learner before.

    The fields are set one by one: LightGBM's own setters keep the old one where the new one is None, or all ones.
    """
    for name, values in (("label", label), ("weight", weight)):
        table.set_field(name, values.astype(np.float32))
    table.set_field("init_score", score)
    return table


def _table(panel: Panel, rows: np.ndarray) -> Any:
    """Return these rows of a panel in bins: made once, since most learners take all rows, and the others all buyers.

    Never by ``subset()`` of one another: LightGBM 4.7 then writes beyond its memory where rows are few.
    """
    key = ("bins", hashlib.sha256(rows.tobytes()).digest())
    if key not in panel.shared:
        names = _columns(panel)
        panel.shared[key] = _binned(panel.features[names].iloc[rows].to_numpy(float), names)
    return panel.shared[key]


def boosted(
    panel: Panel,
    label: np.ndarray,
    objective: dict[str, Any],
    link: str,
    parameters: Mapping[str, float],
    setup: Setup,
    offset: str = "",
    only: np.ndarray | None = None,
    heft: np.ndarray | None = None,
) -> Trees | RateTable:
    """Fit trees to a label of the panel's rows, on top of an ``offset`` column where one is named.

    A label that never rises above zero leaves nothing to learn: the answer is zero.

    Parameters
    ----------
    only : array of bool, optional
        The rows to learn from; default: all.
    heft : array of float, optional
        How much each row counts beside what its age leaves of it; default: 1.
    """
    places = drawn(panel, MOST_ROWS, setup.seed)
    among = np.arange(len(places)) if only is None else np.flatnonzero(only[places])
    rows = places[among]
    if not (label[rows] > 0).any():
        return constant(0.0)
    weights = panel.weights() if heft is None else panel.weights() * heft
    score = None
    if offset:
        score = panel.features[offset].to_numpy(float)[rows]
        objective = {**objective, "boost_from_average": False}
    table = _told(_table(panel, rows), label[rows], weights[rows], score)
    return Trees(tuple(_columns(panel)), _grow(table, objective, parameters, setup), link, offset)


def fit_activity(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Trees | RateTable:
    """Fit P(purchase within the window)."""
    label = panel.labels["purchased"].to_numpy(float)
    return boosted(panel, label, {"objective": "binary"}, "logit", parameters, setup)


def fit_activity_on_btyd(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Trees | RateTable:
    """Fit what BTYD's purchase probability misses: its logit is the offset."""
    label = panel.labels["purchased"].to_numpy(float)
    return boosted(panel, label, {"objective": "binary"}, "logit", parameters, setup, LOGIT)


def fit_value(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Trees | RateTable:
    """Fit the mean of net value with a Tweedie loss (power 1.5)."""
    return boosted(panel, _value(panel), TWEEDIE, "log", parameters, setup)


def fit_value_on_btyd(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Trees | RateTable:
    """Fit what BTYD's expected value misses: its log is the offset of a Tweedie loss."""
    return boosted(panel, _value(panel), TWEEDIE, "log", parameters, setup, LOG_VALUE)


def _value(panel: Panel) -> np.ndarray:
    return winsorised(panel.labels["value_currency"].to_numpy(float))


def fit_hurdle(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Hurdle:
    """Fit the value of those who buy (gamma loss); the activity curve supplies the chance that they do."""
    value = away_from_zero(_value(panel))
    part = boosted(panel, value, {"objective": "gamma"}, "log", parameters, setup, only=value > 0)
    paid = paid_share(panel.labels["purchased"].to_numpy(float), value > 0, panel.weights())
    return Hurdle(raised(part, float(np.log(paid))))


def paid_share(bought: np.ndarray, paid: np.ndarray, weights: np.ndarray) -> float:
    """Return what share of those who bought, or of their orders, left money: others gave nothing, or gave it all back.

    What is learned of those who paid, times the chance of a purchase, would count the others as if they had paid too.

    Examples
    --------
    >>> paid_share(np.array([1.0, 3.0, 0.0]), np.array([False, True, False]), np.ones(3))
    0.75
    """
    total = float((weights * bought).sum())
    left = float((weights * bought * paid).sum())
    return left / total if left > 0 else 1.0


def raised(part: Trees | RateTable, by: float) -> Trees | RateTable:
    """Return trees whose score is higher by a constant: each leaf of the first one is. A constant answer stays."""
    import lightgbm

    if isinstance(part, RateTable) or by == 0:
        return part
    model = lightgbm.Booster(model_str=part.booster)
    for leaf in range(int(model.dump_model(num_iteration=1)["tree_info"][0]["num_leaves"])):
        model.set_leaf_output(0, leaf, model.get_leaf_output(0, leaf) + by)
    return replace(part, booster=model.model_to_string())


def fit_hazard(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> HazardTrees:
    """Fit the discrete hazard: a customer counts in every bin that began before the purchase or the end of follow-up.

    A bin that the follow-up ends within is left out, unless the purchase came first.
    """
    panel = sampled(panel, MOST_HAZARD_ROWS, setup.seed)
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
    label = bought[row, place].astype(float)
    table = _told(_binned(values, [*names, "bin"]), label, panel.weights()[row])
    text = _grow(table, {"objective": "binary"}, parameters, setup)
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
