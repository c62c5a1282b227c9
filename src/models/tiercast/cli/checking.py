"""The command ``check``: every row of a source accounted for, and what can be trained from when."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from tiercast.cli.faults import refuse
from tiercast.cli.files import require_ending, write_frame
from tiercast.cli.options import AsJson, Currency, EngineName, Extensions, Root, SourceArgument, Verbose, Zone
from tiercast.cli.screen import Screen, command_lines, facts, figure, heading, share, table
from tiercast.errors import TiercastError

if TYPE_CHECKING:
    from tiercast.api import CheckReport
    from tiercast.intake import Account

SHOWN = 12


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel="The path")(check)


def check(
    source: SourceArgument,
    rejected: Annotated[
        Path | None,
        typer.Option(
            "--rejected", metavar="FILE", help="Write the rows not accepted here (.parquet or .csv)."
        ),
    ] = None,
    horizon_days: Annotated[
        int, typer.Option("--horizon-days", min=1, max=365, help="Horizon that the training advice is about.")
    ] = 28,
    currency: Currency = None,
    zone: Zone = None,
    extension: Extensions = None,
    engine: EngineName = "duckdb",
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Account for every row of a source, and say what can be trained from when.

    Ends with exit code 3, after the report, when train and score would refuse the source.
    """
    screen = Screen(as_json=as_json, verbose=verbose)
    if rejected is not None:
        require_ending(rejected)
    with screen.working("reading touchpoints"):
        from tiercast import api
        from tiercast.intake import require_usable

        report = api.check(
            source,
            currency=currency,
            zone=zone,
            horizon_days=horizon_days,
            extensions=tuple(extension or ()),
            engine=engine,
        )
        written = None if rejected is None else write_frame(report.rejected, rejected)
        refusal: TiercastError | None = None
        try:
            require_usable(report.account)
        except TiercastError as error:
            refusal = error
    answer = {
        "account": report.account.to_json(),
        "trainable_from": report.trainable_from,
        "trainable_now": report.trainable_now,
        "notes": report.notes,
        "usable": refusal is None,
        "refusal": None if refusal is None else refusal.body(),
        "rejected_file": written,
    }
    screen.answer(answer, *_account(report.account), *_advice(report, written))
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
    parts: list[RenderableType] = [
        heading(account.source),
        table("", ["rows", "count", "share"], rows, numbers=["count", "share"]),
    ]
    if account.rejected:
        ranked = sorted(account.rejected.items(), key=lambda pair: (-pair[1], pair[0]))
        why = [(code, figure(count), REJECTIONS.get(code, "")) for code, count in ranked]
        parts.append(table("Why rejected", ["code", "rows", "meaning"], why, numbers=["rows"]))
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
    return parts


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
