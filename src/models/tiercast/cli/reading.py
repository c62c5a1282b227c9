"""Commands about what comes in: compute ``features`` of a source, list the ``sources``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiercast.cli.faults import WrongUsage
from tiercast.cli.files import require_ending, write_frame
from tiercast.cli.options import AsJson, Currency, EngineName, Extensions, MapFile, Root, Sides, Verbose, Zone
from tiercast.cli.screen import Screen, command_lines, facts, figure, table
from tiercast.mapping.spoken import with_map
from tiercast.sides import spoken_sides

if TYPE_CHECKING:
    from tiercast.features.declare import Feature

WHOLE_HISTORY = "2100-01-01"
OptionalSource = Annotated[
    str | None,
    typer.Argument(metavar="SOURCE", help="As in check; --list can do without.", show_default=False),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel="The path")(features)
    app.command(rich_help_panel="Around it")(sources)


def features(
    source: OptionalSource = None,
    cutoff: Annotated[
        str, typer.Option("--cutoff", "-c", metavar="DAY", help="As known at this midnight UTC.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where the table goes (.parquet or .csv)."),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="List the features instead, with unit and meaning.")
    ] = False,
    sql: Annotated[
        bool,
        typer.Option(
            "--sql",
            help="Print the one SQL text instead, --cutoff filled in; with --engine spark, how it reads, too.",
        ),
    ] = False,
    only: Annotated[
        str,
        typer.Option("--only", metavar="NAMES", help="Names of features, with commas between; default: all."),
    ] = "",
    map_file: MapFile = None,
    side: Sides = None,
    currency: Currency = None,
    zone: Zone = None,
    extension: Extensions = None,
    engine: EngineName = "duckdb",
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Compute one row per customer, as known at a cutoff; or list the features, or print their SQL."""
    screen = Screen(as_json=as_json, verbose=verbose)
    options: dict[str, Any] = {
        "features": tuple(dict.fromkeys(name.strip() for name in only.split(",") if name.strip())),
        "sides": spoken_sides(side or ()),
        "currency": currency,
        "zone": zone,
        "extensions": tuple(extension or ()),
        "engine": engine,
    }
    if source is None and not listed:
        raise WrongUsage("a SOURCE is needed, unless --list is given")
    if source is not None:
        source = with_map(source, map_file)
    if listed or sql:
        with screen.working("looking at what the source can feed"):
            found, text, read_stage = _declared(source, cutoff or WHOLE_HISTORY, options)
        if sql:
            names = [each.name for each in found]
            if cutoff:
                from tiercast.serving.history import one_by_one, parse_cutoff

                ((text, _),) = one_by_one(text, [parse_cutoff(cutoff)])
            screen.answer(
                {"sql": text, "read_stage": read_stage, "engine": engine, "features": names},
                text if engine == "duckdb" or not text else f"{_as_view(read_stage)}\n\n{text}",
            )
            return
        from tiercast.features.compile import reads

        cost = {each.name: reads(found, each.name) for each in found}
        rows = [
            (each.name, each.unit, each.meaning, _absent(each.absent), len(cost[each.name])) for each in found
        ]
        listing = [
            {
                "name": each.name,
                "grain": each.grain,
                "unit": each.unit,
                "meaning": each.meaning,
                "absent": each.absent,
                "cost": {"relations": cost[each.name]},
            }
            for each in found
        ]
        screen.answer(
            {"features": listing},
            table(
                f"{len(rows)} features",
                ["feature", "unit", "meaning", "absent", "relations"],
                rows,
                whole=["feature"],
            ),
        )
        return
    if not cutoff or out is None or source is None:
        raise WrongUsage("--cutoff DAY and --out FILE are needed, unless --list or --sql is given")
    require_ending(out)
    with screen.working(f"computing features at {cutoff}"):
        from tiercast import api

        made = api.compute_features(source, cutoff=cutoff, **options)
        place = write_frame(made, out)
    names = [str(name) for name in made.columns[2:]]
    screen.answer(
        {"out": place, "cutoff": cutoff, "customers": len(made), "features": names},
        facts(
            [
                ("customers", figure(len(made))),
                ("features", figure(len(names))),
                ("cutoff", cutoff),
            ]
        ),
        command_lines("Written:", str(place)),
    )


def _absent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"


def _as_view(read_stage: str) -> str:
    return (
        "-- read: the source, named original, becomes the view touchpoints\n"
        f"CREATE TEMPORARY VIEW touchpoints AS\n{read_stage};\n\n"
        "-- the one text, the same on every engine"
    )


def _declared(
    source: str | None, cutoff: str, options: dict[str, Any]
) -> "tuple[tuple[Feature, ...], str, str]":
    if source is not None:
        from tiercast import api

        declared = api.declare_features(source, cutoff=cutoff, **options)
        return declared.features, declared.text, declared.read_stage
    from tiercast.features.catalogue import build_catalogue
    from tiercast.features.compile import needed
    from tiercast.features.declare import Seen

    catalogue = build_catalogue(Seen.everything(), extensions=options["extensions"])
    catalogue.require(options["features"])
    return tuple(needed(catalogue.features, options["features"] or catalogue.names)), "", ""


def sources(
    extension: Extensions = None, as_json: AsJson = False, root: Root = None, verbose: Verbose = False
) -> None:
    """List where touchpoints can come from."""
    screen = Screen(as_json=as_json, verbose=verbose)
    with screen.working("looking for sources"):
        from tiercast.collect import collect
        from tiercast.sources.source import Source

        found = collect("tiercast.sources", Source, tuple(extension or ()))
    rows = [(f"{each.name}:", each.meaning) for each in found.values()]
    screen.answer(
        {"sources": [{"scheme": name, "meaning": each.meaning} for name, each in found.items()]},
        table("", ["source", "meaning"], rows),
    )
