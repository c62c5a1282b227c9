"""Commands about tier policies: which there are, and what each promises to whom."""

from typing import Annotated, Any

import typer

from tiercast.cli.faults import require_language
from tiercast.cli.options import AsJson, Extensions, Language, Root, Verbose
from tiercast.cli.screen import Screen, facts, figure, heading, table


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    tiers = typer.Typer(help="List the tier policies, or show one with its promises.", no_args_is_help=True)
    tiers.command("list")(list_policies)
    tiers.command("show")(show_policy)
    app.add_typer(tiers, name="tiers", rich_help_panel="Around it")


def _policies(extensions: list[str] | None) -> dict[str, Any]:
    from tiercast.collect import collect
    from tiercast.tiers.policy import Policy

    return collect("tiercast.tiers", Policy, tuple(extensions or ()))


def list_policies(
    extension: Extensions = None, as_json: AsJson = False, root: Root = None, verbose: Verbose = False
) -> None:
    """List the tier policies and their classes, best first."""
    screen = Screen(as_json=as_json, verbose=verbose)
    with screen.working("looking for policies"):
        found = _policies(extension)
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
    name: Annotated[str, typer.Argument(metavar="POLICY", help="A name from tiercast tiers list.")],
    language: Language = "en",
    extension: Extensions = None,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Show one policy: its classes, whom each holds, and what each is promised."""
    screen = Screen(as_json=as_json, verbose=verbose)
    require_language(language)
    with screen.working("looking for policies"):
        from tiercast.collect import choose

        policy = choose(_policies(extension), name, what="policy")
    whom = {
        rule.tier: "; ".join(_condition(each) for each in rule.conditions) for rule in reversed(policy.rules)
    }
    rows = [
        (
            f"{each.key} ({each.name_zh})" if language == "zh" else each.key,
            whom.get(each.key) or "everybody else",
            each.playbook_zh if language == "zh" else each.playbook_en,
        )
        for each in policy.classes
    ]
    cuts = [
        (f"cut {cut.name}", f"the best {figure(100 * cut.top_share, 1)} % by {cut.input}")
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
    }
    screen.answer(
        answer,
        heading(f"{policy.name}, version {policy.version}"),
        table("", ["class", "who", "promise"], rows),
        facts([*cuts, ("kept at least", f"{policy.dwell_days} days within one ladder")]),
    )


def _condition(condition: Any) -> str:
    words = {"is_unknown": "is unknown", "is_known": "is known"}
    if condition.op in words:
        return f"{condition.input} {words[condition.op]}"
    against = f"cut {condition.cut}" if condition.cut is not None else condition.threshold
    return f"{condition.input} {condition.op} {against}"
