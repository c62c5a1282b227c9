"""Let a new model take over only if it beats the best rule and the model in charge, and harms nothing.

It must be better than each rival on one measure, with the whole interval of the paired difference on its
side. A guard (level, calibration, the worst origin) refuses only when its own interval shows harm: a guard that
merely looks worse does not count, and each of several has a wider interval than one alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from tiercast.evaluation.arrays import columns
from tiercast.evaluation.bootstrap import PairedDifference, paired_difference
from tiercast.evaluation.measures import Measure, figure_of, measure_named
from tiercast.serving.refusals import Refused


class NoRival(Refused, ValueError):
    """A challenger came without anything to beat."""

    code = "NO_RIVAL"

    def __init__(self) -> None:
        super().__init__("a challenger is judged against at least one baseline: none came; fit a rule first")


@dataclass(frozen=True)
class Comparison:
    """One measure of challenger and rival, side by side.

    Parameters
    ----------
    rival : str
        Name of the baseline or champion.
    measure : str
    is_guard : bool
        A guard must not show harm; what is no guard must show gain.
    challenger_figure, rival_figure : float
    difference : PairedDifference
    """

    rival: str
    measure: str
    is_guard: bool
    challenger_figure: float
    rival_figure: float
    difference: PairedDifference

    @property
    def passes(self) -> bool:
        """Whether this comparison allows the promotion."""
        return not self.difference.is_worse if self.is_guard else self.difference.is_better

    @property
    def sentence(self) -> str:
        """What was seen, in words and numbers."""
        gap = self.difference
        if self.is_guard:
            verdict = "does no proven harm against" if self.passes else "does proven harm against"
        else:
            verdict = "beats" if gap.is_better else "loses to" if gap.is_worse else "does not beat"
        return (
            f"{verdict} {self.rival} on {self.measure}: "
            f"{self.challenger_figure:.4f} against {self.rival_figure:.4f}, "
            f"difference {gap.estimate:+.4f} ({gap.low:+.4f} to {gap.high:+.4f})"
        )


@dataclass(frozen=True)
class GateDecision:
    """Whether the challenger is promoted, why, and every comparison behind it.

    Parameters
    ----------
    promoted : bool
    reasons : tuple of str
        When promoted, each gain; when not, each comparison that stood in the way.
    comparisons : tuple of Comparison
    """

    promoted: bool
    reasons: tuple[str, ...]
    comparisons: tuple[Comparison, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the decision as plain JSON: each comparison with the interval that decided."""
        return {
            "promoted": self.promoted,
            "reasons": list(self.reasons),
            "comparisons": [
                {
                    "rival": each.rival, "measure": each.measure, "is_guard": each.is_guard, "passes": each.passes,
                    "challenger": each.challenger_figure, "rival_figure": each.rival_figure,
                    "difference": each.difference.estimate, "low": each.difference.low, "high": each.difference.high,
                }
                for each in self.comparisons
            ],
        }  # fmt: skip


def decide(comparisons: Sequence[Comparison]) -> GateDecision:
    """Return the decision that follows from comparisons already made; at least one must not be a guard.

    Examples
    --------
    >>> gain = PairedDifference(-0.02, -0.03, -0.01, 1.0, 0.002, larger_is_better=False)
    >>> decide([Comparison("bg_nbd", "log_loss", False, 0.34, 0.36, gain)]).reasons
    ('beats bg_nbd on log_loss: 0.3400 against 0.3600, difference -0.0200 (-0.0300 to -0.0100)',)
    >>> decide([])
    Traceback (most recent call last):
    ...
    tiercast.evaluation.gate.NoRival: a challenger is judged against at least one baseline: none came; ...
    """
    if all(comparison.is_guard for comparison in comparisons):
        raise NoRival()
    in_the_way = [comparison for comparison in comparisons if not comparison.passes]
    told = in_the_way or [comparison for comparison in comparisons if not comparison.is_guard]
    return GateDecision(
        promoted=not in_the_way,
        reasons=tuple(comparison.sentence for comparison in told),
        comparisons=tuple(comparisons),
    )


