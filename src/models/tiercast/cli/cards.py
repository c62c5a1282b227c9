"""Commands about whole jobs: ``cards`` validates a folder of job cards, ``demo`` runs the path on real retail data."""

import difflib
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from tiercast.cli.faults import refuse
from tiercast.cli.options import AsJson, Root, Verbose
from tiercast.cli.scoring import score_answer, score_tables, tiers_of
from tiercast.cli.screen import Screen, command_lines, story, table
from tiercast.cli.training import train_answer, train_tables
from tiercast.errors import CardError, TiercastError, without_password

CHAMPION = "models:/tiercast-scorecard@champion"


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel="Start here")(demo)
    app.command(rich_help_panel="Around it")(cards)


def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the scorecard goes.")
    ] = Path("scorecards"),
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Train on a year of a grocer's real data, score every household, and show what came out."""
    screen = Screen(as_json=as_json, verbose=verbose)
    with screen.working("starting") as say:
        from tiercast import jobs
        from tiercast.registry import resolve_store

        report = jobs.demo(root=root, out=out, progress=say)
        uri = without_password(resolve_store(root))
        tiers = tiers_of(report.score)
    answer = {
        "train": train_answer(report.train, uri),
        "score": score_answer(report.score, tiers),
        "examples": report.examples,
        "ui_command": report.ui_command,
    }
    serve = (
        f"export MLFLOW_TRACKING_URI={shlex.quote(uri)}",
        f"mlflow models serve -m {CHAMPION} --env-manager local --port 5001",
    )
    screen.answer(
        answer,
        *train_tables(report.train, uri, first=True),
        *score_tables(report.score, tiers),
        story(report.examples),
        command_lines("Serve it:", *serve),
        command_lines("Look at it:", report.ui_command),
    )


def cards(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the cards are.")] = Path(
        "pipelines"
    ),
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Validate every job card of a folder, without reading any data. Exit code 2 when one cannot be used."""
    screen = Screen(as_json=as_json, verbose=verbose)
    if not folder.is_dir():
        raise CardError(card=folder, problem="there is no such folder")
    places = sorted(folder.glob("*.toml"))
    if not places:
        raise CardError(card=folder, problem="the folder holds no card (*.toml)")
    with screen.working("reading cards") as say:
        found = []
        for place in places:
            say(place.name)
            found.append(_looked_at(place))
    rows = [
        (
            Text("ok", style="green") if each["error"] is None else Text("BAD", style="bold red"),
            each["card"],
            each["job"] or "",
            each["source"] or "" if each["error"] is None else each["error"]["message"],
        )
        for each in found
    ]
    bad = [each for each in found if each["error"] is not None]
    screen.answer({"cards": found, "passed": not bad}, table("", ["", "card", "job", "reads"], rows))
    if bad:
        names = ", ".join(each["card"] for each in bad)
        refuse(CardError(card=folder, problem=f"{len(bad)} of {len(found)} cards cannot be used: {names}"))


def _looked_at(place: Path) -> dict[str, Any]:
    """Return what a card says, or why it cannot be used: its keys, and every name in it."""
    from tiercast.config import read_card
    from tiercast.mapping.reading import read_map

    told: dict[str, Any] = {"card": place.name, "job": None, "source": None, "error": None}
    try:
        card = read_card(place)
        told |= {"job": card.job, "source": without_password(card.source)}
        _require_names(place, card.source, getattr(card, "policy", ""), card.extensions)
        if card.map:
            read_map(card.map)
    except TiercastError as error:
        told["error"] = error.body()
    return told


def _require_names(place: Path, source: str, policy: str, extensions: tuple[str, ...]) -> None:
    from tiercast.collect import collect
    from tiercast.sources.source import Source
    from tiercast.tiers.policy import Policy

    scheme, colon, _ = source.partition(":")
    for what, name, known in (
        ("source", scheme if colon else "", collect("tiercast.sources", Source, extensions)),
        ("policy", policy, collect("tiercast.tiers", Policy, extensions)),
    ):
        if name and name not in known:
            close = difflib.get_close_matches(name, list(known), 1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise CardError(card=place, problem=f"no {what} is named {name!r}{hint}", there_is=sorted(known))
