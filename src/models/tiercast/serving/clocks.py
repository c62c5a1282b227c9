"""Run-out clocks: when is what a customer bought used up, and when will they buy of that category again?

``quantity × days_per_unit`` after the purchase, where the product says how many days one unit lasts (basis ``given``);
else from the customer's own gaps between purchases of the category (``learned``), drawn to what is usual of the category
the less of them there are; else what is usual (``category``). The parameters are fitted by
``tiercast.actions.clock_fit`` and travel as JSON.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from .conditions import take
from .history import day_number
from .refusals import MissingColumns

ROWS: tuple[str, ...] = ("customer_id", "category", "day", "units", "given_days")
"""What a clock reads: one row for each customer, category and day with a purchase."""
COLUMNS: tuple[str, ...] = (
    "customer_id", "cutoff", "category", "last_bought_on", "quantity", "days_per_unit", "basis", "own_weight_share",
    "runs_out_on", "due_on",
)  # fmt: skip
"""Columns of the answer before the milestones, which a user may add to, and ``habit_formed``."""
FROM: tuple[str, ...] = ("last_bought", "due")
MOST_DAYS = 36_500
BASES: tuple[str, ...] = ("given", "learned", "category")


@dataclass(frozen=True)
class Milestone:
    """A day to act on: so many ``units`` used up and so many ``days`` after the last purchase, or after the due day.

    Parameters
    ----------
    name : str
        The column, a date: it ends in ``_on``.
    start : str
        ``last_bought`` or ``due``. A day counted from the due day is never before the cutoff.
    units : float
        Units of the product that are used up by then, at ``days_per_unit`` each.
    days : int
        Days to add; below 0, days before.
    name_en, name_zh : str
        For people.
    """

    name: str
    start: str
    units: float
    days: int
    name_en: str
    name_zh: str


@dataclass(frozen=True)
class Paces:
    """How long a purchase of each category lasts: logs of days, and by how much customers differ; the last is of all.

    ``elasticity`` is by how many per cent it lasts longer for one per cent more units: 1 where twice as much lasts
    twice as long, 0 where the quantity says nothing.
    """

    categories: tuple[str, ...]
    log_days: tuple[float, ...]
    log_units: tuple[float, ...]
    elasticity: tuple[float, ...]
    within_variance: tuple[float, ...]
    between_variance: tuple[float, ...]
    gaps: tuple[int, ...]


@dataclass(frozen=True)
class Clocks:
    """The frozen clocks: paces of categories, the milestones, and which quantile of the wait is told as the due day.

    Parameters
    ----------
    date_quantile : float
        The due day is the day by which this share of such customers has bought, among those as silent as this one.
    habit_units : float
        Units of a category from which on (included) buying it counts as a habit.

    Examples
    --------
    Three cans that last a week each, bought on day 0 (2026-01-01):

    >>> from tiercast.actions.clocks import FORMULA
    >>> rows = pd.DataFrame({"customer_id": ["a"], "category": ["formula"], "day": [20454], "units": [3.0],
    ...                      "given_days": [21.0]})
    >>> found = FORMULA.tell(rows, cutoff=date(2026, 1, 2))
    >>> [str(found[name][0]) for name in ("experience_check_on", "replenish_on", "wake_up_on")]
    ['2026-01-08', '2026-01-21', '2026-04-01']
    >>> bool(found["habit_formed"][0]), found["basis"][0]
    (True, 'given')
    >>> FORMULA.tell(rows.drop(columns="units"), cutoff=date(2026, 1, 2))
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.MissingColumns: a clock needs units, which did not come
    >>> FORMULA.tell(rows.iloc[:0], cutoff=date(2026, 1, 2)).shape
    (0, 14)
    """

    paces: Paces
    milestones: tuple[Milestone, ...]
    date_quantile: float = 0.40
    habit_units: float = 3.0

    def tell(self, rows: pd.DataFrame, *, cutoff: date) -> pd.DataFrame:
        """Return one row for each customer and category that was bought before the cutoff, with its days.

        Parameters
        ----------
        rows : DataFrame
            :data:`ROWS`: ``day`` in days since 1970; ``units`` bought that day, where not above 0 one is assumed;
            ``given_days`` that they last by the product dictionary, NaN where it does not say. Rows on or after the
            cutoff are not read.

        Returns
        -------
        DataFrame
            :data:`COLUMNS`, one date column for each milestone, and ``habit_formed`` (bool); ordered by customer and
            category. ``runs_out_on`` is arithmetic and may lie before the cutoff; ``due_on`` never does: where nothing
            was said (``learned``, ``category``) it is a quantile of the wait given the silence so far. An experience
            check or a wake-up is a plain day after the last purchase, in the past where it was due then.
            ``own_weight_share`` is how far the customer's own gaps decide, 0 to 1.

        Raises
        ------
        MissingColumns
        """
        missing = [name for name in ROWS if name not in rows]
        if missing:
            raise MissingColumns(f"a clock needs {', '.join(missing)}, which did not come", missing=missing)
        today = day_number(cutoff)
        pairs = histories(rows[rows["day"].to_numpy(np.int64) < today])
        learned = self._learned(pairs)
        given = np.isfinite(pairs["last_given_days"].to_numpy(float))
        units = pairs["last_units"].to_numpy(float)
        last = pairs["last_day"].to_numpy(np.int64)
        supply = np.where(given, pairs["last_given_days"].to_numpy(float), learned["supply_days"])
        ends = last + np.clip(np.floor(supply), 0, MOST_DAYS).astype(np.int64)
        ends = np.where(given, np.maximum(ends, pairs["given_until"].to_numpy(float)), ends).astype(np.int64)
        expected = last + np.rint(self._wait(learned, today - last)).astype(np.int64)
        due = np.maximum(np.where(given, ends, expected), today)
        told = pd.DataFrame({"customer_id": pairs["customer_id"], "category": pairs["category"]})
        told.insert(1, "cutoff", pd.Series([cutoff] * len(pairs), dtype=object))
        told["last_bought_on"] = dates(last)
        told["quantity"] = units
        told["days_per_unit"] = np.minimum(supply, MOST_DAYS) / units
        own = learned["own_weight_share"]
        told["basis"] = take(BASES, np.where(given, 0, np.where(own > 0, 1, 2)))
        told["own_weight_share"] = np.where(given, np.nan, own)
        told["runs_out_on"] = dates(ends)
        told["due_on"] = dates(due)
        for each in self.milestones:
            start = {"last_bought": last, "due": due}[each.start]
            used = np.floor(np.minimum(each.units * told["days_per_unit"].to_numpy(float), MOST_DAYS))
            day = start + used.astype(np.int64) + each.days
            told[each.name] = dates(np.maximum(day, today) if each.start == "due" else day)
        told["habit_formed"] = pairs["all_units"].to_numpy(float) >= self.habit_units
        return told

    def _learned(self, pairs: pd.DataFrame) -> dict[str, np.ndarray]:
        """Return what a purchase of the last size lasts for each pair, and how far that is known."""
        paces = self.paces
        place = {name: number for number, name in enumerate(paces.categories)}
        at = pairs["category"].map(place).fillna(len(paces.log_days) - 1).to_numpy(np.int64)
        usual, usual_units, elastic, within, between = (
            np.asarray(values, dtype=float)[at]
            for values in (paces.log_days, paces.log_units, paces.elasticity, paces.within_variance, paces.between_variance)
        )  # fmt: skip
        gaps = pairs["gaps"].to_numpy(float)
        own = pairs["log_gap_mean"].to_numpy(float) - elastic * (
            pairs["log_units_mean"].to_numpy(float) - usual_units
        )
        weight = gaps * between / (gaps * between + within)
        level = weight * np.where(gaps > 0, own, 0.0) + (1 - weight) * usual
        units = np.log(pairs["last_units"].to_numpy(float))
        log_supply = level + elastic * (units - usual_units)
        spread = np.sqrt(within + between * (1 - weight))
        return {
            "log_days": log_supply,
            "supply_days": np.exp(np.minimum(log_supply, np.log(MOST_DAYS))),
            "spread": spread,
            "own_weight_share": weight,
        }

    def _wait(self, learned: Mapping[str, np.ndarray], silent_days: np.ndarray) -> np.ndarray:
        """Return days from the last purchase to the due day, given that none came in the days of silence."""
        centre, spread = learned["log_days"], learned["spread"]
        # not bought again on any of the silent_days - 1 days seen: the gap is above silent_days - 1/2, as days are whole
        passed = ndtr((np.log(np.maximum(silent_days - 0.5, 0.3)) - centre) / spread)
        share = np.clip(passed + (1 - passed) * self.date_quantile, 1e-9, 1 - 1e-9)
        return np.asarray(np.minimum(np.exp(centre + spread * ndtri(share)), MOST_DAYS), dtype=float)

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON."""
        return {"type": "clocks", **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        paces = Paces(**{name: tuple(values) for name, values in stored["paces"].items()})
        milestones = tuple(Milestone(**each) for each in stored["milestones"])
        return cls(paces, milestones, stored["date_quantile"], stored["habit_units"])


def histories(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each customer and category: its last purchase and the gaps before it.

    Returns
    -------
    DataFrame
        ``customer_id, category, last_day, last_units, last_given_days, given_until`` (latest day on which any given
        supply ends), ``all_units, days`` (with a purchase), ``gaps`` (between them), ``log_gap_mean`` and
        ``log_units_mean`` (of the gaps, and of what was bought at their start; NaN without gaps).

    Examples
    --------
    >>> rows = pd.DataFrame({"customer_id": "a", "category": "milk", "day": [10, 13, 22], "units": [1.0, 3.0, 2.0],
    ...                      "given_days": np.nan})
    >>> histories(rows)[["last_day", "last_units", "days", "gaps"]].values.tolist()
    [[22.0, 2.0, 3.0, 2.0]]
    """
    steps = step_table(rows)
    heads = np.flatnonzero(steps["is_first"].to_numpy(bool))
    if not len(heads):
        names = ("last_day", "last_units", "last_given_days", "given_until", "all_units", "days", "gaps",
                 "log_gap_mean", "log_units_mean")  # fmt: skip
        return pd.DataFrame({name: pd.Series(dtype=object) for name in ("customer_id", "category")}
                            | {name: pd.Series(dtype=float) for name in names})  # fmt: skip
    tails = np.r_[heads[1:], len(steps)] - 1
    days = tails - heads + 1
    known = steps["gap_days"].notna().to_numpy()
    gap = np.where(known, np.log(np.where(known, steps["gap_days"], 1.0)), 0.0)
    size = np.where(known, np.log(steps["units"]), 0.0)
    gaps = days - 1
    divisor = np.where(gaps > 0, gaps, np.nan)
    given = steps["given_days"].to_numpy(float)
    ends = np.where(
        np.isfinite(given), steps["day"] + np.floor(np.minimum(np.nan_to_num(given), MOST_DAYS)), -np.inf
    )
    return pd.DataFrame(
        {
            "customer_id": steps["customer_id"].to_numpy()[tails],
            "category": steps["category"].to_numpy()[tails],
            "last_day": steps["day"].to_numpy()[tails],
            "last_units": steps["units"].to_numpy()[tails],
            "last_given_days": given[tails],
            "given_until": np.maximum.reduceat(ends, heads),
            "all_units": np.add.reduceat(steps["units"].to_numpy(), heads),
            "days": days,
            "gaps": gaps,
            "log_gap_mean": np.add.reduceat(gap, heads) / divisor,
            "log_units_mean": np.add.reduceat(size, heads) / divisor,
        }
    )


def step_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in order, with the days to the next purchase of the pair (``gap_days``, NaN for the last)."""
    people, ids = pd.factorize(rows["customer_id"].astype(object), sort=True)
    what, names = pd.factorize(rows["category"].astype(object), sort=True)
    day = rows["day"].to_numpy(np.int64)
    order = np.lexsort((day, what, people))
    people, what, day = people[order], what[order], day[order]
    follows = (people[1:] == people[:-1]) & (what[1:] == what[:-1])
    gap = np.where(np.r_[follows, False], np.r_[day[1:], 0] - day, np.nan)[: len(order)]
    units = rows["units"].to_numpy(float)[order]
    return pd.DataFrame(
        {
            "customer_id": np.asarray(ids, dtype=object)[people],
            "category": np.asarray(names, dtype=object)[what],
            "day": day,
            "units": np.where(units > 0, units, 1.0),
            "given_days": rows["given_days"].to_numpy(float)[order],
            "gap_days": gap,
            "is_first": np.r_[True, ~follows][: len(order)],
        }
    )


def dates(days: np.ndarray) -> pd.Series:
    """Return days since 1970 as dates."""
    return pd.Series(np.asarray(days, dtype="int64").astype("datetime64[D]").astype(object), dtype=object)
