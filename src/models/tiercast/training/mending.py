"""Mending: bending probabilities and moving the level of value, but only by what has proven to last.

A map learned on one window is applied to the next. Whether that helps cannot be seen on the window it was learned on: a
young shop's customers mature, seasons pass, and the map of last quarter then adds its error to a learner that was fitted
anew. So the map before it is tried first: learned on an older window, by a fit that did not see it, it must have helped
on the window of now. Where the history holds no such older window, answers stay as the learner said them.
"""

from datetime import date

import numpy as np

from tiercast.evaluation.calibration import fit_calibration, level_factor
from tiercast.learners.learner import Panel
from tiercast.serving.calibration import Calibration
from tiercast.targets.churn import CHURN
from tiercast.targets.lifetime_value import LIFETIME_VALUE
from tiercast.training.backtest import Fits, at
from tiercast.training.plan import REFUSE_BELOW_EVENTS

PROVEN_SE = 2.0
"""Standard errors by which the older map must have helped."""


def older_window(fits: Fits, known_until: date) -> Panel | None:
    """Return the newest window that was mature at ``known_until``, where a learner could be fitted before it."""
    mature = fits.known(known_until)
    if not len(mature):
        return None
    origin = max(mature.features["cutoff"])
    bought = fits.known(origin).labels[CHURN.label].to_numpy(float)
    enough = min(bought.sum(), len(bought) - bought.sum()) >= REFUSE_BELOW_EVENTS
    return at(mature, origin) if enough else None


def calibration_of(fits: Fits, name: str, *, known_until: date, window: Panel) -> Calibration:
    """Return the map for candidate ``name``, learned on ``window`` by a fit that knows nothing on or after ``known_until``.

    Returns
    -------
    Calibration
        The identity, unless the map of the window before has proven to help on this one: by two standard errors of the
        customers' paired differences in log loss.
    """
    older = older_window(fits, known_until)
    if older is None:
        return Calibration("identity")
    before = fits.part(name, older.features["cutoff"].iloc[0]).predict(older.features)
    tried = fit_calibration(before, older.labels[CHURN.label].to_numpy(float))
    raw = np.asarray(fits.part(name, known_until).predict(window.features))
    bought = window.labels[CHURN.label].to_numpy(float)
    gain = _log_losses(bought, raw) - _log_losses(bought, np.asarray(tried.calibrate(raw)))
    if not gain.mean() > PROVEN_SE * gain.std() / np.sqrt(len(gain)):
        return Calibration("identity")
    return fit_calibration(raw, bought)


def level_of(fits: Fits, name: str, *, known_until: date, window: Panel, value: np.ndarray) -> float:
    """Return the factor for the level of ``value``, what candidate ``name`` said of ``window``.

    Returns
    -------
    float
        1, unless the factor of the window before brings the total of this one nearer to what was spent.
    """
    older = older_window(fits, known_until)
    if older is None:
        return 1.0
    before = fits.part(name, older.features["cutoff"].iloc[0])
    chance = older.features.assign(purchase_probability=_chance(older))
    tried = level_factor(_spent(older), float(np.maximum(before.predict(chance), 0.0).sum()))
    spent, said = _spent(window), float(value.sum())
    if min(spent, said) <= 0 or abs(np.log(tried * said / spent)) >= abs(np.log(said / spent)):
        return 1.0
    return level_factor(spent, said)


def _spent(window: Panel) -> float:
    return float(window.labels[LIFETIME_VALUE.label].to_numpy(float).sum())


def _chance(window: Panel) -> np.ndarray:
    """Return the stage's chance to buy: what a hurdle needs, where the activity of that day is not at hand."""
    return window.features["btyd_purchase_probability"].to_numpy(float)


def _log_losses(bought: np.ndarray, probability: np.ndarray) -> np.ndarray:
    inside = np.clip(probability, 1e-12, 1.0 - 1e-12)
    return np.asarray(-np.log(np.where(bought > 0, inside, 1.0 - inside)))
