"""How sure are the headline figures? Each with what it would be for other customers like these, alone and beside the rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tiercast.evaluation.bootstrap import Interval, PairedDifference, figure_interval, paired_difference
from tiercast.evaluation.measures import Measure, measure_named
from tiercast.evaluation.origins import TOTAL_BIAS, mean_over
from tiercast.targets.churn import CHURN
from tiercast.targets.lifetime_value import LIFETIME_VALUE
from tiercast.training.judging import RULES, Results

RESAMPLES = 400
HEADLINES: dict[str, tuple[tuple[str, Measure, Measure], ...]] = {
    CHURN.name: tuple((name, measure_named(name), measure_named(name)) for name in ("log_loss", "roc_auc")),
    LIFETIME_VALUE.name: (
        *((name, measure_named(name), measure_named(name)) for name in ("normalised_gini", "rmse")),
        ("total_bias", TOTAL_BIAS, measure_named("total_bias_distance")),
    ),
}
"""By target: the figure's name, what its interval is of, and by what it is compared with the rule's."""


@dataclass(frozen=True)
class Sure:
    """A winner's headline figure, mean over the test origins.

    Parameters
    ----------
    figure : Interval
        95 % over resampled customers.
    beside_rule : PairedDifference
        The winner's minus the rule's on the same draws; of ``total_bias`` the difference of distances from 1.
    """

    figure: Interval
    beside_rule: PairedDifference


@dataclass(frozen=True)
class Sureness:
    """The winners' headline figures with their intervals, by ``TARGET.FIGURE``."""

    by_name: Mapping[str, Sure] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, float]:
        """The ends of the intervals by name, the figure itself being told already."""
        told: dict[str, float] = {}
        for name, sure in self.by_name.items():
            told |= {f"{name}.low_95": sure.figure.low, f"{name}.high_95": sure.figure.high}
            gap = sure.beside_rule
            told |= {f"{name}.minus_rule": gap.estimate}
            told |= {f"{name}.minus_rule_low_95": gap.low, f"{name}.minus_rule_high_95": gap.high}
        return told

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            name: {
                "estimate": sure.figure.estimate, "low_95": sure.figure.low, "high_95": sure.figure.high,
                "minus_rule": sure.beside_rule.estimate, "minus_rule_low_95": sure.beside_rule.low,
                "minus_rule_high_95": sure.beside_rule.high,
            }
            for name, sure in self.by_name.items()
        }  # fmt: skip


def sureness_of(results: Results, *, seed: int, resamples: int = RESAMPLES) -> Sureness:
    """Return the winners' headline figures over the test origins with 95 % intervals.

    Customers are drawn with all their rows of all origins; a figure is computed at each origin and averaged, as the
    reported one is.

    Parameters
    ----------
    results : Results
    seed : int
    resamples : int
    """
    found: dict[str, Sure] = {}
    for target, headlines in HEADLINES.items():
        rows = results.answers[target]
        actual, said, rule = (
            rows[name].to_numpy(float) for name in ("actual", results.winners[target], RULES[target])
        )
        origin, customer = rows["cutoff"].to_numpy().astype("datetime64[D]"), rows["customer_id"].to_numpy()
        asked: dict[str, Any] = {"seed": seed, "customer": customer.astype(str), "resamples": resamples}
        for name, of, beside in headlines:
            found[f"{target}.{name}"] = Sure(
                figure_interval(mean_over(of, origin), actual, said, **asked),
                paired_difference(mean_over(beside, origin), actual, said, rule, **asked),
            )
    return Sureness(found)
