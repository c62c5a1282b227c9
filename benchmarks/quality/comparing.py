"""Compares us with every peer on each figure: the difference on the same customers, with its interval.

Our own families of learners are compared too: one that is ahead of us alone would show a poor choice. But the best peer is
somebody else's.

Customers are drawn again and again and both are judged on the same draw. Every peer is compared, not the best alone: a peer that
is a little worse but errs like us can be ahead for sure where the best one is not. A table makes many comparisons, so the
p-values are adjusted for how many (Holm 1979). They come from the normal distribution with the spread of the resamples: a
share of a thousand resamples could not be small enough to survive the adjustment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import erfc, isfinite, sqrt

import numpy as np

from benchmarks.quality.answers import CURVE_DAYS, Answers
from benchmarks.quality.contest import FAMILIES
from benchmarks.quality.judging import Figures, column, followed
from benchmarks.quality.preparing import Future
from benchmarks.quality.tasks import Task
from tiercast.evaluation.arrays import Floats
from tiercast.evaluation.bootstrap import PairedDifference, holm, paired_difference, paired_loss_difference
from tiercast.evaluation.measures import MEASURES, Counted, Measure
from tiercast.evaluation.survival import integrated_brier_per_row

FEWER = 300
SAME_ORDER = {"mae_to_mean": "mae"}
SAME_SHARE = 1e-4
SLOW = frozenset(("average_precision", "top_decile_lift", "spearman"))
"""Judged on fewer resamples: each of them sorts the customers anew. So is everybody but the best peer."""


def _correlation(actual: Floats, predicted: Floats) -> Counted:
    def figure(counts: Floats) -> float:
        total = counts.sum()
        one, other = actual - counts @ actual / total, predicted - counts @ predicted / total
        spread = float(counts @ one**2) * float(counts @ other**2)
        return float(counts @ (one * other)) / sqrt(spread) if spread > 0 else float("nan")

    return figure


CORRELATION = Measure("correlation", True, _correlation)
COLUMNS = {
    "churn": ("purchased", "purchase_probability"),
    "orders": ("orders", "expected_orders"),
    "value": ("value_currency", "expected_value_currency"),
}
COMPARED: dict[str, tuple[str, ...]] = {
    "churn": (
        "log_loss", "brier", "roc_auc", "average_precision", "expected_calibration_error", "top_decile_lift",
    ),
    "orders": ("rmse", "mae", "correlation", "total_bias"),
    "value": ("normalised_gini", "rmse", "spearman", "total_bias"),
    "repurchase": ("integrated_brier",),
}  # fmt: skip
"""Uno's C is told without an interval: thousands of passes over every pair would take hours."""


@dataclass(frozen=True)
class Comparison:
    """Ours minus a peer's, on one figure of one task; of a bias its distance from 1 is compared.

    Parameters
    ----------
    difference : PairedDifference
    p_value, p_adjusted : float
        Two-sided; the second for the whole table.
    in_table : bool
        Whether a goal was set for the figure: these make the table, all others are adjusted among themselves.
    is_best : bool
        Whether no other peer has a better figure.
    """

    task: str
    target: str
    metric: str
    ours: float
    peer: str
    peer_figure: float
    difference: PairedDifference
    p_value: float
    p_adjusted: float = float("nan")
    in_table: bool = False
    is_best: bool = True

    @property
    def matters(self) -> bool:
        """Whether a reader wants to see it: the best peer's, and any peer's that is ahead of us."""
        return self.is_best or self.verdict.startswith("behind")

    @property
    def verdict(self) -> str:
        """``ahead``, ``behind`` or ``level`` by the interval; with ``*`` where it survives the adjustment.

        Two fits of one likelihood differ in the last digits, on every customer alike: less than a ten-thousandth of the
        figure is level, however sure it is.
        """
        if abs(self.difference.estimate) < SAME_SHARE * abs(self.peer_figure):
            return "level"
        word = "ahead" if self.difference.is_better else "behind" if self.difference.is_worse else "level"
        return f"{word}*" if word != "level" and self.p_adjusted < 0.05 else word


