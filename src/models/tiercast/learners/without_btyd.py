"""LightGBM without the purchase process: beside the one that reads it, it shows what buy-till-you-die adds."""

from collections.abc import Mapping

from tiercast.learners.learner import Learner, Panel, Setup, sampled
from tiercast.learners.trees import DEFAULTS, fit_activity
from tiercast.serving.btyd_stage import COLUMNS
from tiercast.serving.rules import RateTable
from tiercast.serving.trees import Trees

MOST_ROWS = 40_000
"""Whole customers are drawn from a panel beyond it: a candidate to compare with is not worth the time of the usual one."""


def fit_without_btyd(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Trees | RateTable:
    """Fit P(purchase within the window) on the features alone."""
    rows = sampled(panel, MOST_ROWS, setup.seed)
    features = rows.features.drop(columns=[name for name in COLUMNS if name in rows.features])
    alone = Panel(
        features, rows.labels, tuple(name for name in rows.columns if name not in COLUMNS), rows.btyd
    )
    return fit_activity(alone, parameters, setup)


LIGHTGBM_WITHOUT_BTYD = Learner("lightgbm_without_btyd", "churn", "model", fit_without_btyd, DEFAULTS, {})
