"""The command ``segment``: which kinds of customers there are, and who is which."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from tiercast.cli.files import require_ending, write_frame
from tiercast.cli.options import AsJson, Cutoff, Extensions, MapFile, Root, Sides, Verbose
from tiercast.cli.screen import Screen, command_lines, facts, figure, heading, share, story, table
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
    cutoff: Cutoff = "latest",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Who is in which (.parquet or .csv).")
    ] = None,
    algorithm: Annotated[
        str,
        typer.Option("--algorithm", metavar="NAME", help="auto (all compete), kmeans, mixture or hdbscan."),
    ] = "auto",
    trials: Annotated[
        int, typer.Option("--trials", min=0, max=500, help="Looks of Optuna within each algorithm.")
    ] = 6,
    previous: Annotated[
        str,
        typer.Option(
            "--previous",
            metavar="FIT",
            help="Keep the labels of an older fit: champion, a version, a run's id, or its segments.json.",
        ),
    ] = "",
    predictions: Annotated[
        str,
        typer.Option(
            "--predictions",
            metavar="MODEL",
            help="Cluster this version's predictions of churn and value too.",
        ),
    ] = "",
    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="FOLDER", help="Write sizes, profile and moves there.")
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
        "algorithm": algorithm,
        "trials": trials,
        "previous": previous,
        "predictions": predictions,
        "extensions": tuple(extension or ()),
    }
    if source.endswith(".toml"):
        from tiercast.config import SegmentCard, read_card

        card = read_card(source, job="segment")
        assert isinstance(card, SegmentCard)  # of that job
        source, out = card.source, Path(card.out) if card.out else out
        plots = Path(card.plots) if card.plots else plots
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
        pictures = [] if plots is None else _pictures(result.report, plots)
    answer = {
        **segment_answer(result.report),
        "run_id": result.run_id,
        "customers": len(result.assigned),
        "out": place,
        "plots": pictures,
    }
    places = [*([str(place)] if place else []), *pictures]
    written = [command_lines("Written:", *places)] if places else []
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
        "algorithm": report.algorithm,
        "lasting": report.lasting,
        "indexes": report.indexes,
        "worth": [asdict(each) for each in report.worth],
        "verdict": report.verdict,
        "migration": report.migration,
        "matched": None if report.matched is None else asdict(report.matched),
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
    judged = (
        f"silhouette {figure(report.silhouette)}, found again {figure(report.stability)},"
        f" lasting {figure(report.lasting)}"
    )
    told = f"{report.chosen} segments ({' '.join([report.algorithm, report.how]).strip()}; {judged})"
    made: list[RenderableType] = [heading(told), table("", ["segment", *numbers], rows, numbers=numbers)]
    made += [_unlike(report)] if len(report.indexes) else []
    if report.worth:
        made.append(story(report.verdict))
    if report.matched is not None:
        made.append(story(_kept(report)))
    return [*made, *([_moves(report)] if len(report.migration) else [])]


def _unlike(report: "SegmentReport") -> RenderableType:
    """Return what each segment has most and least of."""
    known = report.indexes[report.indexes["stands_out"] != ""]
    rows = []
    for segment in report.profile["segment"]:
        own = known[known["segment"] == segment].sort_values("index", ascending=False)
        over, under = own[own["index"] > 0].head(3), own[own["index"] < 0].tail(3).iloc[::-1]
        rows.append([segment, *(_said(each) for each in (over, under))])
    return table("", ["segment", "more of", "less of"], rows)


def _said(rows: Any) -> str:

    told = zip(rows["behaviour"], rows["index"], strict=True)
    return "; ".join(
        f"{name.replace('_by_customer_age_days', ' a day')} {index:+.1f}" for name, index in told
    )


def _kept(report: "SegmentReport") -> str:
    match = report.matched
    if match is None or match.problem:
        return f"labels could not be kept: {match.problem if match else 'nothing to compare with'}"
    held = sum(each is not None for each in match.old_of)
    return f"{held} of {report.chosen} labels kept; {100 * match.agreement:.1f} % of customers keep theirs"


def _moves(report: "SegmentReport") -> RenderableType:
    rows = [
        [row["before"], row["after"], figure(int(row["customers"])), share(row["share_of_before"], 1.0)]
        for row in report.migration.to_dict("records")
    ]
    return table(
        "Moves in 13 weeks", ["from", "to", "customers", "share"], rows, numbers=["customers", "share"]
    )


def _pictures(report: "SegmentReport", folder: Path) -> list[str]:
    from tiercast.segments.recording import save_pictures

    return save_pictures(report, folder)
