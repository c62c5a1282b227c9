"""From a table or a history to a recorded answer: who is persuadable, who is not, and what a run keeps of it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from tiercast.collect import choose
from tiercast.engines.opening import open_engine
from tiercast.errors import SourceError
from tiercast.evaluation.uplift import Estimate
from tiercast.features.described import dictionaries_of
from tiercast.persuasion.assigned import Asked, drawn_from
from tiercast.persuasion.experiment import Experiment, read_experiment
from tiercast.persuasion.judging import CHOSEN, Settings, UpliftReport, judge_uplift
from tiercast.persuasion.refusals import BadExperiment
from tiercast.registry import Run, Store, start_run
from tiercast.schema import History

EXPERIMENT = "tiercast-uplift"
ENDINGS = (".parquet", ".csv", ".csv.gz")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Columns:
    """Which column of a table of one row a customer means what."""

    arm: str
    outcomes: tuple[str, ...]
    treatment: str = ""
    control: str = ""
    customer: str = "customer_id"
    features: tuple[str, ...] = ()
    probability: float | str | None = None


@dataclass(frozen=True)
class UpliftResult:
    """What an experiment says, and the run that keeps it.

    Parameters
    ----------
    report : UpliftReport
    run_id : str
        Its artifacts hold ``uplift/OUTCOME.json``, the part that :func:`tiercast.serving.uplift.open_uplift` reads.
    """

    report: UpliftReport
    run_id: str

    @property
    def customers(self) -> pd.DataFrame:
        """One row a customer and outcome: ``customer_id, outcome, uplift, outcome_left_alone, list``."""
        parts = [found.customers.assign(outcome=name) for name, found in self.report.outcomes.items()]
        columns = ["customer_id", "outcome", "uplift", "outcome_left_alone", "list"]
        return pd.concat(parts, ignore_index=True)[columns]


def read_table(
    source: str | Path | pd.DataFrame, *, customer: str = "customer_id"
) -> tuple[pd.DataFrame, str]:
    """Return a table of one row a customer, and its name; in a file the ids are text, so that ``007`` stays ``007``.

    Raises
    ------
    SourceError
    """
    if isinstance(source, pd.DataFrame):
        return source, "a table in memory"
    told = re.sub("^(?:parquet|csv):", "", str(source))
    place = Path(told)
    if not place.name.lower().endswith(ENDINGS):
        raise SourceError(
            source=told,
            problem="the table of an experiment is a parquet or CSV file",
            fix=f"give one that ends in {', '.join(ENDINGS)}",
        )
    if not place.is_file():
        raise SourceError(source=told, problem="no such file", fix="give the path of a file that exists")
    try:
        table = (
            pd.read_parquet(place)
            if place.suffix.lower() == ".parquet"
            else pd.read_csv(place, low_memory=False, dtype={customer: "str"})
        )
    except Exception as error:  # whatever a reader of files makes of a broken one
        raise SourceError(
            source=told, problem=f"it cannot be read as a table ({type(error).__name__})", fix="mend the file"
        ) from None
    return table, place.name


def answer_table(
    source: str | Path | pd.DataFrame,
    columns: Columns,
    settings: Settings,
    *,
    store: Store,
    progress: Progress = lambda _: None,
) -> UpliftResult:
    """Judge an experiment of one row a customer, and record the run."""
    progress("reading the experiment")
    table, name = read_table(source, customer=columns.customer)
    experiment = read_experiment(
        table,
        arm=columns.arm,
        control=columns.control,
        outcomes=columns.outcomes,
        treatment=columns.treatment,
        customer=columns.customer,
        features=columns.features,
        probability=columns.probability,
        name=name,
    )
    frozen = {"table.json": {"customer": columns.customer}}
    return _answer(experiment, settings, store, progress, {"source": name}, frozen)


def answer_history(
    history: History,
    asked: Asked,
    settings: Settings,
    *,
    store: Store,
    extensions: Sequence[str] = (),
    progress: Progress = lambda _: None,
) -> UpliftResult:
    """Judge the assignments that came with a history, and record the run with the text of its features."""
    progress("reading touchpoints and assignments")
    with open_engine() as engine:
        engine.attach(history)
        experiment, catalogue = drawn_from(engine, history, asked, extensions=tuple(extensions))
    facts = {"source": history.name, "horizon_days": asked.horizon_days, "campaign": asked.campaign}
    frozen = {
        "features.sql": catalogue.text(history),
        "tables.json": dictionaries_of(history, catalogue.vocabulary).to_json(),
        "frozen.json": {
            "currency": history.currency,
            "attributes": catalogue.attributes(list(catalogue.names)),
            "families": dict(catalogue.families),
        },
    }
    return _answer(experiment, settings, store, progress, facts, frozen)


def _answer(
    experiment: Experiment,
    settings: Settings,
    store: Store,
    progress: Progress,
    facts: dict[str, Any],
    frozen: dict[str, Any],
) -> UpliftResult:
    with start_run(store, EXPERIMENT, f"uplift {experiment.name}", tags={"tiercast.kind": "uplift"}) as run:
        report = judge_uplift(experiment, settings, progress=progress)
        progress("recording the run")
        _record(run, report, settings, facts, frozen)
        return UpliftResult(report, run.run_id)


def _record(
    run: Run, report: UpliftReport, settings: Settings, facts: dict[str, Any], frozen: dict[str, Any]
) -> None:
    experiment = report.experiment
    metrics: dict[str, float | None] = {"sample_ratio_p_value": report.draw.ratio.p_value}
    for name, found in report.outcomes.items():
        metrics |= _figures(f"{name}.effect", found.effect)
        for ranking, figures in found.rankings.items():
            short = ranking.replace(" ", "_")
            metrics |= _figures(f"{name}.{short}.qini", figures.qini) | _figures(
                f"{name}.{short}.auuc", figures.auuc
            )
    run.log(
        params={
            "treatment": experiment.treatment,
            "control": experiment.control,
            "customers": len(experiment),
            "outcomes": ", ".join(experiment.outcomes),
            "folds": settings.folds,
            "resamples": settings.resamples,
            "seed": settings.seed,
            "least_uplift": settings.least_uplift,
            **facts,
        },
        metrics=metrics,
        tags={
            "tiercast.warnings": "; ".join(report.warnings),
            "tiercast.codes": ", ".join(
                f"{name} {found.code or 'OK'}" for name, found in report.outcomes.items()
            ),
        },
    )
    run.record(report_json(report), "uplift/report.json")
    for name, found in report.outcomes.items():
        run.record(found.part.to_json(), f"uplift/{file_name(name)}.json")
    for name, held in frozen.items():
        if isinstance(held, str):
            run.text(held, f"uplift/{name}")
        else:
            run.record(held, f"uplift/{name}")


def _figures(name: str, told: Estimate) -> dict[str, float | None]:
    return {name: told.value, f"{name}.low": told.low, f"{name}.high": told.high}


def file_name(outcome: str) -> str:
    """Return the name of an outcome as a file may have it.

    Examples
    --------
    >>> file_name("spend / EUR"), file_name("报告")
    ('spend___EUR', '报告')
    """
    return re.sub(r"[^\w-]", "_", outcome) or "_"


def report_json(report: UpliftReport) -> dict[str, Any]:
    """Return the whole report as plain facts; NaN and None are both null."""
    experiment, draw = report.experiment, report.draw
    return {
        "experiment": experiment.name,
        "treatment": experiment.treatment,
        "control": experiment.control,
        "customers": len(experiment),
        "left_out": dict(experiment.left_out),
        "draw": {
            "treated": draw.ratio.treated,
            "control": draw.ratio.control,
            "expected_treated": draw.ratio.expected_treated,
            "p_value": draw.ratio.p_value,
            "planned": experiment.planned,
            "largest_differences": _rows(draw.balance.head(10)),
        },
        "outcomes": {
            name: {
                "code": found.code,
                "verdict": found.verdict,
                "verdict_zh": found.verdict_zh,
                "effect": found.effect.to_json(),
                "rankings": {ranking: figures.to_json() for ranking, figures in found.rankings.items()},
                f"qini_beyond_of_{CHOSEN}": {other: gap.to_json() for other, gap in found.beyond.items()},
                "learner": found.crossed.best,
                "choices": found.choices,
                "losses": dict(found.crossed.losses),
                "bands": _rows(found.bands),
                "lists": _rows(found.lists),
            }
            for name, found in report.outcomes.items()
        },
        "warnings": list(report.warnings),
    }


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def settings_of(told: Mapping[str, Any]) -> Settings:
    """Return the settings that are told by name.

    Raises
    ------
    UnknownName

    Examples
    --------
    >>> settings_of({"resamples": 100}).resamples
    100
    >>> settings_of({"resample": 100})
    Traceback (most recent call last):
    ...
    tiercast.errors.UnknownName: no setting of uplift is named 'resample'; did you mean 'resamples'? there is: ...
    """
    known = {field.name: field for field in fields(Settings)}
    for name in told:
        choose(known, name, what="setting of uplift")
    return Settings(**told)


def require_outcomes(outcomes: Sequence[str]) -> tuple[str, ...]:
    """Return the outcomes, if there are any and each is named once.

    Raises
    ------
    BadExperiment
    """
    told = tuple(outcomes)
    if not told or len(set(told)) < len(told):
        raise BadExperiment(
            "name every column that tells what happened after the draw as an outcome, once each",
            outcomes=list(told),
        )
    if twice := sorted(
        {file_name(name) for name in told if [file_name(each) for each in told].count(file_name(name)) > 1}
    ):
        raise BadExperiment(
            f"outcomes that cannot be told apart in names of files: {', '.join(twice)}", outcomes=twice
        )
    return told
