"""Judging: at each test origin every candidate answers, calibrated on the newest matured window before it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tiercast.evaluation.calibration import fit_calibration, level_factor
from tiercast.evaluation.intervals import fit_value_intervals
from tiercast.evaluation.metrics import (
    log_loss,
    normalised_gini,
    rmse,
)
from tiercast.learners.learner import Panel
from tiercast.serving.calibration import Calibration
from tiercast.serving.forecast import GRID_DAYS, Forecast
from tiercast.serving.intervals import ValueIntervals
from tiercast.targets.churn import CHURN
from tiercast.targets.expected_orders import EXPECTED_ORDERS
from tiercast.targets.lifetime_value import LIFETIME_VALUE
from tiercast.targets.repurchase import REPURCHASE
from tiercast.training.backtest import Fits, at
from tiercast.training.plan import Plan
from tiercast.windows import Horizon

TARGETS = (CHURN, LIFETIME_VALUE, EXPECTED_ORDERS, REPURCHASE)
NO_AMOUNTS = "refused:NO_AMOUNTS"
"""The basis of value where no purchase of the newest window says what was paid: it is told as zero."""
NO_SPREAD = ValueIntervals((0.1, 0.9), (), ((0.0, 0.0),))
FORECAST = {LIFETIME_VALUE: "expected_value_currency", EXPECTED_ORDERS: "expected_orders"}
"""Targets whose answer is a column of the forecast."""
RULES: dict[str, str] = {target.name: target.rule for target in TARGETS}
"""The rules that stand in until a model beats them."""


@dataclass
class Results:
    """What each candidate said at each test origin, and its figures.

    ``answers[target]`` has ``customer_id``, ``cutoff``, ``actual`` and one column a candidate;
    ``figures[target][name]`` maps a test origin (or ``mean``) to metrics. ``rules[target]`` are the
    candidates that are rules, the user's own included: what the gate takes as baselines.
    """

    answers: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, dict[str, dict[str, dict[str, float]]]] = field(default_factory=dict)
    winners: dict[str, str] = field(default_factory=dict)
    selection: dict[str, dict[str, float]] = field(default_factory=dict)
    curves: dict[str, tuple[np.ndarray, pd.DataFrame, np.ndarray]] = field(default_factory=dict)
    rules: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {target.name: (target.rule,) for target in TARGETS}
    )


def calibrated_activity(
    fits: Fits, name: str, *, known_until: date, window: Panel
) -> tuple[Calibration, np.ndarray]:
    """Return the calibration of candidate ``name`` on a matured window, and its calibrated answers there."""
    raw = fits.part(name, known_until).predict(window.features)
    calibration = proven(fit_calibration(raw, window.labels[CHURN.label].to_numpy(float)), raw, window)
    return calibration, np.asarray(calibration.calibrate(raw))


def proven(calibration: Calibration, raw: np.ndarray, window: Panel) -> Calibration:
    """Return the calibration, or none at all where the window does not prove that one is needed.

    One window of a few hundred events moves a map by chance as much as by need. A two-parameter map is kept when it
    raises the log-likelihood by more than 3 (the 5 % point of χ²(2) is 5.99, on twice the difference).
    """
    bought = window.labels[CHURN.label].to_numpy(float)
    gain = len(bought) * (log_loss(bought, raw) - log_loss(bought, np.asarray(calibration.calibrate(raw))))
    return calibration if calibration.kind == "isotonic" or gain > 3.0 else Calibration("identity")


def assemble(
    fits: Fits,
    chosen: Mapping[str, str],
    *,
    calibrate_until: date,
    window: Panel,
    fit_until: date,
    btyd: Any = None,
    horizon: Horizon | None = None,
) -> Forecast:
    """Return the forecast of chosen candidates: calibrated on ``window`` by older fits, refitted at ``fit_until``.

    Parameters
    ----------
    chosen : mapping
        Candidate for ``churn``, ``repurchase`` and ``lifetime_value``.
    calibrate_until : date
        The calibrated fits know nothing on or after it.
    window : Panel
        Rows of one origin whose labels are mature at ``fit_until``.
    btyd : BtydStage, optional
        The newest stage; without it the rows bring the columns of their own.
    horizon : Horizon, optional
        What is asked; default: the window of the labels.
    """
    calibration, probability = calibrated_activity(
        fits, chosen["churn"], known_until=calibrate_until, window=window
    )
    staged = window.features.assign(purchase_probability=probability)
    value = np.maximum(fits.part(chosen["lifetime_value"], calibrate_until).predict(staged), 0.0)
    actual = window.labels[LIFETIME_VALUE.label].to_numpy(float)
    level = level_factor(float(actual.sum()), float(value.sum()))
    paid = bool((actual > 0).any())
    intervals = (
        fit_value_intervals(actual, probability, level * value / np.maximum(probability, 1e-9))
        if paid
        else NO_SPREAD
    )
    return Forecast(
        btyd=btyd,
        activity=fits.part(chosen["churn"], fit_until),
        calibration=calibration,
        curve=fits.part(chosen["repurchase"], fit_until),
        value=fits.part(chosen["lifetime_value"], fit_until),
        value_level=level,
        intervals=intervals,
        horizon_days=(horizon or fits.setup.horizon).days,
        window_days=fits.setup.horizon.days,
        gap_days=fits.setup.horizon.gap_days,
        orders=fits.part(chosen["orders"], fit_until) if chosen.get("orders") else None,
        basis={
            "churn": fits.basis(chosen["churn"]),
            "repurchase": fits.basis(chosen["repurchase"]),
            "value": fits.basis(chosen["lifetime_value"]) if paid else NO_AMOUNTS,
        },
    )


def select(fits: Fits, plan: Plan) -> tuple[dict[str, str], dict[str, dict[str, float]]]:
    """Choose one candidate a target at the last origin before the tests; the tests play no part in it.

    Churn is chosen by log-loss, value by :func:`value_loss`, orders by Poisson deviance, the curve by integrated Brier
    score under the chosen churn probability. Ties go to the earlier in the list, which begins with the rules.
    """
    fold = plan.folds[0]
    window = at(fits.known(fold.test), fold.calibrate)
    bought = window.labels[CHURN.label].to_numpy(float)
    losses: dict[str, dict[str, float]] = {target.name: {} for target in TARGETS}
    for name in fits.of_target("churn"):
        losses["churn"][name] = log_loss(bought, fits.part(name, fold.calibrate).predict(window.features))
    chosen = {"churn": _least(losses["churn"])}
    _, probability = calibrated_activity(fits, chosen["churn"], known_until=fold.calibrate, window=window)
    staged = window.features.assign(purchase_probability=probability)
    value = window.labels[LIFETIME_VALUE.label].to_numpy(float)
    rule = fits.part(RULES["lifetime_value"], fold.calibrate).predict(staged)
    for name in fits.of_target("lifetime_value"):
        said = fits.part(name, fold.calibrate).predict(staged)
        losses["lifetime_value"][name] = value_loss(value, said, rule)
    chosen["lifetime_value"] = _least(losses["lifetime_value"])
    orders = window.labels[EXPECTED_ORDERS.label].to_numpy(float)
    for name in fits.of_target("orders"):
        said = fits.part(name, fold.calibrate).predict(staged)
        losses["orders"][name] = EXPECTED_ORDERS.metrics(orders, said)["poisson_deviance"]
    chosen["orders"] = _least(losses["orders"])
    for name in fits.of_target("repurchase"):
        forecast = assemble(
            fits,
            {**chosen, "repurchase": name},
            calibrate_until=fold.calibrate,
            window=window,
            fit_until=fold.calibrate,
        )
        losses["repurchase"][name] = curve_figures(forecast, window)[0]["integrated_brier"]
    chosen["repurchase"] = _least(losses["repurchase"])
    return chosen, losses


def value_loss(actual: np.ndarray, predicted: np.ndarray, rule: np.ndarray) -> float:
    """Return how far a candidate is off in rank and in size, each against the rule: below 1 beats it.

    The mean of ``(1 − Gini) / (1 − Gini of the rule)`` and ``RMSE / RMSE of the rule``: a marketer ranks by value and
    also adds it up.

    Examples
    --------
    >>> actual = np.array([0.0, 10.0, 30.0])
    >>> value_loss(actual, np.array([20.0, 0.0, 20.0]), np.array([20.0, 0.0, 20.0]))
    1.0
    """
    rank = (1.0 - normalised_gini(actual, predicted)) / max(1.0 - normalised_gini(actual, rule), 1e-9)
    size = rmse(actual, predicted) / max(rmse(actual, rule), 1e-9)
    return float((rank + size) / 2)


def followed(rows: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Return for how many days each row was followed, and the days of the grid on which all of them were."""
    seen = rows.labels["observed_days"].to_numpy(float)
    longest = max(min(float(seen.min()), float(GRID_DAYS[-1])), 1.0)
    return seen, np.asarray([day for day in GRID_DAYS if day <= longest], dtype=float)


