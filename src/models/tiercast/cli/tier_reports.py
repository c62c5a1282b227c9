"""Commands that ask about tiers: try another policy or share, explain a customer's tier, measure concentration."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    Scorecards,
    Sides,
    SourceOption,
    Verbose,
)
from tiercast.cli.screen import Screen, facts, figure, heading, share, table

if TYPE_CHECKING:
    from tiercast.tiering import Customers, Shares

PolicyOrFile = Annotated[
    str,
    typer.Argument(
        metavar="[POLICY]", help="The policy to try: a name, or a TOML file. Default: the one in force."
    ),
]


def add_to(tiers: typer.Typer) -> None:
    """Add the commands of this file."""
    tiers.command("simulate")(simulate)
    tiers.command("explain")(explain)
    tiers.command("concentration")(concentration)


def _customers(
    source: str,
    *,
    map_file: Path | None,
    side: list[str] | None,
    cutoff: str,
    model: str,
    extension: list[str] | None,
    engine: str,
    root: Path | None,
    only: str | None = None,
) -> "Customers":
    from tiercast.mapping.spoken import with_map
    from tiercast.registry import open_store
    from tiercast.sides import spoken_sides
    from tiercast.sources.opening import open_source
    from tiercast.tiering import customers_at
    from tiercast.windows import parse_cutoff

    if not source:
        raise WrongUsage("--source SOURCE is needed")
    opened = open_source(
        with_map(source, map_file), sides=spoken_sides(tuple(side or ())), extensions=tuple(extension or ())
    )
    day = None if cutoff == "latest" else parse_cutoff(cutoff)
    return customers_at(opened, cutoff=day, store=open_store(root), model=model, engine=engine, only=only)


def simulate(
    to: PolicyOrFile = "",
    source: SourceOption = "",
    map_file: MapFile = None,
    side: Sides = None,
    cutoff: Cutoff = "latest",
    new_share: Annotated[
        list[str] | None,
        typer.Option(
            "--share",
            metavar="CUT=SHARE",
            help="Another share of a cut, from the top, as in top=0.02; may be given again.",
        ),
    ] = None,
    now: Annotated[
        str,
        typer.Option("--from", metavar="NAME", help="The policy in force. Default: the one of the bundle."),
    ] = "",
    scorecards: Scorecards = None,
    model: Model = "champion",
    extension: Extensions = None,
    engine: EngineName = "duckdb",
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Show how many customers would move under another policy, or under other shares: from, to, counts and shares."""
    screen = Screen(as_json=as_json, verbose=verbose)
    changes = dict(_change(each) for each in new_share or ())
    with screen.working("computing everybody"):
        from tiercast.tiering import what_if
        from tiercast.tiers.declared import policy_named
        from tiercast.tiers.files import is_file

        if is_file(to):
            policy_named(to, tuple(extension or ()))  # a mistake in a file is told before anything is read
        found = what_if(
            _customers(source, map_file=map_file, side=side, cutoff=cutoff, model=model, extension=extension,
                       engine=engine, root=root),
            to, now=now, shares=changes, scorecards=scorecards, extensions=tuple(extension or ()),
        )  # fmt: skip
    tried = found.simulation
    would_move = "everybody is classed anew: the two have different classes"
    if tried.same_classes:
        would_move = f"{figure(tried.moved)} ({share(tried.moved, tried.customers)})"
    answer = {
        "cutoff": found.cutoff,
        "from": found.now,
        "to": found.then,
        "customers": tried.customers,
        "moved": tried.moved if tried.same_classes else None,
        "moved_share": tried.moved_share if tried.customers and tried.same_classes else None,
        "moved_by_new_cuts": found.moved_by_new_cuts,
        "counts": tried.counts.to_dict("index"),
        "shares": {key: row.dropna().to_dict() for key, row in tried.shares.iterrows()},
        "notes": tried.notes,
    }
    rows = [
        (
            str(before) if not place else "",
            str(after),
            figure(int(row[after])),
            share(row[after], row.sum()),
        )
        for before, row in tried.counts.iterrows()
        for place, after in enumerate(row.index[row.to_numpy() > 0])
    ]
    screen.answer(
        answer,
        table(
            f"From {found.now} to {found.then}",
            ["from", "to", "customers", "of from"],
            rows,
            numbers=["customers", "of from"],
        ),
        facts(
            [
                ("customers", figure(tried.customers)),
                ("would move", would_move),
                (
                    "by new cuts alone",
                    f"{figure(found.moved_by_new_cuts)} of them without any change of policy",
                ),
                ("cutoff", found.cutoff),
                *(("note", each) for each in tried.notes),
            ]
        ),
    )


def _change(told: str) -> tuple[str, float]:
    name, _, number = told.partition("=")
    try:
        return name.strip(), float(number)
    except ValueError:
        raise WrongUsage(f"--share is CUT=SHARE, as in top=0.02, not {told!r}") from None


