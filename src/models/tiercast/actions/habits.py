"""A customer's habits at a cutoff: channel, weekday and hour, price, what runs out next, and what they might buy too."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
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
    clock_rows,
    rolled,
)
from tiercast.actions.sensitivity_fit import fit_sensitivity
from tiercast.engines.engine import Engine
from tiercast.features.described import dictionaries_of
from tiercast.schema import History
from tiercast.serving.affinity import WEEKDAYS
from tiercast.serving.clocks import Clocks
from tiercast.windows import day_number

DUE_WITHIN_DAYS = 28
"""A category that is due later than this after the cutoff is not told as the next one."""
HOURS: tuple[str, ...] = tuple(str(hour) for hour in range(24))


@dataclass(frozen=True)
class Habits:
    """What is known of how customers buy.

    Parameters
    ----------
    frame : DataFrame
        Indexed as the customers asked for: ``preferred_contact_channel``, ``preferred_weekday``, ``preferred_hour``, each
        with ``…_share`` and ``…_own_weight_share``; ``price_sensitivity_ratio``, ``price_lines``; ``due_category``,
        ``due_on``; ``suggested_category``.
    fit : DataFrame
        How far each channel is the customer's own beside the group's, 1 is usual.
    consent_words : DataFrame
        ``customer_id, purpose, channel, word``, as :func:`tiercast.serving.contacts.withdrawn` reads them.
    parts : dict
        The fitted parts as JSON, by name: what a served file needs to say the same.
    """

    frame: pd.DataFrame
    fit: pd.DataFrame
    consent_words: pd.DataFrame
    parts: dict[str, Any]


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
    rows = clock_rows(engine, history, cutoff, key=key)
    fitted = fit_clocks(rows, milestones=milestones_of(extensions), settings=settings)
    return fitted.tell(rows, cutoff=cutoff), fitted


def habits_at(
    engine: Engine,
    history: History,
    cutoff: date,
    customers: pd.Series,
    *,
    groups: pd.Series | None = None,
    extensions: tuple[str, ...] = (),
    seed: int = 7,
) -> Habits:
    """Return the habits of some customers, learned from everything seen before the cutoff.

    Parameters
    ----------
    groups : Series, optional
        The group of each of ``customers`` (a segment, say), to which thin histories are drawn.
    """

    def read(relation: Any) -> pd.DataFrame:
        return pd.concat(rolled(engine, history, relation, [cutoff]), ignore_index=True)

    of_each = None if groups is None else pd.Series(groups.to_numpy(dtype=object), index=pd.Index(customers))
    met = read(CHANNEL_DAYS).rename(columns={"days": "count"})
    times = read(ORDER_TIMES)
    times["weekday"] = times["weekday"].astype("int64").astype("str")
    times["hour"] = times["hour"].astype("int64").astype("str")
    counts = {
        "contact_channel": met,
        "weekday": times.rename(columns={"weekday": "term", "orders": "count"}),
        "hour": times.rename(columns={"hour": "term", "orders": "count"}),
    }
    listed = {"contact_channel": None, "weekday": WEEKDAYS, "hour": HOURS}
    parts: dict[str, Any] = {}
    frames = []
    fit = pd.DataFrame(index=customers.index)
    for name, counted in counts.items():
        part = fit_affinity(counted, dimension=name, terms=listed[name], groups=of_each, seed=seed)
        parts[name] = part.to_json()
        frames.append(part.best(counted, customers, name, groups))
        if name == "contact_channel":
            fit = part.lift(counted, customers, groups)
    lines = read(CATEGORY_LINES)
    sensitivity, cross = fit_sensitivity(lines), fit_cross_sell(lines)
    parts |= {"price_sensitivity": sensitivity.to_json(), "cross_sell": cross.to_json()}
    frames.append(sensitivity.tell(lines, customers))
    told, clocks = clocks_at(engine, history, cutoff, extensions=extensions)
    parts["clocks"] = clocks.to_json()
    frames.append(_by_customer(next_due(told, cutoff), customers))
    suggested = cross.suggest(lines, customers, most=1).rename(columns={"category": "suggested_category"})
    frames.append(_by_customer(suggested[["customer_id", "suggested_category"]], customers))
    return Habits(pd.concat(frames, axis=1), fit, read(CONSENT_WORDS), parts)


def next_due(told: pd.DataFrame, cutoff: date, *, within_days: int = DUE_WITHIN_DAYS) -> pd.DataFrame:
    """Return, for each customer, the category of a habit that is due next: ``customer_id, due_category, due_on``.

    Of those due on one day, the one bought most lately; of these, the first by name.

    Examples
    --------
    >>> told = pd.DataFrame({"customer_id": ["a", "a"], "category": ["milk", "soap"], "habit_formed": [True, True],
    ...                      "due_on": [date(2026, 3, 9), date(2026, 3, 4)], "last_bought_on": date(2026, 3, 1)})
    >>> next_due(told, date(2026, 3, 2)).values.tolist()
    [['a', 'soap', datetime.date(2026, 3, 4)]]
    """
    last = cutoff + timedelta(days=within_days)
    soon = told[told["habit_formed"].astype(bool) & (told["due_on"] < last)]
    ranked = soon.assign(_bought=_negated(soon))
    ranked = ranked.sort_values(["customer_id", "due_on", "_bought", "category"], kind="stable")
    first = ranked.drop_duplicates("customer_id")[["customer_id", "category", "due_on"]]
    return first.rename(columns={"category": "due_category"}).reset_index(drop=True)


def channel_costs(history: History, cutoff: date) -> dict[str, float]:
    """Return what a contact costs by the history's channel dictionary, as it stood on the last day before the cutoff."""
    if "channels" not in history.sides:
        return {}
    held = dictionaries_of(history).frame("channels")
    day = day_number(cutoff) - 1
    rows = held[(held["from_day"] <= day) & (day < held["until_day"]) & held["cost_minor"].notna()]
    rows = rows[rows["is_addressable"] == 1]
    cost = rows["cost_minor"].astype("float64") / history.minor_per_major
    return {str(name): float(each) for name, each in zip(rows["channel"], cost, strict=True)}


def _negated(rows: pd.DataFrame) -> np.ndarray:
    return -rows["last_bought_on"].to_numpy().astype("datetime64[D]").astype(np.int64)


def _by_customer(rows: pd.DataFrame, customers: pd.Series) -> pd.DataFrame:
    held = rows.set_index("customer_id").reindex(pd.Index(customers.astype(object)))
    return held.astype(object).where(held.notna(), None).set_axis(customers.index)
