"""A panel: customers at several origins, what was known of them then, and what happened after."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from tiercast.engines.engine import Engine
from tiercast.features.catalogue import Catalogue
from tiercast.learners.btyd_choice import MEAN, choose, fit_stage, fit_stages
from tiercast.learners.learner import Panel
from tiercast.schema import History
from tiercast.serving.btyd_stage import BtydStage
from tiercast.targets.labels import label_frame
from tiercast.windows import Horizon, day_number, day_of

FOLLOW_DAYS = 182
OF_THE_WINDOW = ("purchased", "order_days_future", "value_currency")
"""Labels that are known when the window has closed."""


def features_at(
    engine: Engine,
    history: History,
    catalogue: Catalogue,
    cutoffs: Sequence[date],
    *,
    wanted: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return one row per customer seen before each cutoff, ordered by cutoff and customer.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` (str), ``cutoff`` (date), then one float64 column per feature, NaN where it is absent.
    """
    text, tables = catalogue.text(history, wanted), catalogue.tables(history)
    found = pd.concat(engine.frames(text, cutoffs=cutoffs, tables=tables), ignore_index=True)
    found = found.sort_values(["cutoff_day", "customer_id"], kind="stable", ignore_index=True)
    days = found.pop("cutoff_day")
    dates = {int(day): day_of(int(day)) for day in days.unique()}
    found.insert(1, "cutoff", days.map(dates).astype(object))
    return found


def build_panel(
    engine: Engine,
    history: History,
    catalogue: Catalogue,
    *,
    origins: Sequence[date],
    horizon: Horizon,
    data_ends_on: date,
    active_days: int | None = None,
    model: str = MEAN,
    told_by: date | None = None,
) -> tuple[Panel, dict[date, BtydStage]]:
    """Return the panel of the cohort at each origin, and the BTYD stage fitted at each.

    The cohort is every customer with a purchase seen before the origin (within ``active_days``, when given). The BTYD
    stage is fitted anew at each origin, on what was known then, and its answers are columns of the panel. With ``told_by``
    its model is the one that best foretold the newest window that was mature on that day, a choice made once for all origins.
    """
    features = features_at(engine, history, catalogue, origins)
    bought = features["order_days"].to_numpy(float) > 0
    if active_days is not None:
        bought &= np.nan_to_num(features["days_since_purchase"].to_numpy(float), nan=np.inf) <= active_days
    features = features.loc[bought].reset_index(drop=True)
    labels = label_frame(
        engine.run,
        history,
        features,
        origins=origins,
        horizon=horizon,
        follow_days=max(FOLLOW_DAYS, horizon.days),
        data_ends_on=data_ends_on,
    )
    fitted: dict[date, BtydStage] = {}
    if told_by is not None:
        model, fitted = _foretelling(features, labels, horizon, told_by)
    stages: dict[date, BtydStage] = {}
    staged = []
    for origin, rows in features.groupby("cutoff", sort=True):
        stage = fitted.get(origin)  # type: ignore[arg-type]
        stage = stage or fit_stage(rows, horizon_days=horizon.days, model=model)
        stages[origin] = stage  # type: ignore[index]
        staged.append(stage.columns(rows))
    wide = pd.concat([features, pd.concat(staged).loc[features.index]], axis=1) if staged else features
    return Panel(wide, labels, tuple(catalogue.names), model), stages


def _foretelling(
    features: pd.DataFrame, labels: pd.DataFrame, horizon: Horizon, told_by: date
) -> tuple[str, dict[date, BtydStage]]:
    """Return the model that foretold best, and its stage at the origin at which all were fitted to find out."""
    cutoffs = features["cutoff"].to_numpy()
    mature = [day for day in set(cutoffs) if horizon.matures_on(day) <= told_by]
    if not mature:
        return MEAN, {}
    newest = max(mature)
    there = np.asarray(cutoffs == newest)
    rows = features.loc[there]
    every = fit_stages(rows, horizon_days=horizon.days)
    chosen = choose(every, rows, labels.loc[there])
    return chosen, {newest: every[chosen]}


def as_of(panel: Panel, end: date, horizon: Horizon, *, still_open: bool = False) -> Panel:
    """Return the panel's rows whose labels are mature at ``end``, with waiting times censored there.

    What happened on or after ``end``, or was known only then, is taken out of the labels, so that nothing judged at
    ``end`` can leak. With ``still_open`` rows whose window began by the day before come too: their waiting times are censored
    like the others', and what their window will hold is unknown (NaN).
    """
    label_days = horizon.gap_days + horizon.days + horizon.settle_days
    least_days = horizon.gap_days + 1 if still_open else label_days
    kept = panel.where(panel.cutoff_days + least_days <= day_number(end))
    room = (day_number(end) - kept.cutoff_days - horizon.gap_days).astype(float)
    seen = np.minimum(kept.labels["observed_days"].to_numpy(float), room)
    wait = kept.labels["days_to_purchase"].to_numpy(float)
    known = kept.labels["days_to_knowledge"].to_numpy(float) if "days_to_knowledge" in kept.labels else wait
    told = (wait <= seen) & (known <= room)
    labels = kept.labels.assign(observed_days=seen, days_to_purchase=np.where(told, wait, np.nan))
    if still_open:
        closed = kept.cutoff_days + label_days <= day_number(end)
        labels = labels.assign(**{name: labels[name].where(closed) for name in OF_THE_WINDOW})
    return Panel(kept.features, labels, kept.columns, kept.btyd)
