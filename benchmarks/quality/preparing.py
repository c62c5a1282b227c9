"""Prepares a task: the past that everybody sees, in a folder, and the future that only the judge does."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.quality.answers import CURVE_DAYS
from benchmarks.quality.material import PAST, PURCHASES, Material
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.contract import contract_sql
from tiercast.schema import NAMES, History
from tiercast.serving.contract import REQUIRED
from tiercast.windows import day_number, day_of

US_PER_DAY = 86_400_000_000
FOLLOW_DAYS = CURVE_DAYS[-1]


class NothingToJudge(ValueError):
    """The data do not hold what the task asks about."""


@dataclass(frozen=True)
class Future:
    """What happened after the cutoff, by customer of the cohort, in its order.

    Parameters
    ----------
    truth : pandas.DataFrame
        ``customer_id``; ``purchased`` (0 or 1), ``orders`` (days with a purchase) and ``value_currency`` (gross) within
        the horizon; ``days_to_purchase`` (from 1; NaN where none within ``observed_days``).
    observed_days : int
        For how long everybody could be followed, at most 182.
    data_end_on : date
        The midnight after the last row.
    notes : tuple of str
    """

    truth: pd.DataFrame
    observed_days: int
    data_end_on: date
    notes: tuple[str, ...]


def prepare(
    history: History,
    folder: Path,
    *,
    cutoff: date,
    horizon_days: int,
    seed: int,
    without_kinds: tuple[str, ...] = (),
) -> tuple[Material, Future]:
    """Write the past of a history to a folder; return it and the future.

    Returns are left out, of the past as of the future: value is gross here. Rows that were known only on or after the
    cutoff are not in the past either. With ``without_kinds`` a folder ``without`` holds the past less these kinds.

    Raises
    ------
    NothingToJudge
        Nobody bought before the cutoff, or the data end there.
    SourceError, ContractError, MapError
    """
    day = day_number(cutoff)
    with DuckDBEngine() as engine:
        engine.attach(history)
        view = contract_sql(currency=history.currency, minor_per_major=history.minor_per_major)
        rows = engine.run(
            f"""SELECT customer_id, day, seen_day, SUM(amount_minor) / {history.minor_per_major}e0 AS value_currency,
            COUNT(amount_minor) AS priced, COUNT(*) AS lines
            FROM ({view}) AS contract WHERE verdict = 'ACCEPTED' AND kind = 'purchase'
            GROUP BY customer_id, day, seen_day ORDER BY customer_id, day, seen_day"""
        )
        last = engine.run(f"SELECT MAX(day) AS last FROM ({view}) AS contract WHERE verdict = 'ACCEPTED'")[
            "last"
        ][0]
        past = engine.run(_past_sql(engine.run("DESCRIBE touchpoints")["column_name"], day))
    before = rows[(rows["day"] < day) & (rows["seen_day"] < day)]
    if before.empty:
        raise NothingToJudge(
            f"nobody bought before {cutoff}: {len(rows):,} customer-days with a purchase were read"
        )
    if int(last) < day:
        raise NothingToJudge(
            f"the last accepted row is of {day_of(int(last))}: nothing after {cutoff} to judge by"
        )
    folder.mkdir(parents=True, exist_ok=True)
    purchases = before.groupby(["customer_id", "day"], as_index=False)["value_currency"].sum()
    purchases.to_parquet(folder / PURCHASES, index=False)
    kept = [name for name in past if name in REQUIRED or past[name].notna().any()]
    past[kept].to_parquet(folder / PAST, index=False)
    material = Material(
        folder=str(folder),
        name=history.name,
        cutoff_on=cutoff.isoformat(),
        horizon_days=horizon_days,
        seed=seed,
        currency=history.currency,
        zone=history.zone,
        minor_per_major=history.minor_per_major,
        peaks=tuple(history.peaks),
        has_amounts=bool(before["value_currency"].sum() > 0),
    )
    material.write()
    if without_kinds:
        less = folder / "without"
        less.mkdir(exist_ok=True)
        purchases.to_parquet(less / PURCHASES, index=False)
        past.loc[~past["kind"].str.lower().isin(without_kinds), kept].to_parquet(less / PAST, index=False)
        Material(**{**vars(material), "folder": str(less)}).write()
    return material, _future(material, rows, int(last) + 1)


def _past_sql(columns: pd.Series, day: int) -> str:
    carried = [name for name in columns if name in NAMES and name not in ("identity", "identity_kind")]
    end = day * US_PER_DAY
    return f"""SELECT make_timestamp(occurred_us) AS occurred_at,
    make_timestamp(known_us) AS known_at, {", ".join(carried)}
    FROM touchpoints WHERE NOT bad_time AND NOT bad_number AND NOT is_duplicate AND customer_id IS NOT NULL
    AND LOWER(kind) <> 'return' AND occurred_us < {end} AND COALESCE(known_us, occurred_us) < {end}
    ORDER BY customer_id, occurred_us"""


def _future(material: Material, rows: pd.DataFrame, data_end: int) -> Future:
    day, horizon = material.cutoff_day, material.horizon_days
    after = rows[rows["day"] >= day]
    within = after[after["day"] < day + horizon]
    days = within.drop_duplicates(["customer_id", "day"]).groupby("customer_id").size()
    observed = min(FOLLOW_DAYS, data_end - day)
    wait = (after.groupby("customer_id")["day"].min() - day + 1).reindex(material.cohort)
    truth = pd.DataFrame(
        {
            "customer_id": material.cohort,
            "orders": days.reindex(material.cohort).fillna(0.0).to_numpy(float),
            "value_currency": within.groupby("customer_id")["value_currency"]
            .sum()
            .reindex(material.cohort)
            .fillna(0.0)
            .to_numpy(float),
            "days_to_purchase": wait.where(wait <= observed).to_numpy(float),
        }
    )
    truth.insert(1, "purchased", np.where(truth["orders"] > 0, 1.0, 0.0))
    notes = []
    if data_end < day + horizon:
        notes.append(
            f"the data end {day + horizon - data_end} days before the horizon does: what came later is not judged"
        )
    unpriced = 1.0 - rows["priced"].sum() / rows["lines"].sum()
    if not material.has_amounts:
        notes.append("no purchase before the cutoff has an amount: value is left out")
    elif unpriced > 0:
        notes.append(f"{unpriced:.1%} of the purchase rows have no amount: they count as nothing")
    return Future(truth, observed, day_of(data_end), tuple(notes))