def is_better(metric: str, one: float, other: float) -> bool:
    """Return whether one figure beats another.

    Examples
    --------
    >>> is_better("total_bias", 1.1, 0.8), is_better("rmse", 1.1, 0.8), is_better("roc_auc", 0.8, 0.7)
    (True, False, True)
    """
    if metric == "total_bias":
        return abs(one - 1.0) < abs(other - 1.0)
    larger = metric == "correlation" or (metric in MEASURES and MEASURES[metric].larger_is_better)
    return one > other if larger else one < other


def best_peer(target: str, metric: str, figures: Mapping[str, Figures]) -> str:
    """Return the peer with the best figure; empty where none has one."""
    found = {name: each.get(target, {}).get(metric, float("nan")) for name, each in figures.items()}
    best = ""
    for name, figure in found.items():
        if isfinite(figure) and (not best or is_better(metric, figure, found[best])):
            best = name
    return best


def compare(
    task: Task,
    ours: Answers,
    peers: Mapping[str, Answers],
    figures: Mapping[str, Figures],
    future: Future,
    *,
    seed: int,
    resamples: int,
) -> list[Comparison]:
    """Return ours against every peer on each figure that both have.

    Parameters
    ----------
    figures : mapping
        Of ``ours`` and of each peer.
    """
    found = []
    wanted = {(goal.target, SAME_ORDER.get(goal.metric, goal.metric)) for goal in task.goals}
    rivals = {name: figures[name] for name in peers}
    for target, metrics in COMPARED.items():
        for metric in metrics:
            own = figures["ours"].get(target, {}).get(metric, float("nan"))
            best = best_peer(
                target, metric, {name: each for name, each in rivals.items() if name not in FAMILIES}
            )
            for rival in rivals if isfinite(own) else ():
                theirs = figures[rival].get(target, {}).get(metric, float("nan"))
                if not isfinite(theirs):
                    continue
                many = resamples if rival == best else min(FEWER, resamples)
                difference = _difference(
                    target, metric, ours, peers[rival], future, seed=seed, resamples=many
                )
                found.append(
                    Comparison(
                        task.name, target, metric, own, rival, theirs, difference, normal_p(difference),
                        in_table=(target, metric) in wanted, is_best=rival == best,
                    )
                )  # fmt: skip
    return found


def _difference(
    target: str, metric: str, ours: Answers, theirs: Answers, future: Future, *, seed: int, resamples: int
) -> PairedDifference:
    if target == "repurchase":
        wait, seen, places = followed(future)
        days = np.asarray(CURVE_DAYS, dtype=float)[places]
        assert ours.survival is not None
        assert theirs.survival is not None
        losses = [
            integrated_brier_per_row(wait, seen, each[:, places], days)
            for each in (ours.survival, theirs.survival)
        ]
        return paired_loss_difference(*losses, seed=seed, resamples=resamples)
    actual, said = COLUMNS[target]
    columns = [column(future.truth, actual), column(ours.frame, said), column(theirs.frame, said)]
    if target == "churn":
        columns = [1.0 - each for each in columns]
    named = "total_bias_distance" if metric == "total_bias" else metric
    measure: str | Measure = CORRELATION if metric == "correlation" else named
    many = min(FEWER, resamples) if metric in SLOW else resamples
    return paired_difference(measure, *columns, seed=seed, resamples=many)


def normal_p(difference: PairedDifference) -> float:
    """Return the two-sided p-value of no difference, from the width of a 95 % interval.

    Examples
    --------
    >>> round(normal_p(PairedDifference(-1.96, -3.92, 0.0, 0.975, 0.05, larger_is_better=False)), 3)
    0.05
    """
    spread = (difference.high - difference.low) / (2 * 1.959964)
    if not isfinite(spread) or spread <= 0:
        return float("nan")
    return erfc(abs(difference.estimate) / spread / sqrt(2.0))


def adjusted(found: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons with p-values adjusted for the whole table, the others among themselves."""
    p: dict[str, float] = {}
    for in_table in (True, False):
        p |= holm({_name(each): each.p_value for each in found if each.in_table is in_table})
    return [replace(each, p_adjusted=p[_name(each)]) for each in found]


def _name(each: Comparison) -> str:
    return f"{each.task} {each.target} {each.metric} {each.peer}"
