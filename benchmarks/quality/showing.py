"""Shows outcomes: one table a target, the goal beside; and writes them to one JSON file."""

import json
from collections.abc import Sequence
from math import isfinite, nan
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.frame import Measure, machine, parent_commit, small
from benchmarks.quality.keeping import beside
from benchmarks.quality.outcome import Outcome
from benchmarks.quality.tasks import TARGETS

SHOWN: dict[str, tuple[str, ...]] = {
    "churn": (
        "log_loss", "brier", "murphy_reliability", "murphy_resolution", "roc_auc", "average_precision",
        "expected_calibration_error", "predicted_to_actual", "top_decile_lift",
    ),
    "orders": ("mae", "rmse", "correlation", "total_bias", "mae_to_mean"),
    "value": (
        "normalised_gini", "spearman", "rmse", "total_bias", "capture_5_share", "capture_10_share",
        "capture_20_share", "crps",
    ),
    "repurchase": ("integrated_brier", "concordance"),
    "interval": (
        "pit_coverage_80_share", "pit_coverage_80_lowest_decile_share", "pit_coverage_80_highest_decile_share",
        "spender_coverage_80_share",
    ),
}  # fmt: skip


def show(outcomes: Sequence[Outcome], console: Console) -> None:
    """Print one table a target, then ours against the peers, then the goals, then who did not take part."""
    for target in TARGETS:
        rows = [
            (outcome, name)
            for outcome in outcomes
            for name in outcome.figures
            if target in outcome.figures[name]
        ]
        if rows:
            console.print(_target_table(target, rows))
    if any(outcome.comparisons for outcome in outcomes):
        console.print(_comparison_table(outcomes))
    measures = goals_of(outcomes)
    if measures:
        console.print(_goal_table(measures))
    for outcome in outcomes:
        if outcome.skipped:
            console.print(f"{outcome.task.name}: skipped: {escape(outcome.skipped)}")
        for note in outcome.future.notes if outcome.future else ():
            console.print(f"{outcome.task.name}: {escape(note)}")
        for entry in outcome.entries:
            reason = f"skipped: {entry.skipped}" if entry.skipped else f"FAILED: {entry.failed}"
            if entry.answers is None:
                console.print(f"{outcome.task.name} {entry.name}: {escape(reason)}")
            elif entry.name.startswith("ours"):
                for note in entry.answers.notes:
                    console.print(f"{outcome.task.name} {entry.name}: {escape(note)}")


def _target_table(target: str, rows: Sequence[tuple[Outcome, str]]) -> Table:
    table = Table(title=target)
    table.add_column("task", no_wrap=True)
    table.add_column("contestant", no_wrap=True)
    for metric in SHOWN[target]:
        table.add_column(metric.replace("_", " "), justify="right")
    task = ""
    for outcome, name in rows:
        if outcome.task.name != task and task:
            table.add_section()
        shown = outcome.task.name if outcome.task.name != task else ""
        task = outcome.task.name
        figures = outcome.figures[name][target]
        table.add_row(
            shown, name, *(f"{figures[each]:,.4g}" if each in figures else "" for each in SHOWN[target])
        )
    return table


def _comparison_table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(
        title="ours against the best peer of each figure, and whoever is ahead (* survives Holm over all peers)"
    )
    for heading in (
        "task",
        "figure",
        "ours",
        "peer",
        "its figure",
        "difference",
        "p adjusted",
        "goal",
        "verdict",
    ):
        table.add_column(heading, justify="right" if heading in ("ours", "its figure") else "left")
    for outcome in outcomes:
        for each in (each for each in outcome.comparisons if each.matters):
            found = each.difference
            table.add_row(
                outcome.task.name,
                f"{each.target} {each.metric}",
                f"{each.ours:,.4g}",
                each.peer,
                f"{each.peer_figure:,.4g}",
                escape(f"{found.estimate:+,.4g} [{found.low:+,.4g} to {found.high:+,.4g}]"),
                f"{each.p_adjusted:.3g}",
                "yes" if each.in_table else "",
                each.verdict,
            )
    return table


def _goal_table(measures: Sequence[Measure]) -> Table:
    table = Table(title="goals")
    for heading in ("figure", "ours", "goal", "holds", "best known"):
        table.add_column(heading)
    for each in measures:
        known = "" if each.peer_value is None else f"{each.peer_value:g}"
        holds = {True: "yes", False: "NO", None: ""}[each.holds]
        table.add_row(each.name, f"{each.value:,.4g}", each.goal or "", holds, known)
    return table


def goals_of(outcomes: Sequence[Outcome]) -> list[Measure]:
    """Return our figure of every goal; not a number where we have none, which meets no goal."""
    found = []
    for outcome in outcomes:
        if outcome.future is None:
            continue
        for goal in outcome.goals:
            found.append(
                Measure(
                    name=f"{outcome.task.name}: {goal.target} {goal.metric}",
                    value=outcome.figure("ours", goal),
                    unit="figure",
                    at_least=goal.at_least,
                    at_most=goal.at_most,
                    peer="best known" if goal.best_known is not None else None,
                    peer_value=goal.best_known if goal.best_known is not None else nan,
                )
            )
    return [each if isfinite(each.peer_value or nan) else _without_peer(each) for each in found]


def _without_peer(each: Measure) -> Measure:
    return Measure(
        name=each.name, value=each.value, unit=each.unit, at_least=each.at_least, at_most=each.at_most
    )


def write(outcomes: Sequence[Outcome], path: Path, *, keep: bool = False) -> None:
    """Write the outcomes in one step that leaves no half file; ``keep`` what the file holds of other tasks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told: dict[str, Any] = {
        "machine": machine(),
        "measured_on": parent_commit(),
        "small": small(),
        "measures": [measure.to_json() for measure in goals_of(outcomes)],
        "tasks": [outcome.to_json() for outcome in outcomes],
    }
    told = beside(told, path) if keep else told
    draft = path.with_suffix(path.suffix + ".draft")
    draft.write_text(json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    draft.replace(path)
