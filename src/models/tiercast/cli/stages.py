"""The command ``stages``: where customers are in their lives, how long they stay there, and where they go next."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from tiercast.cli.options import (
    AsJson,
    Cutoff,
    EngineName,
    Extensions,
    MapFile,
    Root,
    Sides,
    SourceArgument,
    Verbose,
)
from tiercast.cli.screen import Screen, facts, figure, heading, share, story, table
from tiercast.mapping.spoken import with_map
from tiercast.sides import spoken_sides

if TYPE_CHECKING:
    from tiercast.segments.journeys import StagesReport


def add_to(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command(rich_help_panel="The path")(stages)


def stages(
    source: SourceArgument,
    map_file: MapFile = None,
    side: Sides = None,
    cutoff: Cutoff = "latest",
    every: Annotated[
        int, typer.Option("--every", metavar="DAYS", min=7, max=364, help="Days between two looks.")
    ] = 28,
    looks: Annotated[
        int,
        typer.Option("--looks", min=1, max=120, help="How many looks back, as far as the history reaches."),
    ] = 13,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The one source of chance.")] = 7,
    engine: EngineName = "duckdb",
    extension: Extensions = None,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Count customers by lifecycle stage, with transition rates and dwell times; and by decision stage and style."""
    screen = Screen(as_json=as_json, verbose=verbose)
    with screen.working("following customers"):
        from tiercast import api

        report = api.stages(
            with_map(source, map_file),
            cutoff=cutoff,
            every_days=every,
            cutoffs=looks,
            seed=seed,
            engine=engine,
            sides=spoken_sides(side or ()),
            extensions=tuple(extension or ()),
        )
    screen.answer(stages_answer(report), *stages_tables(report))


def stages_answer(report: "StagesReport") -> dict[str, Any]:
    """Return the report as plain facts."""
    return {
        "cutoff": report.cutoff,
        "every_days": report.every_days,
        "cutoffs": report.cutoffs,
        "customers": len(report.assigned),
        "counts": report.counts,
        "transitions": report.lives.transitions,
        "impossible": report.lives.impossible,
        "dwell": report.lives.dwell,
        "decisions": report.decisions,
        "decision_basis": report.decided.part.basis,
        "decision_log_loss": report.decided.log_loss,
        "decision_log_loss_of_shares": report.decided.rival_log_loss,
        "styles": report.styles,
    }


def stages_tables(report: "StagesReport") -> list[RenderableType]:
    """Return the report for people."""
    dwell = report.lives.dwell
    stays = {
        stage: _days(median, spells)
        for stage, median, spells in zip(dwell["stage"], dwell["median_days"], dwell["spells"], strict=True)
    }
    rows = [
        [
            row["stage"], row["stage_zh"], figure(int(row["customers"])), share(row["share"], 1.0),
            stays[row["stage"]],
        ]
        for row in report.counts.to_dict("records")
    ]  # fmt: skip
    moves = [
        [
            row["before"], row["after"], figure(int(row["customers"])), share(row["share"], 1.0),
            f"{100 * row['share_low']:.1f} to {100 * row['share_high']:.1f} %", "" if row["possible"] else "IMPOSSIBLE",
        ]
        for row in report.lives.transitions.to_dict("records")
    ]  # fmt: skip
    told = f"{len(report.assigned):,} customers at {report.cutoff}"
    made: list[RenderableType] = [
        heading(told),
        table("", ["stage", "", "customers", "share", "median stay"], rows,
              numbers=["customers", "share", "median stay"]),
    ]  # fmt: skip
    if moves:
        title = f"From one look to the next, {report.every_days} days later"
        made.append(table(title, ["from", "to", "customers", "share", "95 %", ""], moves,
                          numbers=["customers", "share", "95 %"]))  # fmt: skip
    if len(report.lives.impossible):
        made.append(
            story(
                f"{int(report.lives.impossible['customers'].sum())} moves are impossible by the declared graph: look for"
                " rows that became known late, dates of needs that were changed, or merged customers"
            )
        )
    made += [
        _shares("Deciding now", report.decisions, "stage"),
        _shares("Style of deciding", report.styles, "style"),
    ]
    basis = "learned from what customers did next" if report.decided.part.basis == "model" else "as observed"
    return [*made, facts([("decision stages", basis), ("looks", len(report.cutoffs))])]


def _days(median: float, spells: int) -> str:
    if not spells:
        return "–"
    return "longer than seen" if median != median else f"{median:.0f} d"


def _shares(title: str, counted: Any, name: str) -> RenderableType:
    rows = [
        [row[name], figure(int(row["customers"])), share(row["share"], 1.0)]
        for row in counted.to_dict("records")
    ]
    return table(title, [name, "customers", "share"], rows, numbers=["customers", "share"])
