"""Our own families of learners, each alone: what the product would say if one kind of model answered everything.

All are fitted on the rows on which we are, with their usual parameters, calibrated on the same window, and told by the same
served code: what is left between them and us is the choice, the blend and the tuning.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from benchmarks.frame import stopwatch
from benchmarks.quality.answers import Answers, Skipped
from benchmarks.quality.material import Material
from benchmarks.quality.ours import cards, of_forecast
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import NotTrainable
from tiercast.learners.btyd_choice import fit_stage
from tiercast.learners.learner import Setup
from tiercast.panels import features_at
from tiercast.sources.opening import open_source
from tiercast.training.backtest import Fits, at
from tiercast.training.judging import RULES, assemble
from tiercast.training.train import Prepared, learners_of, prepare

FAMILIES: dict[str, dict[str, str]] = {
    "family_rules": RULES,
    "family_btyd": {
        "churn": "btyd", "repurchase": "btyd_curve", "orders": "btyd_orders", "lifetime_value": "btyd_value",
    },
    "family_linear": {
        "churn": "logistic", "repurchase": "cox", "orders": "poisson_linear", "lifetime_value": "tweedie_linear",
    },
    "family_lightgbm": {
        "churn": "lightgbm", "repurchase": "lightgbm_hazard", "orders": "lightgbm_poisson",
        "lifetime_value": "lightgbm_tweedie",
    },
    "family_lightgbm_on_btyd": {
        "churn": "lightgbm_on_btyd", "repurchase": "lightgbm_hazard", "orders": "lightgbm_poisson_on_btyd",
        "lifetime_value": "lightgbm_tweedie_on_btyd",
    },
    "family_per_purchase": {
        "churn": "cox_within", "repurchase": "cox", "orders": "poisson_linear", "lifetime_value": "orders_times_spend",
    },
}  # fmt: skip
"""By family the candidate of each target."""


def answer(material: Material) -> Mapping[str, Answers]:
    """Return the answers of every family.

    Raises
    ------
    Skipped
        The history is too short to train on.
    """
    history = open_source(material.history)
    refusal = "no card"
    with DuckDBEngine() as engine:
        for card in cards(history, material.cutoff, material.horizon_days, material.seed):
            try:
                ready = prepare(card, engine, history=history, progress=lambda _: None)
            except NotTrainable as fault:
                refusal = str(fault)
                continue
            now = features_at(engine, history, ready.catalogue, [material.cutoff])
            learners, blends = learners_of(card)
            setup = Setup(ready.plan.window, card.seed, engine.threads)
            parameters = {name: dict(each.defaults) for name, each in learners.items()}
            fits = Fits(ready.panel, learners, blends, parameters, setup, following=ready.following)
            buyers = now[now["order_days"].to_numpy(float) > 0].reset_index(drop=True)
            return {name: _alone(fits, ready, chosen, buyers) for name, chosen in FAMILIES.items()}
    raise Skipped(f"training was refused: {refusal}")


def _alone(fits: Fits, ready: Prepared, chosen: dict[str, str], buyers: pd.DataFrame) -> Answers:
    plan = ready.plan
    newest = plan.folds[-1].test
    with stopwatch() as fit:
        forecast = assemble(
            fits, chosen, calibrate_until=newest, window=at(fits.known(plan.data_ends_on), newest),
            fit_until=plan.data_ends_on,
            btyd=fit_stage(buyers, horizon_days=plan.window.days, model=ready.panel.btyd),
            horizon=plan.horizon, level_factor_80=plan.level_factor_80,
        )  # fmt: skip
    with stopwatch() as predict:
        said = of_forecast(forecast, buyers)
    learner = ", ".join(f"{target} {name}" for target, name in sorted(chosen.items()))
    return replace(said, learner=learner, fit_s=fit[0], predict_s=predict[0])
