"""The clocks' days, as declarations: experience check, replenishment, wake-up; a file of yours may add further ones.

Numbers are those of infant formula, whose can lasts a week: three cans on day 0 are asked about on day 7, replenished on
day 20 and woken up for on day 90, and three units make a habit. All of them are arguments of :class:`ClockSettings`.
"""

from dataclasses import dataclass

from tiercast.collect import collect
from tiercast.errors import TiercastError
from tiercast.serving.clocks import FROM, Clocks, Milestone, Paces


class BadClock(TiercastError, ValueError):
    """A milestone or a setting of the clocks contradicts itself; the message names it."""

    code = "BAD_CLOCK"
    exit_code = 2

    def __init__(self, *, clock: str, problem: str) -> None:
        super().__init__(f"clock {clock}: {problem}", clock=clock)


EXPERIENCE_CHECK = Milestone(
    "experience_check_on", "last_bought", 1.0, 0, "the first unit is used up: ask how it is", "首件用完：回访"
)
REPLENISH = Milestone(
    "replenish_on", "due", 0.0, -1, "the day before it is due: offer to replenish", "将用完：提醒补货"
)
WAKE_UP = Milestone("wake_up_on", "last_bought", 0.0, 90, "silent for long: wake up", "久未购买：购买唤醒")


@dataclass(frozen=True)
class ClockSettings:
    """What is set rather than learned.

    Parameters
    ----------
    date_quantile : float
        Quantile of the wait that is told as the due day. Chosen on two origins before the one that judges: the median
        error of 0.40 is below that of 0.50, and its mean error below that of 0.30 (see decision 24).
    habit_units : float
        Units of a category that make a habit.
    least_gaps : int
        A category with fewer gaps than this, over all customers, is taken for one like all.

    Raises
    ------
    BadClock

    Examples
    --------
    >>> ClockSettings(date_quantile=1.5)
    Traceback (most recent call last):
    ...
    tiercast.actions.clocks.BadClock: clock settings: date_quantile must be above 0 and below 1, not 1.5
    """

    date_quantile: float = 0.40
    habit_units: float = 3.0
    least_gaps: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.date_quantile < 1:
            raise BadClock(
                clock="settings",
                problem=f"date_quantile must be above 0 and below 1, not {self.date_quantile}",
            )
        if not self.habit_units > 0 or self.least_gaps < 1:
            raise BadClock(clock="settings", problem="habit_units must be above 0, and least_gaps 1 or more")


def milestones_of(extensions: tuple[str, ...] = ()) -> tuple[Milestone, ...]:
    """Return every declared milestone, ours and those of ``extensions``, by name of the file.

    Raises
    ------
    BadClock
        A milestone starts nowhere, or its name is no date's.

    Examples
    --------
    >>> [each.name for each in milestones_of()]
    ['experience_check_on', 'replenish_on', 'wake_up_on']
    """
    found = tuple(collect("tiercast.actions", Milestone, extensions).values())
    for each in found:
        if each.start not in FROM:
            raise BadClock(
                clock=each.name, problem=f"it starts at {each.start!r}; there is: {', '.join(FROM)}"
            )
        if not each.name.endswith("_on"):
            raise BadClock(clock=each.name, problem="the name of a date ends in _on")
        if not each.units >= 0:
            raise BadClock(clock=each.name, problem="units must be 0 or more")
    return found


FORMULA = Clocks(
    Paces((), (3.4,), (0.0,), (1.0,), (0.7,), (0.7,), (0,)), (EXPERIENCE_CHECK, REPLENISH, WAKE_UP)
)
"""Clocks that have learned nothing: for products that say themselves how long a unit lasts."""
