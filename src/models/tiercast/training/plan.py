"""The plan: what the data allow to be trained and judged, from when, and why not when they don't."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from tiercast.errors import NotTrainable
from tiercast.evaluation.splits_check import check_folds
from tiercast.windows import Fold, Horizon, origins_before, rolling_folds

LEAST_WINDOW_DAYS = 14
"""Below two weeks a window says more about weekdays than about customers."""
UNSEEN = "SEASON_UNSEEN"
UNSEEN_LEVEL_FACTOR_80 = 1.4
"""What a season may do to the level of everybody's value: the bounds within which one is ever mended, too."""
REFUSE_BELOW_EVENTS = 100
WARN_BELOW_EVENTS = 500
LEAST_SPENDERS = 9
"""The least of whom the 10 % and 90 % order statistics of split conformal prediction exist: floor((n + 1) / 10) is 1."""
WARN_BELOW_SPENDERS = 20
FARTHEST_ESTIMATE_DAYS = 3652
"""A rate seen for months says nothing of the day on which something comes after ten years."""


@dataclass(frozen=True)
class Plan:
    """Origins and folds of one training.

    Parameters
    ----------
    horizon : Horizon
        What is asked.
    window : Horizon
        What labels tell of: the horizon, or less where the history holds no three of them. What is learned of a shorter
        window is carried to the horizon by the curve and the purchase process.
    folds : tuple of Fold
        One for each test origin, oldest first.
    origins : tuple of date
        Every origin of the panel, test origins included.
    data_ends_on : date
        Nothing on or after it is used; the served model is fitted as of this day.
    warnings : tuple of str
        Codes with a sentence each.
    open_origins : tuple of date
        Origins after them whose window is still open when the data end: they tell of waiting times alone.
    judged_from : date, optional
        Where the history is too short for test origins (:mod:`tiercast.training.short`), and so there are no folds: the day
        from which models are trained and judged. None where they are.
    """

    horizon: Horizon
    window: Horizon
    folds: tuple[Fold, ...]
    origins: tuple[date, ...]
    data_ends_on: date
    warnings: tuple[str, ...]
    open_origins: tuple[date, ...] = ()
    judged_from: date | None = None

    @property
    def words_end_on(self) -> date:
        """The first test origin; without tests, the origin of the window that is learned from: words are counted until then."""
        return self.folds[0].test if self.folds else self.origins[0]

    @property
    def level_factor_80(self) -> float:
        """By what factor the level may be off with a chance of one in five: 1 where every season was seen before."""
        return UNSEEN_LEVEL_FACTOR_80 if any(each.startswith(UNSEEN) for each in self.warnings) else 1.0


