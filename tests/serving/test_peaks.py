"""The peaks of retail fall on the days on which they fell."""

from datetime import date, timedelta

import pytest

from tiercast.serving.peaks import PEAKS, black_friday, calendar_of, chinese_new_year, easter
from tiercast.serving.refusals import UnknownChoice
from tiercast.serving.tables import Tables


@pytest.mark.parametrize(
    ("year", "moon", "sunday", "friday"),
    [
        (1970, date(1970, 2, 6), date(1970, 3, 29), date(1970, 11, 27)),
        (1999, date(1999, 2, 16), date(1999, 4, 4), date(1999, 11, 26)),
        (2008, date(2008, 2, 7), date(2008, 3, 23), date(2008, 11, 28)),
        (2019, date(2019, 2, 5), date(2019, 4, 21), date(2019, 11, 29)),
        (2026, date(2026, 2, 17), date(2026, 4, 5), date(2026, 11, 27)),
    ],
)
def test_moving_days_move_as_published(year: int, moon: date, sunday: date, friday: date) -> None:
    assert (chinese_new_year(year), easter(year), black_friday(year)) == (moon, sunday, friday)


def test_moving_days_stay_within_their_bounds() -> None:
    for year in range(1970, 2102):
        assert date(year, 1, 21) <= chinese_new_year(year) <= date(year, 2, 20)
        assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)
        assert easter(year).weekday() == 6
        assert date(year, 11, 23) <= black_friday(year) <= date(year, 11, 29)


def test_the_day_of_a_peak_is_no_day_away_and_counts_and_the_28th_after_does_not() -> None:
    peak = date(2025, 12, 25)
    days = [peak, peak - timedelta(days=27), peak - timedelta(days=28), peak + timedelta(days=1)]
    told = calendar_of(days, ["christmas"])
    assert told["days_until_peak"].tolist() == [0, 27, 28, 364]
    assert told["peaks_28d"].tolist() == [1, 1, 0, 0]


def test_every_day_that_can_be_a_cutoff_has_a_peak_ahead() -> None:
    for name in PEAKS:
        told = calendar_of([date(1970, 1, 1), date(2100, 12, 31)], [name])
        assert told["days_until_peak"].between(0, 400).all()
    assert set(told.dtypes.astype(str)) == {"int64"}


@pytest.mark.parametrize("names", [(), ("boxing day'; --",)])
def test_a_peak_that_is_not_one_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(UnknownChoice, match="christmas"):
        calendar_of([date(2025, 1, 1)], names)


def test_the_peaks_of_a_market_travel_with_a_version() -> None:
    assert Tables.from_json(Tables(peaks=("easter",)).to_json()).peaks == ("easter",)
