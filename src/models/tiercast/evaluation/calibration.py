"""Learn, on customers whose future is known, how a learner's probabilities must be bent to come true.

What is learned is applied by ``tiercast.serving.calibration``.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize, root_scalar
from scipy.special import expit, logit
from sklearn.isotonic import isotonic_regression

from tiercast.evaluation.arrays import Floats, columns
from tiercast.serving.calibration import Calibration

LEAST_SLOPE = 1e-3


def fit_calibration(
    probability: ArrayLike,
    actual: ArrayLike,
    *,
    isotonic_from_events: int = 2000,
    identity_below_events: int = 100,
) -> Calibration:
    """Return the map that the rows can carry: isotonic for many events, Platt for some, none at all for few.

    "Events" counts the rarer outcome, so 50,000 events among 50,100 customers are few.

    Parameters
    ----------
    probability : array of float, shape (n,)
        What the learner said on customers that it was not fitted on. Rows with NaN are left out.
    actual : array of 0 and 1, shape (n,)
        What happened in the newest matured window.
    isotonic_from_events, identity_below_events : int

    Examples
    --------
    >>> fit_calibration([0.2, 0.8], [0, 1]).kind
    'identity'
    >>> said = np.tile([0.2, 0.4, 0.6, 0.8], 100)
    >>> fit_calibration(said, np.tile([0, 0, 1, 1], 100)).kind
    'platt'
    >>> fit_calibration([], []).kind
    'identity'
    """
    said, happened = _known(probability, actual)
    rarer = min(happened.sum(), happened.size - happened.sum())
    if rarer < identity_below_events:
        return Calibration("identity")
    return fit_isotonic(said, happened) if rarer >= isotonic_from_events else fit_platt(said, happened)


def fit_isotonic(probability: ArrayLike, actual: ArrayLike) -> Calibration:
    """Return the rising map closest to what happened; needs at least one row.

    Pooled blocks (Zadrozny & Elkan 2002) become knots at their mean probability, so that customers inside a
    block keep their order (centred isotonic regression: Oron & Flournoy 2017). Each block also holds one more
    customer who came out as the learner said: a block without events does not claim that events are
    impossible.

    Examples
    --------
    >>> fit_isotonic([0.1, 0.1, 0.5, 0.9], [0, 0, 0, 1]).knots_probability
    (0.233333, 0.9)
    """
    said, happened = _known(probability, actual)
    distinct, group = np.unique(said, return_inverse=True)
    rows = np.bincount(group).astype(np.float64)
    events = np.bincount(group, weights=happened)
    block = _blocks(np.asarray(isotonic_regression(events / rows, sample_weight=rows)))
    size = np.bincount(block, weights=rows)
    centre = np.bincount(block, weights=rows * distinct) / size
    smooth = (np.bincount(block, weights=rows * (events / rows)) + centre) / (size + 1.0)
    rising = np.asarray(isotonic_regression(smooth, sample_weight=size))
    merged = _blocks(rising)
    at = np.bincount(merged, weights=size * centre) / np.bincount(merged, weights=size)
    to = rising[np.unique(merged, return_index=True)[1]]
    return Calibration(
        "isotonic", knots_probability=tuple(at.round(6).tolist()), knots_calibrated=tuple(to.tolist())
    )


def _blocks(fitted: Floats) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.diff(fitted) > 0)])


def fit_platt(probability: ArrayLike, actual: ArrayLike) -> Calibration:
    """Return the line in the logit that makes the rows most likely, its slope held above zero.

    Platt 1999.

    Platt's own targets, (events + 1) / (events + 2) and 1 / (others + 2), keep the line finite when the
    learner separates the rows.

    Examples
    --------
    >>> fit_platt(np.tile([0.2, 0.8], 500), np.tile([0, 1, 0, 1, 1, 0, 0, 1, 0, 1], 100)).slope < 1.1
    True
    """
    said, happened = _known(probability, actual)
    slope, intercept = _likeliest(logit(_inside(said))[:, None], happened)
    return Calibration("platt", slope=slope, complement_slope=slope, intercept=intercept)


def fit_beta(probability: ArrayLike, actual: ArrayLike) -> Calibration:
    """Return the beta map that makes the rows most likely: like Platt's, but free to bend each end by itself.

    Kull, Silva Filho & Flach 2017.

    Examples
    --------
    >>> fit_beta(np.tile([0.2, 0.8], 500), np.tile([0, 1], 500)).kind
    'beta'
    """
    said, happened = _known(probability, actual)
    inside = _inside(said)
    slope, complement, intercept = _likeliest(np.column_stack([np.log(inside), -np.log1p(-inside)]), happened)
    return Calibration("beta", slope=slope, complement_slope=complement, intercept=intercept)


def _likeliest(scores: Floats, happened: Floats) -> tuple[float, ...]:
    events, others = happened.sum(), happened.size - happened.sum()
    target = np.where(happened > 0, (events + 1.0) / (events + 2.0), 1.0 / (others + 2.0))

    def surprise(parameters: Floats) -> tuple[float, Floats]:
        score = scores @ parameters[:-1] + parameters[-1]
        loss = np.logaddexp(0.0, score) - target * score
        residual = expit(score) - target
        gradient = np.append(scores.T @ residual, residual.sum())
        return float(loss.mean()), np.asarray(gradient / happened.size, dtype=np.float64)

    width = scores.shape[1]
    found = minimize(
        surprise,
        np.append(np.ones(width), 0.0),
        jac=True,
        method="L-BFGS-B",
        bounds=[(LEAST_SLOPE, None)] * width + [(None, None)],
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500},
    )
    return tuple(float(parameter) for parameter in found.x)


def shift_level(
    calibration: Calibration, probability: ArrayLike, actual: ArrayLike, *, largest_logit_shift: float = 1.0
) -> Calibration:
    """Return the calibration, shifted so that expected events equal those of the newest window.

    Parameters
    ----------
    calibration : Calibration
        Any earlier shift of it is replaced.
    probability : array of float, shape (n,)
        Raw probabilities of the newest matured window; rows with NaN are left out.
    actual : array of 0 and 1, shape (n,)
    largest_logit_shift : float
        The shift is held within plus and minus this.

    Examples
    --------
    >>> shifted = shift_level(Calibration("identity"), np.full(100, 0.5), np.tile([0, 0, 0, 0, 1], 20))
    >>> shifted.calibrate([0.5]).round(4).tolist()
    [0.2689]
    >>> shift_level(Calibration("identity"), [], []).logit_shift
    0.0
    """
    said, happened = _known(probability, actual)
    unshifted = replace(calibration, logit_shift=0.0)
    if happened.size == 0:
        return unshifted
    score = logit(unshifted.calibrate(said))
    wanted = happened.mean()

    def excess(shift: float) -> float:
        return float(expit(score + shift).mean() - wanted)

    limit = float(largest_logit_shift)
    if excess(limit) <= 0:
        shift = limit
    elif excess(-limit) >= 0:
        shift = -limit
    else:
        shift = float(root_scalar(excess, bracket=(-limit, limit), xtol=1e-12).root)
    return replace(calibration, logit_shift=shift)


def level_factor(
    actual_total_currency: float,
    predicted_total_currency: float,
    *,
    lowest: float = 0.7,
    highest: float = 1.4,
) -> float:
    """Return the one factor that repairs the level of predicted values, held within [lowest, highest].

    Learned on the newest fully matured window. Without a positive total on either side there is nothing to
    learn: 1.

    Examples
    --------
    >>> level_factor(90.0, 100.0), level_factor(10.0, 100.0), level_factor(10.0, 0.0)
    (0.9, 0.7, 1.0)
    """
    totals = np.array([actual_total_currency, predicted_total_currency], dtype=np.float64)
    if not np.isfinite(totals).all() or totals.min() <= 0:
        return 1.0
    return float(np.clip(totals[0] / totals[1], lowest, highest))


def _known(probability: ArrayLike, actual: ArrayLike) -> tuple[Floats, Floats]:
    said, happened = columns(probability, actual)
    known = np.isfinite(said) & np.isfinite(happened)
    return said[known], happened[known]


def _inside(probability: Floats) -> Floats:
    return Calibration("identity").calibrate(probability)
