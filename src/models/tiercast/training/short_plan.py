"""The plan of a history too short for test origins: one mature window, and the day from which models are judged."""

from dataclasses import replace
from datetime import date

from tiercast.training.plan import (
    Plan,
    answered_from,
    least_window,
    make_plan,
    trainable_from,
    warnings_of_length,
)
from tiercast.windows import Horizon

NOT_JUDGED = "NOT_JUDGED"


def plan_or_short(
    *,
    first_day: date,
    data_ends_on: date,
    horizon: Horizon,
    step_days: int,
    test_origins: int,
    first_origin_after_days: int,
) -> Plan:
    """Return the plan of :func:`~tiercast.training.plan.make_plan`, or for a shorter history one of a single window, unjudged.

    The window is the horizon, or what fits after ``first_origin_after_days``, at least
    :data:`~tiercast.training.plan.LEAST_WINDOW_DAYS`; its labels are mature where the data end.

    Raises
    ------
    NotTrainable
        Not even one window fits; told are the day from which one does, and that from which models are judged.

    Examples
    --------
    >>> asked = dict(horizon=Horizon(28), step_days=14, test_origins=3, first_origin_after_days=84)
    >>> plan = plan_or_short(first_day=date(2026, 1, 1), data_ends_on=date(2026, 4, 20), **asked)
    >>> plan.origins, plan.window.days, plan.judged_from
    ((datetime.date(2026, 3, 26),), 25, datetime.date(2026, 6, 4))
    >>> plan_or_short(first_day=date(2026, 1, 1), data_ends_on=date(2026, 3, 1), **asked)
    Traceback (most recent call last):
    ...
    tiercast.errors.NotTrainable: all targets cannot be learned: it needs history until 2026-06-04 (84 days, 3 windows of 14
    days and 3 test origins), there is: history from 2026-01-01 until 2026-03-01; the purchase process or a rule answers, not
    judged, from 2026-04-09: 39 more days; trainable from 2026-06-04: 95 more days; or a shorter horizon, fewer test
    origins, or a smaller first_origin_after_days
    """
    rolling: dict[str, int] = {"step_days": step_days, "test_origins": test_origins}
    least, history_days = least_window(horizon), first_origin_after_days
    judged_from = trainable_from(first_day, horizon=least, history_days=history_days, **rolling)
    answered = answered_from(first_day, horizon=least, history_days=history_days)
    if not answered <= data_ends_on < judged_from:
        return make_plan(
            first_day=first_day, data_ends_on=data_ends_on, horizon=horizon,
            first_origin_after_days=history_days, **rolling,
        )  # fmt: skip
    room = (data_ends_on - answered).days
    window = replace(horizon, days=min(least.days + room, horizon.days))
    origin = data_ends_on - (window.matures_on(data_ends_on) - data_ends_on)
    told = [
        f"{NOT_JUDGED}: the history holds one mature window, of {window.days} days from {origin}, and no test origin: nothing "
        f"says how good these answers are; models are trained and judged from {judged_from} on, "
        f"{(judged_from - data_ends_on).days} more days"
    ]
    if window.days < horizon.days:
        told.append(
            f"HORIZON_CARRIED: learned on a window of {window.days} days, carried to {horizon.days} by the purchase process, "
            "or under rules in proportion to the days"
        )
    told += warnings_of_length((data_ends_on - first_day).days, horizon)
    return Plan(horizon, window, (), (origin,), data_ends_on, tuple(told), judged_from=judged_from)
