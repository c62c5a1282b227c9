"""The greedy plan: options one after the other, best first, as long as the limits allow; what a spreadsheet would do."""

import numpy as np

from tiercast.planning.programme import Options, Shared


def greedy(
    options: Options,
    limits: Shared,
    *,
    customers: int,
    taken: np.ndarray | None = None,
    order: np.ndarray | None = None,
) -> np.ndarray:
    """Return which options are taken, best first, each if it still fits.

    Parameters
    ----------
    taken : ndarray of bool, optional
        Options that are taken already, and count.
    order : ndarray of int, optional
        Which first; default by gain, of equal ones the first customer.

    Examples
    --------
    >>> two = Options(np.array([0, 1]), np.array([0, 0]), np.array([9.0, 5.0]), np.array([3.0, 1.0]))
    >>> greedy(two, Shared(2.0, np.inf, np.array([np.inf]), 1), customers=2).tolist()
    [False, True]
    """
    chosen = np.zeros(len(options), dtype=bool) if taken is None else taken.copy()
    ranked = np.lexsort((options.channel, options.customer, -options.gain)) if order is None else order
    ranked = ranked[~chosen[ranked]]
    # python's own numbers: an item of an array costs ten times as much to read
    cost, who, via = (cells.tolist() for cells in (options.cost, options.customer, options.channel))
    money = limits.budget - float(options.cost[chosen].sum())
    places = limits.contacts - int(chosen.sum())
    room = (limits.capacity - np.bincount(options.channel[chosen], minlength=len(limits.capacity))).tolist()
    many = np.bincount(options.customer[chosen], minlength=customers).tolist()
    for each in ranked.tolist():
        if places < 1:
            break
        if cost[each] > money + 1e-9 or room[via[each]] < 1 or many[who[each]] >= limits.per_customer:
            continue
        chosen[each] = True
        money -= cost[each]
        places -= 1
        room[via[each]] -= 1
        many[who[each]] += 1
    return chosen


def best_greedy(options: Options, limits: Shared, *, customers: int) -> tuple[np.ndarray, str]:
    """Return the better of two greedy plans, by gain and by gain for each unit of money, and which it was."""
    by_gain = greedy(options, limits, customers=customers)
    rate = options.gain / np.maximum(options.cost, 1e-6)
    by_rate = greedy(
        options, limits, customers=customers, order=np.lexsort((options.channel, options.customer, -rate))
    )
    if float(options.gain[by_rate].sum()) > float(options.gain[by_gain].sum()):
        return by_rate, "gain for each unit of money"
    return by_gain, "gain"
