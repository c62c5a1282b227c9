"""Prospects: customers at several origins who had not bought yet, what was known of them, and when they first bought."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from tiercast.engines.engine import Engine
from tiercast.features.catalogue import Catalogue
from tiercast.features.contract import contract_sql
from tiercast.learners.learner import Panel
from tiercast.panels import FOLLOW_DAYS, features_at
from tiercast.schema import History
from tiercast.serving.conversion import prospects
from tiercast.targets.labels import label_frame
from tiercast.windows import Horizon, day_number


def first_days(engine: Engine, history: History) -> pd.DataFrame:
    """Return each customer's first day, first channel and first purchase, of all that the history holds.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``first_day`` and ``purchase_day`` (days since 1970; NaN where there is no purchase) and
        ``channel`` (of the first second; of several, the first by name). Ordered by customer.
    """
    view = contract_sql(currency=history.currency, minor_per_major=history.minor_per_major)
    found = engine.run(
        f"""WITH seen AS (SELECT customer_id, occurred_s, day, kind, channel FROM ({view}) AS contract
            WHERE verdict = 'ACCEPTED'),
          began AS (SELECT customer_id, MIN(occurred_s) AS first_s, MIN(day) AS first_day,
            MIN(CASE WHEN kind = 'purchase' THEN day END) AS purchase_day FROM seen GROUP BY customer_id)
        SELECT began.customer_id AS customer_id, MIN(first_day) AS first_day, MIN(purchase_day) AS purchase_day,
          MIN(channel) AS channel
        FROM began INNER JOIN seen ON seen.customer_id = began.customer_id AND seen.occurred_s = began.first_s
        GROUP BY began.customer_id"""
    ).sort_values("customer_id", ignore_index=True)
    return found.assign(**{name: found[name].astype("float64") for name in ("first_day", "purchase_day")})


def prospect_panel(
    engine: Engine,
    history: History,
    catalogue: Catalogue,
    *,
    origins: Sequence[date],
    horizon: Horizon,
    data_ends_on: date,
) -> Panel:
    """Return prospects at each origin, with the same features and labels as buyers have.

    A column that is the same for all of them, as what was bought is, is not learned from.
    """
    seen = features_at(engine, history, catalogue, origins)
    rows = seen.loc[prospects(seen)].reset_index(drop=True)
    labels = label_frame(
        engine.run,
        history,
        rows,
        origins=origins,
        horizon=horizon,
        follow_days=max(FOLLOW_DAYS, horizon.days),
        data_ends_on=data_ends_on,
    )
    values = rows[catalogue.names].to_numpy(float)
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    partly = known.any(axis=0) & ~known.all(axis=0)
    varies = (low < high) | partly
    return Panel(rows, labels, tuple(np.asarray(catalogue.names, dtype=object)[varies]))


def known_at(panel: Panel, end: date, *, gap_days: int) -> Panel:
    """Return what a day knows of origins before it: everybody is followed up to that day, and no further.

    Unlike a label over a horizon, a wait need not be mature: who has not bought by then is censored there.
    """
    kept = panel.where(panel.cutoff_days + gap_days < day_number(end))
    room = (day_number(end) - kept.cutoff_days - gap_days).astype(float)
    observed = np.minimum(kept.labels["observed_days"].to_numpy(float), room)
    wait = kept.labels["days_to_purchase"].to_numpy(float)
    told = (wait <= observed) & (kept.labels["days_to_knowledge"].to_numpy(float) <= room)
    labels = kept.labels.assign(observed_days=observed, days_to_purchase=np.where(told, wait, np.nan))
    return Panel(kept.features, labels, kept.columns)
