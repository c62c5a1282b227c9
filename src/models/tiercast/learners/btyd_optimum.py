"""The parameters under which a buy-till-you-die model explains the histories best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from tiercast.learners.btyd_histories import Histories
from tiercast.serving.btyd_arithmetic import Floats

LogLikelihood = Callable[[Floats, Histories], tuple[Floats, Floats]]
"""Log-likelihood of each distinct history and its gradient, at the logarithms of the parameters."""

SAME_OPTIMUM = 1e-6
"""Mean log-likelihoods per customer that differ by less are the same."""

_BOUNDS = (np.log(1e-4), np.log(1e5))


@dataclass(frozen=True)
class Optimum:
    """Parameters, the total log-likelihood there, and whether the optimiser was content.

    The log-likelihood is ``-inf`` when it was finite nowhere.
    """

    parameters: Floats
    log_likelihood: float
    converged: bool


def maximise(likelihood: LogLikelihood, seen: Histories, starts: Sequence[Floats]) -> Optimum:
    """Return the best optimum found from two starts, or from a third too where those two disagree."""
    customers = float(seen.weight.sum())

    def loss(log_parameters: Floats) -> tuple[float, Floats]:
        with np.errstate(all="ignore"):
            value, gradient = likelihood(log_parameters, seen)
            mean, slope = -float(value @ seen.weight) / customers, -(gradient @ seen.weight) / customers
        if not (np.isfinite(mean) and np.all(np.isfinite(slope))):
            return 1e10, np.zeros_like(log_parameters)
        return mean, slope

    best, lowest, content = starts[0], np.inf, False
    values: list[float] = []
    for start in starts:
        if len(values) >= 2 and abs(values[0] - values[1]) < SAME_OPTIMUM:
            break
        result = minimize(
            loss,
            np.clip(np.log(start), *_BOUNDS),
            jac=True,
            method="L-BFGS-B",
            bounds=[_BOUNDS] * len(start),
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
        )
        values.append(float(result.fun))
        if result.fun < min(lowest, 1e9):
            best, lowest, content = np.exp(result.x), float(result.fun), bool(result.success)
    return Optimum(best, -lowest * customers, content)
