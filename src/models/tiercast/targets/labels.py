"""Labels: what happened after each origin, as it was known when its window closed."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from tiercast.features.catalogue import Run
from tiercast.features.compile import write
from tiercast.features.contract import contract
from tiercast.features.relations import resolve, words
from tiercast.features.rollup import TOUCHES
from tiercast.schema import History
from tiercast.windows import Horizon, day_number


def label_text(history: History, *, horizon: Horizon, follow_days: int, data_ends_on: date) -> str:
    """Return the SQL text of the labels: one row per customer with anything in the window, and origin.

    It stands on the same contract view and roll-up as the features. What became known only after the window closed
    (plus ``settle_days``), or on or after ``data_ends_on``, is not in the label, so a late backfill changes no
    training set.
    """
    start = f"cutoff_day + {horizon.gap_days}"
    end = f"{start} + {horizon.days}"
    follow_end = f"{start} + {max(follow_days, horizon.days)}"
    inside = f"day >= {start} AND day < {end} AND seen_day < {end} + {horizon.settle_days}"
    first_day = "MIN(CASE WHEN purchase = 1 THEN day END)"
    bought = f"""SELECT customer_id, cutoff_day, day,
    MAX(CASE WHEN kind = 'purchase' AND {inside} THEN 1 ELSE 0 END) AS inside,
    MAX(CASE WHEN kind = 'purchase' THEN 1 ELSE 0 END) AS purchase,
    MIN(CASE WHEN kind = 'purchase' THEN seen_day END) AS known_day,
    SUM(CASE WHEN {inside} AND kind = 'purchase' THEN COALESCE(amount_minor, 0)
             WHEN {inside} AND kind = 'return' THEN -COALESCE(amount_minor, 0) ELSE 0 END) AS net_minor
  FROM touches INNER JOIN cutoffs ON day >= {start} AND day < {follow_end}
  WHERE kind IN ('purchase', 'return') AND seen_day < {follow_end} + {horizon.settle_days}
    AND seen_day < {day_number(data_ends_on)}
  GROUP BY customer_id, cutoff_day, day"""
    view = contract(currency=history.currency, minor_per_major=history.minor_per_major)
    made = resolve((view, TOUCHES), {"touches": words([bought])})
    parts = [(relation.stage, relation.name, select) for relation, select in made]
    return write(
        [*parts, ("finalise", "bought", bought)],
        f"""SELECT customer_id, cutoff_day, CAST(MAX(inside) AS DOUBLE) AS purchased,
  CAST(SUM(inside) AS DOUBLE) AS order_days_future,
  CAST({first_day} - ({start}) + 1 AS DOUBLE) AS days_to_purchase,
  CAST(MIN(CASE WHEN purchase = 1 THEN day * 65536 + known_day END) - {first_day} * 65536 - ({start}) + 1 AS DOUBLE)
    AS days_to_knowledge,
  CAST(SUM(net_minor) AS DOUBLE) / {history.minor_per_major}e0 AS value_currency
FROM bought GROUP BY customer_id, cutoff_day""",
    )


def label_frame(
    run: Run,
    history: History,
    rows: pd.DataFrame,
    *,
    origins: Sequence[date],
    horizon: Horizon,
    follow_days: int,
    data_ends_on: date,
) -> pd.DataFrame:
    """Return labels aligned with ``rows`` (``customer_id``, ``cutoff``), absent history after the origin being 0.

    Returns
    -------
    pandas.DataFrame
        ``purchased`` (0 or 1), ``order_days_future``, ``value_currency``, ``days_to_purchase`` (1-based from the
        window start; NaN when none within ``observed_days``), ``days_to_knowledge`` (likewise, the day on which that
        purchase was known), ``observed_days`` (follow-up from the window start until the data end or ``follow_days``).
    """
    text = label_text(history, horizon=horizon, follow_days=follow_days, data_ends_on=data_ends_on)
    found = run(text, cutoffs=origins)
    asked = pd.DataFrame(
        {"customer_id": rows["customer_id"], "cutoff_day": rows["cutoff"].map(day_number).astype("int64")}
    )
    labels = asked.merge(found, on=["customer_id", "cutoff_day"], how="left", validate="one_to_one")
    for column in ("purchased", "order_days_future", "value_currency"):
        labels[column] = labels[column].fillna(0.0)
    room = day_number(data_ends_on) - labels["cutoff_day"] - horizon.gap_days
    labels["observed_days"] = room.clip(0, follow_days).astype("float64")
    within = labels["days_to_purchase"] <= labels["observed_days"]
    for column in ("days_to_purchase", "days_to_knowledge"):
        labels[column] = labels[column].where(within)
    return labels.drop(columns=["customer_id", "cutoff_day"])
