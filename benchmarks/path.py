"""The whole path on a year of real retail data: quality beside the baselines, time and memory.

Judged at 2017-11-06 over 28 days, on all households seen before it. The peer is BG/NBD with Gamma-Gamma, fitted by us on
the histories at that day. In small mode every eighth household is used and the goals, which are those of the full data,
are left out.
"""

import resource
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.frame import Measure, finish, small
from tiercast.config import card_of
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.evaluation.metrics import churn_metrics, value_metrics
from tiercast.features.catalogue import build_catalogue, look
from tiercast.jobs import DEMO_CARD
from tiercast.learners.btyd import fit_bg_nbd
from tiercast.learners.gamma_gamma import fit_gamma_gamma
from tiercast.panels import build_panel
from tiercast.registry import open_store
from tiercast.schema import History
from tiercast.serving.btyd_stage import EXPECTED_VALUE, PURCHASE_PROBABILITY, BtydStage
from tiercast.sources.opening import open_source
from tiercast.training import train
from tiercast.windows import Horizon

JUDGED = date(2017, 11, 6)
AT_LEAST = {"roc_auc": 0.8735, "normalised_gini": 0.835, "spearman": 0.779}
AT_MOST = {"brier": 0.1021, "log_loss": 0.322, "rmse": 98.5}


def bg_nbd(history: History) -> tuple[dict[str, float], dict[str, float]]:
    """Return the figures of BG/NBD × Gamma-Gamma, fitted at the judged day."""
    horizon = Horizon(28)
    with DuckDBEngine() as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, JUDGED))
        panel, _ = build_panel(
            engine, history, catalogue, origins=[JUDGED], horizon=horizon, data_ends_on=date(2018, 1, 1)
        )
    rows = panel.features
    days = rows["order_days"].to_numpy(float)
    activity = fit_bg_nbd(
        repeat_order_days=days - 1.0,
        purchase_span_days=rows["purchase_span_days"].to_numpy(float),
        customer_age_days=rows["customer_age_days"].to_numpy(float),
    ).model
    spend = fit_gamma_gamma(
        order_days=days, order_day_spend_mean_currency=rows["order_day_spend_mean_currency"].to_numpy(float)
    ).model
    said = BtydStage(activity, spend, horizon.days).columns(rows)
    churned = 1.0 - panel.labels["purchased"].to_numpy(float)
    value = panel.labels["value_currency"].to_numpy(float)
    return (
        churn_metrics(churned, 1.0 - said[PURCHASE_PROBABILITY].to_numpy(float)),
        value_metrics(value, said[EXPECTED_VALUE].to_numpy(float)),
    )


def main() -> None:
    """Train, judge and write the measures."""
    card = DEMO_CARD
    if small():
        card = card_of(
            {
                "job": "train",
                "source": "complete_journey:every=8",
                "until": "2018-01-01",
                "horizon_days": 28,
                "tuning_trials": 0,
                "clusters": 3,
                "test_origins": 3,
            },
            job="train",
        )
    history = open_source(card.source)
    with tempfile.TemporaryDirectory() as folder:
        start, cpu = time.perf_counter(), time.process_time()
        report = train(card, store=open_store(Path(folder)), history=history)
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    btyd_churn, btyd_value = bg_nbd(history)
    measures = []
    for target, peer in (("churn", btyd_churn), ("lifetime_value", btyd_value)):
        winner = report.results.winners[target]
        figures = report.results.figures[target][winner][JUDGED.isoformat()]
        for metric in (*AT_LEAST, *AT_MOST, "total_bias"):
            if metric in figures:
                bias = metric == "total_bias"
                measures.append(
                    Measure(
                        name=f"{target} {metric} ({winner}, {JUDGED})",
                        value=figures[metric],
                        unit="currency" if metric == "rmse" else "ratio" if bias else "score",
                        at_least=None if small() else 0.97 if bias else AT_LEAST.get(metric),
                        at_most=None if small() else 1.03 if bias else AT_MOST.get(metric),
                        peer="BG/NBD × Gamma-Gamma",
                        peer_value=peer[metric],
                    )
                )
    for comparison in report.promotion.decision.comparisons:
        measures.append(
            Measure(
                name=f"gate: {comparison.measure} minus {comparison.rival}'s",
                value=comparison.difference.estimate,
                unit="difference",
                interval=(comparison.difference.low, comparison.difference.high),
            )
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    measures += [
        Measure(name="training, wall time", value=seconds, unit="s", at_most=None if small() else 240.0),
        Measure(name="training, processor time", value=cpu_seconds, unit="s"),
        Measure(name="peak memory", value=peak, unit="GB", at_most=4.0),
        Measure(
            name="customers judged",
            value=float(np.sum(report.results.answers["churn"]["cutoff"] == JUDGED)),
            unit="customers",
        ),
    ]
    finish("path", measures)


if __name__ == "__main__":
    main()
