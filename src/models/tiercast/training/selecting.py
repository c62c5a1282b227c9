"""Selecting: who answers each target, chosen at the last origin before the tests, which play no part in it.

The usual answer of a target is an average of learners that err differently. Taking whoever has the lowest loss on one
window instead is to believe in luck: among a dozen the first is often first by chance, and was seen to lose to the average
on the next window. So another candidate is chosen only where it is proven better.
"""

from collections.abc import Callable, Mapping

import numpy as np

from tiercast.evaluation.metrics import normalised_gini, rmse
from tiercast.learners.learner import Panel
from tiercast.targets.churn import CHURN
from tiercast.targets.lifetime_value import LIFETIME_VALUE
from tiercast.targets.target import Target

PROVEN_SE = 2.0
"""Standard errors by which a candidate must beat the usual answer."""
REDRAWS = 100
LossOf = Callable[[np.ndarray, np.ndarray], float]


def losses_by_row(target: Target, actual: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Return each row's loss: log loss of churn, Poisson deviance of orders.

    Examples
    --------
    >>> from tiercast.targets.expected_orders import EXPECTED_ORDERS
    >>> losses_by_row(EXPECTED_ORDERS, np.array([0.0, 2.0]), np.array([0.5, 2.0])).tolist()
    [1.0, 0.0]
    """
    if target is CHURN:
        inside = np.clip(said, 1e-12, 1.0 - 1e-12)
        return np.asarray(-np.log(np.where(actual > 0, inside, 1.0 - inside)))
    mean = np.maximum(said, 1e-9)
    told = np.where(actual > 0, actual * np.log(np.maximum(actual, 1.0) / mean), 0.0)
    return np.asarray(2.0 * (told - (actual - mean)))


def value_loss(actual: np.ndarray, predicted: np.ndarray, rule: np.ndarray) -> float:
    """Return how far a candidate is off in rank and in size, each against the rule: below 1 beats it.

    The mean of ``(1 − Gini) / (1 − Gini of the rule)`` and ``RMSE / RMSE of the rule``: a marketer ranks by value and
    also adds it up.

    Examples
    --------
    >>> actual = np.array([0.0, 10.0, 30.0])
    >>> value_loss(actual, np.array([20.0, 0.0, 20.0]), np.array([20.0, 0.0, 20.0]))
    1.0
    """
    rank = (1.0 - normalised_gini(actual, predicted)) / max(1.0 - normalised_gini(actual, rule), 1e-9)
    size = rmse(actual, predicted) / max(rmse(actual, rule), 1e-9)
    return float((rank + size) / 2)


def proven_by_rows(losses: Mapping[str, np.ndarray], usual: str, then: tuple[str, ...] = ()) -> str:
    """Return the candidate with the least mean loss, or the usual one unless it is beaten beyond chance.

    Where it is, those of ``then`` stand in its place, the first that is not beaten so: of many that beat one the first is
    still often first by luck.

    Examples
    --------
    >>> losses = {"blend": np.array([1.0, 1.2, 0.9, 1.1]), "rule": np.array([0.9, 1.3, 0.8, 1.1])}
    >>> proven_by_rows(losses, "blend")
    'blend'
    >>> better = {"blend": losses["blend"], "mean": losses["blend"] - 0.2, "model": losses["rule"] - 0.2}
    >>> proven_by_rows(better, "blend"), proven_by_rows(better, "blend", ("mean",))
    ('model', 'mean')
    """
    best = least({name: float(loss.mean()) for name, loss in losses.items()})
    for stands in (usual, *then):
        if stands in losses:
            gain = losses[stands] - losses[best]
            if gain.mean() <= PROVEN_SE * gain.std() / np.sqrt(len(gain)):
                return stands
    return best


def proven_value(said: Mapping[str, np.ndarray], *, usual: str, rule: str, window: Panel, seed: int) -> str:
    """Return the candidate with the least :func:`value_loss`, or the usual one unless it is beaten beyond chance.

    Chance is what the difference does when the customers of the window are drawn again.
    """
    actual = window.labels[LIFETIME_VALUE.label].to_numpy(float)
    best = least({name: value_loss(actual, answer, said[rule]) for name, answer in said.items()})
    if usual not in said or best == usual:
        return best
    chance, count = np.random.default_rng(seed), len(actual)
    gains = []
    for _ in range(REDRAWS):
        drawn = chance.integers(0, count, count)
        lost = [value_loss(actual[drawn], said[name][drawn], said[rule][drawn]) for name in (usual, best)]
        gains.append(lost[0] - lost[1])
    return best if np.mean(gains) > PROVEN_SE * np.std(gains) else usual


def least(losses: Mapping[str, float]) -> str:
    """Return the name of the least loss that is a number; the first of equal ones."""
    known = {name: loss for name, loss in losses.items() if loss == loss} or dict(losses)
    return min(known, key=lambda name: known[name])
