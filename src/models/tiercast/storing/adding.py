"""Adding: the rows of a source that are new to a store become one batch of it, whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tiercast.engines.files_in_folders import partition_root
from tiercast.errors import ContractError, OutputError, SourceError
from tiercast.intake import MOST_REJECTED_SHARE
from tiercast.ledger import ENTRIES, REJECTED, TERMS, TOUCHPOINTS, Batch, Ledger, read_ledger, require_name
from tiercast.schema import History
from tiercast.sources.opening import open_source
from tiercast.storing.alone import alone_in
from tiercast.storing.inputs import Inputs, are_files, require_unchanged, to_read
from tiercast.storing.placing import WRITING, entry_of, put, sweep, terms_of
from tiercast.storing.writing import Tally, on_disk, write_batch

WAIT_SECONDS = 600.0


@dataclass(frozen=True)
class Added:
    """What adding did.

    Parameters
    ----------
    batch : Batch or None
        The batch as it stands in the ledger; None when the source holds no file that is new.
    replaced : Batch or None
        The one before, of the same name.
    inputs : Inputs
        The files that were read, and those that were not.
    batches, rows : int
        Of the whole store, now.
    """

    batch: Batch | None
    replaced: Batch | None
    inputs: Inputs
    batches: int
    rows: int


def add(
    source: str | pd.DataFrame | History,
    *,
    to: str | os.PathLike[str],
    batch: str = "",
    map: str | Path | None = None,  # noqa: A002
    currency: str | None = None,
    zone: str | None = None,
    extensions: Sequence[str] = (),
    most_rejected_share: float = MOST_REJECTED_SHARE,
    wait_seconds: float = WAIT_SECONDS,
    threads: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Added:
    """Add the rows of a source to a store, which is made if it is not there; read it then with ``store:FOLDER``.

    Of files, only those are read that the store does not hold yet. Readers see the store before or after, never a part.

    Parameters
    ----------
    to : path
        The store's folder.
    batch : str
        The name of the batch; one of that name is replaced. Default: made of what the batch holds.
    most_rejected_share : float
        A batch of which more is rejected is not added.
    wait_seconds : float
        How long to wait while another process adds.

    Raises
    ------
    SourceError
        The source cannot be read, or differs from the store in currency, minor units, zone, peaks or episodes.
    ChangedInput
        A file has changed since it was added.
    ContractError, MissingColumns, WrongType, MapError
        Its rows break the contract.
    DamagedStore, BadBatchName, OutputError

    Examples
    --------
    >>> came = {"customer_id": ["ann", None], "occurred_at": ["2025-01-01", "2025-01-02"], "kind": "visit", "channel": "web"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = add(pd.DataFrame(came), to=folder, batch="2025-01-02")
    ...     again = add(pd.DataFrame(came), to=folder, batch="2025-01-02")
    >>> first.batch.rows_accepted, first.batch.rows_unresolved, again.replaced.name, again.rows
    (1, 1, '2025-01-02', 2)
    """
    if batch:
        require_name(batch)
    history = open_source(source, map=map, currency=currency, zone=zone, extensions=tuple(extensions))
    folder = Path(to).expanduser()
    _require_store(folder)
    with alone_in(folder, wait_seconds=wait_seconds, progress=progress):
        ledger = read_ledger(folder)
        _require_terms(history, ledger)
        _require_elsewhere(history, folder)
        inputs = to_read(history, ledger, batch)
        if are_files(history) and not inputs.names:
            return _added(None, ledger, inputs)
        progress("reading touchpoints")
        with on_disk(folder):
            sweep(ledger)
            writing = Path(tempfile.mkdtemp(prefix=WRITING, dir=folder))
        try:
            read = replace(history, files=inputs.names) if inputs.names else history
            tally = write_batch(read, writing / TOUCHPOINTS, writing / REJECTED, threads=threads)
            require_unchanged(inputs.files, history.name)
            _require_usable(tally, history, most_rejected_share)
            progress("putting the batch in its place")
            with on_disk(folder):
                made = entry_of(history, tally, inputs.files, writing, name=batch)
                put(made, ledger, history, writing)
        finally:
            shutil.rmtree(writing, ignore_errors=True)
        return _added(made, ledger, inputs)


def _require_store(folder: Path) -> None:
    """Make the folder, or see that it is a store; nothing else is ever written into."""
    if partition_root("", [str(folder / "any")]):
        problem = "its path holds a folder of the form column=value, which would be taken for a column"
        raise OutputError(path=folder, problem=problem)
    with on_disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        there = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    if TERMS not in there and there - {ENTRIES, TOUCHPOINTS, REJECTED}:
        raise OutputError(path=folder, problem="it is no touchpoint store and holds something else")


def _require_terms(history: History, ledger: Ledger) -> None:
    terms = terms_of(history)
    if ledger.terms is None or not ledger.batches or terms == ledger.terms:
        return
    held = ledger.terms
    for what, came, there, fix in (
        ("its amounts are in", terms.currency, held.currency, f"say --currency {held.currency} if they are; else convert them"),
        ("its zone is", terms.zone, held.zone, f"say --zone {held.zone}, in which the store tells hours"),
        ("its minor units in a major one are", terms.minor_per_major, held.minor_per_major, "say it in a column map"),
        ("its peaks of the year are", terms.peaks, held.peaks, f"say ?peaks={','.join(held.peaks)} after the source"),
        ("its days of silence that end an episode are", terms.episode_gap_days, held.episode_gap_days,
         f"say ?episode_gap_days={held.episode_gap_days} after the source"),
    ):  # fmt: skip
        if came != there:
            raise SourceError(
                source=history.name,
                problem=f"{what} {came}, and those of the store {ledger.folder} {there}",
                fix=fix,
            )


def _require_elsewhere(history: History, folder: Path) -> None:
    """Refuse a source that names files of the store: its rows would be added to themselves."""
    if any(Path(name).resolve().is_relative_to(folder.resolve()) for name in history.files):
        raise SourceError(
            source=history.name,
            problem=f"it names files of the store {folder} itself",
            fix="keep the store in a folder beside it",
        )


def _require_usable(tally: Tally, history: History, most_rejected_share: float) -> None:
    rejected = tally.rejected
    if sum(rejected.values()) > most_rejected_share * tally.rows_read:
        raise ContractError(
            source=history.name,
            read_rows=tally.rows_read,
            rejected_rows=sum(rejected.values()),
            allowed_share=most_rejected_share,
            rows_by_code=rejected,
        )


def _added(made: Batch | None, ledger: Ledger, inputs: Inputs) -> Added:
    replaced = None if made is None else ledger.batch(made.name)
    now = [batch for batch in ledger.batches if batch is not replaced] + ([made] if made else [])
    return Added(made, replaced, inputs, len(now), sum(batch.rows for batch in now))
