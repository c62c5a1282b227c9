"""For whom are answers good? The backtest once more, for new and old, small and large customers, and by channel.

A figure over everybody hides whom it is wrong about: a level that is right in sum may promise too much of those who bought
once and too little of the best. Every slice is cut by what was known at the origin, never by what came after.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tiercast.evaluation.distribution import pit_coverage
from tiercast.evaluation.metrics import expected_calibration_error, log_loss, predicted_to_actual, roc_auc
from tiercast.evaluation.value import normalised_gini, total_bias
from tiercast.features.category import slugged
from tiercast.learners.learner import Panel
from tiercast.targets.churn import CHURN
from tiercast.targets.lifetime_value import LIFETIME_VALUE
from tiercast.training.judging import Results
from tiercast.windows import day_number

LEAST_CUSTOMERS = 50
NEW_DAYS = 30
WORDS = ("one_time", "repeat", "new", "older", "low", "middle", "high")
FIGURES = (
    "log_loss",
    "rule_log_loss",
    "roc_auc",
    "expected_calibration_error",
    "predicted_to_actual",
    "total_bias",
    "normalised_gini",
    "rule_normalised_gini",
    "pit_coverage_80_share",
)
COLUMNS = ("slice_of", "slice", "customers", "rows", "churned_share", "value_mean_currency", *FIGURES)


@dataclass(frozen=True)
class Slices:
    """The winners' figures by kind of customer.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a slice: ``slice_of``, ``slice``, ``customers`` and ``rows`` (a customer counts once, a row at each origin),
        ``churned_share``, ``value_mean_currency``, and the winners' figures, the rules' log loss and Gini beside them.
        NaN where a slice cannot give a figure.
    untold : int
        Slices with fewer customers than ``least_customers``: they are not in the table.
    least_customers : int
    """

    table: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS)))
    untold: int = 0
    least_customers: int = LEAST_CUSTOMERS

    @property
    def metrics(self) -> dict[str, float]:
        """The figures by name: ``slices.SLICE_OF.SLICE.FIGURE``; of a channel that may be called anything, a safe piece."""
        told = {
            f"slices.{row['slice_of']}.{_safe(str(row['slice']), place)}.{name}": float(row[name])
            for place, row in enumerate(self.table.to_dict("records"))
            for name in ("customers", *FIGURES)
        }
        return {**told, "slices.untold": float(self.untold)}

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; a figure that cannot be told is null."""
        known = self.table.astype(object).where(self.table.notna(), None)
        return {
            "slices": known.to_dict("records"),
            "untold": self.untold,
            "least_customers": self.least_customers,
        }


def slices_of(
    results: Results,
    panel: Panel,
    channels: Sequence[str] = (),
    *,
    least_customers: int = LEAST_CUSTOMERS,
    new_days: int = NEW_DAYS,
) -> Slices:
    """Return the winners' figures at all test origins together, by kind of customer.

    Parameters
    ----------
    results : Results
    panel : Panel
        With the rows that were judged.
    channels : sequence of str
        The words behind channel codes; with fewer than two there is no slice by channel.
    least_customers : int
        A slice with fewer different customers is counted and not told.
    new_days : int
        Who bought first so many days before the origin, or fewer, is new.

    Notes
    -----
    ``purchases``: one_time, repeat (days with a purchase so far) · ``age``: new, older · ``past_spend``: low, middle, high, the
    thirds of gross spend so far at each origin, equals together · ``first_channel``, ``preferred_channel``.
    """
    churn, value = results.answers[CHURN.name], results.answers[LIFETIME_VALUE.name]
    kinds = kinds_of(_rows_of(panel, churn), channels, new_days=new_days)
    rows, untold, order = [], 0, [*WORDS, *channels]
    whose = churn["customer_id"].to_numpy()
    for slice_of, labels in kinds.items():
        for label in sorted(pd.unique(labels[labels != ""]), key=order.index):
            mask = labels == label
            customers = len(pd.unique(whose[mask]))
            if customers < least_customers:
                untold += 1
                continue
            told = _figures(results, churn[mask], value[mask], results.ranges["pit"].to_numpy(float)[mask])
            rows.append(
                {
                    "slice_of": slice_of,
                    "slice": label,
                    "customers": customers,
                    "rows": int(mask.sum()),
                    **told,
                }
            )
    return Slices(pd.DataFrame(rows, columns=list(COLUMNS)), untold, least_customers)


