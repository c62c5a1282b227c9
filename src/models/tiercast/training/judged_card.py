"""What a model card says of how a version was judged beyond its losses: level, how sure, did ranges hold, for whom?"""

from collections.abc import Mapping

from tiercast.evaluation.spread import farthest
from tiercast.targets.lifetime_value import LIFETIME_VALUE
from tiercast.training.judging import Results
from tiercast.training.slicing import Slices
from tiercast.training.sureness import Sureness

SHARES = {
    "pit_coverage_80_share": "values within it, zeros drawn at random (PIT)",
    "pit_coverage_80_worst_decile_share": "the same, in the tenth by expected value that is farthest from 80 %",
    "spender_coverage_80_share": "of those who paid: values within their range given a purchase",
    "coverage_80_share": "values between the two ends that are told (above 80 % where many bring nothing)",
}

HEADLINES = {
    "churn": {
        "log_loss": "churn: log loss",
        "roc_auc": "churn: AUC",
        "expected_calibration_error": "churn: calibration error (ECE)",
        "predicted_to_actual": "churn: predicted / left",
    },
    "lifetime_value": {
        "normalised_gini": "value: normalised Gini",
        "rmse": "value: RMSE, currency",
        "total_bias": "value: bias, predicted / actual",
    },
    "orders": {"total_bias": "orders: bias, predicted / actual"},
}


def headlines_told(results: Results, chosen: Mapping[str, str], sure: Sureness) -> list[str]:
    """Return a version's headline figures, with 95 % intervals where it is the winners', as lines of Markdown."""
    lines = ["| this version | mean | worst origin | 95 % | minus the rule, 95 % |", "|---|---|---|---|---|"]
    for target, figures in HEADLINES.items():
        by_origin = results.figures[target][chosen[target]]
        for name, words in figures.items():
            mean = by_origin["mean"][name]
            each = {origin: told[name] for origin, told in by_origin.items() if origin != "mean"}
            worst = max(each, key=lambda origin: _badness(name, each[origin]))
            found = (
                sure.by_name.get(f"{target}.{name}") if results.winners[target] == chosen[target] else None
            )
            interval, beside = "", ""
            if found is not None:
                gap = found.beside_rule
                interval = f"{found.figure.low:.4g} to {found.figure.high:.4g}"
                beside = f"{gap.estimate:+.4g} ({gap.low:+.4g} to {gap.high:+.4g})"
            lines.append(f"| {words} | {mean:.4g} | {each[worst]:.4g} ({worst}) | {interval} | {beside} |")
    return [
        *lines,
        "",
        "Intervals: customers drawn again with all their origins. Beside the rule a bias is compared by its distance from 1.",
    ]


def _badness(name: str, figure: float) -> float:
    """Return how bad a figure is: loss as it is, ranking the other way round, level by its distance from 1."""
    if name in ("predicted_to_actual", "total_bias"):
        return abs(figure - 1.0)
    return -figure if name in ("roc_auc", "normalised_gini") else figure


def ranges_told(results: Results, value: str, *, level_factor_80: float) -> list[str]:
    """Return how the 80 % range of value of a candidate held at the test origins, as lines of Markdown."""
    by_origin = results.figures[LIFETIME_VALUE.name][value]
    mean = by_origin["mean"]
    lines = [
        "The 80 % range of value, at the same origins"
        + (f" (widened by {level_factor_80:.4g} for a season never seen)" if level_factor_80 > 1 else "")
        + ":",
        "",
        "| of 80 % told | mean | farthest |",
        "|---|---|---|",
    ]
    for name, words in SHARES.items():
        each = [figures[name] for origin, figures in by_origin.items() if origin != "mean"]
        lines.append(f"| {words} | {100 * mean[name]:.1f} % | {100 * farthest(each, 0.8):.1f} % |")
    return [
        *lines,
        "",
        f"Mean width: {mean['width_80_to_mean_ratio']:.2f} times the mean value. Continuous ranked probability score: "
        f"{mean['crps']:.4g} in currency. Mean PIT {mean['pit_mean']:.3f} (0.5 is level; above, too little was told).",
    ]


def slices_told(
    slices: Slices, results: Results, chosen: Mapping[str, str], *, currency: str | None
) -> list[str]:
    """Return the winners' figures by kind of customer, as lines of Markdown; a card of other candidates says where they are."""
    if any(results.winners[name] != chosen[name] for name in ("churn", "lifetime_value")):
        return ["By kind of customer: only the chosen candidates were judged so (`slices.json` of the run)."]
    few = f"{slices.untold} with fewer than {slices.least_customers} customers " + (
        "is not told." if slices.untold == 1 else "are not told."
    )
    lines = [
        f"By kind of customer as known at the origin, all origins together (churn / value in {currency or 'currency'}; "
        "thirds of gross spend so far; a rule's figure in brackets). Slices: "
        f"{few}",
        "",
        "| of | slice | customers | log loss | AUC | ECE | predicted / left | predicted / actual value | Gini | in range |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in slices.table.to_dict("records"):
        told = [
            f"{row['log_loss']:.3f} ({row['rule_log_loss']:.3f})",
            *(
                f"{row[name]:.3f}"
                for name in ("roc_auc", "expected_calibration_error", "predicted_to_actual")
            ),
            f"{row['total_bias']:.3f}",
            f"{row['normalised_gini']:.3f} ({row['rule_normalised_gini']:.3f})",
            f"{100 * row['pit_coverage_80_share']:.0f} %",
        ]
        lines.append(
            f"| {row['slice_of']} | {_one_cell(str(row['slice']))} | {row['customers']:,} | "
            + " | ".join(told)
            + " |"
        )
    return lines


def _one_cell(word: str) -> str:
    r"""Return a word of anyone's data as one cell of a table, whatever is in it.

    Examples
    --------
    >>> _one_cell("web | <b>\nshop")
    'web / &lt;b> shop'
    """
    return " ".join(word.replace("|", "/").replace("<", "&lt;").split())[:60]