def explain(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")],
    source: SourceOption = "",
    map_file: MapFile = None,
    side: Sides = None,
    cutoff: Cutoff = "latest",
    policy: PolicyName = "",
    scorecards: Scorecards = None,
    language: Language = "en",
    model: Model = "champion",
    extension: Extensions = None,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Say why a customer is in a tier, what holds them there, and what would change it."""
    screen = Screen(as_json=as_json, verbose=verbose)
    require_language(language)
    with screen.working(f"looking at customer {customer}"):
        from tiercast.tiering import explain_customer

        alone = _customers(source, map_file=map_file, side=side, cutoff=cutoff, model=model, extension=extension,
                           engine="duckdb", root=root, only=customer)  # fmt: skip
        told = explain_customer(alone, customer, policy=policy, scorecards=scorecards, language=language)
    missing = (
        f"{told.next_tier}: {figure(told.distance, 2)} more of {told.distance_input}"
        if told.distance is not None
        else told.next_tier or "none above"
    )
    pairs: list[tuple[str, object]] = [
        ("tier", f"{told.tier} ({told.basis})"),
        ("why", told.reason),
        ("the rule says", f"{told.tier_by_rule}: {told.rule}"),
        ("since", told.since_on),
        *([("below since", told.below_since_on)] if told.below_since_on else []),
        ("next", missing),
        *(("holds", each) for each in told.holds or ("nothing",)),
    ]
    screen.answer(
        {"customer_id": customer, "cutoff": alone.cutoff, **told.__dict__},
        heading(f"Customer {customer} at {alone.cutoff}"),
        facts(pairs),
        heading("What would change it"),
        "\n".join(f"  {way.said}" for way in told.ways) or "  nothing that a rule names",
    )


def concentration(
    scorecard: Annotated[
        Path | None,
        typer.Argument(metavar="[SCORECARD]", help="A scorecard.parquet or its folder, instead of --source."),
    ] = None,
    source: SourceOption = "",
    map_file: MapFile = None,
    side: Sides = None,
    cutoff: Cutoff = "latest",
    policy: Annotated[
        str, typer.Option("--policy", metavar="NAME", help="Whose quotas are compared.")
    ] = "influence_intent",
    top: Annotated[
        float, typer.Option("--top", min=0.001, max=0.999, help="The best share of customers.")
    ] = 0.20,
    model: Model = "champion",
    extension: Extensions = None,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Report how uneven value is (Lorenz, Gini, share of the best 20 %), and how quotas came out (15/35/50)."""
    screen = Screen(as_json=as_json, verbose=verbose)
    if (scorecard is None) == (not source):
        raise WrongUsage("give either a SCORECARD, or --source")
    with screen.working("measuring"):
        from tiercast.planning.published import read_scorecard
        from tiercast.tiering import shares_of, shares_of_scorecard

        if scorecard is not None:
            cards = read_scorecard(scorecard)
            found = shares_of_scorecard(cards, extensions=tuple(extension or ()), top_share=top)
        else:
            everybody = _customers(source, map_file=map_file, side=side, cutoff=cutoff, model=model, extension=extension,
                                   engine="duckdb", root=root)  # fmt: skip
            found = shares_of(everybody, policy=policy, top_share=top)
    screen.answer(_shares_answer(found), *_shares_tables(found))


def _shares_answer(found: "Shares") -> dict[str, Any]:
    return {
        "cutoff": found.cutoff,
        "concentration": {
            name: {**each.__dict__, "lorenz": each.lorenz.to_dict("list")}
            for name, each in found.concentrations.items()
        },
        "policy": found.policy,
        "quotas": None if found.quotas is None else found.quotas,
    }


def _shares_tables(found: "Shares") -> list[Any]:
    rows = [
        (
            name,
            figure(each.customers),
            figure(each.total_currency, 0),
            figure(each.gini),
            f"{share(each.top_value_share, 1.0)} held by the best {share(each.top_share, 1.0)}",
            figure(each.negative),
        )
        for name, each in found.concentrations.items()
    ]
    parts: list[Any] = [
        table("Concentration", ["value", "customers", "in all", "Gini", "best", "below 0"], rows)
    ]
    curves = list(found.concentrations.items())
    at = curves[0][1].lorenz["customers_share"]
    lorenz = [
        (share(at[row], 1.0), *(share(each.lorenz["value_share"][row], 1.0) for _, each in curves))
        for row in range(2, len(at), 2)
    ]
    parts.append(table("Lorenz: the poorest … hold …", ["customers", *(name for name, _ in curves)], lorenz))
    if found.quotas is not None:
        told = [
            (
                row["tier"],
                figure(int(row["customers"])),
                share(row["share"], 1.0),
                share(row["ladder_share"], 1.0) if row["ladder_share"] == row["ladder_share"] else "–",
                share(row["quota"], 1.0) if row["quota"] == row["quota"] else "–",
            )
            for row in found.quotas.to_dict("records")
        ]
        parts.append(
            table(
                f"Quotas of {found.policy}", ["tier", "customers", "of all", "of its ladder", "meant"], told
            )
        )
    return parts
