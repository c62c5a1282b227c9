"""Conversion: when do leads become customers, judged out of time by channel, beside the rules that a shop has without us?

Olist's funnel (8,000 leads, 842 won), from the folder of the data; in small mode a drawn world.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from benchmarks.frame import Measure, small
from tiercast.collect import collect
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.learners.learner import Learner, Setup
from tiercast.schema import History
from tiercast.sources.opening import open_source
from tiercast.sources.synthetic import synthesize
from tiercast.training.conversion import ConversionReport
from tiercast.training.converting import learn_conversion
from tiercast.windows import Horizon

FILE = "olist_funnel.parquet"


@dataclass(frozen=True)
class Task:
    """A history, the origins that are judged, and how far apart those are that are learned from."""

    name: str
    history: History
    tests: tuple[date, ...]
    step_days: int
    origins: int
    ends: date
    horizon_days: int


def measures() -> Iterator[Measure]:
    """Judge Olist's leads over 90 days, three times while leads still came in."""
    place = Path(os.environ.get("TIERCAST_DATA") or Path(__file__).parents[3] / "shared" / "data") / FILE
    if small():
        tests = (date(2025, 6, 1),)
        yield from _judged(
            Task(
                "drawn prospects",
                open_source(synthesize(2_500).touchpoints),
                tests,
                56,
                6,
                date(2025, 9, 1),
                90,
            )
        )
    elif place.is_file():
        tests = (date(2018, 4, 2), date(2018, 4, 30), date(2018, 5, 28))
        source = open_source(f"olist_funnel:{place}")
        yield from _judged(Task("Olist's leads", source, tests, 7, 46, date(2018, 11, 14), 90))
    else:
        print(f"conversion: {FILE} is not in {place.parent}, so Olist's funnel is not judged")


def _judged(task: Task) -> Iterator[Measure]:
    step = timedelta(days=task.step_days)
    origins = sorted({*task.tests, *(task.tests[-1] - step * back for back in range(task.origins))})
    with DuckDBEngine(threads=1) as engine:
        engine.attach(task.history)
        catalogue = build_catalogue(look(engine.run, task.history, task.tests[0]))
        report = learn_conversion(
            engine,
            task.history,
            catalogue,
            collect("tiercast.learners", Learner),
            Setup(Horizon(task.horizon_days), 7, 1),
            origins=origins,
            tests=task.tests,
            data_ends_on=task.ends,
        )
    yield from _told(task, report)


def _told(task: Task, report: ConversionReport) -> Iterator[Measure]:
    name = f"conversion of {task.name} within {task.horizon_days} d"
    figures = {"roc_auc": "AUC", "roc_auc_new": "AUC among leads of the last 30 d", "concordance": "C-index"}
    for metric, words in figures.items():
        each = [by[metric] for origin, by in report.figures[report.winner].items() if origin != "mean"]
        yield Measure(
            name=f"{name}: {words} ({report.winner})",
            value=report.figures[report.winner]["mean"][metric],
            unit=words.split()[0],
            peer=f"best rule ({report.rule})",
            peer_value=report.figures[report.rule]["mean"][metric],
            interval=(min(each), max(each)),
        )
    yield Measure(
        name=f"{name}: distance to Kaplan-Meier by channel",
        value=report.calibration_error[report.winner],
        unit="share of leads",
        at_most=None if small() else 0.01,
        peer=f"best rule ({report.rule})",
        peer_value=report.calibration_error[report.rule],
    )
    each = [
        by["expected_to_seen"] for origin, by in report.figures[report.winner].items() if origin != "mean"
    ]
    yield Measure(
        name=f"{name}: expected over seen conversions",
        value=report.figures[report.winner]["mean"]["expected_to_seen"],
        unit="ratio",
        peer=f"best rule ({report.rule})",
        peer_value=report.figures[report.rule]["mean"]["expected_to_seen"],
        interval=(min(each), max(each)),
    )
    for candidate in report.figures:
        yield Measure(
            name=f"{name}: AUC of {candidate}", value=report.figures[candidate]["mean"]["roc_auc"], unit="AUC"
        )
