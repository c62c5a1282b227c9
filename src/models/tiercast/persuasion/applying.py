"""Applying: what an experiment taught is told of other customers, from what its run kept and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from tiercast.engines.opening import open_engine
from tiercast.errors import SourceError, UnknownName
from tiercast.frozen import features_of
from tiercast.persuasion.answering import file_name, read_table
from tiercast.persuasion.refusals import RunTooOld
from tiercast.registry import Store, run_file
from tiercast.schema import History
from tiercast.serving.people import not_known
from tiercast.serving.tables import Tables
from tiercast.serving.uplift import Uplift, open_uplift


@dataclass(frozen=True)
class FrozenRun:
    """What a run of an experiment from touchpoints kept of its features; see :class:`tiercast.frozen.Frozen`."""

    manifest: Mapping[str, Any]
    features_sql: str
    tables: Tables

    @property
    def attributes(self) -> list[dict[str, str]]:
        """The attributes on record that it learned, with their kinds."""
        return list(self.manifest["attributes"])

    def unknown(self, people: Mapping[str, Any]) -> list[str]:
        """Return the features that cannot be known without the tables about customers that did not come."""
        return not_known(self.manifest["families"], people)


def frozen_run(store: Store, run_id: str) -> FrozenRun | None:
    """Return what a run froze; None where it learned from a table of one row a customer.

    Raises
    ------
    RunTooOld
    """
    text, tables, facts = (
        run_file(store, run_id, f"uplift/{name}") for name in ("features.sql", "tables.json", "frozen.json")
    )
    if text is None or tables is None:
        return None
    if facts is None:
        raise RunTooOld(run_id=run_id)
    told = Tables.from_json(json.loads(tables.read_text("utf-8")))
    return FrozenRun(json.loads(facts.read_text("utf-8")), text.read_text("utf-8"), told)


def part_of(store: Store, run_id: str, outcome: str) -> Uplift:
    """Return what a run learned of an outcome.

    Raises
    ------
    UnknownName
        The run kept no such outcome; the message lists those it did.
    """
    place = run_file(store, run_id, f"uplift/{file_name(outcome)}.json") if outcome else None
    if place is None:
        told = run_file(store, run_id, "uplift/report.json")
        there_is = sorted(json.loads(told.read_text("utf-8"))["outcomes"]) if told is not None else []
        raise UnknownName(what=f"outcome of the run {run_id}", name=outcome, there_is=there_is)
    return open_uplift(place)


def apply_to_table(
    store: Store, run_id: str, outcome: str, source: str | Path | pd.DataFrame
) -> pd.DataFrame:
    """Return ``uplift``, ``outcome_left_alone``, ``outcome_contacted`` and ``list`` beside each row of a table.

    Raises
    ------
    UnknownName, SourceError, MissingColumns
    """
    part = part_of(store, run_id, outcome)
    kept = run_file(store, run_id, "uplift/table.json")
    told_by = {} if kept is None else json.loads(kept.read_text("utf-8"))  # older runs did not keep it
    table, _ = read_table(source, customer=told_by.get("customer", "customer_id"))
    told = part.predict(table)
    return pd.concat([table.drop(columns=[name for name in told if name in table]), told], axis=1)


def apply_to_history(
    store: Store, run_id: str, outcome: str, history: History, *, cutoff: date | None = None
) -> pd.DataFrame:
    """Return one row for each customer seen before the cutoff, by the text of features that the run froze.

    Parameters
    ----------
    cutoff : date, optional
        Default: the last day of the data.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``cutoff``, ``uplift``, ``outcome_left_alone``, ``outcome_contacted``, ``list``.

    Raises
    ------
    UnknownName, SourceError, ContractError, StaleHistory
    RunTooOld
        The run is of a time when runs did not keep what the history must agree with.
    """
    part = part_of(store, run_id, outcome)
    frozen = frozen_run(store, run_id)
    if frozen is None:
        raise SourceError(
            source=history.name,
            problem=f"the run {run_id} learned from a table of one row a customer, not from touchpoints",
            fix="give such a table",
        )
    with open_engine() as engine:
        features = features_of(frozen, history, cutoff, engine).features
    return pd.concat([features[["customer_id", "cutoff"]], part.predict(features)], axis=1)
