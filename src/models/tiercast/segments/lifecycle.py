"""How customers live on: who moves from which stage to which, how often, and how long they stay."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from tiercast.serving.lifecycle import EDGES, reachable

RESAMPLES = 200
ORDER: tuple[str, ...] = tuple(EDGES)
COUNT = len(ORDER)


@dataclass(frozen=True)
class Lives:
    """What a panel of stages shows.

    Parameters
    ----------
    transitions : DataFrame
        One row a pair of stages that occurs: ``before, after, customers`` (moves, or stays, from one cutoff to the
        next), ``share`` (of those in the stage before), ``share_low, share_high`` (95 %, over redrawn customers, each
        with all their moves) and ``possible`` (a declared edge).
    dwell : DataFrame
        One row a stage: ``stage, spells`` (that began after the first cutoff, so their start is known), ``ended_share``,
        ``median_days, median_low_days, median_high_days`` (95 %), ``quarter_days, three_quarters_days``; NaN where so
        many have not ended yet (Kaplan-Meier: a spell that goes on counts as at least so long). Multiples of the days
        between cutoffs.
    impossible : DataFrame
        The rows of ``transitions`` that no declared edge explains.
    """

    transitions: pd.DataFrame
    dwell: pd.DataFrame
    impossible: pd.DataFrame


def lives_of(panel: pd.DataFrame, *, seed: int) -> Lives:
    """Return transition rates and dwell times.

    Parameters
    ----------
    panel : DataFrame
        ``customer_id``, ``cutoff`` (date, evenly spaced) and ``lifecycle_stage``, one row a customer and cutoff.

    Examples
    --------
    >>> from datetime import date
    >>> days = [date(2025, 1, 1), date(2025, 1, 29), date(2025, 2, 26)]
    >>> told = pd.DataFrame({"customer_id": list("aaabbb"), "cutoff": days * 2,
    ...                      "lifecycle_stage": ["new", "repeat", "repeat", "prospect", "new", "new"]})
    >>> lives_of(told, seed=0).transitions[["before", "after", "customers", "share"]].values.tolist()
    [['prospect', 'new', 1, 1.0], ['new', 'new', 1, 0.5], ['new', 'repeat', 1, 0.5], ['repeat', 'repeat', 1, 1.0]]
    >>> len(lives_of(told.assign(lifecycle_stage=["new", "prospect"] * 3), seed=0).impossible) > 0
    True
    >>> len(lives_of(told.iloc[:0], seed=0).transitions)
    0
    """
    days = sorted(set(panel["cutoff"]))
    steps = np.array([(b - a).days for a, b in pairwise(days)], dtype=float)
    every = float(np.median(steps)) if len(steps) else 0.0
    place = {day: at for at, day in enumerate(days)}
    rows = pd.DataFrame(
        {
            "customer": np.unique(
                panel["customer_id"].to_numpy(dtype=object).astype(str), return_inverse=True
            )[1],
            "at": panel["cutoff"].map(place).to_numpy(dtype=np.int64),
            "stage": panel["lifecycle_stage"].map(ORDER.index).to_numpy(dtype=np.int64),
        }
    ).sort_values(["customer", "at"], ignore_index=True)
    drawn = _draws(int(rows["customer"].max()) + 1 if len(rows) else 0, seed)
    transitions = _transitions(rows, drawn, every)
    return Lives(
        transitions,
        _dwell(rows, drawn, len(days), every),
        transitions[~transitions["possible"]].reset_index(drop=True),
    )


def _transitions(rows: pd.DataFrame, drawn: list[np.ndarray], every: float) -> pd.DataFrame:
    nexts = (rows["customer"].shift(-1) == rows["customer"]) & (rows["at"].shift(-1) == rows["at"] + 1)
    went = np.flatnonzero(nexts.to_numpy())
    stage, customer = rows["stage"].to_numpy(), rows["customer"].to_numpy()[went]
    cell = stage[went] * COUNT + stage[went + 1] if len(went) else np.zeros(0, dtype=np.int64)
    counts = np.bincount(cell, minlength=COUNT**2).reshape(COUNT, COUNT)
    shares = [_shares(np.bincount(cell, each[customer], COUNT**2)) for each in drawn]
    low, high = _bounds(np.stack(shares) if shares else np.full((1, COUNT, COUNT), np.nan))
    own = _shares(counts.ravel().astype(float))
    may = reachable(every)
    found = [
        (ORDER[a], ORDER[b], int(counts[a, b]), own[a, b], low[a, b], high[a, b], ORDER[b] in may[ORDER[a]])
        for a, b in zip(*np.nonzero(counts), strict=True)
    ]
    names = ["before", "after", "customers", "share", "share_low", "share_high", "possible"]
    return pd.DataFrame(found, columns=names).astype({"customers": "int64", "possible": bool})


def _dwell(rows: pd.DataFrame, drawn: list[np.ndarray], cutoffs: int, every: float) -> pd.DataFrame:
    """Return how long spells last, in discrete Kaplan-Meier (1958)."""
    begins = (rows["customer"] != rows["customer"].shift()) | (rows["stage"] != rows["stage"].shift())
    begins |= rows["at"] != rows["at"].shift() + 1
    spell = begins.cumsum().to_numpy()
    spells = rows.groupby(spell).agg(
        customer=("customer", "first"), stage=("stage", "first"), start=("at", "first"), end=("at", "last")
    )
    seen = spells[spells["start"] > 0]
    length = (seen["end"] - seen["start"] + 1).to_numpy(dtype=np.int64)
    ended = (seen["end"] < cutoffs - 1).to_numpy()
    told = []
    for code, stage in enumerate(ORDER):
        own = (seen["stage"] == code).to_numpy()
        customer, many = seen["customer"].to_numpy()[own], length[own]
        curve = _survival(many, ended[own], np.ones(int(own.sum())), cutoffs)
        medians = [
            _when(_survival(many, ended[own], each[customer], cutoffs), 0.5) * every
            for each in (drawn if own.any() else [])
        ]
        known = np.array([np.inf if np.isnan(each) else each for each in medians])
        low, high = np.quantile(known, [0.025, 0.975], method="nearest") if len(known) else (np.nan, np.nan)
        told.append(
            (
                stage, int(own.sum()), float(ended[own].mean()) if own.any() else np.nan, _when(curve, 0.5) * every,
                low if np.isfinite(low) else np.nan, high if np.isfinite(high) else np.nan,
                _when(curve, 0.75) * every, _when(curve, 0.25) * every,
            )
        )  # fmt: skip
    names = [
        "stage", "spells", "ended_share", "median_days", "median_low_days", "median_high_days", "quarter_days",
        "three_quarters_days",
    ]  # fmt: skip
    return pd.DataFrame(told, columns=names)


def _survival(length: np.ndarray, ended: np.ndarray, weight: np.ndarray, cutoffs: int) -> np.ndarray:
    """Return the share of spells that last longer than 1, 2, … looks; a spell that goes on is censored after its last."""
    size = cutoffs + 2
    ends = np.bincount(length[ended], weight[ended], size)
    leaves = np.bincount(length, weight, size)
    at_risk = leaves[::-1].cumsum()[::-1]
    hazard = np.divide(ends, at_risk, out=np.zeros(size), where=at_risk > 0)
    return np.cumprod(1.0 - hazard)[1:]


def _when(curve: np.ndarray, left: float) -> float:
    below = np.flatnonzero(curve <= left + 1e-12)
    return float(below[0] + 1) if len(below) else float("nan")


def _shares(counts: np.ndarray) -> np.ndarray:
    table = counts.reshape(COUNT, COUNT)
    whole = table.sum(axis=1, keepdims=True)
    return np.divide(table, whole, out=np.full(table.shape, np.nan), where=whole > 0)


def _bounds(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % bounds over the draws in which anybody was in the stage before; NaN where there are none."""
    never = np.isnan(shares).all(axis=0)
    low, high = np.nanquantile(np.where(never, 0.0, shares), [0.025, 0.975], axis=0)
    return np.where(never, np.nan, low), np.where(never, np.nan, high)


def _draws(customers: int, seed: int) -> list[np.ndarray]:
    chance = np.random.default_rng(seed)
    return [
        np.bincount(chance.integers(0, customers, customers), minlength=customers).astype(float)
        for _ in range(RESAMPLES if customers else 0)
    ]
