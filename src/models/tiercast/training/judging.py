"""Judging: at each test origin every candidate answers, calibrated on the newest matured window before it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tiercast.evaluation.intervals import TooFewSpenders, fit_value_intervals, widened
from tiercast.evaluation.spread import judge_ranges
from tiercast.evaluation.survival import integrated_brier_per_row
from tiercast.learners.learner import Panel
from tiercast.serving.blend import CHANCE_AHEAD, ORDERS_AHEAD
from tiercast.serving.calibration import Calibration
from tiercast.serving.forecast import GRID_DAYS, Forecast, at_least_one
from tiercast.serving.intervals import ValueIntervals
from tiercast.serving.measure import NET_REVENUE, ValueMeasure
from tiercast.targets.churn import CHURN
from tiercast.targets.expected_orders import EXPECTED_ORDERS
from tiercast.targets.lifetime_value import LIFETIME_VALUE
from tiercast.targets.repurchase import REPURCHASE
from tiercast.training.backtest import Fits, at
from tiercast.training.mending import calibration_of
from tiercast.training.plan import LEAST_SPENDERS, Plan
from tiercast.training.selecting import losses_by_row, proven_by_rows, proven_value, value_loss
from tiercast.windows import Horizon

TARGETS = (CHURN, LIFETIME_VALUE, EXPECTED_ORDERS, REPURCHASE)
NO_AMOUNTS = "refused:NO_AMOUNTS"
"""The basis of value where no purchase of the newest window says what was paid: it is told as zero."""
TOO_FEW_SPENDERS = f"refused:{TooFewSpenders.code}"
"""The basis of value where so few of the newest window spent that no spread can be learned: its interval says nothing."""
NO_SPREAD = ValueIntervals((0.1, 0.9), (), ((0.0, 0.0),))
FORECAST = {LIFETIME_VALUE: "expected_value_currency", EXPECTED_ORDERS: "expected_orders"}
"""Targets whose answer is a column of the forecast."""
CARRIED_CURVE = "btyd_curve"
"""The usual curve where the horizon is longer than any window that was judged: how customers fade is what the process knows."""
RULES: dict[str, str] = {target.name: target.rule for target in TARGETS}
"""The rules that stand in until a model beats them."""


@dataclass
class Results:
    """What each candidate said at each test origin, and its figures.

    ``answers[target]`` has ``customer_id``, ``cutoff``, ``actual`` and one column a candidate;
    ``figures[target][name]`` maps a test origin (or ``mean``) to metrics. ``rules[target]`` are the
    candidates that are rules, the user's own included: what the gate takes as baselines. ``ranges`` has the
    winner's 80 % range of value of each row of ``answers["lifetime_value"]``: ``low_currency``, ``high_currency``, ``pit``.
    """

    answers: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, dict[str, dict[str, dict[str, float]]]] = field(default_factory=dict)
    winners: dict[str, str] = field(default_factory=dict)
    selection: dict[str, dict[str, float]] = field(default_factory=dict)
    curves: dict[str, tuple[np.ndarray, pd.DataFrame, np.ndarray]] = field(default_factory=dict)
    ranges: pd.DataFrame = field(default_factory=pd.DataFrame)
    rules: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {target.name: (target.rule,) for target in TARGETS}
    )


def calibrated_activity(
    fits: Fits, name: str, *, known_until: date, window: Panel
) -> tuple[Calibration, np.ndarray]:
    """Return the calibration of candidate ``name`` for the day after a matured window, and its answers there.

    The window's origin is ``known_until``.
    """

    def find() -> tuple[Calibration, np.ndarray]:
        calibration = calibration_of(fits, name, known_until=known_until, window=window)
        raw = fits.part(name, known_until).predict(window.features)
        return calibration, np.asarray(calibration.calibrate(raw))

    return fits.once(("calibrated activity", name, known_until), find)


def ahead_of(
    fits: Fits, orders: str, *, known_until: date, window: Panel, probability: np.ndarray
) -> pd.DataFrame:
    """Return the features of a window with what value may read: the chance to buy, and what orders candidate ``orders`` says."""
    expected = np.asarray(fits.part(orders, known_until).predict(window.features))
    told = {CHANCE_AHEAD: probability, ORDERS_AHEAD: at_least_one(expected, probability)}
    return window.features.assign(**told)


def value_spread(
    fits: Fits, name: str, activity: str, orders: str, *, known_until: date, window: Panel
) -> ValueIntervals | None:
    """Return the intervals of value candidate ``name``, for the chances of an activity and some orders.

    None where too few purchases of the window say what was paid. The window's origin is ``known_until``.
    """

    def find() -> ValueIntervals | None:
        _, probability = calibrated_activity(fits, activity, known_until=known_until, window=window)
        staged = ahead_of(fits, orders, known_until=known_until, window=window, probability=probability)
        value = np.maximum(fits.part(name, known_until).predict(staged), 0.0)
        actual = window.labels[LIFETIME_VALUE.label].to_numpy(float)
        mean = value / np.maximum(probability, 1e-9)
        bought = window.labels["purchased"].to_numpy(float) > 0
        try:
            return fit_value_intervals(
                actual, probability, mean, bought=bought, least_spenders=LEAST_SPENDERS
            )
        except TooFewSpenders:
            return None

    return fits.once(("value spread", name, activity, orders, known_until), find)


def assemble(
    fits: Fits,
    chosen: Mapping[str, str],
    *,
    calibrate_until: date,
    window: Panel,
    fit_until: date,
    btyd: Any = None,
    horizon: Horizon | None = None,
    level_factor_80: float = 1.0,
    measure: ValueMeasure = NET_REVENUE,
) -> Forecast:
    """Return the forecast of chosen candidates: calibrated on ``window`` by older fits, refitted at ``fit_until``.

    Parameters
    ----------
    chosen : mapping
        Candidate for ``churn``, ``repurchase``, ``orders`` and ``lifetime_value``.
    calibrate_until : date
        The calibrated fits know nothing on or after it.
    window : Panel
        Rows of one origin whose labels are mature at ``fit_until``.
    btyd : BtydStage, optional
        The newest stage; without it the rows bring the columns of their own.
    horizon : Horizon, optional
        What is asked; default: the window of the labels.
    level_factor_80 : float
        See :func:`~tiercast.evaluation.intervals.widened`.
    measure : ValueMeasure
        What the value that is told counts; judging keeps to net revenue.
    """
    calibration, _ = calibrated_activity(fits, chosen["churn"], known_until=calibrate_until, window=window)
    spread = value_spread(
        fits, chosen["lifetime_value"], chosen["churn"], chosen["orders"],
        known_until=calibrate_until, window=window,
    )  # fmt: skip
    return Forecast(
        btyd=btyd,
        activity=fits.part(chosen["churn"], fit_until),
        calibration=calibration,
        curve=fits.part(chosen["repurchase"], fit_until),
        value=fits.part(chosen["lifetime_value"], fit_until),
        value_level=1.0,  # no factor has proven to last: docs/decisions/0009
        intervals=NO_SPREAD if spread is None else widened(spread, level_factor_80=level_factor_80),
        horizon_days=(horizon or fits.setup.horizon).days,
        window_days=fits.setup.horizon.days,
        gap_days=fits.setup.horizon.gap_days,
        orders=fits.part(chosen["orders"], fit_until),
        measure=measure,
        basis={
            "churn": fits.basis(chosen["churn"]),
            "repurchase": fits.basis(chosen["repurchase"]),
            "value": _untold(window) if spread is None else fits.basis(chosen["lifetime_value"]),
        },
    )


def _untold(window: Panel) -> str:
    spent = window.labels[LIFETIME_VALUE.label].to_numpy(float) > 0
    return TOO_FEW_SPENDERS if spent.any() else NO_AMOUNTS


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


def usual_curve(plan: Plan) -> str:
    """Return the curve that answers unless another is proven better; past every window that was judged, the process."""
    return CARRIED_CURVE if plan.window.days < plan.horizon.days else REPURCHASE.usual


def curve_losses(forecast: Forecast, rows: Panel) -> np.ndarray:
    """Return each row's integrated Brier score over the follow-up that was seen."""
    seen, days = followed(rows)
    survival = forecast.survival(forecast.staged(rows.features), days)
    return integrated_brier_per_row(rows.labels[REPURCHASE.label].to_numpy(float), seen, survival, days)


