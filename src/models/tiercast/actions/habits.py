"""Habits are learned from what was seen before a cutoff, and told by the served code; clocks by category or product."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from tiercast.actions.affinity_fit import fit_affinity
from tiercast.actions.clock_fit import fit_clocks
from tiercast.actions.clocks import ClockSettings, milestones_of
from tiercast.actions.cross_sell_fit import fit_cross_sell
from tiercast.actions.rolled import (
    CATEGORY_LINES,
    CHANNEL_DAYS,
    CONSENT_WORDS,
    ORDER_TIMES,
    clock_days,
    rolled,
    rolled_text,
)
from tiercast.actions.sensitivity_fit import fit_sensitivity
from tiercast.engines.engine import Engine
from tiercast.features.described import dictionaries_of
from tiercast.schema import History
from tiercast.serving.affinity import WEEKDAYS
from tiercast.serving.clocks import Clocks
from tiercast.serving.habits import Habits, affinity_counts, clock_rows
from tiercast.windows import day_number

HOURS: tuple[str, ...] = tuple(str(hour) for hour in range(24))
COUNTED = {
    "channel_days": CHANNEL_DAYS,
    "order_times": ORDER_TIMES,
    "category_lines": CATEGORY_LINES,
    "clock_days": clock_days("category"),
}


MOST_ROWS = 5_000_000
"""Rows of a count from which on a training reads no further bucket of customers."""


@dataclass(frozen=True)
class KnownHabits:
    """What is known of how some customers buy.

    Parameters
    ----------
    frame : DataFrame
        As :meth:`tiercast.serving.habits.Habits.tell`, indexed as the customers asked for.
    fit : DataFrame
        How far each channel is the customer's own beside the group's, 1 is usual.
    consent_words : DataFrame
        ``customer_id, purpose, channel, word``, as :func:`tiercast.serving.contacts.withdrawn` reads them.
    habits : Habits
        The fitted parts.
    """

    frame: pd.DataFrame
    fit: pd.DataFrame
    consent_words: pd.DataFrame
    habits: Habits


def clocks_at(
    engine: Engine,
    history: History,
    cutoff: date,
    *,
    key: str = "category",
    extensions: tuple[str, ...] = (),
    settings: ClockSettings | None = None,
) -> tuple[pd.DataFrame, Clocks]:
    """Return the clocks of every customer and category (or product) seen before the cutoff, and what was learned.

    Returns
    -------
    DataFrame
        As :meth:`tiercast.serving.clocks.Clocks.tell`.
    """
    rows = clock_rows(_read(engine, history, clock_days(key), cutoff))
    fitted = fit_clocks(rows, milestones=milestones_of(extensions), settings=settings)
    return fitted.tell(rows, cutoff=cutoff), fitted


def fit_habits(
    engine: Engine,
    history: History,
    cutoff: date,
    *,
    groups: pd.Series | None = None,
    extensions: tuple[str, ...] = (),
    seed: int = 7,
    most_rows: int | None = MOST_ROWS,
) -> tuple[Habits, dict[str, pd.DataFrame]]:
    """Return habits learned from everything seen before the cutoff, and the counts that they were learned from.

    Parameters
    ----------
    groups : Series, optional
        The group of each customer (a segment, say), indexed by customer id, to which thin histories are drawn.
    most_rows : int, optional
        Where the engine reads bucket by bucket of customers, it stops once so many rows of a count are there: what is
        learned of categories and groups needs no more. ``None`` reads everybody.
    """
    counted = {
        name: _read(engine, history, relation, cutoff, most_rows) for name, relation in COUNTED.items()
    }
    seen = affinity_counts(counted)
    listed = {"contact_channel": None, "weekday": WEEKDAYS, "hour": HOURS}
    channel, weekday, hour = (
        fit_affinity(seen[name], dimension=name, terms=terms, groups=groups, seed=seed)
        for name, terms in listed.items()
    )
    lines = counted["category_lines"]
    habits = Habits(
        channel,
        weekday,
        hour,
        fit_sensitivity(lines),
        fit_cross_sell(lines),
        fit_clocks(clock_rows(counted["clock_days"]), milestones=milestones_of(extensions)),
        {name: rolled_text(history, relation, cutoff) for name, relation in COUNTED.items()},
    )
    return habits, counted


def habits_at(
    engine: Engine,
    history: History,
    cutoff: date,
    customers: pd.Series,
    *,
    groups: pd.Series | None = None,
    extensions: tuple[str, ...] = (),
    seed: int = 7,
) -> KnownHabits:
    """Return the habits of some customers, fitted here and now; ``groups`` is the group of each of them."""
    of_each = None if groups is None else pd.Series(groups.to_numpy(dtype=object), index=pd.Index(customers))
    habits, counted = fit_habits(
        engine, history, cutoff, groups=of_each, extensions=extensions, seed=seed, most_rows=None
    )
    return _known(engine, history, cutoff, customers, habits, counted, groups)


def habits_by(
    habits: Habits,
    engine: Engine,
    history: History,
    cutoff: date,
    customers: pd.Series,
    *,
    tables: Any,
    groups: pd.Series | None = None,
) -> KnownHabits:
    """Return the habits of some customers by the parts and texts of a version, as a request to it is answered.

    Parameters
    ----------
    habits : Habits
        Those of the version.
    tables : Tables
        The dictionaries of the version.
    """
    counted = {
        name: pd.concat(engine.frames(habits.texts[name], cutoffs=[cutoff], tables=tables), ignore_index=True)
        for name in COUNTED
    }
    return _known(engine, history, cutoff, customers, habits, counted, groups)


def _known(
    engine: Engine,
    history: History,
    cutoff: date,
    customers: pd.Series,
    habits: Habits,
    counted: dict[str, pd.DataFrame],
    groups: pd.Series | None,
) -> KnownHabits:
    return KnownHabits(
        habits.tell(counted, customers, cutoff=cutoff, groups=groups),
        habits.channel_fit(counted, customers, groups),
        _read(engine, history, CONSENT_WORDS, cutoff),
        habits,
    )


def channel_costs(history: History, cutoff: date) -> dict[str, float]:
    """Return what a contact costs by the history's channel dictionary, as it stood on the last day before the cutoff."""
    if "channels" not in history.sides:
        return {}
    rows = _addressable(history, cutoff)
    rows = rows[rows["cost_minor"].notna()]
    cost = rows["cost_minor"].astype("float64") / history.minor_per_major
    return {str(name): float(each) for name, each in zip(rows["channel"], cost, strict=True)}


def addressable_channels(history: History, cutoff: date) -> frozenset[str]:
    """Return the channels through which one customer can be spoken to, by the history's dictionary or else by ours."""
    return frozenset(str(name) for name in _addressable(history, cutoff)["channel"])


def _addressable(history: History, cutoff: date) -> pd.DataFrame:
    held = dictionaries_of(history).frame("channels")
    day = day_number(cutoff) - 1
    rows = held[(held["from_day"] <= day) & (day < held["until_day"])]
    return rows[rows["is_addressable"] == 1]


def _read(
    engine: Engine, history: History, relation: Any, cutoff: date, most_rows: int | None = None
) -> pd.DataFrame:
    frames, rows = [], 0
    for frame in rolled(engine, history, relation, [cutoff]):
        frames.append(frame)
        rows += len(frame)
        if most_rows is not None and rows >= most_rows:
            break
    return pd.concat(frames, ignore_index=True)