def trainable_from(
    first_day: date, *, horizon: Horizon, step_days: int, test_origins: int, history_days: int
) -> date:
    """Return the first day on which data that began on ``first_day`` are long enough, and stay so.

    Three windows must be mature one after the other: the trained, the calibrating and the judged one. The trained one
    begins a whole number of steps before the calibrating one.

    Examples
    --------
    >>> trainable_from(date(2026, 1, 1), horizon=Horizon(28), step_days=14, test_origins=3, history_days=84)
    datetime.date(2026, 7, 16)
    >>> trainable_from(date(2026, 1, 1), horizon=Horizon(29), step_days=14, test_origins=3, history_days=84)
    datetime.date(2026, 8, 1)
    """
    mature = (horizon.matures_on(first_day) - first_day).days
    steps = -(-mature // step_days) + test_origins - 1
    return first_day + timedelta(days=history_days + 2 * mature + step_days * steps)


def answered_from(first_day: date, *, horizon: Horizon, history_days: int) -> date:
    """Return the first day on which data that began on ``first_day`` hold one mature window: then they can be answered from.

    Examples
    --------
    >>> answered_from(date(2026, 1, 1), horizon=Horizon(14), history_days=84)
    datetime.date(2026, 4, 9)
    """
    return horizon.matures_on(first_day + timedelta(days=history_days))


def least_window(horizon: Horizon) -> Horizon:
    """Return the shortest window that may stand for a horizon: two weeks, or the horizon where that is shorter.

    Examples
    --------
    >>> least_window(Horizon(28)).days, least_window(Horizon(7)).days
    (14, 7)
    """
    return replace(horizon, days=min(horizon.days, LEAST_WINDOW_DAYS))


def surely_planned_from(
    first_day: date, *, horizon: Horizon, step_days: int, test_origins: int, history_days: int
) -> date:
    """Return the first day from which :func:`longest_window` is not below ``horizon``, at most a step later.

    Examples
    --------
    >>> surely_planned_from(date(2026, 1, 1), horizon=Horizon(28), step_days=14, test_origins=3, history_days=84)
    datetime.date(2026, 7, 29)
    """
    mature = (horizon.matures_on(first_day) - first_day).days
    return first_day + timedelta(days=history_days + 3 * mature + step_days * test_origins - 1)


def longest_window(
    horizon: Horizon, *, days: int, step_days: int, test_origins: int, history_days: int
) -> Horizon:
    """Return the longest window up to the horizon of which a history of so many days surely holds three.

    Examples
    --------
    >>> longest_window(Horizon(90), days=283, step_days=14, test_origins=3, history_days=84).days
    52
    >>> longest_window(Horizon(28), days=283, step_days=14, test_origins=3, history_days=84).days
    28
    """
    room = (
        days - history_days - step_days * test_origins + 1
    )  # an origin may lie up to a step before it could
    most = room // 3 - horizon.gap_days - horizon.settle_days
    return replace(horizon, days=max(min(most, horizon.days), 1))


def _folds(
    window: Horizon, *, first: date, ends: date, step_days: int, test_origins: int
) -> tuple[Fold, ...]:
    """Return a fold for each test origin, the newest label mature at the end; none where one has nothing to train on."""
    newest = ends - (window.matures_on(ends) - ends)
    tests = [newest - timedelta(days=step_days * back) for back in reversed(range(test_origins))]
    if not all(origins_before(test, first=first, step_days=step_days, horizon=window) for test in tests):
        return ()
    folds = rolling_folds(tests, first=first, step_days=step_days, horizon=window)
    return folds if all(fold.train for fold in folds) else ()


def make_plan(
    *,
    first_day: date,
    data_ends_on: date,
    horizon: Horizon,
    step_days: int,
    test_origins: int,
    first_origin_after_days: int,
) -> Plan:
    """Return the plan, or refuse with the day from which there will be one, and that from which there are answers at least.

    Raises
    ------
    NotTrainable
        The history is too short for the asked test origins.

    Examples
    --------
    >>> plan = make_plan(
    ...     first_day=date(2017, 1, 1), data_ends_on=date(2018, 1, 1), horizon=Horizon(28), step_days=14,
    ...     test_origins=3, first_origin_after_days=84,
    ... )
    >>> [fold.test.isoformat() for fold in plan.folds], len(plan.origins)
    (['2017-11-06', '2017-11-20', '2017-12-04'], 19)
    """
    start = first_day + timedelta(days=first_origin_after_days)
    rolling: dict[str, int] = {"step_days": step_days, "test_origins": test_origins}
    least = least_window(horizon)
    ready = trainable_from(first_day, horizon=least, history_days=first_origin_after_days, **rolling)
    if data_ends_on < ready:
        answered = answered_from(first_day, horizon=least, history_days=first_origin_after_days)
        days = (answered - data_ends_on).days
        early = f"from {answered}: {days} more days" if days > 0 else f"since {answered}"
        raise NotTrainable(
            target="all targets",
            needs=f"history until {ready} ({first_origin_after_days} days, 3 windows of {least.days} days and "
            f"{test_origins} test origins)",
            has=f"history from {first_day} until {data_ends_on}",
            fix=f"the purchase process or a rule answers, not judged, {early}; trainable from {ready}: "
            f"{(ready - data_ends_on).days} more days; or a shorter horizon, fewer test "
            "origins, or a smaller first_origin_after_days",
        )
    shorter = longest_window(
        horizon, days=(data_ends_on - first_day).days, history_days=first_origin_after_days, **rolling
    )
    for window in (horizon, shorter if shorter.days >= least.days else least):
        folds = _folds(window, first=start, ends=data_ends_on, **rolling)
        if folds:
            break
    every = {origin for fold in folds for origin in (*fold.train, fold.calibrate, fold.test)}
    every |= set(origins_before(data_ends_on, first=start, step_days=step_days, horizon=window))
    for fold in folds:
        every |= set(origins_before(fold.test, first=start, step_days=step_days, horizon=window))
    check_folds(
        [(tuple(sorted({*fold.train, fold.calibrate})), fold.test) for fold in folds],
        gap_days=window.gap_days,
        horizon_days=window.days,
        known_until=data_ends_on,
    )
    warnings = []
    if window.days < horizon.days:
        whole = trainable_from(first_day, horizon=horizon, history_days=first_origin_after_days, **rolling)
        warnings.append(
            f"HORIZON_CARRIED: learned and judged on windows of {window.days} days, carried to {horizon.days} by the "
            f"purchase process; judged on {horizon.days} from {whole} on, {(whole - data_ends_on).days} more days"
        )
    warnings += warnings_of_length((data_ends_on - first_day).days, horizon)
    last, step = max(every), timedelta(days=step_days)
    room = (data_ends_on - last).days - window.gap_days - 1
    still_open = tuple(last + step * ahead for ahead in range(1, room // step_days + 1))
    return Plan(horizon, window, folds, tuple(sorted(every)), data_ends_on, tuple(warnings), still_open)


def warnings_of_length(history_days: int, horizon: Horizon) -> tuple[str, ...]:
    """Return what a history of so many days is too short for, beside the horizon.

    Examples
    --------
    >>> [each.split(":")[0] for each in warnings_of_length(100, Horizon(28))], warnings_of_length(400, Horizon(28))
    (['SEASON_UNSEEN'], ())
    """
    told = []
    if history_days < 3 * horizon.days:
        told.append("SHORT_HISTORY: less than three horizons of history")
    if history_days < 365 + horizon.days:
        told.append(
            f"{UNSEEN}: less than a year of history before the horizon, so no season was seen twice; intervals of value are "
            "wider for it"
        )
    return tuple(told)


def check_events(
    purchased: np.ndarray,
    *,
    customers: np.ndarray,
    origin_days: np.ndarray,
    target: str,
    until: date,
    otherwise: str = "",
) -> tuple[str, ...]:
    """Refuse a target with fewer than 100 customers of either outcome; warn below 500.

    A customer counts once for each outcome, at however many origins it came: the same few people at a hundred origins are
    still a few people.

    Parameters
    ----------
    purchased : array
        1 or 0 for each training label.
    customers : array
        Whose label it is.
    origin_days : array of int
        The label's origin, in days since 1970-01-01. By how many customers an outcome grew after the first of them, the
        day is estimated on which there will be enough.
    until : date
        The end of the data.
    otherwise : str
        What else could be done, for the refusal.

    Raises
    ------
    NotTrainable

    Examples
    --------
    >>> bought = np.repeat([1.0, 0.0], [400, 62])
    >>> check_events(
    ...     bought, customers=np.arange(462), origin_days=np.arange(462) % 62, target="churn", until=date(2026, 12, 15)
    ... )
    Traceback (most recent call last):
    ...
    tiercast.errors.NotTrainable: churn cannot be learned: it needs 100 churners (each customer counts once) in the training
    labels, there is: 62; trainable from about 2027-01-22: 38 more days, 38 more churners (an estimate: 61 more in 61 days);
    or take a shorter horizon
    >>> check_events(
    ...     np.tile(bought, 5), customers=np.tile(np.arange(462), 5), origin_days=np.repeat(np.arange(5) * 30, 462),
    ...     target="churn", until=date(2026, 12, 15),
    ... )
    Traceback (most recent call last):
    ...
    tiercast.errors.NotTrainable: churn cannot be learned: it needs 100 churners (each customer counts once) in the training
    labels, there is: 62; 38 more churners are needed; none was new in 120 days, so no day can be estimated; or ...
    """
    first = {
        came: pd.Series(origin_days[purchased == came]).groupby(customers[purchased == came]).min().to_numpy()
        for came in (1.0, 0.0)
    }
    bought, churned = len(first[1.0]), len(first[0.0])
    fewest = min(bought, churned)
    if fewest < REFUSE_BELOW_EVENTS:
        what = "churners" if churned < bought else "returning customers"
        advice = [
            _awaited(first[0.0 if churned < bought else 1.0], what, origin_days=origin_days, until=until),
            f"or take a {'shorter' if churned < bought else 'longer'} horizon",
            *([otherwise] if otherwise else []),
        ]
        raise NotTrainable(
            target=target,
            needs=f"{REFUSE_BELOW_EVENTS} {what} (each customer counts once) in the training labels",
            has=f"{fewest}",
            fix="; ".join(advice),
        )
    if fewest < WARN_BELOW_EVENTS:
        return (f"FEW_EVENTS: only {fewest} customers of the rarer outcome for {target}",)
    return ()


def check_spenders(spenders: Mapping[date, int]) -> tuple[str, ...]:
    """Warn where few customers spent in a window from which the intervals of value are learned.

    Parameters
    ----------
    spenders : mapping
        By origin of each window, how many spent within it.

    Examples
    --------
    >>> check_spenders({date(2026, 1, 5): 19, date(2026, 2, 2): 31})[0][:75]
    'FEW_SPENDERS: 19 customers spent in the window from 2026-01-05, of at least'
    >>> check_spenders({date(2026, 1, 5): 3})[0][-74:]
    'the basis of value is refused:TOO_FEW_SPENDERS and its interval no promise'
    >>> check_spenders({date(2026, 1, 5): 0}), check_spenders({date(2026, 1, 5): 20})
    ((), ())
    """
    few = {day: count for day, count in spenders.items() if 0 < count < WARN_BELOW_SPENDERS}
    if not few:
        return ()
    day, count = min(few.items(), key=lambda each: (each[1], each[0]))
    told = (
        "intervals of value are as wide as nearly all that was seen; take a longer horizon, or wait for more customers"
        if count >= LEAST_SPENDERS
        else f"below {LEAST_SPENDERS} no spread can be learned: take a longer horizon, or wait for more customers; until then "
        "the basis of value is refused:TOO_FEW_SPENDERS and its interval no promise"
    )
    return (
        f"FEW_SPENDERS: {count} customers spent in the window from {day}, of at least {WARN_BELOW_SPENDERS} wanted; {told}",
    )


def _awaited(first: np.ndarray, what: str, *, origin_days: np.ndarray, until: date) -> str:
    """Return from which day on there will be enough customers if they go on coming as they came after the first origin.

    Those of the first origin are a stock, gathered over all the time before it: they say nothing of the pace.
    """
    missing = REFUSE_BELOW_EVENTS - len(first)
    start, end = (int(origin_days.min()), int(origin_days.max())) if len(origin_days) else (0, 0)
    came, seen_days = int((first > start).sum()), end - start
    if not seen_days:
        return f"{missing} more {what} are needed; one window tells no pace, so no day can be estimated"
    if not came:
        return (
            f"{missing} more {what} are needed; none was new in {seen_days} days, so no day can be estimated"
        )
    more_days = -(-missing * seen_days // came)
    told = f"{more_days} more days, {missing} more {what} (an estimate: {came} more in {seen_days} days)"
    if more_days > FARTHEST_ESTIMATE_DAYS:
        return f"not trainable within ten years at the rate so far: {told}"
    return f"trainable from about {until + timedelta(days=more_days)}: {told}"
