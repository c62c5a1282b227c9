"""The season: customers' clocks run faster in December and on Saturdays than in February and on Mondays."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from tiercast.sources.synthetic.arrays import Floats
from tiercast.sources.synthetic.law import Law

_FOUR_YEARS = 1461


@dataclass(frozen=True)
class Season:
    """Operational time: ``Λ(t)``, the integral of the season's factor, 1 a day on the average of four years.

    Parameters
    ----------
    elapsed : ndarray
        Operational days passed at the start of each calendar day.

    Examples
    --------
    >>> season = Season.of(Law(), date(2024, 1, 1), 730)
    >>> round(float(season.forward(np.array([366.0]))[0]))  # a year
    366
    >>> bool(np.isclose(season.back(season.forward(np.array([333.3]))), 333.3)[0])
    True
    """

    elapsed: Floats

    @classmethod
    def of(cls, law: Law, start: date, days: int) -> "Season":
        """Return the season from a first day on."""
        elapsed = np.zeros(days + 1)
        np.cumsum(_factors(law, np.datetime64(start), days), out=elapsed[1:])
        return cls(elapsed / _factors(law, np.datetime64("2024-01-01"), _FOUR_YEARS).mean())

    def forward(self, day: Floats) -> Floats:
        """Return operational days from calendar days since the start."""
        return np.interp(day, np.arange(len(self.elapsed)), self.elapsed)

    def back(self, operational: Floats) -> Floats:
        """Return calendar days from operational days."""
        return np.interp(operational, self.elapsed, np.arange(len(self.elapsed)))


def _factors(law: Law, start: np.datetime64, days: int) -> Floats:
    dates = start.astype("datetime64[D]") + np.arange(days)
    months = dates.astype("datetime64[M]").astype(np.int64) % 12
    day_of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    weekdays = (dates.astype(np.int64) + 3) % 7
    peak = ((months == 10) & (day_of_month >= 20)) | ((months == 11) & (day_of_month <= 24))
    factors = np.asarray(law.month_factors)[months] * np.asarray(law.weekday_factors)[weekdays]
    return factors * np.where(peak, law.peak_factor, 1.0)