def curve_figures(forecast: Forecast, rows: Panel) -> tuple[dict[str, float], np.ndarray, np.ndarray]:
    """Return the repurchase figures of a forecast over the follow-up that was seen, the curves and their days."""
    seen, days = followed(rows)
    survival = forecast.survival(forecast.staged(rows.features), days)
    within = tuple(day for day in (7, 30, 60, 90) if day <= days[-1])
    wait = rows.labels[REPURCHASE.label].to_numpy(float)
    return REPURCHASE.metrics(wait, seen, survival, days, within_days=within), survival, days


def judge_all(fits: Fits, plan: Plan) -> Results:
    """Return every candidate's answers and figures at every test origin, and the final curve's."""
    results = Results()
    results.winners, results.selection = select(fits, plan)
    results.rules = {
        target.name: tuple(name for name in fits.of_target(target.name) if fits.basis(name) == "rule")
        for target in TARGETS
    }
    answers: dict[str, list[pd.DataFrame]] = {target.name: [] for target in (CHURN, *FORECAST)}
    figures = results.figures
    for fold in plan.folds:
        window = at(fits.known(fold.test), fold.calibrate)
        test = at(fits.known(plan.data_ends_on), fold.test)
        key = fold.test.isoformat()
        base = test.features[["customer_id", "cutoff"]]
        churned = 1.0 - test.labels[CHURN.label].to_numpy(float)
        said: dict[str, np.ndarray] = {"actual": churned}
        for name in fits.of_target("churn"):
            calibration, _ = calibrated_activity(fits, name, known_until=fold.calibrate, window=window)
            probability = calibration.calibrate(fits.part(name, fold.test).predict(test.features))
            said[name] = 1.0 - np.asarray(probability)
            figures.setdefault("churn", {}).setdefault(name, {})[key] = CHURN.metrics(churned, said[name])
        answers["churn"].append(base.assign(**said))
        for question, column in FORECAST.items():
            actual = test.labels[question.label].to_numpy(float)
            said = {"actual": actual}
            for name in fits.of_target(question.name):
                chosen = {**results.winners, question.name: name}
                forecast = assemble(
                    fits, chosen, calibrate_until=fold.calibrate, window=window, fit_until=fold.test
                )
                said[name] = forecast.predict(test.features)[column].to_numpy(float)
                figures.setdefault(question.name, {}).setdefault(name, {})[key] = question.metrics(
                    actual, said[name]
                )
            answers[question.name].append(base.assign(**said))
        for name in fits.of_target("repurchase"):
            chosen = {**results.winners, "repurchase": name}
            forecast = assemble(
                fits, chosen, calibrate_until=fold.calibrate, window=window, fit_until=fold.test
            )
            found, survival, days = curve_figures(forecast, test)
            figures.setdefault("repurchase", {}).setdefault(name, {})[key] = found
            if name == results.winners["repurchase"]:
                results.curves[key] = (survival, test.labels, days)
    for target, frames in answers.items():
        results.answers[target] = pd.concat(frames, ignore_index=True)
    for of_target in figures.values():
        for by_origin in of_target.values():
            summarise(by_origin)
    return results


def summarise(by_origin: dict[str, dict[str, float]]) -> None:
    """Add ``mean`` over the test origins to a candidate's figures."""
    origins = list(by_origin)
    names = by_origin[origins[0]]
    by_origin["mean"] = {
        name: float(np.mean([by_origin[origin].get(name, np.nan) for origin in origins])) for name in names
    }


def _least(losses: Mapping[str, float]) -> str:
    known = {name: loss for name, loss in losses.items() if loss == loss} or dict(losses)
    return min(known, key=lambda name: known[name])