def _safe(word: str, place: int) -> str:
    """Return a word as a metric may be called, or a piece made of it where it may not."""
    return word if re.fullmatch(r"[\w-]{1,40}", word) else slugged(word, place)


def kinds_of(
    known: pd.DataFrame, channels: Sequence[str] = (), *, new_days: int = NEW_DAYS
) -> dict[str, np.ndarray]:
    """Return the slice of each row by what divides them; an empty word belongs to none.

    Examples
    --------
    >>> known = pd.DataFrame({"cutoff": 1, "order_days": [1.0, 4.0, 9.0], "customer_age_days": [3.0, 90.0, 90.0],
    ...                       "spend_currency": [5.0, 50.0, 70.0], "preferred_channel_code": [1.0, np.nan, 0.0]})
    >>> for name, labels in kinds_of(known, ("store", "web")).items():
    ...     print(name, labels.tolist())
    purchases ['one_time', 'repeat', 'repeat']
    age ['new', 'older', 'older']
    past_spend ['low', 'middle', 'high']
    preferred_channel ['web', '', 'store']
    """
    days, age = known["order_days"].to_numpy(float), known["customer_age_days"].to_numpy(float)
    kinds = {
        "purchases": np.where(days > 1, "repeat", "one_time").astype(object),
        "age": np.where(age <= new_days, "new", "older").astype(object),
    }
    if "spend_currency" in known:
        share = known.groupby("cutoff")["spend_currency"].rank(pct=True).to_numpy(float)
        words = np.array(WORDS[-3:], dtype=object)
        kinds["past_spend"] = words[np.clip(np.ceil(3 * np.nan_to_num(share)) - 1, 0, 2).astype(int)]
    for name in ("first_channel", "preferred_channel"):
        if len(channels) > 1 and f"{name}_code" in known:
            code = known[f"{name}_code"].to_numpy(float)
            places = np.where(np.isnan(code), len(channels), code).astype(int)
            kinds[name] = np.array([*channels, ""], dtype=object)[places]
    return kinds


def _rows_of(panel: Panel, judged: pd.DataFrame) -> pd.DataFrame:
    """Return what was known of each judged row, in the order of the answers."""
    there = panel.features
    read = [
        name
        for name in (
            "order_days", "customer_age_days", "spend_currency", "first_channel_code", "preferred_channel_code",
        )
        if name in there
    ]  # fmt: skip
    days = [day_number(cutoff) for cutoff in judged["cutoff"].unique()]
    rows = there.loc[np.isin(panel.cutoff_days, days), ["customer_id", "cutoff", *read]]
    keys = ["customer_id", "cutoff"]
    return judged[keys].merge(rows, on=keys, how="left", validate="one_to_one")


def _figures(
    results: Results, churn: pd.DataFrame, value: pd.DataFrame, pit: np.ndarray
) -> Mapping[str, float]:
    """Return the figures of the rows of one slice."""
    left, said = churn["actual"], churn[results.winners[CHURN.name]]
    brought, expected = value["actual"], value[results.winners[LIFETIME_VALUE.name]]
    return {
        "churned_share": float(left.mean()),
        "value_mean_currency": float(brought.mean()),
        "log_loss": log_loss(left, said),
        "rule_log_loss": log_loss(left, churn[CHURN.rule]),
        "roc_auc": roc_auc(left, said),
        "expected_calibration_error": expected_calibration_error(left, said),
        "predicted_to_actual": predicted_to_actual(left, said),
        "total_bias": total_bias(brought, expected),
        "normalised_gini": normalised_gini(brought, expected),
        "rule_normalised_gini": normalised_gini(brought, value[LIFETIME_VALUE.rule]),
        "pit_coverage_80_share": pit_coverage(pit),
    }
