"""The served bundle in process: one customer with 200 touchpoints, and a batch of features."""

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.frame import Measure, finish, size
from tiercast.config import TrainCard
from tiercast.registry import bundle_folder, open_served, open_store
from tiercast.scoring import score
from tiercast.sources.opening import open_source
from tiercast.training import train


def main() -> None:
    """Train a small champion, then measure its answers."""
    requests = size("REQUESTS", full=200, reduced=20)
    every = size("EVERY", full=2, reduced=8)
    card = TrainCard(
        job="train",
        source=f"complete_journey:every={every}",
        until="2018-01-01",
        horizon_days=28,
        tuning_trials=0,
        clusters=3,
        test_origins=1,
    )
    history = open_source(card.source)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        report = train(card, store=store, history=history)
        bundle = open_served(bundle_folder(store, report.promotion.challenger.version))
        frame = history.frame
        assert frame is not None  # this source keeps its rows in memory
        busiest = frame["customer_id"].value_counts().index[0]
        one = frame[(frame["customer_id"] == busiest) & (frame["occurred_at"] < "2017-12-04")].tail(200)
        bundle.predict(one, cutoff="2017-12-04")
        seconds = []
        for _ in range(requests):
            start = time.perf_counter()
            bundle.predict(one, cutoff="2017-12-04")
            seconds.append(time.perf_counter() - start)
        cards = score(history, cutoff=None, store=store, model=str(report.promotion.challenger.version))
        features = bundle.features(frame, cutoff=cards.cutoff)
        many = features.iloc[
            np.resize(np.arange(len(features)), size("CUSTOMERS", full=50_000, reduced=2_000))
        ]
        start = time.process_time()
        bundle.predict_features(many)
        batch = time.process_time() - start
    finish(
        "serving",
        [
            Measure(
                name="one customer, 200 touchpoints, median", value=1e3 * float(np.median(seconds)), unit="ms"
            ),
            Measure(
                name="one customer, 200 touchpoints, 99 %",
                value=1e3 * float(np.quantile(seconds, 0.99)),
                unit="ms",
            ),
            Measure(name="scorecards from features", value=len(many) / batch, unit="rows/CPU s"),
        ],
    )


if __name__ == "__main__":
    main()
