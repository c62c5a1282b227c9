"""The ledger of a touchpoint store: which batches it holds, and what became of every row that came.

A store is a folder. What is in it is what the ledger names, and nothing else::

    store.json                        the terms of all amounts and hours, fixed by the first batch
    ledger/BATCH.json                 one batch: its account, its inputs, the hash of its file; removing it takes the batch out
    touchpoints/BATCH.HASH.parquet    its rows under the contract's names and types
    rejected/BATCH.HASH.parquet       the rows that the contract rejects, as they came, with their verdict
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tiercast.errors import SourceError, TiercastError
from tiercast.market import EPISODE_GAP_DAYS
from tiercast.serving.peaks import PEAKS

TERMS, ENTRIES, TOUCHPOINTS, REJECTED = "store.json", "ledger", "touchpoints", "rejected"
FORM = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")


class DamagedStore(SourceError):
    """What a touchpoint store holds is not what its ledger says.

    Examples
    --------
    >>> raise DamagedStore(source="store:shop", problem="batch 2026-11-21 is damaged", fix="add it again")
    Traceback (most recent call last):
    tiercast.ledger.DamagedStore: cannot read store:shop: batch 2026-11-21 is damaged; add it again
    """

    code = "DAMAGED_STORE"


class BadBatchName(TiercastError, ValueError):
    """A batch cannot be called so."""

    code = "BAD_BATCH_NAME"
    exit_code = 2


@dataclass(frozen=True)
class Terms:
    """What a row does not say about itself, and all rows of a store share."""

    currency: str
    minor_per_major: int
    zone: str
    peaks: tuple[str, ...] = tuple(PEAKS)
    episode_gap_days: int = EPISODE_GAP_DAYS


@dataclass(frozen=True)
class Input:
    """A file whose rows are in a batch: where it was, what it held then, and its folders of the form column=value."""

    path: str
    size_bytes: int
    modified_ns: int
    sha256: str
    columns: str = ""

    @property
    def content(self) -> tuple[str, str]:
        """What makes its rows: its bytes, and the folders that become columns."""
        return (self.sha256, self.columns)


@dataclass(frozen=True)
class Batch:
    """One batch: ``rows_read = rows_accepted + rows_unresolved + rows_rejected + rows_excluded``, nothing lost.

    Parameters
    ----------
    name : str
    source : str
        Where it came from, passwords hidden.
    added_at : str
        UTC, ISO 8601.
    rows : int
        In ``file``: the accepted and the unresolved, and those rejected that may be the first of an event that comes
        again, which every use rejects anew. A row of the future is accepted here, and waits for its day.
    rejected, excluded : mapping of str to int
        Rows by code, and by the reason that a column map declares.
    first_day, last_day : str
        Of accepted rows; empty without one.
    file, sha256, size_bytes
        Its rows, below ``touchpoints/``.
    rejected_file : str
        Below ``rejected/``; empty where nothing was rejected.
    inputs : sequence of Input
        The files it was made of; none where the source is no file.
    """

    name: str
    source: str
    added_at: str
    rows: int
    rows_read: int
    rows_accepted: int
    rows_unresolved: int
    rows_rejected: int
    rows_excluded: int
    file: str
    sha256: str
    size_bytes: int
    rejected_file: str = ""
    first_day: str = ""
    last_day: str = ""
    rejected: Mapping[str, int] = field(default_factory=dict)
    excluded: Mapping[str, int] = field(default_factory=dict)
    inputs: Sequence[Input] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Ledger:
    """All that is in a store; ``terms`` is None before the first batch."""

    folder: Path
    terms: Terms | None = None
    batches: tuple[Batch, ...] = ()

    def batch(self, name: str) -> Batch | None:
        """Return the batch of that name, if there is one."""
        return next((each for each in self.batches if each.name == name), None)

    def files(self) -> Iterator[Path]:
        """Yield every file that belongs to a batch."""
        for batch in self.batches:
            yield self.folder / TOUCHPOINTS / batch.file
            if batch.rejected_file:
                yield self.folder / REJECTED / batch.rejected_file


def read_ledger(folder: str | os.PathLike[str]) -> Ledger:
    """Return what is in a store, batches by name; a folder without a ledger holds nothing.

    Raises
    ------
    DamagedStore
        The ledger itself cannot be read.

    Examples
    --------
    >>> read_ledger("no/such/folder").batches
    ()
    """
    place = Path(folder)
    entries = sorted(path for path in (place / ENTRIES).glob("*.json") if not path.name.startswith("."))
    terms = _read(place, place / TERMS, Terms) if (place / TERMS).exists() or entries else None
    return Ledger(place, terms, tuple(_read(place, path, Batch) for path in entries))


def require_whole(ledger: Ledger, *, source: str) -> None:
    """Refuse a store of which a batch is missing, cut off or changed.

    Raises
    ------
    DamagedStore
        The message names the batches.
    """
    found = [f"{batch.name} ({why})" for batch in ledger.batches if (why := _fault(ledger, batch))]
    if found:
        shown = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        raise DamagedStore(
            source=source,
            problem=f"damaged {'batches' if len(found) > 1 else 'batch'}: {shown}",
            fix=f"put each in its place again with: tiercast add SOURCE --to {ledger.folder} --batch NAME"
            f"; or take it out: remove {ENTRIES}/NAME.json",
        )


def require_name(name: str) -> str:
    """Return the name of a batch, if files can be called so.

    Raises
    ------
    BadBatchName

    Examples
    --------
    >>> require_name("2026-11-21")
    '2026-11-21'
    >>> require_name("../shop")
    Traceback (most recent call last):
    tiercast.ledger.BadBatchName: a batch cannot be called '../shop': letters, digits, - _ and . are, as in 2026-11-21
    """
    if not NAME.fullmatch(name):
        raise BadBatchName(
            f"a batch cannot be called {name!r}: letters, digits, - _ and . are, as in 2026-11-21", batch=name
        )
    return name


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file, read piece by piece."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fault(ledger: Ledger, batch: Batch) -> str:
    path = ledger.folder / TOUCHPOINTS / batch.file
    try:
        if path.stat().st_size != batch.size_bytes:
            return "cut off" if path.stat().st_size < batch.size_bytes else "changed"
        return "" if sha256_of(path) == batch.sha256 else "changed"
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return error.strerror or type(error).__name__


def _read(folder: Path, path: Path, kind: type[Any]) -> Any:
    """Return the terms or a batch as written; a file that is neither is damage, whatever is in it."""
    try:
        told = json.loads(path.read_text("utf-8"))
        if told.pop("form") != FORM:
            raise ValueError
        if "inputs" in told:
            told["inputs"] = tuple(Input(**each) for each in told["inputs"])
        if "peaks" in told:
            told["peaks"] = tuple(told["peaks"])
        read = kind(**told)
        typed = [(getattr(read, each.name), each.type) for each in fields(kind) if each.type in (str, int)]
        if not all(isinstance(value, wanted) for value, wanted in typed):
            raise TypeError
        if kind is Batch and read.name != path.stem:
            raise ValueError  # a copy of an entry would count its rows twice
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        takes_out = ", or remove it to take the batch out" if kind is Batch else ""
        raise DamagedStore(
            source=f"store:{folder}",
            problem=f"{path.relative_to(folder)} cannot be read",
            fix=f"restore it from a backup{takes_out}",
        ) from None
    return read
