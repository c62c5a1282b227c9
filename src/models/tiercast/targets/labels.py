"""Labels: what happened after each origin, as it was known when its window closed."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from tiercast.features.catalogue import Run
from tiercast.features.contract import Zone, contract_sql
from tiercast.features.grains import ROLLUPS
from tiercast.schema import History
from tiercast.windows import Horizon, day_number


def label_text(history: History, *, horizon: Horizon, follow_days: int) -> str:
    """Return the SQL text of the labels: one row per customer with anything in the window, and origin.

    It stands on the same contract view and roll-up as the features. What became known only after the window closed
    (plus ``settle_days``) is not in the label, so a late backfill changes no training set.
    """
    contract = contract_sql(
        currency=history.currency, minor_per_major=history.minor_per_major, zone=Zone.named(history.zone)
    )
    start = f"cutoff_day + {horizon.gap_days}"
    end = f"{start} + {horizon.days}"
    inside = f"day >= {start} AND day < {end} AND seen_day < {end} + {horizon.settle_days}"
    return f"""WITH contract AS ({contract}),
daily AS ({ROLLUPS["daily"]}),
bought AS (
  SELECT customer_id, cutoff_day, day,
    MAX(CASE WHEN kind = 'purchase' AND {inside} THEN 1 ELSE 0 END) AS inside,
    MAX(CASE WHEN kind = 'purchase' THEN 1 ELSE 0 END) AS purchase,
    SUM(CASE WHEN {inside} AND kind = 'purchase' THEN amount_minor
             WHEN {inside} AND kind = 'return' THEN -amount_minor ELSE 0 END) AS net_minor
  FROM daily INNER JOIN cutoffs ON day >= {start} AND day < {start} + {max(follow_days, horizon.days)}
  WHERE kind IN ('purchase', 'return') AND seen_day < {start} + {max(follow_days, horizon.days)} + {horizon.settle_days}
  GROUP BY customer_id, cutoff_day, day
)
SELECT customer_id, cutoff_day, CAST(MAX(inside) AS DOUBLE) AS purchased, CAST(SUM(inside) AS DOUBLE) AS order_days_future,
  CAST(MIN(CASE WHEN purchase = 1 THEN day END) - (cutoff_day + {horizon.gap_days}) + 1 AS DOUBLE) AS days_to_purchase,
  CAST(SUM(net_minor) AS DOUBLE) / {history.minor_per_major}e0 AS value_currency
FROM bought GROUP BY customer_id, cutoff_day"""


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
        ``purchased`` (0 or 1), ``order_days_future``, ``value_currency``, ``days_to_purchase`` (1-based from the window start; NaN when none
        within ``observed_days``), ``observed_days`` (follow-up until the data end or ``follow_days``).
    """
    found = run(label_text(history, horizon=horizon, follow_days=follow_days), cutoffs=origins)
    asked = pd.DataFrame(
        {"customer_id": rows["customer_id"], "cutoff_day": rows["cutoff"].map(day_number).astype("int64")}
    )
    labels = asked.merge(found, on=["customer_id", "cutoff_day"], how="left", validate="one_to_one")
    for column in ("purchased", "order_days_future", "value_currency"):
        labels[column] = labels[column].fillna(0.0)
    follow = (day_number(data_ends_on) - labels["cutoff_day"]).clip(0, follow_days).astype("float64")
    labels["observed_days"] = follow
    labels["days_to_purchase"] = labels["days_to_purchase"].where(labels["days_to_purchase"] <= follow)
    return labels.drop(columns=["customer_id", "cutoff_day"])
