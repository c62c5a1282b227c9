"""The model card: what a version is, what it was fitted on, how it was judged, and what it must not be used for."""

from collections.abc import Mapping

from tiercast.config import TrainCard
from tiercast.intake import Account
from tiercast.serving.measure import NET_REVENUE, ValueMeasure
from tiercast.training.horizon import HorizonChoice
from tiercast.training.judged_card import headlines_told, ranges_told, slices_told
from tiercast.training.judging import TARGETS, Results
from tiercast.training.plan import Plan
from tiercast.training.slicing import Slices
from tiercast.training.sureness import Sureness

TOLD_UNJUDGED: dict[str, tuple[str, ...]] = {
    "churn": ("log_loss", "roc_auc", "predicted_to_actual"),
    "lifetime_value": ("normalised_gini", "total_bias"),
    "orders": ("total_bias",),
    "repurchase": ("integrated_brier",),
}
"""The figures of the one window that are told of a version that nothing judged."""


def write_model_card(
    card: TrainCard,
    account: Account,
    plan: Plan,
    results: Results,
    chosen: Mapping[str, str],
    warnings: tuple[str, ...],
    horizon: HorizonChoice,
    *,
    slices: Slices,
    sure: Sureness,
    measure: ValueMeasure = NET_REVENUE,
) -> str:
    """Return the card as Markdown, written from the run: no figure in it was typed by hand."""
    lines = [
        *_opening(card, account, plan, horizon, measure),
        f"Judged at {', '.join(str(fold.test) for fold in plan.folds)}, each time by a model that knew nothing from "
        "that day on. Means over these origins:",
        "",
        "| target | candidate | deciding metric | mean | worst |",
        "|---|---|---|---|---|",
    ]
    for target in TARGETS:
        metric = target.deciding_metric
        for name, by_origin in results.figures[target.name].items():
            each = [figures[metric] for origin, figures in by_origin.items() if origin != "mean"]
            worst = min(each) if target.larger_is_better else max(each)
            mark = " **(this version)**" if chosen[target.name] == name else ""
            lines.append(
                f"| {target.name} | {name}{mark} | {metric} | {by_origin['mean'][metric]:.4f} | {worst:.4f} |"
            )
    lines += [
        "",
        *headlines_told(results, chosen, sure),
        "",
        *ranges_told(results, chosen["lifetime_value"], level_factor_80=plan.level_factor_80),
        "",
        *slices_told(slices, results, chosen, currency=account.currency),
        "",
        "The gate decides after this card is frozen: `gate.json` of the run that the manifest names (`run_id`) has every "
        "comparison with its interval, the run's tag `tiercast.promoted` the outcome, and the registry's alias `champion` who is "
        "in charge.",
        "",
        *_closing(warnings),
    ]
    return "\n".join(lines)


def write_unjudged_card(
    card: TrainCard,
    account: Account,
    plan: Plan,
    results: Results,
    warnings: tuple[str, ...],
    horizon: HorizonChoice,
    *,
    why: str,
    measure: ValueMeasure = NET_REVENUE,
) -> str:
    """Return the card of a version that nothing judged, as Markdown; ``why`` says why rules answer, empty where they don't."""
    (origin,) = plan.origins
    lines = [
        *_opening(card, account, plan, horizon, measure),
        f"**Not judged** (`NOT_JUDGED`). The history holds one mature window, of {plan.window.days} days from {origin}, and no "
        f"test origin: nobody knows yet how good these answers are. Models are trained and judged from {plan.judged_from} on.",
        "",
    ]
    if why:
        lines += [
            f"Rules answer: {why.partition(': ')[2]}. They and the range of value were learned on that one window and say how "
            "things were in it: no figure is told, since every one would be of customers whom the rules had seen.",
        ]
    else:
        lines += [
            "The purchase process answers (buy-till-you-die and the usual spend of a customer): it is fitted on when customers "
            f"bought until {plan.data_ends_on}, and no label had a say. The range of value was learned on that window. No "
            "probability is calibrated: one window proves no map.",
            "",
            f"As fitted until {origin}, before that window, it told of it what follows. The rules beside it were learned on half "
            "of the customers of the same window and told the other half, so they knew its level. One window is one witness.",
            "",
            "| target | metric | the process | the rule |",
            "|---|---|---|---|",
        ]
        for target in TARGETS:
            of_target = results.figures[target.name]
            ours, rule = (
                of_target[results.winners[target.name]]["mean"],
                of_target.get(target.rule, {}).get("mean", {}),
            )
            lines += [
                f"| {target.name} | {metric} | {_figure(ours[metric])} | {_figure(rule.get(metric))} |"
                for metric in TOLD_UNJUDGED[target.name]
            ]
    return "\n".join([*lines, "", *_closing(warnings)])


def _opening(
    card: TrainCard, account: Account, plan: Plan, horizon: HorizonChoice, measure: ValueMeasure
) -> list[str]:
    """Return on what a version was fitted, and what it is asked, as lines of Markdown."""
    return [
        "# Model card",
        "",
        f"Fitted as of {plan.data_ends_on} on `{account.source}`: {account.rows_accepted:,} touchpoints of "
        f"{account.customers:,} customers from {account.first_day} to {account.last_day}; "
        f"{account.rows_unresolved:,} rows without a customer, {account.rows_rejected:,} rejected.",
        "",
        f"Side tables: {_told(account)}.",
        "",
        f"Question: what happens in the {plan.horizon.days} days that start {card.gap_days} days after the cutoff. "
        f"Why {plan.horizon.days}: {horizon.reason}. "
        f"Money is net revenue in {account.currency}.",
        "",
        f"Chances to buy and values over other horizons, up to a year, are carried: learned from windows of "
        f"{plan.window.days} days, they follow the curve and the purchase process (the rule: the days), and past "
        f"{plan.window.days} days no value was judged against what came.",
        "",
        _counted(measure),
        "",
    ]


def _closing(warnings: tuple[str, ...]) -> list[str]:
    return [
        "Warnings: " + ("; ".join(warnings) if warnings else "none") + ".",
        "",
        "Not for: decisions with legal effect on a person; customers of another business; a horizon other than those "
        "above. A segment describes, a tier promises: neither is a cause. Risk is not persuadability.",
        "",
    ]


def _figure(value: float | None) -> str:
    """Return a figure; nothing where there is none, or none that can be computed."""
    return "" if value is None or value != value else f"{value:.4f}"


def _counted(measure: ValueMeasure) -> str:
    """Return what the scorecard's value counts, beside what was learned."""
    words = [f"The scorecard's value is `{measure.name}`"]
    if measure.margin_share < 1.0:
        words.append(
            f"{measure.margin_share:.4g} of each unit of net revenue, a share that was given, not learned"
        )
    if measure.discount_yearly_share:
        words.append(
            f"later money discounted by {100 * measure.discount_yearly_share:.4g} % a year to the cutoff"
        )
    return ": ".join([words[0], *(["; ".join(words[1:])] if words[1:] else [])]) + (
        ". Learning, judging and every figure below are in net revenue."
    )


def _told(account: Account) -> str:
    each = [
        f"{side.name} ({side.rows_accepted:,} rows, {side.rows_rejected:,} rejected)"
        for side in account.sides
    ]
    return ", ".join(each) or "none"
