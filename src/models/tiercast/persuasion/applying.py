"""Applying: what an experiment taught is told of other customers, from what its run kept and nothing else."""

import json
from datetime import date
from pathlib import Path

import pandas as pd

from tiercast.engines.opening import open_engine
from tiercast.errors import SourceError, UnknownName
from tiercast.features.described import people_of
from tiercast.intake import require_usable, take_stock
from tiercast.persuasion.answering import file_name, read_table
from tiercast.registry import Store, run_file
from tiercast.schema import History
from tiercast.serving.bundle import arrange
from tiercast.serving.tables import Tables
from tiercast.serving.uplift import Uplift, open_uplift


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
    table, _ = read_table(source)
    part = part_of(store, run_id, outcome)
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
    UnknownName, SourceError, ContractError
    """
    part = part_of(store, run_id, outcome)
    text, tables = (run_file(store, run_id, f"uplift/{name}") for name in ("features.sql", "tables.json"))
    if text is None or tables is None:
        raise SourceError(
            source=history.name,
            problem=f"the run {run_id} learned from a table of one row a customer, not from touchpoints",
            fix="give such a table",
        )
    with open_engine() as engine:
        engine.attach(history)
        account = take_stock(engine, history, repeats=False)
        require_usable(account)
        day = cutoff or account.last_day
        assert day is not None  # a usable history has accepted rows
        frozen = Tables.from_json(json.loads(tables.read_text("utf-8"))).with_(**people_of(history))
        found = engine.frames(text.read_text("utf-8"), cutoffs=[day], tables=frozen)
        features = arrange(pd.concat(found, ignore_index=True), day)
    return pd.concat([features[["customer_id", "cutoff"]], part.predict(features)], axis=1)
