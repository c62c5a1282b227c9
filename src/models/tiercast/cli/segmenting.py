"""The command ``segment``: which kinds of customers there are, and who is which."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from tiercast.cli.files import require_ending, write_frame
from tiercast.cli.options import AsJson, Extensions, MapFile, Root, Sides, Verbose
from tiercast.cli.screen import Screen, command_lines, facts, figure, heading, share, table
from tiercast.mapping.spoken import with_map
from tiercast.sides import spoken_sides

if TYPE_CHECKING:
    from tiercast.segments import SegmentReport


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel="The path")(segment)


def segment(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE|CARD", help="Touchpoints, or a card of the job segment.")
    ],
    map_file: MapFile = None,
    side: Sides = None,
    clusters: Annotated[
        int, typer.Option("--clusters", "-k", min=0, max=50, help="How many; 0 chooses.")
    ] = 0,
    cutoff: Annotated[
        str, typer.Option("--cutoff", "-c", metavar="DAY", help="As known before this day, or: latest.")
    ] = "latest",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Who is in which (.parquet or .csv).")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The one source of chance.")] = 7,
    extension: Extensions = None,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Cluster customers by behaviour, name the segments, and record the run. A card brings its own options."""
    screen = Screen(as_json=as_json, verbose=verbose)
    asked: dict[str, Any] = {
        "clusters": clusters,
        "cutoff": cutoff,
        "seed": seed,
        "extensions": tuple(extension or ()),
    }
    if source.endswith(".toml"):
        from tiercast.config import SegmentCard, read_card

        card = read_card(source, job="segment")
        assert isinstance(card, SegmentCard)  # of that job
        source, out = card.source, Path(card.out) if card.out else out
        asked = {name: getattr(card, name) for name in asked}
        side = [*card.sides, *(side or ())]
    source = with_map(source, map_file)
    asked["sides"] = spoken_sides(side or ())
    if out is not None:
        require_ending(out)
    with screen.working("clustering customers"):
        from tiercast import api

        result = api.segment(source, root=root, **asked)
        place = None if out is None else write_frame(result.assigned, out)
    answer = {
        **segment_answer(result.report),
        "run_id": result.run_id,
        "customers": len(result.assigned),
        "out": place,
    }
    written = [command_lines("Written:", str(place))] if place else []
    screen.answer(answer, *segment_tables(result.report), facts([("run", result.run_id)]), *written)


def segment_answer(report: "SegmentReport") -> dict[str, Any]:
    """Return a clustering as plain facts."""
    return {
        "chosen": report.chosen,
        "how": report.how,
        "silhouette": report.silhouette,
        "stability": report.stability,
        "tried": report.tried,
        "profile": report.profile,
        "skipped": report.skipped,
    }


def segment_tables(report: "SegmentReport") -> list[RenderableType]:
    """Return the segments, most valuable first, for people."""
    profile = report.profile
    spend = next((name for name in ("spend_91d_currency", "orders_91d") if name in profile), None)
    last = "days_since_purchase" if "days_since_purchase" in profile else None
    columns = {
        "spend_91d_currency": "spend 91 d",
        "orders_91d": "orders 91 d",
        "days_since_purchase": "days since",
    }
    shown = [name for name in (spend, last) if name is not None]
    total = float(profile["customers"].sum()) if len(profile) else 0.0
    rows = [
        [row["segment"], figure(int(row["customers"])), share(row["customers"], total)]
        + [figure(float(row[name]), 1) for name in shown]
        for row in profile.to_dict("records")
    ]
    numbers = ["customers", "share", *(columns[name] for name in shown)]
    judged = f"silhouette {figure(report.silhouette)}, stability {figure(report.stability)}"
    told = f"{report.chosen} segments ({report.how}; {judged})"
    return [heading(told), table("", ["segment", *numbers], rows, numbers=numbers)]
