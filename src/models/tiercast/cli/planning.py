"""Commands about whom to speak to and when: ``clocks`` of what runs out, ``plan`` under a budget, and the ``actions``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from tiercast.cli.faults import WrongUsage, require_language
from tiercast.cli.files import require_ending, write_frame
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
    Scorecards,
    Sides,
    SourceArgument,
    Verbose,
)
from tiercast.cli.screen import Screen, command_lines, facts, figure, heading, share, table
from tiercast.mapping.spoken import with_map
from tiercast.sides import spoken_sides

if TYPE_CHECKING:
    import pandas as pd

    from tiercast.planning import Asked, Plan

Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write every row: .parquet or .csv.")
]
Rules = Annotated[
    Path | None,
    typer.Option("--rules", metavar="FILE", help="Rules and assumptions of your own, TOML."),
]


UNVALUED = (
    "no value is predicted of who has not bought yet: what is due for them is told, and no plan holds it",
    "尚未购买者没有价值预测：会提示待办事项，但不列入计划",
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel="The path")(clocks)
    app.command(rich_help_panel="The path")(plan)
    actions = typer.Typer(
        help="List next best actions and their rules, or check a file of yours.", no_args_is_help=True
    )
    actions.command("show")(show_actions)
    app.add_typer(actions, name="actions", rich_help_panel="Around it")


def clocks(
    source: SourceArgument,
    cutoff: Cutoff = "latest",
    by: Annotated[
        str, typer.Option("--by", metavar="category|product", help="What the clock is of.")
    ] = "category",
    out: Out = None,
    map_file: MapFile = None,
    side: Sides = None,
    extension: Extensions = None,
    engine: EngineName = "duckdb",
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Tell when what each customer bought runs out: quantity × days per unit, given or learned, and the days to act."""
    screen = Screen(as_json=as_json, verbose=verbose)
    place = None if out is None else require_ending(out)
    with screen.working("reading touchpoints"):
        from tiercast import api

        told = api.clocks(
            with_map(source, map_file), cutoff=cutoff, by=by, sides=spoken_sides(side or ()),
            extensions=tuple(extension or ()), engine=engine,
        )  # fmt: skip
        written = None if place is None else write_frame(told, place)
    screen.answer(_clocks_answer(told, written), *_clocks_tables(told, written))


def _clocks_answer(told: "pd.DataFrame", written: Path | None) -> dict[str, Any]:
    day = told["cutoff"].iloc[0] if len(told) else None
    return {
        "cutoff": day,
        "clocks": len(told),
        "customers": int(told["customer_id"].nunique()),
        "basis": {str(name): int(count) for name, count in told["basis"].value_counts().items()},
        "habits": int(told["habit_formed"].sum()),
        "out": written,
    }


def _clocks_tables(told: "pd.DataFrame", written: Path | None) -> list[RenderableType]:
    answer = _clocks_answer(told, written)
    by = (
        told.groupby("category")
        .agg(
            customers=("customer_id", "size"),
            days=("days_per_unit", "median"),
            habits=("habit_formed", "mean"),
        )
        .sort_values("customers", ascending=False)
    )
    columns = ["customers", "days per unit, median", "a habit of"]
    rows = [
        (
            name,
            figure(int(each["customers"])),
            figure(float(each["days"]), 1),
            share(float(each["habits"]), 1.0),
        )
        for name, each in by.head(15).iterrows()
    ]
    basis = ", ".join(f"{figure(count)} {name}" for name, count in answer["basis"].items())
    more = [("shown", f"15 of {len(by):,}")] if len(by) > 15 else []
    closing = facts(
        [
            ("clocks", figure(answer["clocks"])),
            ("basis", basis or "none"),
            ("cutoff", answer["cutoff"]),
            *more,
        ]
    )
    lines = [] if written is None else [command_lines("Every clock:", str(written))]
    return [table("Run-out clocks", ["of", *columns], rows, numbers=columns), closing, *lines]


