"""Learn how far customers are in a decision from what they did next, and judge it on an origin it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from tiercast.engines.engine import Engine
from tiercast.features.catalogue import Catalogue, Run
from tiercast.features.compile import write
from tiercast.features.contract import contract
from tiercast.features.relations import resolve, words
from tiercast.features.rollup import TOUCHES
from tiercast.panels import features_at
from tiercast.schema import History
from tiercast.serving.columns import seen
from tiercast.serving.decision import DECISION_STAGES, OBSERVED, READ, DecisionStages
from tiercast.windows import day_number

ORIGINS = 5
STEP_DAYS = 28
LEAST_EPISODES = 200
MOST_EPISODES = 60_000
PENALTY = 1.0
COUNT = len(DECISION_STAGES)


@dataclass(frozen=True)
class Decided:
    """The served part, and how it did on the newest origin, which it had not seen.

    Parameters
    ----------
    part : DecisionStages
    episodes : int
        Customers and origins it was learned from.
    log_loss, rival_log_loss : float
        Of the regression, and of the shares by observed stage; NaN where neither could be judged.
    """

    part: DecisionStages
    episodes: int = 0
    log_loss: float = float("nan")
    rival_log_loss: float = float("nan")


def next_steps(
    run: Run, history: History, rows: pd.DataFrame, *, origins: Sequence[date], days: int, known_until: date
) -> np.ndarray:
    """Return the stage (0 to 4) that each customer's next ``days`` days after their origin show them to be at.

    Parameters
    ----------
    rows : DataFrame
        ``customer_id``, ``cutoff`` and ``episode_stage_code``.
    known_until : date
        Nothing that became known on or after this day is used.
    """
    view = contract(currency=history.currency, minor_per_major=history.minor_per_major)
    select = f"""SELECT customer_id, cutoff_day,
    MAX(CASE WHEN kind = 'purchase' OR stage_code = 4 THEN 1 ELSE 0 END) AS decides,
    MAX(CASE WHEN stage_code = 3 THEN 1 ELSE 0 END) AS weighs,
    MAX(CASE WHEN stage_code = 2 THEN 1 ELSE 0 END) AS searches,
    MAX(CASE WHEN stage_code = 5 AND kind <> 'purchase' THEN 1 ELSE 0 END) AS follows
  FROM touches INNER JOIN cutoffs ON day >= cutoff_day AND day < cutoff_day + {days}
  WHERE is_own = 1 AND seen_day < {day_number(known_until)}
  GROUP BY customer_id, cutoff_day"""
    made = resolve((view, TOUCHES), {"touches": words([select])})
    parts = [(relation.stage, relation.name, text) for relation, text in made]
    text = write([*parts, ("finalise", "next_steps", select)], "SELECT * FROM next_steps")
    found = run(text, cutoffs=origins)
    asked = pd.DataFrame(
        {"customer_id": rows["customer_id"], "cutoff_day": rows["cutoff"].map(day_number).astype("int64")}
    )
    told = asked.merge(found, on=["customer_id", "cutoff_day"], how="left", validate="one_to_one").fillna(0)
    rests = np.where(rows[OBSERVED].to_numpy(float) == 5, 4, 0)
    steps = [told[name].to_numpy(float) > 0 for name in ("decides", "weighs", "searches", "follows")]
    return np.asarray(np.select(steps, [3, 2, 1, 4], rests), dtype=np.int64)


def learn_decisions(
    engine: Engine,
    history: History,
    catalogue: Catalogue,
    *,
    cutoff: date,
    first_day: date | None,
    seed: int,
    window_days: int = DecisionStages.window_days,
) -> Decided:
    """Return the decision stages as learned before a cutoff; by rule where too few episodes were seen."""
    rule = Decided(DecisionStages(window_days=window_days))
    newest = cutoff - timedelta(days=window_days)
    origins = [newest - timedelta(days=STEP_DAYS * back) for back in reversed(range(ORIGINS))]
    origins = [day for day in origins if first_day is not None and (day - first_day).days >= STEP_DAYS]
    if OBSERVED not in catalogue.names or not origins:
        return rule
    wanted = [name for name in (OBSERVED, *READ) if name in catalogue.names]
    rows = features_at(engine, history, catalogue, origins, wanted=wanted)
    rows = rows[rows[OBSERVED].notna()].reset_index(drop=True)
    if len(rows) > MOST_EPISODES:
        drawn = np.random.default_rng(seed).choice(len(rows), MOST_EPISODES, replace=False)
        rows = rows.iloc[np.sort(drawn)].reset_index(drop=True)
    steps = next_steps(engine.run, history, rows, origins=origins, days=window_days, known_until=cutoff)
    return fit_decisions(rows, steps, window_days=window_days)


def fit_decisions(rows: pd.DataFrame, steps: np.ndarray, *, window_days: int) -> Decided:
    """Return what is served: the regression where it beats the shares by observed stage out of time, else those.

    Parameters
    ----------
    rows : DataFrame
        Customers in an episode at several origins: ``cutoff``, ``episode_stage_code`` and what is read.
    steps : array of int
        The stage (0 to 4) that their next days showed.
    """
    rule = Decided(DecisionStages(window_days=window_days), len(rows))
    if len(rows) < LEAST_EPISODES or len(np.unique(steps)) < 2:
        return rule
    newest = (rows["cutoff"] == max(rows["cutoff"])).to_numpy()
    shares = shares_by_stage(rows, steps, window_days=window_days)
    if newest.all() or len(np.unique(steps[~newest])) < 2:
        return Decided(shares, len(rows))
    past, now = rows.loc[~newest], rows.loc[newest]
    losses = [
        log_loss(make(past, steps[~newest], window_days=window_days), now, steps[newest])
        for make in (regression, shares_by_stage)
    ]
    part = regression(rows, steps, window_days=window_days) if losses[0] < losses[1] else shares
    return Decided(part, len(rows), *losses)


def shares_by_stage(rows: pd.DataFrame, steps: np.ndarray, *, window_days: int) -> DecisionStages:
    """Return the shares of what came next by observed stage, each shrunk to the shares of all by ten customers."""
    overall = (np.bincount(steps, minlength=COUNT) + 0.5) / (len(steps) + 0.5 * COUNT)
    observed = seen(rows, OBSERVED)
    table = np.stack(
        [
            np.bincount(steps[observed == code], minlength=COUNT) + 10.0 * overall
            for code in range(1, COUNT + 1)
        ]
    )
    logs = np.log(table / table.sum(axis=1, keepdims=True))
    coefficients = tuple(tuple(float(each) for each in column) for column in logs.T)
    return DecisionStages(
        "model", coefficients=coefficients, intercepts=(0.0,) * COUNT, window_days=window_days
    )


def regression(rows: pd.DataFrame, steps: np.ndarray, *, window_days: int) -> DecisionStages:
    """Return an L2-penalised multinomial regression of what came next."""
    from sklearn.linear_model import LogisticRegression

    columns, centres, scales = [], [], []
    for name in READ:
        logs = np.log1p(np.clip(seen(rows, name), 0.0, None))
        known = logs[np.isfinite(logs)]
        if known.size and known.std() > 1e-9:
            columns.append(name)
            centres.append(float(known.mean()))
            scales.append(float(known.std()))
    blank = DecisionStages("model", tuple(columns), tuple(centres), tuple(scales), window_days=window_days)
    observed = seen(rows, OBSERVED)
    design = np.column_stack([*(observed == code for code in range(1, COUNT + 1)), blank.squeezed(rows)])
    model = LogisticRegression(C=PENALTY, max_iter=300, tol=1e-6).fit(design, steps)
    weights, starts = np.zeros((COUNT, design.shape[1])), np.full(COUNT, -20.0)
    if len(model.classes_) == 2:  # scikit-learn tells one row of coefficients for two classes
        weights[model.classes_[1]] = model.coef_[0]
        starts[model.classes_] = [0.0, float(model.intercept_[0])]
    else:
        weights[model.classes_], starts[model.classes_] = model.coef_, model.intercept_
    return replace(
        blank,
        coefficients=tuple(tuple(float(each) for each in row) for row in weights),
        intercepts=tuple(float(each) for each in starts),
    )


def log_loss(part: DecisionStages, rows: pd.DataFrame, steps: np.ndarray) -> float:
    """Return the mean of −log P(what came next), natural logarithm."""
    said = part.probabilities(rows)[np.arange(len(rows)), steps]
    return float(-np.log(np.clip(said, 1e-9, 1.0)).mean())
