"""The command ``conversion``: how long until prospects become customers, by first channel and one by one?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from tiercast.cli.files import require_ending, write_frame
from tiercast.cli.options import AsJson, Extensions, MapFile, Root, Sides, SourceArgument, Verbose
from tiercast.cli.screen import Screen, command_lines, facts, figure, table
from tiercast.mapping.spoken import with_map
from tiercast.sides import spoken_sides

if TYPE_CHECKING:
    from tiercast.training.converting import ConversionResult

MEASURES = {
    "AUC": "roc_auc",
    "AUC new": "roc_auc_new",
    "concord.": "concordance",
    "expected/seen": "expected_to_seen",
}


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel="Around it")(conversion)


def conversion(
    source: SourceArgument,
    horizon_days: Annotated[
        int, typer.Option("--horizon-days", min=1, max=365, help="Days over which the chance is meant.")
    ] = 28,
    gap_days: Annotated[
        int, typer.Option("--gap-days", min=0, max=60, help="Days between the cutoff and the window.")
    ] = 0,
    step_days: Annotated[
        int,
        typer.Option("--step-days", min=1, max=91, help="Days between the origins that are learned from."),
    ] = 14,
    test_origins: Annotated[
        int, typer.Option("--test-origins", min=1, max=12, help="Newest origins whose horizon is over.")
    ] = 3,
    judged_at: Annotated[
        list[str] | None,
        typer.Option("--judged-at", metavar="DAY", help="A test origin by name instead; may be given again."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="Nothing on or after it is used.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The one source of chance.")] = 7,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Every prospect's chance and date (.parquet or .csv)."
        ),
    ] = None,
    map_file: MapFile = None,
    side: Sides = None,
    extension: Extensions = None,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Learn when prospects buy for the first time, judged out of time beside rules, without any repeat purchases.

    A training tells the same of prospects in every scorecard, where a history has enough of them.
    """
    screen = Screen(as_json=as_json, verbose=verbose)
    if out is not None:
        require_ending(out)
    with screen.working("starting") as say:
        from tiercast import api

        result = api.conversion(
            with_map(source, map_file), horizon_days=horizon_days, gap_days=gap_days, step_days=step_days,
            test_origins=test_origins, judged_at=tuple(judged_at or ()), until=until, seed=seed,
            sides=spoken_sides(side or ()), extensions=tuple(extension or ()), root=root, progress=say,
        )  # fmt: skip
        place = None if out is None else write_frame(result.predictions, out)
    written = [command_lines("Written:", str(place))] if place else []
    screen.answer({**conversion_answer(result), "out": place}, *conversion_tables(result), *written)


def conversion_answer(result: "ConversionResult") -> dict[str, Any]:
    """Return the result as plain facts."""
    from tiercast.training.converting import report_json

    return {
        **report_json(result.report),
        "cutoff": result.cutoff,
        "run_id": result.run_id,
        "from_first_touch": result.by_channel,
        "predicted": len(result.predictions),
        "expected_conversions": float(result.predictions["conversion_probability"].sum()),
    }


def conversion_tables(result: "ConversionResult") -> list[RenderableType]:
    """Return how long it takes by channel, and how the candidates were judged, for people."""
    report = result.report
    shares = [name for name in map(str, result.by_channel) if name.endswith("_share")]
    heads = [
        name.removeprefix("converted_within_").removesuffix("_share").replace("d", " d") for name in shares
    ]
    names = ["prospects", "bought", *heads]
    rows = [
        [row["channel"], figure(int(row["prospects"])), figure(int(row["conversions"]))]
        + [figure(float(row[name])) for name in shares]
        for row in result.by_channel.to_dict("records")
    ]
    candidates = [
        ["→" if name == report.winner else "", f"{name} (rule)" if name == report.rule else name]
        + [figure(by_origin["mean"][metric]) for metric in MEASURES.values()]
        + [figure(report.calibration_error[name], 4)]
        for name, by_origin in report.figures.items()
    ]
    measures = [*MEASURES, "calib. err"]
    expected = float(result.predictions["conversion_probability"].sum())
    return [
        table("From the first touch, by first channel", ["channel", *names], rows, numbers=names, tight=True),
        table(
            f"Prospects: first purchase within {report.horizon_days} days",
            ["", "candidate", *measures],
            candidates,
            numbers=measures,
            tight=True,
        ),
        facts(
            [
                ("judged at", ", ".join(day.isoformat() for day in report.tests)),
                ("learned from", f"{report.prospects:,} prospects, {report.conversions:,} of whom bought"),
                ("expected", f"{expected:,.1f} first purchases of {len(result.predictions):,} prospects"),
                ("cutoff", result.cutoff.isoformat()),
                ("run", result.run_id),
            ]
        ),
    ]
