"""The command ``add``: a night's rows go into a touchpoint store, where they are read and judged once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from tiercast.cli.faults import WrongUsage
from tiercast.cli.options import AsJson, Currency, Extensions, MapFile, Root, Verbose, Zone
from tiercast.cli.screen import Screen, command_lines, facts, figure, heading, share, table
from tiercast.mapping.spoken import with_map

if TYPE_CHECKING:
    from tiercast.ledger import Batch
    from tiercast.storing import Added

SHOWN = 3


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel="Around it")(add)


def add(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE|CARD", help="Touchpoints, or a card of the job add.")
    ],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="The store; store:FOLDER reads it.")
    ] = None,
    batch: Annotated[
        str,
        typer.Option("--batch", metavar="NAME", help="As in 2026-11-21; a batch of that name is replaced."),
    ] = "",
    most_rejected: Annotated[
        float,
        typer.Option(
            "--most-rejected", metavar="SHARE", min=0, max=1, help="Refuse a batch of which more is rejected."
        ),
    ] = 0.2,
    map_file: MapFile = None,
    currency: Currency = None,
    zone: Zone = None,
    extension: Extensions = None,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Add touchpoints to a touchpoint store: files that it does not hold yet, or all rows of a source that is no file.

    Each row is read and judged once. Safe to run again: files that were added are skipped, and a batch that is named
    replaces itself whole.
    """
    screen = Screen(as_json=as_json, verbose=verbose)
    asked: dict[str, Any] = {"to": to, "batch": batch, "extensions": tuple(extension or ())}
    if source.endswith(".toml"):
        from tiercast.config import AddCard, read_card

        card = read_card(source, job="add")
        assert isinstance(card, AddCard)  # of that job
        source, asked = (
            card.source,
            {"to": card.to, "batch": card.batch or batch, "extensions": card.extensions},
        )
    if not asked["to"]:
        raise WrongUsage("--to FOLDER is needed: where the store is")
    source = with_map(source, map_file)
    with screen.working("opening the store") as say:
        from tiercast.storing import add as added_to

        done = added_to(
            source, currency=currency, zone=zone, most_rejected_share=most_rejected, progress=say, **asked
        )
    screen.answer(added_answer(done), *_shown(done, str(asked["to"])))


def added_answer(done: "Added") -> dict[str, Any]:
    """Return what adding did as plain facts."""
    return {
        "batch": None if done.batch is None else done.batch.to_json(),
        "replaced": None if done.replaced is None else done.replaced.to_json(),
        "files_added": len(done.inputs.names),
        "files_unchanged": done.inputs.unchanged,
        "files_repeated": done.inputs.repeated,
        "files_changed": done.inputs.changed,
        "store_batches": done.batches,
        "store_rows": done.rows,
    }


def _shown(done: "Added", folder: str) -> list[RenderableType]:
    inputs = done.inputs
    pairs: list[tuple[str, object]] = []
    if inputs.names or inputs.unchanged or inputs.repeated:
        pairs.append(
            ("files", f"{figure(len(inputs.names))} added, {figure(inputs.unchanged)} there already")
        )
    for what, names in (("sent twice", inputs.repeated), ("changed, not read", inputs.changed)):
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            pairs.append((what, ", ".join(names[:SHOWN]) + more))
    if done.replaced is not None:
        pairs.append(
            ("replaced", f"the batch of {done.replaced.added_at}, {figure(done.replaced.rows)} rows")
        )
    pairs += [("store rows", figure(done.rows)), ("store batches", figure(done.batches))]
    told: list[RenderableType] = [facts(pairs), command_lines("Read it with:", f"store:{folder}")]
    if done.batch is None:
        return [heading("nothing new: every file of the source is in the store"), *told]
    return [*_account(done.batch), *told]


def _account(batch: "Batch") -> list[RenderableType]:
    from tiercast.serving.contract import REJECTIONS

    counts = {
        "read": batch.rows_read,
        "accepted": batch.rows_accepted,
        "unresolved": batch.rows_unresolved,
        "rejected": batch.rows_rejected,
        "excluded": batch.rows_excluded,
    }
    rows = [
        (name, figure(count), "" if name == "read" else share(count, batch.rows_read))
        for name, count in counts.items()
        if count or name != "excluded"
    ]
    parts: list[RenderableType] = [
        heading(f"batch {batch.name}"),
        table("", ["rows", "count", "share"], rows, numbers=["count", "share"]),
    ]
    if batch.rejected:
        why = [(code, figure(count), REJECTIONS.get(code, "")) for code, count in batch.rejected.items()]
        parts.append(table("Why rejected", ["code", "rows", "meaning"], why, numbers=["rows"]))
    return parts
