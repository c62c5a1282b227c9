"""The features' text on DuckDB: processor time a million touchpoints, and a panel of cutoffs against one cutoff.

The touchpoints are drawn here: customers buy at rates of their own, over two years, in four categories and ten stores.
"""

import resource
import time
from datetime import date, timedelta

import numpy as np
import pandas as pd

from benchmarks.frame import Measure, finish, size
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.schema import History


def touchpoints(rows: int, customers: int, *, seed: int) -> pd.DataFrame:
    """Return drawn touchpoints: nine tenths purchases, the rest visits and mailings."""
    chance = np.random.default_rng(seed)
    rate = chance.gamma(0.6, 1.0, customers)
    customer = chance.choice(customers, rows, p=rate / rate.sum())
    second = chance.integers(0, 730 * 86_400, rows)
    kind = chance.choice(["purchase", "visit", "mailing"], rows, p=[0.9, 0.07, 0.03])
    bought = kind == "purchase"
    return pd.DataFrame(
        {
            "customer_id": pd.Series(customer).astype("str"),
            "occurred_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(second, unit="s"),
            "kind": kind,
            "channel": np.where(kind == "mailing", "direct_mail", "store"),
            "store_id": pd.Series(chance.integers(0, 10, rows)).astype("str"),
            "category": chance.choice(["a", "b", "c", "d"], rows),
            "amount": np.where(bought, chance.gamma(2.0, 8.0, rows).round(2), np.nan),
            "discount": np.where(bought & (chance.random(rows) < 0.2), 1.0, 0.0),
        }
    )


def main() -> None:
    """Measure and write."""
    rows, customers = (
        size("ROWS", full=5_000_000, reduced=100_000),
        size("CUSTOMERS", full=250_000, reduced=5_000),
    )
    history = History("drawn", frame=touchpoints(rows, customers, seed=1))
    last = date(2026, 1, 1)
    monthly = [last - timedelta(days=30 * back) for back in range(12)]
    with DuckDBEngine() as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, monthly[-1]))
        text = catalogue.text(history)

        def processor_seconds(cutoffs: list[date]) -> float:
            start = time.process_time()
            engine.run(text, cutoffs=cutoffs, vocabulary=catalogue.vocabulary)
            return time.process_time() - start

        processor_seconds([last])
        one = processor_seconds([last])
        panel = processor_seconds(monthly)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    finish(
        "features",
        [
            Measure(
                name=f"{len(catalogue.names)} features, one cutoff, {rows:,} touchpoints",
                value=one,
                unit="CPU s",
            ),
            Measure(name="the same a million touchpoints", value=one / rows * 1e6, unit="CPU s"),
            Measure(
                name="panel of 12 monthly cutoffs against one",
                value=panel / one,
                unit="ratio",
                peer="a loop",
                peer_value=12.0,
            ),
            Measure(name="peak memory, touchpoints included", value=peak, unit="GB"),
        ],
    )


if __name__ == "__main__":
    main()
