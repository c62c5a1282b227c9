"""Options that several commands share, so that each means the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Root = Annotated[
    Path | None,
    typer.Option(
        "--root", metavar="FOLDER", help="Project folder, with mlruns/. Default: found from here upwards."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Tell each step on standard error.")]
SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE", help="parquet:FILE, csv:FILE, postgres:ADDRESS#TABLE, … (see: tiercast sources)."
    ),
]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source", "-s", metavar="SOURCE", help="Where touchpoints come from (see: tiercast sources)."
    ),
]
Cutoff = Annotated[
    str, typer.Option("--cutoff", "-c", metavar="DAY", help="As known before this day, or: latest.")
]
Extensions = Annotated[
    list[str] | None,
    typer.Option("--extension", metavar="MODULE", help="A module of your own to load; may be given again."),
]
MapFile = Annotated[
    Path | None,
    typer.Option("--map", metavar="FILE", help="Column map, TOML: what each column of the table means."),
]
Sides = Annotated[
    list[str] | None,
    typer.Option(
        "--side", metavar="NAME=SOURCE",
        help="A side table, as in products=csv:products.csv; may be given again (see docs/sides.md).",
    ),
]  # fmt: skip
Currency = Annotated[str | None, typer.Option("--currency", metavar="ISO", help="Currency of every amount.")]
Zone = Annotated[str | None, typer.Option("--zone", metavar="ZONE", help="IANA zone of weekdays and hours.")]
EngineName = Annotated[
    str, typer.Option("--engine", metavar="duckdb|spark", help="Who runs the SQL: this process, or Spark.")
]
Language = Annotated[str, typer.Option("--language", metavar="en|zh", help="Language of the words in it.")]
Model = Annotated[
    str,
    typer.Option(
        "--model", metavar="MODEL", help="champion, challenger, a version number, or models:/ address."
    ),
]
PolicyName = Annotated[
    str, typer.Option("--policy", metavar="NAME", help="Tier policy. Default: the one of the bundle.")
]
Scorecards = Annotated[
    Path | None,
    typer.Option(
        "--scorecards", metavar="FOLDER", help="What tiercast score --out fills: its tier history is read."
    ),
]
