"""The BTYD stage as a candidate: what buy-till-you-die alone would answer to each target."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tiercast.learners.btyd import fit_best_btyd
from tiercast.learners.gamma_gamma import fit_gamma_gamma
from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.serving import btyd_stage
from tiercast.serving.btyd_stage import BtydStage
from tiercast.serving.rules import Column


def fit_stage(features: pd.DataFrame, *, horizon_days: int) -> BtydStage:
    """Fit the stage on the histories at one cutoff: the best of four activity models, and Gamma-Gamma.

    Without the feature ``gap_log_mean`` regular gaps cannot be told, and it is the best of three.
    """
    bought = features[features["order_days"].to_numpy(float) > 0]
    days = bought["order_days"].to_numpy(float)
    activity = fit_best_btyd(
        repeat_order_days=days - 1.0,
        purchase_span_days=bought["purchase_span_days"].to_numpy(float),
        customer_age_days=bought["customer_age_days"].to_numpy(float),
        gap_log_mean=bought["gap_log_mean"].to_numpy(float) if "gap_log_mean" in bought else None,
    )
    spend = fit_gamma_gamma(
        order_days=days, order_day_spend_mean_currency=bought["order_day_spend_mean_currency"].to_numpy(float)
    )
    return BtydStage(activity.model, spend.model, horizon_days)


def fit_activity(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Column:
    """Answer with the stage's purchase probability."""
    return Column(btyd_stage.PURCHASE_PROBABILITY)


def fit_value(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Column:
    """Answer with the stage's expected orders times expected spend."""
    return Column(btyd_stage.EXPECTED_VALUE)


def fit_curve(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> BtydStage:
    """Answer with the curve of a stage fitted at the newest origin of the panel."""
    cutoffs = panel.features["cutoff"].to_numpy()
    newest = panel.features.loc[np.asarray(cutoffs == max(cutoffs))]
    return fit_stage(newest, horizon_days=setup.horizon.days)


BTYD_ACTIVITY = Learner("btyd", "churn", "btyd", fit_activity, {}, {})
BTYD_VALUE = Learner("btyd_value", "lifetime_value", "btyd", fit_value, {}, {})
BTYD_CURVE = Learner("btyd_curve", "repurchase", "btyd", fit_curve, {}, {})
