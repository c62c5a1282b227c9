"""What ``check`` does about a table without the contract's columns: a column map to look at, to save and to use."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from tiercast.cli.faults import WrongUsage
from tiercast.cli.screen import command_lines, heading
from tiercast.errors import OutputError, TiercastError
from tiercast.serving.refusals import MissingColumns, Refused

if TYPE_CHECKING:
    from tiercast.checking import CheckReport
    from tiercast.sources.proposing import Proposed


@dataclass(frozen=True)
class Looked:
    """What a look at a source found: its account, a map where it needs one, and why it cannot be used as it is."""

    report: "CheckReport | None"
    refusal: Refused | None
    proposed: "Proposed | None" = None
    saved: Path | None = None


def look(
    source: str, save_as: Path | None, *, extensions: Sequence[str], engine: str, **options: Any
) -> Looked:
    """Check a source; where columns are missing, propose a map, save it when asked to, and check under it.

    Raises
    ------
    TiercastError, Refused
    """
    from tiercast import api
    from tiercast.engines.text_files import NotUtf8
    from tiercast.intake import require_usable
    from tiercast.sources.opening import open_source
    from tiercast.sources.proposing import propose

    options |= {"extensions": extensions, "engine": engine}
    asked: Any = source
    proposed, saved = None, None
    refusal: Refused | None = None
    try:
        report = api.check(source, **options)
    except (MissingColumns, NotUtf8) as lacking:
        if open_source(source, extensions=tuple(extensions)).mapping is not None:
            raise
        proposed = propose(source, extensions=extensions, engine=engine)
        refusal = _refusal(lacking, proposed)
        if "occurred_at" in proposed.lacking:  # no touchpoints, so no map could help
            return Looked(None, refusal)
        saved = None if save_as is None else _write(proposed, save_as)
        if proposed.lacking:
            return Looked(None, refusal, proposed, saved)
        asked = open_source(source, map=proposed.mapping, extensions=tuple(extensions))
        report = api.check(asked, **options)
    if saved is not None or refusal is None:
        refusal = None
        try:
            require_usable(report.account)
        except TiercastError as error:
            refusal = error
    return Looked(report, refusal, proposed, saved)


def require_new(file: Path | None) -> None:
    """Refuse to write a proposal over a file: somebody may have worked on it."""
    if file is not None and file.exists():
        raise WrongUsage(f"{file} exists already; name another file, or remove it")


def shown(looked: Looked, save_as: Path | None) -> list[RenderableType]:
    """Return a proposal for people: the file as it is, to copy, and what to do with it."""
    if looked.proposed is None:
        needless = "No column map is needed: the table has the contract's columns."
        return [] if save_as is None or looked.refusal is not None else [needless]
    parts: list[RenderableType] = [heading("Proposed column map"), looked.proposed.text.rstrip("\n")]
    if looked.saved is not None:
        parts.append(command_lines("Written; look at it, then use it with:", f"--map {looked.saved}"))
    return parts


def _refusal(lacking: Refused, proposed: "Proposed") -> Refused:
    """Return what is left to do before the source can be used."""
    fix = "a column map is proposed: save it with --propose FILE, then say --map FILE"
    if proposed.lacking:
        fix = f"{proposed.finding} Nothing was found for: {', '.join(proposed.lacking)}"
    if isinstance(lacking, MissingColumns):
        return MissingColumns(f"{lacking}; {fix}", **lacking.details)
    return lacking


def _write(proposed: "Proposed", file: Path) -> Path:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(proposed.text)
    except OSError as error:
        raise OutputError(path=file, problem=error.strerror or str(error)) from error
    return file
