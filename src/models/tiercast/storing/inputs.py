"""Inputs: which files of a source are new to a store, which are in it already, and which have changed since."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tiercast.errors import SourceError
from tiercast.ledger import ENTRIES, Input, Ledger, sha256_of
from tiercast.schema import History

FORMS = ("parquet", "csv")
SHOWN = 3


class ChangedInput(SourceError):
    """A file is not what it was when it was added, or a batch would lose the rows of a file.

    Examples
    --------
    >>> raise ChangedInput(source="csv:landing", problem="monday.csv has changed", fix="say --batch 2026-11-23")
    Traceback (most recent call last):
    tiercast.storing.inputs.ChangedInput: cannot read csv:landing: monday.csv has changed; say --batch 2026-11-23
    """

    code = "CHANGED_INPUT"


@dataclass(frozen=True)
class Inputs:
    """Files to read now.

    Parameters
    ----------
    names : tuple of str
        As the source names them.
    files : tuple of Input
        The same, as the ledger will know them.
    unchanged : int
        Files of the source that the store holds already.
    repeated : tuple of str
        Files that hold, byte for byte, what another file held, as one that was moved or sent twice.
    changed : tuple of str
        Files of other batches that hold something else now, and stay as they were added.
    """

    names: tuple[str, ...] = ()
    files: tuple[Input, ...] = ()
    unchanged: int = 0
    repeated: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def are_files(history: History) -> bool:
    """Return whether the rows are in files that are added one by one; a database changes as a whole."""
    return history.format in FORMS and bool(history.files)


def to_read(history: History, ledger: Ledger, batch: str) -> Inputs:
    """Return the files of a source that no other batch holds.

    A file whose place, size and time are as they were is not opened; any other is known by its content.

    Parameters
    ----------
    batch : str
        The batch that is written; empty: a new one.

    Raises
    ------
    ChangedInput
        A file of another batch has changed, and no batch is to be replaced; or the batch to be replaced holds a file
        that the source does not name.
    SourceError
        A file cannot be read.
    """
    others = [(each.name, file) for each in ledger.batches if each.name != batch for file in each.inputs]
    held = {file.path: (name, file) for name, file in others}
    contents = {file.content for _, file in others}
    files: dict[tuple[str, str], tuple[str, Input]] = {}
    changed: dict[str, str] = {}
    repeated: list[str] = []
    unchanged = 0
    for name in history.files if are_files(history) else ():
        path = str(Path(name).resolve())  # a link that points elsewhere today is another file
        owner, before = held.get(path, ("", None))
        if before is not None and _as_it_was(before, history.name):
            unchanged += 1
            continue
        now = _looked_at(path, name, history.name)
        if before is not None:
            if now.sha256 == before.sha256:
                unchanged += 1
            else:
                changed[path] = owner
        elif now.content in contents or now.content in files:
            repeated.append(name)
        else:
            files[now.content] = (name, now)
    if changed and ledger.batch(batch) is None:
        raise _changed(history, changed)
    found = tuple(file for _, file in files.values())
    _require_none_lost(history, ledger, batch, found)
    return Inputs(
        tuple(name for name, _ in files.values()), found, unchanged, tuple(repeated), tuple(changed)
    )


def require_unchanged(files: Sequence[Input], source: str) -> None:
    """Refuse a file that somebody wrote to while it was read.

    Raises
    ------
    ChangedInput
    """
    for file in files:
        if not _as_it_was(file, source):
            raise ChangedInput(
                source=source,
                problem=f"{file.path} changed while it was read, so nothing was added",
                fix="run again when it is whole",
            )


def _as_it_was(file: Input, source: str) -> bool:
    try:
        found = Path(file.path).stat()
    except OSError as error:
        raise _unreadable(file.path, source, error) from error
    return (found.st_size, found.st_mtime_ns) == (file.size_bytes, file.modified_ns)


def _looked_at(path: str, name: str, source: str) -> Input:
    columns = "/".join(part for part in Path(name).parts[:-1] if "=" in part)
    try:
        found = Path(path).stat()
        return Input(path, found.st_size, found.st_mtime_ns, sha256_of(path), columns)
    except OSError as error:
        raise _unreadable(path, source, error) from error


def _unreadable(path: str, source: str, error: OSError) -> SourceError:
    return SourceError(source=source, problem=f"{path}: {error.strerror or type(error).__name__}")


def _changed(history: History, changed: dict[str, str]) -> ChangedInput:
    names = sorted(set(changed.values()))
    told = ", ".join(f"{path} (batch {owner})" for path, owner in list(changed.items())[:SHOWN])
    more = f" and {len(changed) - SHOWN} more files" if len(changed) > SHOWN else ""
    return ChangedInput(
        source=history.name,
        problem=f"changed since they were added: {told}{more}",
        fix=f"to replace a batch by what its files hold now, say: --batch {names[0]}",
    )


def _require_none_lost(history: History, ledger: Ledger, batch: str, files: Sequence[Input]) -> None:
    replaced = ledger.batch(batch)
    paths, contents = {file.path for file in files}, {file.content for file in files}
    lost = [
        file.path
        for file in (replaced.inputs if replaced is not None else ())
        if file.path not in paths and file.content not in contents
    ]
    if lost:
        raise ChangedInput(
            source=history.name,
            problem=f"batch {batch} also holds {', '.join(lost[:SHOWN])}"
            f"{f' and {len(lost) - SHOWN} more files' if len(lost) > SHOWN else ''}, which this source does not name",
            fix=f"name all its files, or another batch; {ledger.folder / ENTRIES / batch}.json, removed, takes it out",
        )
