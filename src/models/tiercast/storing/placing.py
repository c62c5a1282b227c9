"""Placing: what was written beside a store is put into it, so that readers see all of a batch or nothing."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tiercast.errors import without_password
from tiercast.ledger import (
    ENTRIES,
    FORM,
    REJECTED,
    TERMS,
    TOUCHPOINTS,
    Batch,
    Input,
    Ledger,
    Terms,
    sha256_of,
)
from tiercast.schema import History
from tiercast.storing.writing import ACCEPTED, UNRESOLVED, Tally, keep

SWEPT_AFTER_SECONDS = 3600.0
WRITING = ".writing-"


def terms_of(history: History) -> Terms:
    """Return what the rows of a history share."""
    return Terms(
        history.currency,
        history.minor_per_major,
        history.zone,
        tuple(history.peaks),
        history.episode_gap_days,
    )


def entry_of(
    history: History, tally: Tally, inputs: Sequence[Input], writing: Path, *, name: str = ""
) -> Batch:
    """Return what the ledger will say of the files that were written; without a name, one made of their content."""
    file, refused = writing / TOUCHPOINTS, writing / REJECTED
    content = sha256_of(file)
    made_of = sorted("/".join(each.content) for each in inputs)
    name = name or (hashlib.sha256("\n".join(made_of).encode()).hexdigest() if inputs else content)[:12]
    first, last = (day.isoformat() for day in tally.days) if tally.days else ("", "")
    return Batch(
        name=name,
        source=without_password(history.name),
        added_at=datetime.now(UTC).isoformat(timespec="seconds"),
        rows=tally.rows,
        rows_read=tally.rows_read,
        rows_accepted=tally.verdicts[ACCEPTED],
        rows_unresolved=tally.verdicts[UNRESOLVED],
        rows_rejected=sum(tally.rejected.values()),
        rows_excluded=sum(tally.excluded.values()),
        file=f"{name}.{content[:8]}.parquet",
        sha256=content,
        size_bytes=file.stat().st_size,
        rejected_file=f"{name}.{sha256_of(refused)[:8]}.parquet" if refused.exists() else "",
        first_day=first,
        last_day=last,
        rejected=tally.rejected,
        excluded=tally.excluded,
        inputs=tuple(inputs),
    )


def put(made: Batch, ledger: Ledger, history: History, writing: Path) -> None:
    """Put the files in their places; with the entry, which comes last, the batch is in the store."""
    _write(writing / TERMS, asdict(terms_of(history)))
    _write(writing / ENTRIES, made.to_json())
    moves = [(writing / TOUCHPOINTS, ledger.folder / TOUCHPOINTS / made.file)]
    if made.rejected_file:
        moves.append((writing / REJECTED, ledger.folder / REJECTED / made.rejected_file))
    if not ledger.batches:
        moves.append((writing / TERMS, ledger.folder / TERMS))
    moves.append((writing / ENTRIES, ledger.folder / ENTRIES / f"{made.name}.json"))
    for written, place in moves:
        place.parent.mkdir(exist_ok=True)
        written.replace(place)
        keep(place.parent)
    replaced = ledger.batch(made.name)
    for path in Ledger(ledger.folder, None, (replaced,) if replaced else ()).files():
        with suppress(FileNotFoundError):
            os.utime(path)  # whoever is reading it has an hour more


def _write(place: Path, told: dict[str, Any]) -> None:
    place.write_text(json.dumps({"form": FORM, **told}, ensure_ascii=False, indent=1) + "\n", "utf-8")
    keep(place)


def sweep(ledger: Ledger) -> None:
    """Remove what killed runs left, and files that were replaced more than an hour ago; no file of any other batch."""
    for left in ledger.folder.glob(f"{WRITING}*"):
        shutil.rmtree(left, ignore_errors=True)
    held, names = set(ledger.files()), {batch.name for batch in ledger.batches}
    for place in (ledger.folder / TOUCHPOINTS, ledger.folder / REJECTED):
        for path in place.glob("*.parquet"):
            old = path not in held and path.name.rsplit(".", 2)[0] in names
            if old and time.time() - path.stat().st_mtime > SWEPT_AFTER_SECONDS:
                path.unlink(missing_ok=True)
