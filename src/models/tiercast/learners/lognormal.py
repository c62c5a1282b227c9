"""Value of those who buy as a lognormal: trees learn its logarithm, and smearing leads back to the mean."""

from collections.abc import Mapping

import numpy as np

from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.learners.linear import away_from_zero, winsorised
from tiercast.learners.trees import DEFAULTS, boosted, paid_share, raised
from tiercast.serving.blend import Hurdle
from tiercast.serving.rules import RateTable


def fit_lognormal(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Hurdle:
    """Fit the logarithm of what buyers bring (squared loss); the activity curve supplies the chance that they buy.

    The exponential of a mean logarithm is a median: it is multiplied by the mean of the exponentials of what the fit
    missed (Duan 1983, *Smearing Estimate*, JASA 78, eq. 3.2), which supposes no shape of the errors but the same in all.
    """
    value = away_from_zero(winsorised(panel.labels["value_currency"].to_numpy(float)))
    bought = value > 0
    unit = float(value[bought].min()) / np.e if bought.any() else 1.0
    logs = np.log(np.maximum(value, unit) / unit)  # at least 1 for every buyer
    part = boosted(panel, logs, {"objective": "regression"}, "log", parameters, setup, only=bought)
    if isinstance(part, RateTable):  # nobody bought
        return Hurdle(part)
    missed = logs[bought] - part.score(panel.features[bought])
    smear = float(np.average(np.exp(missed), weights=panel.weights()[bought]))
    smear *= paid_share(panel.labels["purchased"].to_numpy(float), bought, panel.weights())
    return Hurdle(raised(part, float(np.log(smear * unit))))


LIGHTGBM_LOGNORMAL = Learner("lightgbm_lognormal", "lifetime_value", "model", fit_lognormal, DEFAULTS, {})
