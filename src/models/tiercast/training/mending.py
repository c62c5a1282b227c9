"""Mending: bending probabilities, but only by what has proven to last; the level of value is not moved at all.

A map learned on one window is applied to the next. Whether that helps cannot be seen on the window it was learned on: a
young shop's customers mature, seasons pass, and the map of last quarter then adds its error to a learner that was fitted
anew. So maps before it are tried first: learned on an older window, by a fit that did not see it, each must have helped
on the window after it. And once is not enough. All customers of a window share its season, so that however many they are they
are one witness: a map that helps from spring to summer is the first to be wrong in autumn. Two of them in a row must have
helped; where the history does not hold the windows to see that, answers stay as the learner said them.
"""

from collections.abc import Callable
from datetime import date
from itertools import pairwise

import numpy as np

from tiercast.evaluation.calibration import fit_calibration
from tiercast.learners.learner import Panel
from tiercast.serving.calibration import Calibration
from tiercast.targets.churn import CHURN
from tiercast.training.backtest import Fits, at
from tiercast.training.plan import REFUSE_BELOW_EVENTS

PROVEN_SE = 2.0
"""Standard errors by which an older map must have helped."""
PROOFS = 2
"""How many older maps in a row must have helped."""


def older_window(fits: Fits, known_until: date) -> Panel | None:
    """Return the newest window that was mature at ``known_until``, where a learner could be fitted before it."""

    def find() -> Panel | None:
        mature = fits.known(known_until)
        if not len(mature):
            return None
        origin = max(mature.features["cutoff"])
        bought = fits.known(origin).labels[CHURN.label].to_numpy(float)
        enough = min(bought.sum(), len(bought) - bought.sum()) >= REFUSE_BELOW_EVENTS
        return at(mature, origin) if enough else None

    return fits.once(("older window", known_until), find)


def witnesses(fits: Fits, known_until: date) -> list[Panel]:
    """Return the windows on which maps can be learned and tried, newest first; none where they are too few to prove anything."""
    found: list[Panel] = []
    end = known_until
    while len(found) < PROOFS and (older := older_window(fits, end)) is not None:
        found.append(older)
        end = older.features["cutoff"].iloc[0]
    return found if len(found) == PROOFS else []


def lasts(windows: list[Panel], helps: Callable[[Panel, Panel], bool]) -> bool:
    """Return whether what each window teaches helped on the one after it; the newest pair is asked first."""
    return len(windows) > PROOFS and all(helps(older, newer) for newer, older in pairwise(windows))


def calibration_of(fits: Fits, name: str, *, known_until: date, window: Panel) -> Calibration:
    """Return the map for candidate ``name``, learned on ``window`` by a fit that knows nothing on or after ``known_until``.

    Returns
    -------
    Calibration
        The identity, unless the maps of two windows before have proven to help on the ones after them: each by two standard
        errors of the customers' paired differences in log loss.
    """

    def said(rows: Panel) -> np.ndarray:
        return np.asarray(fits.part(name, rows.features["cutoff"].iloc[0]).predict(rows.features))

    def helps(older: Panel, newer: Panel) -> bool:
        tried = fit_calibration(said(older), _bought(older))
        raw = said(newer)
        gain = _log_losses(_bought(newer), raw) - _log_losses(
            _bought(newer), np.asarray(tried.calibrate(raw))
        )
        return bool(gain.mean() > PROVEN_SE * gain.std() / np.sqrt(len(gain)))

    if not lasts([window, *witnesses(fits, known_until)], helps):
        return Calibration("identity")
    return fit_calibration(said(window), _bought(window))


def _bought(window: Panel) -> np.ndarray:
    return window.labels[CHURN.label].to_numpy(float)


def _log_losses(bought: np.ndarray, probability: np.ndarray) -> np.ndarray:
    inside = np.clip(probability, 1e-12, 1.0 - 1e-12)
    return np.asarray(-np.log(np.where(bought > 0, inside, 1.0 - inside)))