def share_for_each(guards: int, *, confidence_share: float = 0.95) -> float:
    """Return how wide each guard's interval must be, so that all together raise a false alarm no oftener than one would.

    Bonferroni's share: that at least one guard shows harm is then decided as Holm's procedure would decide it.

    Examples
    --------
    >>> share_for_each(1), share_for_each(5), share_for_each(0)
    (0.95, 0.99, 0.95)
    """
    return 1.0 - round((1.0 - confidence_share) / max(guards, 1), 12)


def judge(
    actual: ArrayLike,
    challenger: ArrayLike,
    *,
    baselines: Mapping[str, ArrayLike],
    measure: str,
    seed: int,
    champion: tuple[str, ArrayLike] | None = None,
    guards: Sequence[str | Measure] = (),
    customer: ArrayLike | None = None,
    resamples: int = 1000,
    confidence_share: float = 0.95,
    guard_confidence_share: float | None = None,
) -> GateDecision:
    """Return whether a challenger is promoted over the best baseline and, when there is one, the champion.

    Parameters
    ----------
    actual, challenger : array of float, shape (n,)
        What happened and what the challenger said, on rows that nobody was fitted or tuned on.
    baselines : mapping of name to array of float, shape (n,)
        The best of them on ``measure`` is the rival (ties: the first name in the alphabet). One that leaves a
        prediction missing is passed over, unless all do.
    measure : str
        What the promotion is about, for instance ``"log_loss"`` or ``"normalised_gini"``.
    seed : int
    champion : (name, array of float of shape (n,)), optional
        Must predict every row (by its own fallback where need be): against a missing prediction nothing is proven.
    guards : sequence of str or Measure
        Measures that must show no harm, for instance ``("expected_calibration_error",
        "total_bias_distance")``, against the champion where there is one, else against the best baseline.
    customer : array, shape (n,), optional
        Whose row it is, when several origins are stacked.
    resamples : int
    confidence_share : float
    guard_confidence_share : float, optional
        Of the guards' intervals; default: the same. Several guards at once need wider ones: see :func:`share_for_each`.

    Returns
    -------
    GateDecision

    Raises
    ------
    NoRival
        No baseline came.
    UnknownMeasure
        A measure or guard that does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> happened = np.tile([0.0, 1.0], 50)
    >>> rule = np.full(100, 0.5)
    >>> judge(happened, 0.3 + 0.4 * happened, baselines={"rule": rule}, measure="brier", seed=1).promoted
    True
    >>> judge(happened, rule, baselines={"rule": rule}, measure="brier", seed=1).promoted
    False
    """
    if not baselines:
        raise NoRival()
    happened, new = columns(actual, challenger)
    best = _best(measure, happened, baselines)
    rivals = [(best, baselines[best]), *([champion] if champion is not None else [])]
    shares = {False: confidence_share, True: guard_confidence_share or confidence_share}
    asked: list[tuple[tuple[str, ArrayLike], str | Measure, bool]] = [
        *((rival, measure, False) for rival in rivals),
        *((rivals[-1], guard, True) for guard in guards),
    ]
    comparisons = []
    for (name, said), figure, is_guard in asked:
        happened, new, old = columns(actual, challenger, said)
        judged = measure_named(figure) if isinstance(figure, str) else figure
        difference = paired_difference(
            judged,
            happened,
            new,
            old,
            seed=seed,
            customer=customer,
            resamples=resamples,
            confidence_share=shares[is_guard],
        )
        figures = figure_of(judged, happened, new), figure_of(judged, happened, old)
        comparisons.append(Comparison(name, judged.name, is_guard, *figures, difference))
    return decide(comparisons)


def _best(measure: str, actual: ArrayLike, baselines: Mapping[str, ArrayLike]) -> str:
    judged = measure_named(measure)
    figures: dict[str, float] = {}
    for name in sorted(baselines):
        happened, said = columns(actual, baselines[name])
        figure = figure_of(judged, happened, said)
        figures[name] = figure if judged.larger_is_better else -figure
    known = {name: figure for name, figure in figures.items() if figure == figure}
    return max(known, key=lambda name: known[name]) if known else min(figures)
