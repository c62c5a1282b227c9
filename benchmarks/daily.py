"""Adding one day later: what a night costs a touchpoint store that holds years, against reading all raw files again.

Every day lands as one CSV file of equally many rows. The store is made night by night, so that its ledger is as long as it would
be; the day that is measured is added when the store holds half of all days, and again when it holds all of them.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.frame import Measure, finish, size
from tiercast import api
from tiercast.ledger import read_ledger
from tiercast.storing import add

FIRST = date(2024, 1, 1)
REPEATS = 7
SAME_RATIO = 1.2
LINEAR_RATIO = 2.2


def land(folder: Path, day: int, rows: int, customers: int) -> Path:
    """Write the touchpoints of one day, drawn here: nine tenths purchases, the rest visits, customers at rates of their own."""
    rates = np.random.default_rng(1).gamma(0.6, 1.0, customers).cumsum()
    chance = np.random.default_rng(day + 2)
    bought = chance.random(rows) < 0.9
    midnight = pd.Timestamp(FIRST) + pd.Timedelta(days=day)
    place = folder / f"{midnight:%Y-%m-%d}.csv"
    pd.DataFrame(
        {
            "customer_id": np.searchsorted(rates, chance.random(rows) * rates[-1]),
            "occurred_at": midnight + pd.to_timedelta(chance.integers(0, 86_400, rows), unit="s"),
            "kind": np.where(bought, "purchase", "visit"),
            "channel": chance.choice(["store", "web"], rows),
            "store_id": chance.integers(0, 10, rows),
            "category": chance.choice(["a", "b", "c", "d"], rows),
            "amount": np.where(bought, chance.gamma(2.0, 8.0, rows).round(2), np.nan),
        }
    ).to_csv(place, index=False)
    return place


def processor_seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """Return the median processor time of a piece of work."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return median(spent)


def daily_measures(folder: Path, *, days: int, rows: int, customers: int) -> list[Measure]:
    """Make a store night by night and measure it half-way and at the end.

    Parameters
    ----------
    folder : Path
        An empty one, for the raw files and the stores.
    rows : int
        Of all days together.
    """
    landing, store, a_day = folder / "landing", folder / "store", rows // days
    landing.mkdir()
    source = f"csv:{landing}"
    a_night, from_store, from_raw, read = [], [], [], []
    for day in range(days):
        land(landing, day, a_day, customers)
        add(source, to=store)
        if day + 1 not in (days // 2, days):
            continue
        cutoff = FIRST + timedelta(days=day + 1)
        from_store.append(
            processor_seconds(lambda at=cutoff: api.compute_features(f"store:{store}", cutoff=at))
        )
        from_raw.append(processor_seconds(lambda at=cutoff: api.compute_features(source, cutoff=at)))
        late = land(landing, days, a_day, customers)
        a_night.append(
            processor_seconds(lambda: add(source, to=store, batch="late"), REPEATS)
        )  # replaces itself
        read.append(next(each.rows_read for each in read_ledger(store).batches if each.name == "late"))
        late.unlink()
        (store / "ledger" / "late.json").unlink()
    everything = processor_seconds(lambda: add(source, to=folder / "at_once"))
    return [
        Measure(
            name=f"add one day to a store of {days:,} days, {days * a_day:,} rows",
            value=a_night[1],
            unit="CPU s",
            peer="reading all raw files again",
            peer_value=everything,
        ),
        Measure(
            name="the same against a store of half the days",
            value=a_night[1] / a_night[0],
            unit="ratio",
            at_most=SAME_RATIO,
        ),
        Measure(
            name="raw rows read for it",
            value=read[1],
            unit="rows",
            at_most=a_day,
            peer="reading all raw files again",
            peer_value=days * a_day,
        ),
        Measure(
            name="features of a new cutoff from the store",
            value=from_store[1],
            unit="CPU s",
            peer="from the raw files",
            peer_value=from_raw[1],
        ),
        Measure(
            name="the same from a store of half the days: cost of twice the rows",
            value=from_store[1] / from_store[0],
            unit="ratio",
            at_most=LINEAR_RATIO,
        ),
    ]


def main() -> None:
    """Measure and write."""
    sizes = {
        "days": size("DAYS", full=730, reduced=24),
        "rows": size("ROWS", full=4_000_000, reduced=24_000),
        "customers": size("CUSTOMERS", full=200_000, reduced=2_000),
    }
    with tempfile.TemporaryDirectory() as folder:
        finish("daily", daily_measures(Path(folder), **sizes))


if __name__ == "__main__":
    main()
