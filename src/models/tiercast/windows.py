"""Dates only: cutoffs, horizons, gaps and rolling origins. Start included, end excluded, everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tiercast.serving.history import day_number, day_of, parse_cutoff

__all__ = ["Fold", "Horizon", "day_number", "day_of", "origins_before", "parse_cutoff", "rolling_folds"]


@dataclass(frozen=True)
class Horizon:
    """The label window ``[origin + gap, origin + gap + days)``, known by the end of it plus ``settle_days``.

    ``settle_days`` lets late returns of the window be known; a label is mature only after it.

    Examples
    --------
    >>> Horizon(days=28).matures_on(date(2017, 11, 6))
    datetime.date(2017, 12, 4)
    """

    days: int
    gap_days: int = 0
    settle_days: int = 0

    def matures_on(self, origin: date) -> date:
        """Return the first midnight at which the whole label of ``origin`` is known."""
        return origin + timedelta(days=self.gap_days + self.days + self.settle_days)


@dataclass(frozen=True)
class Fold:
    """One judging of a model: fitted on ``train`` origins, calibrated on ``calibrate``, judged at ``test``.

    Every label of ``train`` is mature at ``calibrate`` while calibrating, and every label of ``train`` and
    ``calibrate`` is mature at ``test``.
    """

    train: tuple[date, ...]
    calibrate: date
    test: date


def origins_before(end: date, *, first: date, step_days: int, horizon: Horizon) -> tuple[date, ...]:
    """Return origins every ``step_days``, newest at the last day whose label is mature by ``end``, oldest first.

    Parameters
    ----------
    end : date
        Nothing on or after it is known.
    first : date
        No origin is before it.

    Examples
    --------
    >>> days = origins_before(date(2017, 11, 6), first=date(2017, 9, 1), step_days=14, horizon=Horizon(28))
    >>> [day.isoformat() for day in days]
    ['2017-09-11', '2017-09-25', '2017-10-09']
    """
    newest = end - (horizon.matures_on(end) - end)
    count = max(0, (newest - first).days // step_days + 1) if newest >= first else 0
    return tuple(newest - timedelta(days=step_days * back) for back in reversed(range(count)))


def rolling_folds(
    tests: Sequence[date], *, first: date, step_days: int, horizon: Horizon, most_origins: int = 26
) -> tuple[Fold, ...]:
    """Return one fold for each test origin, each with its own purged training origins.

    The newest origin whose label is mature at the test origin calibrates; the origins whose labels are mature at the
    calibrating origin train the model that is calibrated there. The judged model is refitted on both.

    Raises
    ------
    ValueError
        A test origin has no mature origin before it.

    Examples
    --------
    >>> fold, = rolling_folds([date(2017, 11, 6)], first=date(2017, 3, 27), step_days=14, horizon=Horizon(28))
    >>> fold.calibrate, fold.train[-1], len(fold.train)
    (datetime.date(2017, 10, 9), datetime.date(2017, 9, 11), 13)
    """
    folds = []
    for test in sorted(tests):
        mature = origins_before(test, first=first, step_days=step_days, horizon=horizon)
        if not mature:
            raise ValueError(f"no origin from {first} on is mature at {test}: the history is too short")
        calibrate = mature[-1]
        train = tuple(origin for origin in mature if horizon.matures_on(origin) <= calibrate)
        folds.append(Fold(train[-most_origins:], calibrate, test))
    return tuple(folds)
