"""What is asked of segments and stages from Python and the command line: a source in, a report out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from tiercast.collect import choose
from tiercast.engines.opening import open_engine
from tiercast.errors import NotTrainable
from tiercast.intake import Account, require_usable, take_stock
from tiercast.registry import bundle_folder, open_served, open_store
from tiercast.segments.algorithms import ALGORITHMS
from tiercast.segments.earlier import previous_segments
from tiercast.segments.journeys import StagesReport, stages_of_history
from tiercast.segments.recording import record
from tiercast.segments.report import SegmentReport
from tiercast.segments.running import segment_history
from tiercast.sources.given import Day, Sides, Source
from tiercast.sources.opening import open_source
from tiercast.windows import parse_cutoff


@dataclass(frozen=True)
class SegmentResult:
    """Segments of one day: who is in which, what each is like, and the run that holds the record."""

    assigned: pd.DataFrame
    report: SegmentReport
    run_id: str


def segment(
    source: Source,
    *,
    cutoff: Day = "latest",
    clusters: int = 0,
    seed: int = 7,
    algorithm: str = "auto",
    trials: int = 6,
    previous: str = "",
    predictions: str = "",
    root: str | Path | None = None,
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
) -> SegmentResult:
    """Cluster the customers of one day by behaviour, name the clusters, and record the run in MLflow.

    Parameters
    ----------
    cutoff : str or date
        ``latest`` is the last day of the data.
    clusters : int
        0 lets algorithms and numbers compete by stability and separation.
    algorithm : str
        ``auto``, ``kmeans``, ``mixture`` or ``hdbscan``.
    trials : int
        How often Optuna may look further within each algorithm.
    previous : str
        Keep the labels of an older fit: ``champion``, a version, the id of a run of this function, or its
        ``segments.json``.
    predictions : str
        A served version whose predictions of churn and value are clustered too; default none.

    Raises
    ------
    UnknownName, SourceError, NoChampion, StoreUnreachable, StoreCorrupt
    """
    if algorithm != "auto":
        choose({name: name for name in ALGORITHMS}, algorithm, what="algorithm")
    store = open_store(root)
    old = previous_segments(store, previous) if previous else None
    bundle = open_served(bundle_folder(store, predictions)) if predictions else None
    history = open_source(source, sides=sides, extensions=tuple(extensions))
    with open_engine() as engine:
        engine.attach(history)
        account = take_stock(engine, history, repeats=False)
        require_usable(account)
        day = day_of_cutoff(cutoff, account)
        made = segment_history(
            engine, history, cutoff=day, first_day=account.first_day, clusters=clusters or None, seed=seed,
            algorithm=algorithm, trials=trials, previous=old, bundle=bundle, extensions=tuple(extensions),
        )  # fmt: skip
    asked = {
        "cutoff": day,
        "seed": seed,
        "source": history.name,
        "previous": previous,
        "predictions": predictions,
    }
    run_id = record(store, made, name=f"segments {day}", params=asked)
    return SegmentResult(made.assigned, made.report, run_id)


def stages(
    source: Source,
    *,
    cutoff: Day = "latest",
    every_days: int = 28,
    cutoffs: int = 13,
    seed: int = 7,
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
    engine: str = "duckdb",
) -> StagesReport:
    """Tell where customers are in their lives: counts by stage, how long they stay, and where they go from there.

    Parameters
    ----------
    cutoff : str or date
        The newest cutoff; ``latest`` is the last day of the data.
    every_days, cutoffs : int
        Customers are looked at so often, at most so many times, as far as the history reaches.
    """
    history = open_source(source, sides=sides, extensions=tuple(extensions))
    with open_engine(engine) as runs:
        runs.attach(history)
        account = take_stock(runs, history, repeats=False)
        require_usable(account)
        return stages_of_history(
            runs, history, cutoff=day_of_cutoff(cutoff, account), first_day=account.first_day, every_days=every_days,
            cutoffs=cutoffs, seed=seed, extensions=tuple(extensions),
        )  # fmt: skip


def day_of_cutoff(cutoff: Day, account: Account) -> date:
    """Return the cutoff that was asked for; ``latest`` is the last day of the data.

    Raises
    ------
    NotTrainable, BadCutoff
    """
    if cutoff == "latest":
        if account.last_day is None:
            raise NotTrainable(target="a day", needs="accepted touchpoints", has="none")
        return account.last_day
    return parse_cutoff(cutoff)
