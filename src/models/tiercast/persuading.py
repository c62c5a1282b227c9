"""Uplift in one call: a table of an experiment, or touchpoints with assignments, becomes rankings, lists and a recorded run."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from tiercast.persuasion import Asked, answering, applying
from tiercast.registry import open_store, run_file
from tiercast.sources.given import Sides, Source
from tiercast.sources.opening import open_source
from tiercast.windows import parse_cutoff

Progress = Callable[[str], None]


def uplift(
    source: Source,
    *,
    outcomes: Sequence[str] = (),
    arm: str = "",
    treatment: str = "",
    control: str = "",
    customer: str = "customer_id",
    features: Sequence[str] = (),
    probability: float | str | None = None,
    campaign: str = "",
    horizon_days: int = 28,
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
    root: str | Path | None = None,
    progress: Progress = lambda _: None,
    **settings: Any,
) -> answering.UpliftResult:
    """Tell what a contact changes for whom, apart from risk, and record the run; see :mod:`tiercast.persuasion`.

    With ``arm``, the source is a table of one row a customer; without, touchpoints with the side table assignments.
    ``settings`` are fields of :class:`tiercast.persuasion.Settings`, such as ``least_uplift``, ``resamples``, ``seed``.

    Raises
    ------
    BadExperiment, NoControlArm, SampleRatioMismatch, UnbalancedArms, NoOverlap, TooFewOutcomes, BadProbability, SourceError
    """
    asked = answering.settings_of(settings)
    if arm:
        told = answering.require_outcomes(outcomes)
        columns = answering.Columns(arm, told, treatment, control, customer, tuple(features), probability)
        table: Any = source
        return answering.answer_table(table, columns, asked, store=open_store(root), progress=progress)
    history = open_source(source, sides=sides, extensions=tuple(extensions))
    wanted = tuple(outcomes) or Asked.outcomes
    drawn = Asked(campaign, treatment, control, horizon_days, answering.require_outcomes(wanted))
    return answering.answer_history(
        history, drawn, asked, store=open_store(root), extensions=extensions, progress=progress
    )


def apply_uplift(
    run_id: str,
    source: Source,
    *,
    outcome: str,
    cutoff: str | date = "latest",
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
    root: str | Path | None = None,
) -> pd.DataFrame:
    """Tell other customers, or the same on another day, what an experiment taught: uplift and list of each.

    Where the run learned from a table, ``source`` is a table with its columns; where it learned from touchpoints, the
    run's own frozen text makes the features as known at ``cutoff``.

    Raises
    ------
    UnknownName, SourceError, MissingColumns, WrongType, ContractError, RunTooOld
    """
    store = open_store(root)
    if run_file(store, run_id, "uplift/features.sql") is None:
        table: Any = source
        return applying.apply_to_table(store, run_id, outcome, table)
    history = open_source(source, sides=sides, extensions=tuple(extensions))
    day = None if cutoff == "latest" else parse_cutoff(cutoff)
    return applying.apply_to_history(store, run_id, outcome, history, cutoff=day)
