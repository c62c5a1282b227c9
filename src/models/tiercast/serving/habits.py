"""A customer's habits, by frozen parts: own channel, weekday and hour, price, what is due next, what they might buy too.

The parts and the SQL texts of what they count travel with a version; who asks with touchpoints (:func:`~.doing.habits_of`)
and who plans from a whole source get the same answers from the same code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Self

import numpy as np
import pandas as pd

from .affinity import Affinity
from .clocks import Clocks
from .cross_sell import CrossSell
from .sensitivity import PriceSensitivity

COUNTS: tuple[str, ...] = ("channel_days", "order_times", "category_lines", "clock_days")
"""What is counted, by the name of its text."""
DUE_WITHIN_DAYS = 28
"""A category that is due later than this after the cutoff is not told as the next one."""


@dataclass(frozen=True)
class Habits:
    """Fitted parts, and the texts by which what they read is counted."""

    contact_channel: Affinity
    weekday: Affinity
    hour: Affinity
    price_sensitivity: PriceSensitivity
    cross_sell: CrossSell
    clocks: Clocks
    texts: Mapping[str, str] = field(default_factory=dict)

    def tell(
        self,
        counted: Mapping[str, pd.DataFrame],
        customers: pd.Series,
        *,
        cutoff: date,
        groups: pd.Series | None = None,
    ) -> pd.DataFrame:
        """Return one row for each of ``customers``, indexed as they are.

        Parameters
        ----------
        counted : mapping of str to DataFrame
            The answers to the texts, by :data:`COUNTS`, as known before the cutoff.
        groups : Series, optional
            The group of each customer.

        Returns
        -------
        DataFrame
            ``preferred_contact_channel``, ``preferred_weekday`` (``0`` is Monday), ``preferred_hour``, each with ``…_share``
            and ``…_own_weight_share``; ``price_sensitivity_ratio``, ``price_lines``; ``due_category``, ``due_on``;
            ``suggested_category``.
        """
        lines = counted["category_lines"]
        due = next_due(self.clocks.tell(clock_rows(counted["clock_days"]), cutoff=cutoff), cutoff)
        suggested = self.cross_sell.suggest(lines, customers, most=1).rename(
            columns={"category": "suggested_category"}
        )
        dimensions = {"contact_channel": self.contact_channel, "weekday": self.weekday, "hour": self.hour}
        seen = affinity_counts(counted)
        return pd.concat(
            [
                *(part.best(seen[name], customers, name, groups) for name, part in dimensions.items()),
                self.price_sensitivity.tell(lines, customers),
                _by_customer(due, customers),
                _by_customer(suggested[["customer_id", "suggested_category"]], customers),
            ],
            axis=1,
        )

    def channel_fit(
        self, counted: Mapping[str, pd.DataFrame], customers: pd.Series, groups: pd.Series | None = None
    ) -> pd.DataFrame:
        """Return how far each channel is the customer's own beside the group's: 1 is usual."""
        return self.contact_channel.lift(affinity_counts(counted)["contact_channel"], customers, groups)

    def to_json(self) -> dict[str, Any]:
        """Return parts and texts as plain JSON."""
        parts = {name: getattr(self, name).to_json() for name in self.__dataclass_fields__ if name != "texts"}
        return {"type": "habits", "texts": dict(self.texts), **parts}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls(
            Affinity.from_json(stored["contact_channel"]),
            Affinity.from_json(stored["weekday"]),
            Affinity.from_json(stored["hour"]),
            PriceSensitivity.from_json(stored["price_sensitivity"]),
            CrossSell.from_json(stored["cross_sell"]),
            Clocks.from_json(stored["clocks"]),
            dict(stored["texts"]),
        )


def affinity_counts(counted: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return ``customer_id, term, count`` of each dimension."""
    times = counted["order_times"]
    dimensions = {"contact_channel": counted["channel_days"].rename(columns={"days": "count"})}
    for name in ("weekday", "hour"):
        term = times[name].astype("float64").astype("int64").astype("str")
        dimensions[name] = pd.DataFrame(
            {"customer_id": times["customer_id"], "term": term, "count": times["orders"]}
        )
    return dimensions


def clock_rows(found: pd.DataFrame) -> pd.DataFrame:
    """Return what :class:`~.clocks.Clocks` reads, of the answer to the text ``clock_days``.

    Where a product says how long a unit lasts, ``units`` of a day are those that say so.
    """
    given = found["given_units_milli"].to_numpy(float) > 0
    units = (
        np.where(given, found["given_units_milli"].to_numpy(float), found["units_milli"].to_numpy(float))
        / 1e3
    )
    return pd.DataFrame(
        {
            "customer_id": found["customer_id"],
            "category": found["category"],
            "day": found["day"].astype("int64"),
            "units": units,
            "given_days": np.where(given, found["given_days_micro"].to_numpy(float) / 1e6, np.nan),
        }
    )


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
    bought = -soon["last_bought_on"].to_numpy().astype("datetime64[D]").astype(np.int64)
    ranked = soon.assign(_bought=bought).sort_values(
        ["customer_id", "due_on", "_bought", "category"], kind="stable"
    )
    first = ranked.drop_duplicates("customer_id")[["customer_id", "category", "due_on"]]
    return first.rename(columns={"category": "due_category"}).reset_index(drop=True)


def _by_customer(rows: pd.DataFrame, customers: pd.Series) -> pd.DataFrame:
    held = rows.set_index("customer_id").reindex(pd.Index(customers.astype(object)))
    return held.astype(object).where(held.notna(), None).set_axis(customers.index)