def select(fits: Fits, plan: Plan) -> tuple[dict[str, str], dict[str, dict[str, float]]]:
    """Choose one candidate a target at the last origin before the tests; the tests play no part in it.

    Churn is chosen by log-loss, value by :func:`~tiercast.training.selecting.value_loss`, orders by Poisson deviance, the
    curve by integrated Brier score under the chosen churn probability: each its usual answer unless another is proven better.

    Returns
    -------
    (dict, dict)
        The chosen candidates by target, and every candidate's loss by target.
    """
    fold = plan.folds[0]
    window = at(fits.known(fold.test), fold.calibrate)
    losses: dict[str, dict[str, float]] = {}
    chosen: dict[str, str] = {}
    staged = window.features
    for target in (CHURN, EXPECTED_ORDERS):
        actual = window.labels[target.label].to_numpy(float)
        by_row = {
            name: losses_by_row(target, actual, np.asarray(fits.part(name, fold.calibrate).predict(staged)))
            for name in fits.of_target(target.name)
        }
        losses[target.name] = {name: float(loss.mean()) for name, loss in by_row.items()}
        chosen[target.name] = proven_by_rows(by_row, target.usual, target.then)
    _, probability = calibrated_activity(fits, chosen["churn"], known_until=fold.calibrate, window=window)
    staged = ahead_of(
        fits, chosen["orders"], known_until=fold.calibrate, window=window, probability=probability
    )
    said = {
        name: np.asarray(fits.part(name, fold.calibrate).predict(staged))
        for name in fits.of_target("lifetime_value")
    }
    rule, actual = LIFETIME_VALUE.rule, window.labels[LIFETIME_VALUE.label].to_numpy(float)
    losses["lifetime_value"] = {name: value_loss(actual, answer, said[rule]) for name, answer in said.items()}
    chosen["lifetime_value"] = proven_value(
        said, usual=LIFETIME_VALUE.usual, rule=rule, window=window, seed=fits.setup.seed
    )
    curves: dict[str, np.ndarray] = {}
    for name in fits.of_target("repurchase"):
        forecast = assemble(
            fits,
            {**chosen, "repurchase": name},
            calibrate_until=fold.calibrate,
            window=window,
            fit_until=fold.calibrate,
        )
        curves[name] = curve_losses(forecast, window)
    losses["repurchase"] = {name: float(loss.mean()) for name, loss in curves.items()}
    chosen["repurchase"] = proven_by_rows(curves, usual_curve(plan))
    return chosen, losses


