"""Several contacts of one customer: the second works on what the first has left, so effects do not add up.

Of contacts with the effects ``e``, what happens without any of them is ``Π(1 − e)``: together they bring
``worth × (1 − Π(1 − e))``, and the k-th of them ``worth × e_k × Π(1 − e)`` of those before it. Which contacts a plan takes
and what each of them brings depend on one another, so the programme is solved for three guesses of what is left: nothing
taken off, everything that a better channel could have brought, and what the plan before it brought. The best of them,
counted exactly, is the plan. The first, in which effects add up, bounds them all.
"""

from dataclasses import replace

import numpy as np

from tiercast.planning.programme import Options, Shared
from tiercast.planning.whole import Whole, best_whole


def together(
    held: Options, effect: np.ndarray, limits: Shared, *, customers: int, seed: int
) -> tuple[Whole, np.ndarray]:
    """Return the best plan found where contacts of one customer share an effect, and what each option brings within it.

    Parameters
    ----------
    held : Options
        With the gain that each would have alone, above 0.
    effect : ndarray
        The share of the customer's worth that each brings alone, 0 to 1.

    Returns
    -------
    Whole, ndarray
        ``bound`` is that of effects that add up; the gains are those after the contacts of the customer that the plan takes
        and that would earn more alone.

    Examples
    --------
    Two contacts of one customer worth 100, each bringing 10 % for nothing: 19, not 20.

    >>> two = Options(np.array([0, 0]), np.array([0, 1]), np.array([10.0, 10.0]), np.array([0.0, 0.0]))
    >>> found, gain = together(two, np.array([0.1, 0.1]), Shared(9.0, 9.0, np.array([9.0, 9.0]), 2), customers=1, seed=7)
    >>> float(gain[found.taken].sum()), found.bound
    (19.0, 20.0)
    """
    order = np.lexsort((held.channel, -held.gain, held.customer))
    firsts = np.r_[True, held.customer[order][1:] != held.customer[order][:-1]][: len(order)]
    start = np.maximum.accumulate(np.where(firsts, np.arange(len(order)), 0))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - start
    at = [np.flatnonzero(place == rank) for rank in range(int(place.max(initial=-1)) + 1)]

    def gains(taken: np.ndarray, *, drop: bool) -> tuple[np.ndarray, np.ndarray]:
        left, kept = np.ones(customers), taken.copy()
        found = np.zeros(len(held))
        for rows in at:
            who = held.customer[rows]
            found[rows] = (held.gain[rows] + held.cost[rows]) * left[who] - held.cost[rows]
            if drop:
                kept[rows] &= found[rows] > 0
            left[who] *= np.where(kept[rows], 1.0 - effect[rows], 1.0)
        return found, kept

    def solved(told: np.ndarray) -> Whole:
        some = told > 0
        found = best_whole(replace(held, gain=told).take(some), limits, customers=customers, seed=seed)
        taken, plain = np.zeros(len(held), dtype=bool), np.zeros(len(held), dtype=bool)
        taken[some], plain[some] = found.taken, found.plain
        return replace(found, taken=taken, plain=plain)

    def worth(taken: np.ndarray) -> float:
        return float(gains(taken, drop=False)[0][taken].sum())

    alone = solved(held.gain)
    careful = solved(gains(np.ones(len(held), dtype=bool), drop=False)[0])
    again = solved(gains(careful.taken, drop=False)[0])
    plain = gains(alone.plain, drop=True)[1]
    tried = [gains(each.taken, drop=True)[1] for each in (careful, again, alone)]
    best = max([*tried, plain], key=worth)
    gain = gains(best, drop=False)[0]
    return Whole(best, plain, worth(plain), alone.by, alone.bound, alone.start), gain
