"""Commands that answer: ``score`` every customer of a source, ``explain`` one of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from tiercast.cli.faults import WrongUsage, require_language
from tiercast.cli.options import (
    AsJson,
    Cutoff,
    EngineName,
    Extensions,
    Language,
    MapFile,
    Model,
    PolicyName,
    Root,
    Sides,
    SourceOption,
    Verbose,
)
from tiercast.cli.screen import Screen, command_lines, facts, figure, share, story, table
from tiercast.mapping.spoken import with_map
from tiercast.newest import MOST_SILENT_DAYS
from tiercast.sides import spoken_sides

if TYPE_CHECKING:
    from tiercast.scoring import ScoreReport


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel="The path")(score)
    app.command(rich_help_panel="The path")(explain)


def score(
    card: Annotated[
        Path | None,
        typer.Argument(
            metavar="CARD", help="A card of the job score, instead of the options.", show_default=False
        ),
    ] = None,
    source: SourceOption = "",
    map_file: MapFile = None,
    side: Sides = None,
    cutoff: Cutoff = "latest",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Gets cutoff=DAY/version=…/scorecard.parquet."),
    ] = None,
    model: Model = "champion",
    policy: PolicyName = "",
    language: Language = "en",
    extension: Extensions = None,
    engine: EngineName = "duckdb",
    newest_within_days: Annotated[
        int,
        typer.Option(
            "--newest-within-days",
            min=1,
            help="Refuse a history whose newest touchpoint is longer before the cutoff.",
        ),
    ] = MOST_SILENT_DAYS,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Publish the scorecard of every customer seen before a cutoff. Safe to run again: it replaces itself whole."""
    screen = Screen(as_json=as_json, verbose=verbose)
    asked: dict[str, Any] = {
        "source": with_map(source, map_file) if source else source,
        "out": out,
        "cutoff": cutoff,
        "model": model,
        "policy": policy,
        "language": require_language(language),
        "extensions": tuple(extension or ()),
        "sides": tuple(side or ()),
        "newest_within_days": newest_within_days,
    }
    if card is not None:
        from tiercast.config import ScoreCard, read_card

        if source or map_file or side or out is not None:
            raise WrongUsage("give either a CARD, or --source, --map, --side and --out")
        read = read_card(card, job="score")
        assert isinstance(read, ScoreCard)  # of that job
        asked = {name: getattr(read, name) for name in asked}
    elif not source or out is None:
        raise WrongUsage("--source SOURCE and --out FOLDER are needed, or a CARD that has them")
    asked["sides"] = spoken_sides(asked["sides"])
    with screen.working("starting") as say:
        from tiercast import api

        report = api.score(asked.pop("source"), root=root, engine=engine, progress=say, **asked)
        tiers = tiers_of(report)
    screen.answer(score_answer(report, tiers), *score_tables(report, tiers))


def tiers_of(report: "ScoreReport") -> list[dict[str, Any]]:
    """Return each tier of a scoring, best first, with its customers, mean risk and expected value."""
    cards = report.cards
    found = (
        cards.assign(tier=cards["tier"].fillna("none"))
        .groupby("tier")
        .agg(
            customers=("customer_id", "size"),
            churn_probability=("churn_probability", "mean"),
            expected_value_currency=("expected_value_currency", "sum"),
        )
    )
    order = report.classes
    keys = [key for key in order if key in found.index] + [key for key in found.index if key not in order]
    return [{"tier": str(key), **{str(name): each for name, each in found.loc[key].items()}} for key in keys]


def score_answer(report: "ScoreReport", tiers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a scoring as plain facts."""
    cards = report.cards
    bases = {
        name: {str(key): int(count) for key, count in cards[name].value_counts().items()}
        for name in ("basis_churn", "basis_repurchase", "basis_value")
    }
    return {
        "out": report.place and report.place.absolute(),
        "customers": report.customers,
        "cutoff": report.cutoff,
        "version": report.version,
        "policy": str(cards["policy"].iloc[0]) if len(cards) else None,
        "tiers": [{**each, "customers": int(each["customers"])} for each in tiers],
        "moves": moves_of(report),
        "basis": bases,
        "account": report.account.to_json(),
        "lacking": report.lacking,
        "not_judged": report.not_judged or None,
    }


def moves_of(report: "ScoreReport") -> dict[str, Any] | None:
    """Return since when, and how many customers moved or were held back by a brake; None without a night before."""
    if report.tiers is None or report.tiers_since is None:
        return None
    codes = report.tiers["reason_code"].astype(str)
    return {
        "since": report.tiers_since,
        "moved": int(codes.str.startswith("MOVED").sum()),
        "held": int(codes.str.startswith("HELD").sum()),
    }


def score_tables(report: "ScoreReport", tiers: list[dict[str, Any]]) -> list[RenderableType]:
    """Return tier counts and where the scorecard is, for people."""
    cards = report.cards
    currency = str(cards["currency"].iloc[0]) if len(cards) else ""
    rows = [
        (
            each["tier"],
            figure(int(each["customers"])),
            share(each["customers"], report.customers),
            share(each["churn_probability"], 1.0)
            if each["churn_probability"] == each["churn_probability"]
            else "–",
            figure(float(each["expected_value_currency"]), 0),
        )
        for each in tiers
    ]
    measures = cards["value_measure"].unique().tolist()
    value = "expected value" if measures in ([], ["net_revenue"]) else measures[0].replace("_", " ")
    columns = ["customers", "share", "mean churn risk", f"{value}, {currency}".rstrip(", ")]
    policy = str(cards["policy"].iloc[0]) if len(cards) else "none"
    closing: list[tuple[str, object]] = [
        ("customers", figure(report.customers)),
        ("cutoff", report.cutoff),
        ("version", report.version),
    ]
    if moves := moves_of(report):
        closing.append(
            (f"since {moves['since']}", f"{figure(moves['moved'])} moved, {figure(moves['held'])} held back")
        )
    if report.account.rows_rejected or report.account.rows_unresolved:
        left = f"{figure(report.account.rows_rejected)} rejected, {figure(report.account.rows_unresolved)} unresolved"
        closing.append(("rows left out", f"{left} (see: tiercast check)"))
    if report.lacking:
        closing.append(
            (
                "went without",
                f"{', '.join(report.lacking)}: what they tell is unknown (give them with --side)",
            )
        )
    if report.not_judged:
        closing.append(("warning", report.not_judged))
    tiered = table(f"Tiers by policy {policy}", ["tier", *columns], rows, numbers=columns)
    written = [] if report.place is None else [command_lines("Scorecard:", str(report.place.absolute()))]
    return [tiered, facts(closing), *written]


def explain(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")],
    source: SourceOption,
    cutoff: Annotated[
        str, typer.Option("--cutoff", "-c", metavar="DAY", help="As known before this day, 00:00 UTC.")
    ],
    map_file: MapFile = None,
    side: Sides = None,
    model: Model = "champion",
    policy: PolicyName = "",
    language: Language = "en",
    extension: Extensions = None,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Tell one customer's story: events, features, predictions and tier, in words."""
    screen = Screen(as_json=as_json, verbose=verbose)
    with screen.working(f"explaining customer {customer}"):
        from tiercast import api

        told = api.explain(
            with_map(source, map_file),
            customer,
            cutoff=cutoff,
            model=model,
            policy=policy,
            language=require_language(language),
            sides=spoken_sides(side or ()),
            root=root,
            extensions=tuple(extension or ()),
        )
    answer = {"text": told.text, "card": told.card, "features": told.features, "events": told.events}
    screen.answer(answer, story(told.text))
