"""Prove that no training answer was known only after the day on which the model is judged.

An independent checker: it recomputes every window from the origins alone and imports nothing that makes
splits. Every window includes its first day and excludes its end.
"""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

from tiercast.serving.refusals import Refused

Day = dt.date | int


class LeakySplit(Refused, ValueError):
    """A split in which training saw what it must not, or whose origins cannot be trusted to say so.

    ``details["fault"]`` is one of ``overlap``, ``immature``, ``unsorted``, ``repeated``, ``empty``,
    ``window``, ``type``.
    """

    code = "LEAKY_SPLIT"

    def __init__(self, fault: str, sentence: str, **details: object) -> None:
        super().__init__(sentence, fault=fault, **details)


def check_split(
    train_origins: Sequence[Day],
    test_origin: Day,
    *,
    gap_days: int,
    horizon_days: int,
    judging_cutoff: Day | None = None,
    known_until: Day | None = None,
) -> None:
    """Refuse a split whose training labels are not all known by the judging cutoff.

    Parameters
    ----------
    train_origins : sequence of datetime.date or int
        Rising, each once. A label window is [origin + gap, origin + gap + horizon).
    test_origin : datetime.date or int
        The origin judged on (or, while tuning, the one selected on).
    gap_days, horizon_days : int
        Days between origin and label window; length of the label window.
    judging_cutoff : datetime.date or int, optional
        Every training window must end on or before it. Default: the test origin, the day the model would have
        been fitted. It is never later than the test origin.
    known_until : datetime.date or int, optional
        End (excluded) of what has been recorded: the test window must end on or before it.

    Raises
    ------
    LeakySplit
        With code ``LEAKY_SPLIT``, naming the pair of windows that overlap, or what is wrong with the origins.

    Examples
    --------
    >>> check_split([0, 14, 28], 56, gap_days=0, horizon_days=28)
    >>> check_split([0, 14, 29], 56, gap_days=0, horizon_days=28)
    Traceback (most recent call last):
    ...
    tiercast.evaluation.splits_check.LeakySplit: training origin 29 has labels over [29, 57), ...
    >>> check_split([], 56, gap_days=0, horizon_days=28)
    Traceback (most recent call last):
    ...
    tiercast.evaluation.splits_check.LeakySplit: a split needs at least one training origin: none came
    """
    limits = [day for day in (judging_cutoff, known_until) if day is not None]
    _check_kinds([*train_origins, test_origin, *limits])
    _check_window(gap_days, horizon_days)
    _check_order(train_origins)
    cutoff = test_origin if judging_cutoff is None else judging_cutoff
    if _number(cutoff) > _number(test_origin):
        raise LeakySplit(
            "window",
            f"the judging cutoff {cutoff} is after the test origin {test_origin}: the model would have been "
            "fitted after the day it is judged on",
            judging_cutoff=str(cutoff),
            test_origin=str(test_origin),
        )
    test_start, test_end = _number(test_origin) + gap_days, _number(test_origin) + gap_days + horizon_days
    for origin in train_origins:
        start, end = _number(origin) + gap_days, _number(origin) + gap_days + horizon_days
        if end > _number(cutoff):
            shared = max(0, min(end, test_end) - max(start, test_start))
            raise LeakySplit(
                "overlap",
                f"training origin {origin} has labels over [{_named(start, origin)}, {_named(end, origin)}), "
                f"which end after the judging cutoff {cutoff} of test origin {test_origin} (labels over "
                f"[{_named(test_start, origin)}, {_named(test_end, origin)}), {shared} days shared); "
                "purge that origin",
                train_origin=str(origin),
                test_origin=str(test_origin),
                judging_cutoff=str(cutoff),
                shared_days=shared,
            )
    if known_until is not None and test_end > _number(known_until):
        raise LeakySplit(
            "immature",
            f"test origin {test_origin} has labels until {_named(test_end, test_origin)}, but only what "
            f"happened before {known_until} is recorded; judge on an earlier origin",
            test_origin=str(test_origin),
            known_until=str(known_until),
        )


def check_folds(
    folds: Sequence[tuple[Sequence[Day], Day]],
    *,
    gap_days: int,
    horizon_days: int,
    known_until: Day | None = None,
) -> None:
    """Refuse rolling origins of which any fold leaks, or whose test origins do not rise.

    Parameters
    ----------
    folds : sequence of (train origins, test origin)
    gap_days, horizon_days : int
    known_until : datetime.date or int, optional

    Examples
    --------
    >>> check_folds([([0, 14], 42), ([0, 14, 28], 56)], gap_days=0, horizon_days=28)
    >>> check_folds([([0, 14], 42), ([0, 14], 42)], gap_days=0, horizon_days=28)
    Traceback (most recent call last):
    ...
    tiercast.evaluation.splits_check.LeakySplit: origins must each come once: 42 came twice
    """
    test_origins = [test_origin for _, test_origin in folds]
    _check_kinds(test_origins)
    _check_order(test_origins, what="fold")
    for train_origins, test_origin in folds:
        check_split(
            train_origins, test_origin, gap_days=gap_days, horizon_days=horizon_days, known_until=known_until
        )


def check_customer_folds(train_customers: Sequence[str], validation_customers: Sequence[str]) -> None:
    """Refuse a validation fold that holds rows of a customer who also trains.

    Examples
    --------
    >>> check_customer_folds(["a", "b"], ["c"])
    >>> check_customer_folds(["a", "b"], ["b"])
    Traceback (most recent call last):
    ...
    tiercast.evaluation.splits_check.LeakySplit: 1 customers have rows in training and in validation; ...
    """
    shared = len(set(train_customers) & set(validation_customers))
    if shared:
        raise LeakySplit(
            "overlap",
            f"{shared} customers have rows in training and in validation; keep each on one side",
            customers=shared,
        )


def _check_kinds(days: Sequence[Day]) -> None:
    for day in days:
        if isinstance(day, dt.datetime) and day.time() != dt.time():
            raise LeakySplit("type", f"an origin is midnight of a day: {day.isoformat()} came")
        if isinstance(day, bool) or not isinstance(day, (dt.date, int)):
            raise LeakySplit("type", f"an origin is a date or a whole day number: {type(day).__name__} came")
    if len({isinstance(day, dt.date) for day in days}) > 1:
        raise LeakySplit("type", "origins are either all dates or all whole numbers: both came")


def _check_window(gap_days: int, horizon_days: int) -> None:
    if gap_days < 0 or horizon_days < 1:
        raise LeakySplit(
            "window",
            f"a label window needs a gap of at least 0 and a horizon of at least 1 day: "
            f"{gap_days} and {horizon_days} came",
            gap_days=gap_days,
            horizon_days=horizon_days,
        )


def _check_order(origins: Sequence[Day], *, what: str = "training origin") -> None:
    if len(origins) == 0:
        raise LeakySplit("empty", f"a split needs at least one {what}: none came")
    for before, after in pairwise(origins):
        if _number(before) == _number(after):
            raise LeakySplit(
                "repeated", f"origins must each come once: {after} came twice", pair=[str(before), str(after)]
            )
        if _number(before) > _number(after):
            raise LeakySplit(
                "unsorted",
                f"origins must rise: {after} came after {before}",
                pair=[str(before), str(after)],
            )


def _number(day: Day) -> int:
    return day.toordinal() if isinstance(day, dt.date) else day


def _named(number: int, like: Day) -> str:
    return dt.date.fromordinal(number).isoformat() if isinstance(like, dt.date) else str(number)
