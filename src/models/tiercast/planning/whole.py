"""From the linear programme to whole contacts: what it would do in part is left out, and what that frees is filled."""

from dataclasses import dataclass

import numpy as np

from tiercast.planning.greedy import best_greedy, greedy
from tiercast.planning.programme import Options, Shared, solve


@dataclass(frozen=True)
class Whole:
    """Which options are taken; the better greedy plan, what it earns and by what; the bound; prices to start from."""

    taken: np.ndarray
    plain: np.ndarray
    plain_gain: float
    by: str
    bound: float
    start: np.ndarray


def best_whole(held: Options, limits: Shared, *, customers: int, seed: int) -> Whole:
    """Return the better of the programme's plan, made whole, and the greedy one.

    Examples
    --------
    >>> two = Options(np.array([0, 1]), np.array([0, 0]), np.array([9.0, 5.0]), np.array([1.0, 1.0]))
    >>> found = best_whole(two, Shared(1.5, np.inf, np.array([np.inf]), 1), customers=2, seed=7)
    >>> found.taken.tolist(), found.bound
    ([True, False], 11.5)
    """
    found = solve(held, limits, customers=customers, seed=seed)
    taken = greedy(held, limits, customers=customers, taken=found.share > 1 - 1e-6)
    plain, by = best_greedy(held, limits, customers=customers)
    # a greedy plan may earn more where limits are so small that rounding decides
    plain_gain = float(held.gain[plain].sum())
    if plain_gain > float(held.gain[taken].sum()):
        taken = plain
    return Whole(taken, plain, plain_gain, by, found.optimum, found.price)
