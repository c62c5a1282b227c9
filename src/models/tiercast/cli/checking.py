"""The command ``check``: every row of a source accounted for, and what can be trained from when."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from tiercast.cli.beside import matches, side_tables
from tiercast.cli.faults import refuse
from tiercast.cli.files import require_ending, write_frame
from tiercast.cli.options import (
    AsJson,
    Currency,
    EngineName,
    Extensions,
    MapFile,
    Root,
    Sides,
    SourceArgument,
    Verbose,
    Zone,
)
from tiercast.cli.proposing import look, require_new, shown
from tiercast.cli.screen import Screen, command_lines, facts, figure, heading, share, table
from tiercast.mapping.spoken import with_map
from tiercast.sides import spoken_sides

if TYPE_CHECKING:
    from tiercast.checking import CheckReport
    from tiercast.intake import Account

SHOWN = 12


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel="The path")(check)


def check(
    source: SourceArgument,
    map_file: MapFile = None,
    propose: Annotated[
        Path | None,
        typer.Option("--propose", metavar="FILE", help="Write the column map that is proposed here (.toml)."),
    ] = None,
    rejected: Annotated[
        Path | None,
        typer.Option(
            "--rejected", metavar="FILE", help="Write the rows not accepted here (.parquet or .csv)."
        ),
    ] = None,
    horizon_days: Annotated[
        int,
        typer.Option(
            "--horizon-days",
            min=0,
            max=365,
            help="Horizon that the training advice is about; 0: the data choose.",
        ),
    ] = 0,
    side: Sides = None,
    currency: Currency = None,
    zone: Zone = None,
    extension: Extensions = None,
    engine: EngineName = "duckdb",
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Account for every row of a source and its side tables, and say what can be trained from when.

    A table without the contract's columns gets a column map proposed, and is accounted for under it. Ends with exit
    code 3, after the report, when train and score would refuse the source.
    """
    screen = Screen(as_json=as_json, verbose=verbose)
    require_new(propose)
    if rejected is not None:
        require_ending(rejected)
    with screen.working("reading touchpoints"):
        looked = look(
            with_map(source, map_file),
            propose,
            sides=spoken_sides(side or ()),
            currency=currency,
            zone=zone,
            horizon_days=horizon_days,
            extensions=tuple(extension or ()),
            engine=engine,
        )
        report, refusal = looked.report, looked.refusal
        written = None if rejected is None or report is None else write_frame(report.rejected, rejected)
    answer = {
        "account": None if report is None else report.account.to_json(),
        "trainable_from": None if report is None else report.trainable_from,
        "answered_from": None if report is None else report.answered_from,
        "horizon_days": None if report is None or report.horizon is None else report.horizon.days,
        "trainable_now": report is not None and report.trainable_now,
        "notes": [] if report is None else report.notes,
        "usable": refusal is None,
        "refusal": None if refusal is None else refusal.body(),
        "rejected_file": written,
        "proposed_map": None if looked.proposed is None else looked.proposed.text,
        "proposed_file": None if looked.saved is None else looked.saved.absolute(),
    }
    accounted = [] if report is None else [*_account(report.account), *_advice(report, written)]
    screen.answer(answer, *shown(looked, propose), *accounted)
    if refusal is not None:
        refuse(refusal)


def _account(account: "Account") -> list[RenderableType]:
    from tiercast.serving.contract import REJECTIONS

    read = account.rows_read
    rows = [
        ("read", figure(read), ""),
        ("accepted", figure(account.rows_accepted), share(account.rows_accepted, read)),
        ("unresolved", figure(account.rows_unresolved), share(account.rows_unresolved, read)),
        ("rejected", figure(account.rows_rejected), share(account.rows_rejected, read)),
    ]
    if account.rows_excluded:
        rows.append(("excluded", figure(account.rows_excluded), share(account.rows_excluded, read)))
    parts: list[RenderableType] = [
        heading(account.source),
        table("", ["rows", "count", "share"], rows, numbers=["count", "share"]),
    ]
    if account.rejected:
        ranked = sorted(account.rejected.items(), key=lambda pair: (-pair[1], pair[0]))
        why = [(code, figure(count), REJECTIONS.get(code, "")) for code, count in ranked]
        parts.append(table("Why rejected", ["code", "rows", "meaning"], why, numbers=["rows"]))
    if account.excluded:
        left = [(reason, figure(count)) for reason, count in account.excluded.items()]
        parts.append(table("Why excluded", ["reason", "rows"], left, numbers=["rows"]))
    span = "none"
    if account.first_day is not None and account.last_day is not None:
        days = (account.last_day - account.first_day).days + 1
        span = f"{account.first_day} to {account.last_day} ({figure(days)} days)"
    parts.append(
        facts(
            [
                ("customers", f"{figure(account.customers)}, {figure(account.buyers)} of them buyers"),
                ("span", span),
                ("kinds", _ranked(account.kinds, account.unknown_kinds)),
                ("channels", _ranked(account.channels, account.unknown_channels)),
                ("currency, zone", f"{account.currency}, {account.zone}"),
                (
                    "exact repeats",
                    f"{figure(account.exact_repeats)} rows, kept" if account.exact_repeats else "none",
                ),
                ("ignored columns", ", ".join(account.ignored_columns) or "none"),
            ]
        )
    )
    return [*parts, *side_tables(account.sides), *matches(account.matches)]


def _ranked(counts: dict[str, int], unknown: tuple[str, ...]) -> str:
    told = [
        f"{name}{' (unknown)' if name in unknown else ''} {figure(rows)}"
        for name, rows in list(counts.items())[:SHOWN]
    ]
    more = len(counts) - SHOWN
    return ", ".join(told + ([f"{more} more"] if more > 0 else [])) or "none"


def _advice(report: "CheckReport", written: Path | None) -> list[RenderableType]:
    mark = Text("yes", style="bold green") if report.trainable_now else Text("not yet", style="bold yellow")
    since = f" (from {report.trainable_from})" if report.trainable_from is not None else ""
    parts: list[RenderableType] = [
        facts([("trainable", mark + Text(since)), *(("note", note) for note in report.notes)]),
    ]
    if written is not None:
        parts.append(
            command_lines(f"{figure(len(report.rejected))} rows that were not accepted:", str(written))
        )
    return parts
