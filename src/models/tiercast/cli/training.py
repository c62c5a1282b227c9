"""Commands that learn from a card: ``train`` it, or ``audit`` it for leaks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from tiercast.cli.faults import refuse
from tiercast.cli.options import AsJson, Root, Verbose
from tiercast.cli.screen import Screen, facts, figure, table
from tiercast.cli.segmenting import segment_answer
from tiercast.errors import LeakError

if TYPE_CHECKING:
    from tiercast.training import TrainReport

CardArgument = Annotated[
    Path, typer.Argument(metavar="CARD", help="A job card, such as pipelines/train_weekly.toml.")
]
FIGURES: dict[str, tuple[str, dict[str, str]]] = {
    "churn": (
        "Churn: no purchase within the horizon",
        {
            "log loss": "log_loss",
            "Brier": "brier",
            "AUC": "roc_auc",
            "calib. err": "expected_calibration_error",
            "lift 10 %": "top_decile_lift",
        },
    ),
    "repurchase": (
        "Repurchase: days to the next purchase",
        {
            "int. Brier": "integrated_brier",
            "concord.": "concordance",
            "7 d ratio": "within_7d_predicted_to_actual",
        },
    ),
    "lifetime_value": (
        "Value: net revenue over the horizon",
        {
            "Gini": "normalised_gini",
            "Spearman": "spearman",
            "RMSE": "rmse",
            "bias": "total_bias",
            "top 10 %": "capture_10_share",
        },
    ),
    "orders": (
        "Orders: days with a purchase in the horizon",
        {"RMSE": "rmse", "MAE": "mae", "bias": "total_bias", "corr.": "correlation"},
    ),
}
"""What is shown of each target, the deciding figure first; the record in MLflow has all of them."""
FALLING = {"log_loss", "brier", "integrated_brier", "rmse"}


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel="The path")(train)
    app.command(rich_help_panel="Around it")(audit)


def train(card: CardArgument, as_json: AsJson = False, root: Root = None, verbose: Verbose = False) -> None:
    """Train over rolling origins, judge beside the rules, register, and promote what passes the gate.

    Where a history is too short for that, the purchase process or a rule answers, and is told to be not judged.
    """
    screen = Screen(as_json=as_json, verbose=verbose)
    from tiercast.config import read_card

    read = read_card(card, job="train")
    with screen.working("starting") as say:
        from tiercast import api
        from tiercast.registry import resolve_store

        report = api.train(read, root=root, progress=say)  # type: ignore[arg-type]
        uri = resolve_store(root)
    screen.answer(train_answer(report, uri), *train_tables(report, uri))


def train_answer(report: "TrainReport", uri: str) -> dict[str, Any]:
    """Return a training as plain facts."""
    from tiercast.errors import without_password

    promotion = report.promotion
    before = promotion.champion_before
    return {
        "run_id": report.run_id,
        "tracking_uri": without_password(uri),
        "judged": report.plan.judged_from is None,
        "judged_from": report.plan.judged_from,
        "promoted": promotion.promoted,
        "reasons": promotion.decision.reasons,
        "held_back": promotion.held_back or None,
        "champion_before": None if before is None else before.version,
        **{name: getattr(promotion, name).version for name in ("champion", "challenger", "rule")},
        "champion_uri": promotion.champion.uri,
        "winners": report.results.winners,
        "figures": report.results.figures,
        "test_origins": [fold.test for fold in report.plan.folds],
        "origins": report.plan.origins,
        "horizon_days": report.plan.horizon.days,
        "horizon_basis": None if report.horizon is None else report.horizon.basis,
        "horizon_reason": None if report.horizon is None else report.horizon.reason,
        "data_ends_on": report.plan.data_ends_on,
        "segments": segment_answer(report.segments),
        "warnings": report.warnings,
        "account": report.account.to_json(),
    }


def train_tables(report: "TrainReport", uri: str, *, first: bool = False) -> list[RenderableType]:
    """Return every candidate beside the rules, and the decision, for people.

    With ``first``, each figure stands beside the one at the first test origin.
    """
    from tiercast.errors import without_password

    tests = [fold.test.isoformat() for fold in report.plan.folds]
    asked, window = report.plan.horizon.days, report.plan.window.days
    beside = tests[0] if first and tests else None
    parts: list[RenderableType] = [
        facts(
            [
                ("source", report.account.source),
                ("horizon", f"{asked} days" + ("" if asked == window else f", learned on {window}")),
                *([("because", report.horizon.reason)] if report.horizon is not None else []),
                *_judged(report, beside),
            ]
        ),
    ]
    for target, by_name in report.results.figures.items():
        winner = report.results.winners.get(target, "")
        parts.append(_candidates(target, by_name, winner, beside=beside))
    promotion = report.promotion
    parts += [
        facts(
            [
                _verdict(report),
                *(("because", f"it {reason}") for reason in promotion.decision.reasons),
                *([("because", promotion.held_back)] if promotion.held_back else []),
                ("champion", f"{promotion.champion.uri} (alias champion)"),
                ("segments", f"{report.segments.chosen} ({report.segments.how})"),
                *(("warning", warning) for warning in report.warnings),
                ("run", f"{report.run_id} in {without_password(uri)}"),
                ("look", "tiercast ui"),
            ]
        )
    ]
    return parts


def _judged(report: "TrainReport", beside: str | None) -> list[tuple[str, str]]:
    """Return where figures come from; of an unjudged version, from the one window there is."""
    plan = report.plan
    if plan.judged_from is None:
        tests = [fold.test.isoformat() for fold in plan.folds]
        shown = "means; → chosen" if beside is None else f"means / at {beside}; → chosen"
        return [("judged at", ", ".join(tests)), ("figures", shown)]
    told = [("judged at", f"nothing yet; models are, from {plan.judged_from}")]
    if report.results.figures:
        told.append(
            (
                "figures",
                f"of the one window, from {plan.origins[0]}: the process had not seen it, the rules had seen other "
                "customers of it",
            )
        )
    return told


def _verdict(report: "TrainReport") -> tuple[str, Text]:
    promotion = report.promotion
    version = Text(f"v{promotion.challenger.version}: ")
    if report.plan.judged_from is not None:
        in_charge = promotion.champion.version == promotion.challenger.version
        told = "in charge, judged by nothing" if in_charge else "not in charge, judged by nothing"
        return "version", version + Text(told, style="bold yellow")
    verdict = (
        Text("promoted", style="bold green")
        if promotion.promoted
        else Text("not promoted", style="bold yellow")
    )
    return "challenger", version + verdict


def _candidates(
    target: str, by_name: dict[str, dict[str, dict[str, float]]], winner: str, *, beside: str | None
) -> RenderableType:
    from tiercast.training.judging import RULES

    title, measures = FIGURES.get(target, (target, {}))
    if not measures:
        measures = {name: name for name in next(iter(by_name.values()))["mean"]}
    measures = dict(list(measures.items())[: 5 if beside is None else 4])
    first = next(iter(measures.values()))
    sign = 1.0 if first in FALLING else -1.0

    def rank(name: str) -> tuple[bool, float, str]:
        seen = by_name[name]["mean"].get(first, float("nan"))
        return (seen != seen, sign * seen if seen == seen else 0.0, name)

    rows = []
    for name in sorted(by_name, key=rank):
        style = "bold" if name == winner else ""
        told = f"{name} (rule)" if name == RULES.get(target) else name
        cells = [
            "→" if name == winner else "",
            told,
            *(_cell(by_name[name], measure, beside) for measure in measures.values()),
        ]
        rows.append([Text(cell, style=style) for cell in cells])
    return table(title, ["", "model", *measures], rows, numbers=list(measures), tight=True)


def _cell(by_origin: dict[str, dict[str, float]], measure: str, beside: str | None) -> str:
    told = []
    for origin in ("mean", *([beside] if beside else [])):
        seen = by_origin.get(origin, {}).get(measure)
        told.append(figure(seen, 1 if seen is not None and abs(seen) >= 10 else 3))
    return told[0] if beside is None else f"{told[0]}/{told[1]}"


def audit(card: CardArgument, as_json: AsJson = False, root: Root = None, verbose: Verbose = False) -> None:
    """Look for leaks in what a card would train on. Ends with exit code 4, after the report, when there are."""
    screen = Screen(as_json=as_json, verbose=verbose)
    from tiercast.config import read_card

    read = read_card(card, job="train")
    with screen.working("starting") as say:
        from tiercast import api

        report = api.audit(read, root=root, progress=say)  # type: ignore[arg-type]
    rows = [
        (
            Text("holds", style="green") if each.holds else Text("LEAK", style="bold red"),
            each.code,
            each.what + (f": {', '.join(each.columns)}" if each.columns else ""),
        )
        for each in report.findings
    ]
    answer = {"passed": report.passed, "findings": report.findings}
    screen.answer(answer, table(str(card), ["", "code", "finding"], rows))
    if not report.passed:
        leaking = sorted({column for each in report.findings if not each.holds for column in each.columns})
        codes = ", ".join(each.code for each in report.findings if not each.holds)
        refuse(LeakError(what=f"card {card}", problem=f"does not hold: {codes}", names=leaking))
