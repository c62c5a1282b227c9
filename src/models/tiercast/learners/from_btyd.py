"""The BTYD stage as a candidate: what buy-till-you-die alone would answer to each target."""

from collections.abc import Mapping

import numpy as np

from tiercast.learners.btyd_choice import fit_stage
from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.serving import btyd_stage
from tiercast.serving.btyd_stage import BtydStage
from tiercast.serving.rules import Column


def fit_activity(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Column:
    """Answer with the stage's purchase probability."""
    return Column(btyd_stage.PURCHASE_PROBABILITY)


def fit_value(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Column:
    """Answer with the stage's expected orders times expected spend."""
    return Column(btyd_stage.EXPECTED_VALUE)


def fit_curve(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> BtydStage:
    """Answer with the curve of a stage, with the panel's model, fitted at the newest origin of the panel."""
    cutoffs = panel.features["cutoff"].to_numpy()
    newest = panel.features.loc[np.asarray(cutoffs == max(cutoffs))]
    return fit_stage(newest, horizon_days=setup.horizon.days, model=panel.btyd)


BTYD_ACTIVITY = Learner("btyd", "churn", "btyd", fit_activity, {}, {})
BTYD_VALUE = Learner("btyd_value", "lifetime_value", "btyd", fit_value, {}, {})
BTYD_CURVE = Learner("btyd_curve", "repurchase", "btyd", fit_curve, {}, {})
