"""Value of those who buy as a lognormal: trees learn its logarithm, and smearing leads back to the mean."""

from collections.abc import Mapping

import numpy as np

from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.learners.linear import away_from_zero, winsorised
from tiercast.learners.trees import DEFAULTS, boosted
from tiercast.serving.blend import Hurdle
from tiercast.serving.rules import RateTable
from tiercast.serving.trees import Trees


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
    return Hurdle(_raised(part, float(np.log(smear * unit))))


def _raised(trees: Trees, by: float) -> Trees:
    """Return trees whose score is higher by a constant: each leaf of the first one is."""
    import lightgbm

    model = lightgbm.Booster(model_str=trees.booster)
    for leaf in range(int(model.dump_model(num_iteration=1)["tree_info"][0]["num_leaves"])):
        model.set_leaf_output(0, leaf, model.get_leaf_output(0, leaf) + by)
    return Trees(trees.columns, model.model_to_string(), trees.link)


LIGHTGBM_LOGNORMAL = Learner("lightgbm_lognormal", "lifetime_value", "model", fit_lognormal, DEFAULTS, {})
