"""Who will move next month: a Markov forecast from the tier history, with the uncertainty that so much history allows.

**Method.** Pairs of cutoffs of the history that lie as near as possible to the horizon apart give counts of moves from
class to class. With Jeffreys' prior (1/2 a class), each row of the matrix is Dirichlet, and next month's arrivals are
Dirichlet-multinomial: their mean and variance are exact. Where the history is shorter than the horizon, the matrix of one
pair is raised to the power of horizon / distance, and the answer says so. Source: Anderson & Goodman (1957), *Statistical
inference about Markov chains*.

**What it cannot know.** Customers move together (a season, a campaign, a new version of the model with new cuts). Where
three pairs or more are there, their excess spread over what independent customers would show widens the interval
(overdispersion, Pearson's X² over its degrees of freedom); with fewer it cannot be seen, and the interval is a lower bound
on the uncertainty. Dwell and grace make the past matter: a chain of one step knows the class, not the days in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from tiercast.tiers.history import Night, NoTierHistory, nights

HORIZON_DAYS = 30
PRIOR = 0.5
SPREAD_PAIRS = 3
_Z_80 = 1.2815515655446004


@dataclass(frozen=True)
class Migration:
    """The forecast: from where to where, and how many there will be.

    Parameters
    ----------
    policy : str
    cutoff : date
        Of the newest history: the customers that the forecast is about.
    horizon_days : int
    pairs : tuple of (date, date)
        What it was learned from.
    method : str
        In words, with what limits it.
    probabilities : DataFrame
        From (rows) to (columns).
    expected : DataFrame
        ``tier, customers_now, customers_then``, the 80 % interval ``customers_then_low, customers_then_high``, and the
        ``expected_in`` and ``expected_out`` of each class.
    overdispersion : float or None
        1 is independent customers; None where too few pairs tell.
    """

    policy: str
    cutoff: date
    horizon_days: int
    pairs: tuple[tuple[date, date], ...]
    method: str
    probabilities: pd.DataFrame
    expected: pd.DataFrame
    overdispersion: float | None


def forecast_migration(
    out: str | Path,
    *,
    policy: str | None = None,
    horizon_days: int = HORIZON_DAYS,
    most_pairs: int = 12,
    best_first: Callable[[str], Sequence[str]] = lambda _: (),
) -> Migration:
    """Forecast the moves of the next ``horizon_days`` from the tier history of a folder of scorecards.

    Parameters
    ----------
    out : path
        The folder that ``tiercast score --out`` fills.
    policy : str, optional
        Default: that of the newest history; of several at its cutoff, the one that was published last.
    best_first : callable
        Returns the classes of a policy in their order, as far as known; others follow by name.

    Raises
    ------
    NoTierHistory
        Fewer than two cutoffs of one policy.
    """
    every = nights(out, policy=policy)
    if not every:
        raise NoTierHistory(folder=out, needs="2 cutoffs", has="none")
    name = max(every, key=lambda night: (night.cutoff, night.place.stat().st_mtime_ns)).policy
    newest = _one_a_day([night for night in every if night.policy == name])
    if len(newest) < 2:
        raise NoTierHistory(folder=out, needs="2 cutoffs", has="1")
    pairs = pairs_of([night.cutoff for night in newest], horizon_days)[-most_pairs:]
    by_day = {night.cutoff: night for night in newest}
    tiers = {day: _tiers(by_day[day]) for pair in pairs for day in pair}
    last = newest[-1].cutoff
    today = tiers.get(last)
    today = _tiers(by_day[last]) if today is None else today
    order = list(best_first(name))
    there = {key for each in (*tiers.values(), today) for key in each.unique()}
    keys = [key for key in order if key in there] + sorted(there - set(order))
    moves = [moves_between(tiers[first], tiers[second], keys) for first, second in pairs]
    return forecast(moves, today.value_counts(), pairs, policy=name, cutoff=last, horizon_days=horizon_days)


def _one_a_day(found: list[Night]) -> list[Night]:
    """Return one history a cutoff: of several versions, the one that was published last."""
    best: dict[date, Night] = {}
    for night in sorted(found, key=lambda each: each.place.stat().st_mtime_ns):
        best[night.cutoff] = night
    return [best[day] for day in sorted(best)]


def _tiers(night: Night) -> pd.Series:
    rows = night.read(["customer_id", "tier"])
    return rows.set_index("customer_id")["tier"]


def pairs_of(cutoffs: Sequence[date], horizon_days: int) -> list[tuple[date, date]]:
    """Return the pairs of cutoffs to learn from, none overlapping another, all of the same distance within a day.

    Examples
    --------
    >>> days = [date(2026, 1, 1), date(2026, 1, 31), date(2026, 3, 2), date(2026, 3, 5)]
    >>> [(str(first), str(second)) for first, second in pairs_of(days, 30)]
    [('2026-01-01', '2026-01-31'), ('2026-01-31', '2026-03-02')]
    """
    ordered = sorted(cutoffs)
    spans = [(second - first).days for place, first in enumerate(ordered) for second in ordered[place + 1 :]]
    span = min(spans, key=lambda days: (abs(days - horizon_days), days))
    found: list[tuple[date, date]] = []
    free = ordered[-1]
    for second in reversed(ordered):
        if second > free:
            continue
        firsts = [first for first in ordered if abs((second - first).days - span) <= 1 and first < second]
        if firsts:
            first = min(firsts, key=lambda day: (abs((second - day).days - span), day))
            found.append((first, second))
            free = first
    return found[::-1]


def moves_between(first: pd.Series, second: pd.Series, keys: list[str]) -> pd.DataFrame:
    """Count customers of both cutoffs by their two classes."""
    both = pd.concat([first.rename("from"), second.rename("to")], axis=1, join="inner")
    return pd.crosstab(both["from"], both["to"]).reindex(index=keys, columns=keys, fill_value=0)


def forecast(
    moves: Sequence[pd.DataFrame],
    today: pd.Series,
    pairs: Sequence[tuple[date, date]],
    *,
    policy: str,
    cutoff: date,
    horizon_days: int,
) -> Migration:
    """Forecast from counts of moves; see the module for the method."""
    keys = list(moves[0].index)
    counts = np.sum([each.to_numpy(float) for each in moves], axis=0)
    here = today.reindex(keys).fillna(0).to_numpy(float)
    heft = counts.sum(axis=1) + PRIOR * len(keys)
    chance = (counts + PRIOR) / heft[:, None]
    seen = counts.sum(axis=1) == 0
    chance[seen] = np.eye(len(keys))[seen]  # a class without a past is expected to stay
    span = round(float(np.mean([(second - first).days for first, second in pairs])))
    steps = horizon_days / span
    exact = abs(span - horizon_days) <= 1
    if not exact:
        chance = _power(chance, steps)
    spread = _overdispersion([each.to_numpy(float) for each in moves])
    factor = max(spread or 1.0, 1.0) * (1.0 if exact else max(steps, 1.0))
    then = here @ chance
    variance = (here * (here + heft) / (heft + 1.0))[:, None] * chance * (1 - chance)
    width = _Z_80 * np.sqrt(variance.sum(axis=0) * factor)
    stays = here * np.diag(chance)
    expected = pd.DataFrame(
        {
            "tier": keys,
            "customers_now": here.astype(int),
            "customers_then": then,
            "customers_then_low": np.clip(then - width, 0.0, None),
            "customers_then_high": then + width,
            "expected_in": then - stays,
            "expected_out": here - stays,
        }
    )
    method = (
        f"Markov chain from {len(pairs)} pair{'s' if len(pairs) > 1 else ''} of cutoffs {span} days apart"
    )
    if not exact:
        method += f", carried to {horizon_days} days by the power {steps:.2f}: steps are taken as alike and independent"
    if spread is None:
        method += "; too few pairs to see whether customers move together: the interval is a lower bound"
    return Migration(
        policy=policy,
        cutoff=cutoff,
        horizon_days=horizon_days,
        pairs=tuple(pairs),
        method=method,
        probabilities=pd.DataFrame(chance, index=keys, columns=keys),
        expected=expected,
        overdispersion=spread,
    )


def _power(chance: np.ndarray, steps: float) -> np.ndarray:
    """Return the matrix of so many steps: whole ones exactly, the rest mixed with staying."""
    whole = int(np.floor(steps))
    rest = steps - whole
    partly = np.eye(len(chance)) * (1 - rest) + chance * rest
    return np.asarray(np.linalg.matrix_power(chance, whole) @ partly)


def _overdispersion(moves: Sequence[np.ndarray]) -> float | None:
    """Return Pearson's X² of the pairs against their common matrix, over its degrees of freedom."""
    if len(moves) < SPREAD_PAIRS:
        return None
    total = np.sum(moves, axis=0)
    rows = total.sum(axis=1, keepdims=True)
    common = np.divide(total, rows, out=np.zeros_like(total), where=rows > 0)
    squares, freedom = 0.0, 0
    for each in moves:
        meant = each.sum(axis=1, keepdims=True) * common
        told = meant > 0.0
        squares += float((np.square(each - meant)[told] / meant[told]).sum())
    for place, row in enumerate(common):
        filled = sum(
            each[place].sum() > 0 for each in moves
        )  # a pair without anybody in the class says nothing of it
        freedom += max(int((row > 0).sum()) - 1, 0) * max(filled - 1, 0)
    return squares / freedom if freedom else None