def judge_all(fits: Fits, plan: Plan) -> Results:
    """Return every candidate's answers and figures at every test origin, and the final curve's.

    Ranges of value are judged as they are served: where a season was never seen, widened.
    """
    results = Results()
    results.winners, results.selection = select(fits, plan)
    results.rules = {
        target.name: tuple(name for name in fits.of_target(target.name) if fits.basis(name) == "rule")
        for target in TARGETS
    }
    answers: dict[str, list[pd.DataFrame]] = {target.name: [] for target in (CHURN, *FORECAST)}
    figures = results.figures
    ranges: list[pd.DataFrame] = []
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
                    fits, chosen, calibrate_until=fold.calibrate, window=window, fit_until=fold.test,
                    level_factor_80=plan.level_factor_80,
                )  # fmt: skip
                told = forecast.predict(test.features)
                said[name] = told[column].to_numpy(float)
                found = question.metrics(actual, said[name])
                if question is LIFETIME_VALUE:
                    chance = told["purchase_probability"]
                    judged = judge_ranges(
                        forecast.intervals, actual, chance, said[name], seed=fits.setup.seed
                    )
                    found = found | judged.figures
                    if name == results.winners[question.name]:
                        ranges.append(base.assign(**judged.by_row))
                figures.setdefault(question.name, {}).setdefault(name, {})[key] = found
            answers[question.name].append(base.assign(**said))
        for name in fits.of_target("repurchase"):
            chosen = {**results.winners, "repurchase": name}
            forecast = assemble(
                fits, chosen, calibrate_until=fold.calibrate, window=window, fit_until=fold.test
            )
            by_curve, survival, days = curve_figures(forecast, test)
            figures.setdefault("repurchase", {}).setdefault(name, {})[key] = by_curve
            if name == results.winners["repurchase"]:
                results.curves[key] = (survival, test.labels, days)
    for target, frames in answers.items():
        results.answers[target] = pd.concat(frames, ignore_index=True)
    results.ranges = pd.concat(ranges, ignore_index=True)
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
