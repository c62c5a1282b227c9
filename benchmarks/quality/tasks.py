"""The judged tasks: a data set, the last day of its history, a horizon, and what the field and we should reach."""

from dataclasses import dataclass
from datetime import date, timedelta

TARGETS = ("churn", "orders", "value", "repurchase", "interval")


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What one figure of ours should be, and the best that is known of it.

    Parameters
    ----------
    target, metric : str
        One of :data:`TARGETS`, and a figure of :mod:`benchmarks.quality.judging`.
    at_least, at_most : float, optional
        Both included.
    best_known : float, optional
        By whoever reached it.
    """

    target: str
    metric: str
    at_least: float | None = None
    at_most: float | None = None
    best_known: float | None = None

    @property
    def words(self) -> str:
        """The goal as a table shows it.

        Examples
        --------
        >>> Goal(target="orders", metric="total_bias", at_least=0.95, at_most=1.05).words
        '0.95 to 1.05'
        >>> Goal(target="churn", metric="log_loss", at_most=0.343).words
        '≤ 0.343'
        """
        if self.at_least is not None and self.at_most is not None:
            return f"{self.at_least:g} to {self.at_most:g}"
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"


@dataclass(frozen=True, kw_only=True)
class Task:
    """A question put to everybody: what will each customer do in the horizon after the last day of history?

    The cohort is every customer with a purchase up to that day, an order is a customer-day with a purchase, and value is
    the gross sum of purchase amounts: returns are left out of what everybody sees and of what is judged.

    Parameters
    ----------
    name : str
    source : str
        As :func:`tiercast.sources.opening.open_source` takes it; ``{folder}`` stands for the folder of the data.
    last_day : date
        The last day of history, included; the cutoff is the midnight after it.
    horizon_days : int
    goals : tuple of Goal
    map : str
        A column map, where the source brings none.
    only : tuple of str
        The only contestants; empty: all that are asked for.
    without_kinds : tuple of str
        Kinds of touchpoints that the contestant ``ours_without`` does not see.
    """

    name: str
    source: str
    last_day: date
    horizon_days: int
    goals: tuple[Goal, ...] = ()
    map: str = ""
    only: tuple[str, ...] = ()
    without_kinds: tuple[str, ...] = ()

    @property
    def cutoff(self) -> date:
        """The midnight after the last day: nothing on or after it is seen.

        Examples
        --------
        >>> Task(name="a", source="csv:a.csv", last_day=date(1997, 12, 31), horizon_days=91).cutoff
        datetime.date(1998, 1, 1)
        """
        return self.last_day + timedelta(days=1)


INTERVALS = (
    Goal(target="interval", metric="pit_coverage_80_share", at_least=0.77, at_most=0.83),
    Goal(target="interval", metric="pit_coverage_80_lowest_decile_share", at_least=0.73),
    Goal(target="interval", metric="pit_coverage_80_highest_decile_share", at_most=0.87),
    Goal(target="interval", metric="spender_coverage_80_share", at_least=0.77, at_most=0.83),
)
"""Asked of every set in whose history the season of the horizon was seen before."""
