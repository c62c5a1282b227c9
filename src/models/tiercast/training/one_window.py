"""What one window can say: who answers until models are judged, how far values spread, and how the process foretold it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from tiercast.learners.btyd_choice import MEAN, fit_told_stages
from tiercast.learners.learner import Panel
from tiercast.serving.forecast import Forecast
from tiercast.serving.measure import ValueMeasure
from tiercast.targets.churn import CHURN
from tiercast.targets.expected_orders import EXPECTED_ORDERS
from tiercast.targets.lifetime_value import LIFETIME_VALUE
from tiercast.targets.repurchase import REPURCHASE
from tiercast.training.backtest import Fits, at
from tiercast.training.judging import RULES, assemble, curve_figures
from tiercast.training.plan import Plan

RULE_ANSWERS = "RULE_ANSWERS"
LEAST_REPEAT_CUSTOMERS = 100
"""So many must have bought on two days or more before a process is believed that is all about coming back."""
BTYD: dict[str, str] = {
    CHURN.name: "btyd",
    REPURCHASE.name: "btyd_curve",
    EXPECTED_ORDERS.name: "btyd_orders",
    LIFETIME_VALUE.name: "btyd_value",
}
"""What the purchase process alone answers to each target."""


def why_rules(rows: pd.DataFrame, fallbacks: Mapping[str, str]) -> str:
    """Return why the purchase process is not believed, empty where it is.

    Parameters
    ----------
    rows : DataFrame
        Histories at the origin of the window.
    fallbacks : mapping
        Of its models, there or where the data end.

    Examples
    --------
    >>> why_rules(pd.DataFrame({"order_days": [1.0] * 900 + [2.0] * 100}), {})
    ''
    >>> why_rules(pd.DataFrame({"order_days": [1.0] * 900 + [2.0] * 99}), {})
    'RULE_ANSWERS: 99 customers had bought on two days or more, 100 are needed for the purchase process'
    """
    repeat = int((rows["order_days"].to_numpy(float) >= 2).sum())
    if repeat < LEAST_REPEAT_CUSTOMERS:
        return (
            f"{RULE_ANSWERS}: {repeat} customers had bought on two days or more, {LEAST_REPEAT_CUSTOMERS} are needed for the "
            "purchase process"
        )
    if fallbacks:
        fell = ", ".join(f"{model} ({to})" for model, to in sorted(fallbacks.items()))
        return f"{RULE_ANSWERS}: the purchase process could not be fitted soundly: {fell}"
    return ""


def forecasts_of(
    fits: Fits, plan: Plan, customers: pd.DataFrame, measure: ValueMeasure
) -> tuple[Forecast, Forecast | None, str]:
    """Return what is served, what the process fitted before the window says of it, and why rules answer.

    The second is None and the third told where they do.

    Parameters
    ----------
    customers : DataFrame
        Features of everybody where the data end.
    """
    (origin,), ends = plan.origins, plan.data_ends_on
    window = at(fits.known(ends), origin)
    buyers = customers[customers["order_days"].to_numpy(float) > 0]
    then, now = (fit_told_stages(each, horizon_days=plan.window.days) for each in (window.features, buyers))
    why = why_rules(window.features, then.fallbacks | now.fallbacks)
    chosen, known = (RULES, ends) if why else (BTYD, origin)
    made = assemble(
        fits,
        chosen,
        calibrate_until=known,
        window=window,
        fit_until=ends,
        level_factor_80=plan.level_factor_80,
    )
    served = replace(made, horizon_days=plan.horizon.days, measure=measure)
    if why:
        return served, None, why
    newest = now.by_model[MEAN]
    return replace(served, btyd=newest, curve=newest), made, ""


def figures_of(fits: Fits, forecast: Forecast, window: Panel) -> dict[str, dict[str, dict[str, float]]]:
    """Return figures of one window by target and candidate: of the process, which knew nothing of it, beside the rules.

    The rule is learned on half the customers of the same window and tells the other half: it knows the level of
    the window, and that it would not know of the next.
    """
    names = window.features["customer_id"].to_numpy().astype(object)
    half = np.asarray(pd.util.hash_array(names) % 2 == 0)
    said = forecast.predict(window.features)
    answers = {
        CHURN: "purchase_probability",
        LIFETIME_VALUE: "expected_value_currency",
        EXPECTED_ORDERS: "expected_orders",
    }
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for target, column in answers.items():
        actual, rule = window.labels[target.label].to_numpy(float), np.zeros(len(window))
        for told in (half, ~half):
            part = fits.learners[target.rule].fit(
                window.where(~told), fits.parameters[target.rule], fits.setup
            )
            rule[told] = part.predict(window.features.loc[told])
        by_name = {BTYD[target.name]: said[column].to_numpy(float), target.rule: rule}
        if target is CHURN:
            actual, by_name = 1.0 - actual, {name: 1.0 - each for name, each in by_name.items()}
        figures[target.name] = {name: target.metrics(actual, each) for name, each in by_name.items()}
    figures[REPURCHASE.name] = {BTYD[REPURCHASE.name]: curve_figures(forecast, window)[0]}
    return figures
