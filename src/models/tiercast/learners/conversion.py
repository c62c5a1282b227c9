"""Conversion time: the rules by first channel and by days since the first touch, and the learners of repurchase curves.

A prospect's panel has the labels of a buyer's, so Cox's model and the boosted hazard are fitted as they are; how long
ago the first touch was is a column that they read.
"""

from collections.abc import Mapping

import numpy as np

from tiercast.learners import trees
from tiercast.learners.cox import fit_cox
from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.learners.rules import bands_of, survival_table
from tiercast.serving.rules import SurvivalTable

TARGET = "conversion"
FIRST_CHANNEL = "first_channel_code"
SINCE_FIRST_TOUCH = "days_since_first_touchpoint"


def fit_channel_rate(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> SurvivalTable:
    """Fit a Kaplan-Meier curve for each first channel; where channels are not told apart, one for all."""
    if FIRST_CHANNEL not in panel.features:
        return survival_table(panel, SINCE_FIRST_TOUCH, ())
    codes = panel.features[FIRST_CHANNEL].to_numpy(float)
    last = int(np.nanmax(codes)) if np.isfinite(codes).any() else -1
    return survival_table(panel, FIRST_CHANNEL, tuple(code + 0.5 for code in range(last + 1)))


def fit_since_first_touch(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> SurvivalTable:
    """Fit Kaplan-Meier curves by bands of days since the first touch."""
    days = panel.features[SINCE_FIRST_TOUCH].to_numpy(float)
    return survival_table(panel, SINCE_FIRST_TOUCH, bands_of(days, int(parameters["bands"])))


CHANNEL_RATE = Learner("channel_rate", TARGET, "rule", fit_channel_rate, {}, {})
SINCE_TOUCH = Learner("since_first_touch", TARGET, "rule", fit_since_first_touch, {"bands": 6}, {})
CONVERSION_COX = Learner("conversion_cox", TARGET, "model", fit_cox, {"penalty": 0.003}, {})
CONVERSION_HAZARD = Learner(
    "conversion_hazard",
    TARGET,
    "model",
    trees.fit_hazard,
    {**trees.DEFAULTS, "rounds": 100, "learning_rate": 0.05, "num_leaves": 8, "feature_fraction": 0.5},
    {},
)
