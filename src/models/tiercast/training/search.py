"""The search for parameters: each tunable learner is tuned on inner origins, before any test origin is opened."""

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tiercast import learners as ours
from tiercast.config import TrainCard
from tiercast.evaluation.metrics import log_loss
from tiercast.evaluation.survival import integrated_brier
from tiercast.learners.learner import Learner, Panel, Setup, sampled
from tiercast.panels import as_of
from tiercast.registry import Run
from tiercast.serving import btyd_stage
from tiercast.serving.blend import CHANCE_AHEAD, ORDERS_AHEAD
from tiercast.serving.btyd_stage import EXPECTED_VALUE, PURCHASE_PROBABILITY
from tiercast.targets.churn import CHURN
from tiercast.targets.expected_orders import EXPECTED_ORDERS
from tiercast.targets.lifetime_value import LIFETIME_VALUE
from tiercast.targets.repurchase import REPURCHASE
from tiercast.training.backtest import at, served_part
from tiercast.training.judging import followed
from tiercast.training.plan import Plan
from tiercast.training.selecting import value_loss
from tiercast.training.trials import Keeper, keeping, known_trials
from tiercast.tuning import WARM_UP_TRIALS, tune

FIRST_LOOK_ROWS = 5_000
TUNED = (CHURN.name, EXPECTED_ORDERS.name, REPURCHASE.name, LIFETIME_VALUE.name)
"""Targets whose labels a buyer's panel holds; what prospects do is judged on a panel of its own."""
FITTED_WITH = ("lightgbm", "scikit-learn", "numpy")
"""Libraries whose version a loss depends on; our own learners are told by their code, installed or not."""


def inner_origins(plan: Plan, panel: Panel, *, step_days: int) -> tuple[date, ...]:
    """Return the one or two newest origins whose labels are mature at the first test origin."""
    newest = plan.folds[0].calibrate
    earlier = newest - timedelta(days=step_days)
    return (earlier, newest) if earlier in set(panel.features["cutoff"]) else (newest,)


def tune_all(
    learners: Mapping[str, Learner],
    panel: Panel,
    plan: Plan,
    setup: Setup,
    *,
    card: TrainCard,
    run: Run,
    progress: Callable[[str], None],
) -> dict[str, dict[str, float]]:
    """Return parameters for every learner of a buyer's target; each trial is a run nested in ``run``.

    A trial is fitted on origins mature at the earlier inner origin, and judged at both inner origins. Trials of the same
    search, by the same learner on the same rows, that the store holds already are not fitted again: a training that was
    interrupted, even within a learner, or is repeated, goes on where it ended.
    """
    inner = inner_origins(plan, panel, step_days=card.step_days)
    known = as_of(panel, inner[0], setup.horizon)
    judged = [at(as_of(panel, plan.folds[0].test, setup.horizon), origin) for origin in inner]
    tunable = [learner for learner in learners.values() if learner.space and learner.target in TUNED]
    rows = fingerprint((known, *judged)) if tunable and card.tuning_trials else ""
    some = sampled(known, max(len(known) // 4, FIRST_LOOK_ROWS), setup.seed)
    chosen: dict[str, dict[str, float]] = {}
    for name, learner in learners.items():
        chosen[name] = dict(learner.defaults)
        if learner not in tunable or card.tuning_trials < 1 or not len(known):
            continue
        study = study_of(learner, rows, setup)
        tried = known_trials(run, study)
        progress(f"tuning {name}" + (f", {len(tried)} trials are known" if tried else ""))
        keeper = Keeper(run, learner, study, tried, card.tuning_trials, progress)
        with keeping(keeper):
            found = tune(
                _loss_of(learner, known, judged, setup),
                first_look=_loss_of(learner, some, judged, setup)
                if len(some) < len(known) and card.tuning_trials > WARM_UP_TRIALS
                else None,
                known=tried,
                defaults=learner.defaults,
                space=learner.space,
                trials=card.tuning_trials,
                seconds=card.tuning_seconds / len(tunable),
                seed=card.seed,
                progress=keeper.take,
            )
        chosen[name] = found.parameters
    return chosen


def fingerprint(panels: Sequence[Panel]) -> str:
    """Return the same word for the same rows and labels."""
    told = hashlib.sha256()
    for panel in panels:
        for frame in (panel.features, panel.labels):
            told.update(",".join(map(str, frame.columns)).encode())
            told.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return told.hexdigest()


def study_of(learner: Learner, rows: str, setup: Setup) -> str:
    """Return a name for the search: the same for the same learner, its code, ranges, rows, window and seed."""
    ranges = sorted(learner.space.items(), key=lambda each: each[0])
    told = (
        learner.name, sorted(learner.defaults.items()), ranges, rows, setup.horizon, setup.seed, code_of(learner),
    )  # fmt: skip
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def code_of(learner: Learner) -> str:
    """Return a word for what a fit is made by: the learner's module, our learners and the libraries below them.

    A loss that other code has found says nothing of this one's.
    """
    module = inspect.getmodule(learner.fit)
    try:
        own = inspect.getsource(module) if module else ""
    except OSError:  # typed at a prompt: there is no file to read
        own = repr(learner.fit)
    return hashlib.sha256((own + _ours()).encode()).hexdigest()


@cache
def _ours() -> str:
    texts = [
        path.read_text(encoding="utf-8") for path in sorted(Path(str(ours.__file__)).parent.glob("*.py"))
    ]
    return "".join((*texts, *(version(name) for name in FITTED_WITH)))


def _loss_of(
    learner: Learner, known: Panel, judged: list[Panel], setup: Setup
) -> Callable[[Mapping[str, float]], float]:
    def loss(parameters: Mapping[str, float]) -> float:
        part: Any = served_part(learner.fit(known, parameters, setup), learner)
        return float(np.mean([_judge(part, learner.target, rows) for rows in judged]))

    return loss


def _judge(part: Any, target: str, rows: Panel) -> float:
    if target == CHURN.name:
        return log_loss(rows.labels[CHURN.label].to_numpy(float), part.predict(rows.features))
    if target == EXPECTED_ORDERS.name:
        said = part.predict(rows.features)
        return EXPECTED_ORDERS.metrics(rows.labels[EXPECTED_ORDERS.label].to_numpy(float), said)[
            "poisson_deviance"
        ]
    if target == REPURCHASE.name:
        return hazard_loss(part, rows)
    assert target == LIFETIME_VALUE.name, target
    # A hurdle needs a chance to buy, and spend its orders: while tuning, what was known of both is the BTYD stage's.
    known = {CHANCE_AHEAD: PURCHASE_PROBABILITY, ORDERS_AHEAD: btyd_stage.EXPECTED_ORDERS}
    staged = rows.features.assign(**{name: rows.features[column] for name, column in known.items()})
    return value_loss(
        rows.labels[LIFETIME_VALUE.label].to_numpy(float),
        part.predict(staged),
        staged[EXPECTED_VALUE].to_numpy(float),
    )


def hazard_loss(part: Any, rows: Panel) -> float:
    """Return the integrated Brier score of a curve by itself, before the activity part scales it."""
    seen, days = followed(rows)
    survival = np.exp(-part.cumulative_hazard(rows.features, days))
    return integrated_brier(rows.labels[REPURCHASE.label].to_numpy(float), seen, survival, days)