def plan(
    source: Annotated[
        str,
        typer.Argument(
            metavar="[SOURCE]", help="Touchpoints, or leave it out and give --scorecard.", show_default=False
        ),
    ] = "",
    scorecard: Annotated[
        Path | None,
        typer.Option("--scorecard", metavar="FILE|FOLDER", help="A published scorecard instead of a source."),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget", metavar="MONEY", help="Most that all contacts may cost.", show_default="none"
        ),
    ] = None,
    contacts: Annotated[
        float | None, typer.Option("--contacts", metavar="N", help="Most contacts.", show_default="none")
    ] = None,
    per_customer: Annotated[
        int,
        typer.Option(
            "--per-customer", metavar="N", help="Most contacts of one customer, each another channel."
        ),
    ] = 1,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel", metavar="NAME[=N]", help="Use this channel, N times at most; may be given again."
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            "--days",
            metavar="N",
            help="Only contacts of the first N days from the cutoff on.",
            show_default="all",
        ),
    ] = None,
    cutoff: Cutoff = "latest",
    out: Out = None,
    rules: Rules = None,
    uplift: Annotated[
        Path | None,
        typer.Option(
            "--uplift",
            metavar="FILE",
            help="Measured: customer_id, uplift_currency; or what tiercast uplift --out wrote.",
        ),
    ] = None,
    map_file: MapFile = None,
    side: Sides = None,
    model: Model = "champion",
    policy: PolicyName = "",
    scorecards: Scorecards = None,
    language: Language = "en",
    extension: Extensions = None,
    engine: EngineName = "duckdb",
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Allocate contacts under a budget: whom, why, through which channel, on which day, and what the last one earned."""
    screen = Screen(as_json=as_json, verbose=verbose)
    require_language(language)
    place = None if out is None else require_ending(out)
    if bool(source) == (scorecard is not None):
        raise WrongUsage("give either a SOURCE or --scorecard")
    if scorecard is not None:
        given = {"--cutoff": cutoff != "latest" and not scorecard.is_dir(), "--model": model != "champion",
                 "--policy": policy, "--side": side, "--map": map_file, "--engine": engine != "duckdb",
                 "--scorecards": scorecards}  # fmt: skip
        if idle := [name for name, told in given.items() if told]:
            raise WrongUsage(
                f"{', '.join(idle)}: a scorecard says itself what it was made of; give a SOURCE instead"
            )
    ways, most = _channels(channel or [])
    with screen.working("starting") as say:
        from tiercast import api
        from tiercast.planning import Limits

        none = float("inf")
        limits = Limits(
            none if budget is None else budget, none if contacts is None else contacts, per_customer, most
        )
        found, asked = api.plan(
            with_map(source, map_file) if source else None, scorecard=scorecard, cutoff=cutoff, limits=limits, days=days,
            rules=rules, uplift=uplift, channels=ways, model=model, policy=policy, root=root, scorecards=scorecards,
            sides=spoken_sides(side or ()), extensions=tuple(extension or ()), engine=engine, progress=say,
        )  # fmt: skip
        written = None if place is None else write_frame(found.contacts, place)
    answer = {
        **found.to_json(),
        "cutoff": asked.cutoff, "version": asked.version, "currency": asked.currency,
        "unknown_inputs": list(asked.unknown_inputs), "due_without_value": asked.unvalued,
        "uplifts_matched": None if asked.matched is None else asked.matched[0],
        "uplifts": None if asked.matched is None else asked.matched[1], "tiers_since": asked.tiers_since, "out": written,
    }  # fmt: skip
    screen.answer(answer, *_plan_tables(found, asked, language, written))


def _channels(told: list[str]) -> tuple[list[str] | None, dict[str, float]]:
    ways: list[str] = []
    most: dict[str, float] = {}
    for text in told:
        name, equals, number = text.partition("=")
        ways.append(name)
        if equals:
            try:
                most[name] = float(number)
            except ValueError:
                raise WrongUsage(f"--channel is NAME or NAME=N, not {text!r}") from None
    return (list(dict.fromkeys(ways)) or None), most


def _plan_tables(found: "Plan", asked: "Asked", language: str, written: Path | None) -> list[RenderableType]:
    from tiercast.planning.allocate import NOTES

    money = asked.currency
    named = f"next_action_{language}" if f"next_action_{language}" in found.contacts else "next_action"
    rows = []
    if len(found.contacts):
        grouped = found.contacts.groupby([named, "channel"], sort=False).agg(
            contacts=("customer_id", "size"),
            cost=("cost_currency", "sum"),
            gain=("expected_gain_currency", "sum"),
        )
        ranked = grouped.sort_values("gain", ascending=False)
        rows = [
            (
                name,
                via,
                figure(int(each["contacts"])),
                figure(float(each["cost"]), 2),
                figure(float(each["gain"]), 2),
            )
            for (name, via), each in zip(ranked.index, ranked.to_dict("records"), strict=True)
        ]
    columns = ["contacts", f"cost, {money}".rstrip(", "), f"gain, {money}".rstrip(", ")]
    told: list[tuple[str, object]] = [
        ("contacts", figure(len(found.contacts))),
        ("cost", f"{found.cost_currency:,.2f} {money}"),
        ("expected gain", f"{found.gain_currency:,.2f} {money}, costs taken off"),
        ("the last unit of budget", f"earned {found.last_budget_currency:,.2f}"),
        ("the last contact", f"earned {found.last_contact_currency:,.2f}"),
    ]
    told += [
        (f"the last {name}", f"earned {each:,.2f}") for name, each in found.last_of_channel_currency.items()
    ]
    told.append(
        ("greedy", f"{found.greedy_currency:,.2f} by {found.greedy_by}; at most {found.bound_currency:,.2f}")
    )
    counted = found.contacts["gain_basis"].value_counts()
    bases = {str(name): int(count) for name, count in counted.items()}
    told.append(
        ("gains rest on", ", ".join(f"{figure(count)} {name}" for name, count in bases.items()) or "–")
    )
    if asked.matched is not None:
        told.append(("measured uplifts", f"{figure(asked.matched[0])} of {figure(asked.matched[1])} matched"))
    if asked.unvalued:
        told.append(("no value known", f"{figure(asked.unvalued)} due, no value known"))
    told += [("note", NOTES[code][language == "zh"]) for code in found.notes]
    if asked.unknown_inputs:
        told.append(
            ("never met", f"rules read {', '.join(asked.unknown_inputs)}, which this version does not hold")
        )
    if asked.tiers_since is not None:
        told.append(("tiers go on from", asked.tiers_since))
    told.append(("cutoff", asked.cutoff))
    lines = [] if written is None else [command_lines("Every contact:", str(written))]
    return [table("Contacts", ["action", "channel", *columns], rows, numbers=columns), facts(told), *lines]


def show_actions(
    rules: Rules = None,
    extension: Extensions = None,
    language: Language = "en",
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Show the rules of next best actions, in order, and what is assumed of each; with --rules, a file of yours, checked."""
    screen = Screen(as_json=as_json, verbose=verbose)
    require_language(language)
    with screen.working("reading rules"):
        from tiercast.actions.assumptions import DEFAULT
        from tiercast.actions.next_best import NEXT_BEST
        from tiercast.actions.rules_file import check_inputs, read_rules
        from tiercast.tiers.readable import readable_inputs

        read, assumed = (NEXT_BEST, DEFAULT) if rules is None else read_rules(rules)
        held = read or NEXT_BEST
        check_inputs(held, readable_inputs(tuple(extension or ())))
    rows = [
        (
            rule.name,
            rule.action,
            "; ".join(_said(each) for each in rule.when) or "everybody else",
            rule.reason_zh if language == "zh" else rule.reason_en,
        )
        for rule in held.rules
    ]
    effects = [
        (name, share(effect.share, 1.0), effect.of.replace("_", " "))
        for name, effect in assumed.effects.items()
    ]
    costs = [
        (name, figure(float(cost), 3), figure(float(assumed.responses.get(name, 1.0)), 1))
        for name, cost in assumed.costs_currency.items()
    ]
    answer = {
        "actions": held.name, "version": held.version, "rules": held.rules, "cuts": held.cuts,
        "assumptions": {"effects": assumed.effects, "costs_currency": assumed.costs_currency,
                        "responses": assumed.responses, "closed": assumed.closed},
    }  # fmt: skip
    screen.answer(
        answer,
        heading(f"{held.name}, version {held.version}"),
        table("Rules: the first that fits decides", ["rule", "action", "when", "reason"], rows),
        table("Assumed effects (unverified)", ["action", "share", "of"], effects, numbers=["share"]),
        table(
            "Assumed costs and answers (unverified)", ["channel", "cost", "answers beside an e-mail"], costs,
            numbers=["cost", "answers beside an e-mail"],
        ),
        facts([("note", UNVALUED[language == "zh"])]),
    )  # fmt: skip


def _said(condition: Any) -> str:
    if condition.op.startswith("is_"):
        return f"{condition.input} {condition.op.replace('_', ' ')}"
    against = f"cut {condition.cut}" if condition.cut is not None else condition.threshold
    return f"{condition.input} {condition.op} {against}"
