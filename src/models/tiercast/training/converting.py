"""Conversion from a history: alone, where there are no repeat purchases to learn from, or as a part of a training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from tiercast.collect import collect
from tiercast.engines.engine import Engine
from tiercast.engines.opening import open_engine
from tiercast.errors import NotTrainable
from tiercast.features.catalogue import Catalogue, build_catalogue, look
from tiercast.features.described import dictionaries_of
from tiercast.intake import require_usable, take_stock
from tiercast.learners.conversion import TARGET
from tiercast.learners.learner import Learner, Setup
from tiercast.panels import features_at
from tiercast.registry import Run, Store, start_run
from tiercast.schema import History
from tiercast.serving.conversion import prospects
from tiercast.training.conversion import (
    MINIMA,
    NOT_TRAINABLE,
    ConversionReport,
    check_prospects,
    from_first_touch,
    judge_conversion,
    tests_of,
)
from tiercast.training.prospects import first_days, prospect_panel
from tiercast.windows import Horizon, day_number

EXPERIMENT = "tiercast-conversion"
MOST_ORIGINS = 52
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Question:
    """What is asked of prospects.

    Parameters
    ----------
    horizon : Horizon
    step_days : int
        Between the origins that are learned from.
    test_origins : int
        Newest origins whose horizon is over, never learned from while they are judged.
    judged_at : tuple of date
        Test origins by name instead; each needs the whole horizon after it.
    until : date or None
        Nothing on or after it is used; default: the last day of the data, taken as incomplete.
    seed : int
    """

    horizon: Horizon
    step_days: int = 14
    test_origins: int = 3
    judged_at: tuple[date, ...] = ()
    until: date | None = None
    seed: int = 7


@dataclass(frozen=True)
class ConversionResult:
    """What prospects will do, how that was judged, and the run that keeps it.

    Parameters
    ----------
    report : ConversionReport
    predictions : pandas.DataFrame
        Of every prospect at the end of the data: ``customer_id``, ``cutoff``, ``conversion_probability`` within the
        horizon, and ``conversion_on``, the median date (None beyond 182 days).
    by_channel : pandas.DataFrame
        From the first touch to the first purchase, by first channel; see
        :func:`tiercast.training.conversion.from_first_touch`.
    run_id : str
        Its artifacts hold ``conversion/part.json``, ``features.sql`` and ``tables.json``.
    """

    report: ConversionReport
    predictions: pd.DataFrame
    by_channel: pd.DataFrame
    cutoff: date
    run_id: str


def learn_conversion(
    engine: Engine,
    history: History,
    catalogue: Catalogue,
    learners: Mapping[str, Learner],
    setup: Setup,
    *,
    origins: Sequence[date],
    tests: Sequence[date],
    data_ends_on: date,
    firsts: pd.DataFrame | None = None,
    progress: Progress = lambda _: None,
) -> ConversionReport:
    """Count prospects first, which is cheap; then compute their panel, judge and fit.

    Parameters
    ----------
    setup : Setup
        Its horizon is what is asked.
    origins : sequence of date
        Test origins included.

    Raises
    ------
    NotTrainable
    """
    seen = first_days(engine, history) if firsts is None else firsts
    people, converted = count_prospects(seen, origins, data_ends_on=data_ends_on)
    check_prospects(people, converted)
    progress(f"computing features of {people:,} prospects at {len(origins)} origins")
    panel = prospect_panel(
        engine, history, catalogue, origins=origins, horizon=setup.horizon, data_ends_on=data_ends_on
    )
    return judge_conversion(
        panel,
        learners,
        setup,
        tests=tests,
        data_ends_on=data_ends_on,
        channels=catalogue.seen.channels,
        progress=progress,
    )


def count_prospects(firsts: pd.DataFrame, origins: Sequence[date], *, data_ends_on: date) -> tuple[int, int]:
    """Return how many customers were prospects at some origin, and how many of them bought before the data end.

    Examples
    --------
    >>> firsts = pd.DataFrame({"first_day": [0.0, 0.0, 0.0, 50.0], "purchase_day": [40.0, np.nan, 5.0, np.nan]})
    >>> count_prospects(firsts, [date(1970, 1, 15), date(1970, 1, 29)], data_ends_on=date(1970, 3, 1))
    (2, 1)
    """
    days = np.asarray(sorted(day_number(origin) for origin in origins), dtype=float)
    first, bought = firsts["first_day"].to_numpy(float), firsts["purchase_day"].to_numpy(float)
    later = np.append(days, np.inf)[np.searchsorted(days, first, side="right")]
    waiting = np.isfinite(later) & ~(bought < later)
    return int(waiting.sum()), int((waiting & (bought < day_number(data_ends_on))).sum())


def beside_training(
    engine: Engine,
    history: History,
    catalogue: Catalogue,
    learners: Mapping[str, Learner],
    setup: Setup,
    *,
    origins: Sequence[date],
    tests: Sequence[date],
    data_ends_on: date,
    progress: Progress,
) -> tuple[ConversionReport | None, tuple[str, ...]]:
    """Return the report for a bundle, or none; with a warning that says why where a hundred prospects are told nothing."""
    firsts = first_days(engine, history)
    people, _ = count_prospects(firsts, origins, data_ends_on=data_ends_on)
    try:
        report = learn_conversion(
            engine, history, catalogue, learners, setup, origins=origins, tests=tests,
            data_ends_on=data_ends_on, firsts=firsts, progress=progress,
        )  # fmt: skip
    except NotTrainable as fault:
        many = people >= MINIMA.prospects
        return None, (f"{NOT_TRAINABLE}: {fault.message}",) if many else ()
    return report, ()


def conversion_card(report: ConversionReport | None, kind: str) -> str:
    """Return what a model card says of prospects, as Markdown."""
    if report is None:
        return "\nProspects: nothing is told of them; too few were followed to a first purchase, or too few were not.\n"
    role = "rule" if kind == "rule" else "winner"
    lines = [
        "",
        f"Prospects: `{getattr(report, role)}` tells P(first purchase within {report.horizon_days} days), learned from "
        f"{report.prospects:,} prospects of whom {report.conversions:,} bought; level {report.parts[role].level:.2f}. "
        f"Judged at {', '.join(map(str, report.tests))}:",
        "",
        "| candidate | AUC | C-index | expected / seen | distance to Kaplan-Meier by channel |",
        "|---|---|---|---|---|",
    ]
    for name, by_origin in report.figures.items():
        mean = by_origin["mean"]
        told = [
            mean["roc_auc"],
            mean["concordance"],
            mean["expected_to_seen"],
            report.calibration_error[name],
        ]
        lines.append(f"| {name} | " + " | ".join(f"{each:.4f}" for each in told) + " |")
    return "\n".join([*lines, ""])


def conversion_facts(report: ConversionReport | None, kind: str) -> dict[str, Any]:
    """Return what a manifest says of the conversion part: its candidate and basis, or the code of why there is none."""
    if report is None:
        return {"basis": f"refused:{NOT_TRAINABLE}"}
    role = "rule" if kind == "rule" else "winner"
    return {
        "basis": report.parts[role].basis,
        "candidate": getattr(report, role),
        "level": report.parts[role].level,
    }


def convert(
    history: History,
    question: Question,
    *,
    store: Store,
    extensions: Sequence[str] = (),
    progress: Progress = lambda _: None,
) -> ConversionResult:
    """Learn and judge conversion alone, tell it of every prospect at the end of the data, and record the run.

    Raises
    ------
    NotTrainable, SourceError, ContractError
    """
    learners = collect("tiercast.learners", Learner, tuple(extensions))
    with open_engine() as engine:
        progress("reading touchpoints")
        engine.attach(history)
        account = take_stock(engine, history, repeats=False)
        require_usable(account)
        if account.first_day is None or account.last_day is None or not account.buyers:
            raise NotTrainable(
                target=TARGET, needs="purchases of former prospects", has="none: no row is of kind purchase"
            )
        ends = _ends(question, account.last_day)
        tests = _tests(question, ends)
        origins = _origins(account.first_day, ends, tests, question)
        setup = Setup(question.horizon, question.seed, int(getattr(engine, "threads", 1)))
        catalogue = build_catalogue(look(engine.run, history, tests[0]), extensions=tuple(extensions))
        firsts = first_days(engine, history)
        report = learn_conversion(
            engine, history, catalogue, learners, setup, origins=origins, tests=tests, data_ends_on=ends,
            firsts=firsts, progress=progress,
        )  # fmt: skip
        progress("predicting")
        today = features_at(engine, history, catalogue, [ends])
    waiting = today.loc[prospects(today)].reset_index(drop=True)
    told = report.parts["winner"].predict(waiting)
    predictions = waiting[["customer_id", "cutoff"]].assign(
        conversion_probability=told["conversion_probability"],
        conversion_on=_dates(ends, question.horizon.gap_days, told["conversion_median_days"]),
    )
    by_channel = from_first_touch(firsts, data_ends_day=day_number(ends))
    with start_run(store, EXPERIMENT, f"conversion {ends}", tags={"tiercast.kind": "conversion"}) as run:
        run.log(
            params={
                "source": history.name, "cutoff": ends, "horizon_days": question.horizon.days,
                "gap_days": question.horizon.gap_days, "seed": question.seed,
                "judged_at": ", ".join(day.isoformat() for day in tests), "candidate": report.winner,
            },
            metrics=metrics_of(report),
        )  # fmt: skip
        run.record(report.parts["winner"].to_json(), "conversion/part.json")
        run.text(catalogue.text(history), "conversion/features.sql")
        run.record(dictionaries_of(history, catalogue.vocabulary).to_json(), "conversion/tables.json")
        record_conversion(run, report)
        return ConversionResult(report, predictions, by_channel, ends, run.run_id)


def record_conversion(run: Run, report: ConversionReport) -> None:
    """Keep a report with a run, as ``conversion/report.json``."""
    run.record(report_json(report), "conversion/report.json")


def metrics_of(report: ConversionReport) -> dict[str, float | None]:
    """Return the mean figures of every candidate, by the name that a run keeps them under."""
    found: dict[str, float | None] = {}
    for name, by_origin in report.figures.items():
        found |= {f"{TARGET}.{name}.{metric}": value for metric, value in by_origin["mean"].items()}
        found[f"{TARGET}.{name}.calibration_error"] = report.calibration_error.get(name)
    return found


def report_json(report: ConversionReport) -> dict[str, Any]:
    """Return a report as plain facts; a figure that could not be computed is null."""
    table = report.by_channel.assign(origin=[day.isoformat() for day in report.by_channel["origin"]])
    return {
        "horizon_days": report.horizon_days,
        "prospects": report.prospects,
        "conversions": report.conversions,
        "judged_at": [day.isoformat() for day in report.tests],
        "winner": report.winner,
        "rule": report.rule,
        "levels": {role: part.level for role, part in report.parts.items()},
        "figures": _plain(report.figures),
        "selection": _plain(report.selection),
        "calibration_error": _plain(report.calibration_error),
        "by_channel": _plain(table.to_dict("records")),
    }


def _plain(told: Any) -> Any:
    if isinstance(told, dict):
        return {str(name): _plain(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_plain(value) for value in told]
    return None if isinstance(told, float) and not np.isfinite(told) else told


def _ends(question: Question, last_day: date) -> date:
    ends = question.until or last_day
    if ends > last_day + timedelta(days=1):
        raise NotTrainable(
            target=TARGET,
            needs=f"history until {ends}: days without rows would count as days without purchases",
            has=f"history until {last_day}",
            fix="leave until out, or wait for the data",
        )
    return ends


def _tests(question: Question, ends: date) -> tuple[date, ...]:
    asked = question.judged_at or tests_of(
        data_ends_on=ends,
        horizon=question.horizon,
        step_days=question.step_days,
        test_origins=question.test_origins,
    )
    late = [day for day in asked if question.horizon.matures_on(day) > ends]
    if late:
        raise NotTrainable(
            target=TARGET,
            needs=f"{question.horizon.days} days after each test origin",
            has=f"{len(late)} origins too late for data that end on {ends}: {', '.join(map(str, sorted(late)))}",
            fix="judge at earlier origins, or take a shorter horizon",
        )
    return tuple(sorted(asked))


def _origins(first_day: date, ends: date, tests: Sequence[date], question: Question) -> tuple[date, ...]:
    """Return the test origins and those every step before the newest and after it, as far as the data go."""
    newest, step = tests[-1], timedelta(days=question.step_days)
    before = [newest - step * back for back in range(MOST_ORIGINS)]
    after = [newest + step * ahead for ahead in range(1, (ends - newest).days // question.step_days + 1)]
    found = {day for day in (*before, *after) if first_day < day < ends} | set(tests)
    if tests[0] <= first_day or min(found) >= tests[0]:
        raise NotTrainable(
            target=TARGET,
            needs=f"an origin to learn from before the first test origin, {tests[0]}",
            has=f"history from {first_day}",
            fix="take fewer test origins, a shorter step, or wait",
        )
    return tuple(sorted(found))


def _dates(start: date, gap_days: int, wait: pd.Series) -> pd.Series:
    """Return the day on which a wait of 1, 2, … days ends: day 1 is the first day of the window."""
    told = [
        None if days != days else start + timedelta(days=int(days) - 1 + gap_days) for days in wait.unique()
    ]
    return wait.map(dict(zip(wait.unique(), told, strict=True))).astype(object).where(wait.notna(), None)
