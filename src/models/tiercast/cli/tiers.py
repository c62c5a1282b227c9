"""Commands about tier policies: which there are, what each promises to whom, and whether one of your own holds."""

from typing import Annotated, Any

import typer

from tiercast.cli import tier_nights, tier_reports
from tiercast.cli.faults import require_language
from tiercast.cli.options import AsJson, Extensions, Language, Root, Verbose
from tiercast.cli.screen import Screen, facts, figure, heading, table


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    tiers = typer.Typer(
        help="Tier policies: list, show or check them, try another, explain a customer's tier, forecast moves.",
        no_args_is_help=True,
    )
    tiers.command("list")(list_policies)
    tiers.command("show")(show_policy)
    tier_reports.add_to(tiers)
    tier_nights.add_to(tiers)
    app.add_typer(tiers, name="tiers", rich_help_panel="Around it")


def list_policies(
    extension: Extensions = None, as_json: AsJson = False, root: Root = None, verbose: Verbose = False
) -> None:
    """List the tier policies and their classes, best first."""
    screen = Screen(as_json=as_json, verbose=verbose)
    with screen.working("looking for policies"):
        from tiercast.tiers.declared import declared_policies

        found = declared_policies(tuple(extension or ()))
    rows = [
        (name, policy.version, ", ".join(each.key for each in policy.classes))
        for name, policy in found.items()
    ]
    answer = [
        {"policy": name, "version": policy.version, "classes": [each.key for each in policy.classes]}
        for name, policy in found.items()
    ]
    screen.answer({"policies": answer}, table("", ["policy", "version", "classes, best first"], rows))


def show_policy(
    name: Annotated[
        str,
        typer.Argument(metavar="POLICY", help="A name from tiercast tiers list, or a TOML file of your own."),
    ],
    language: Language = "en",
    extension: Extensions = None,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Show one policy: its classes, whom each holds, and what each is promised. A file is checked whole first."""
    screen = Screen(as_json=as_json, verbose=verbose)
    require_language(language)
    with screen.working("looking for policies"):
        from tiercast.tiers.declared import policy_named
        from tiercast.tiers.phrases import phrase_of
        from tiercast.tiers.playbook import HEADINGS

        policy, _ = policy_named(name, tuple(extension or ()))
    whom: dict[str, list[str]] = {}
    for rule in policy.rules:
        whom.setdefault(rule.tier, []).append("; ".join(phrase_of(each) for each in rule.conditions))
    rows = []
    for each in policy.classes:
        book = getattr(each, f"playbook_{language}")
        named = getattr(each, f"name_{language}")
        promise = "; ".join(
            f"{heads[language]}: {said}" for part, heads in HEADINGS.items() if (said := getattr(book, part))
        )
        rows.append((f"{each.key} ({named})", " or ".join(whom[each.key]) or "everybody else", promise))
    cuts = [
        (
            f"cut {cut.name}",
            f"the best {figure(100 * cut.top_share, 1)} % by {cut.input}"
            + "".join(f"; in {currency} {value:g}" for currency, value in cut.value_in),
        )
        for cut in policy.cuts
    ]
    answer = {
        "policy": policy.name,
        "version": policy.version,
        "classes": policy.classes,
        "inputs": policy.inputs,
        "rules": policy.rules,
        "cuts": policy.cuts,
        "band_share": policy.band_share,
        "dwell_days": policy.dwell_days,
        "grace_days": policy.grace_days,
        "overlaps": policy.overlaps,
    }
    brakes: list[tuple[str, Any]] = [
        ("band", f"{figure(100 * policy.band_share, 0)} % around each cut, within one ladder"),
        ("kept at least", f"{policy.dwell_days} days within one ladder"),
        ("down after", f"{policy.grace_days} days below"),
    ]
    screen.answer(
        answer,
        heading(f"{policy.name}, version {policy.version}"),
        table("", ["class", "who", "promise"], rows),
        facts([*cuts, *brakes]),
    )
