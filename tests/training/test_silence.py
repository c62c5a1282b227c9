"""Silences between purchases: one vote a customer, unfinished ones counted honestly, nothing known later."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.engines.duckdb import DuckDBEngine
from tiercast.evaluation.survival import kaplan_meier
from tiercast.schema import History
from tiercast.training.silence import Silences, look_at_silences, silences_of

FIRST = date(2024, 1, 1)


def history_of(days: dict[str, list[int]], *, known_after_days: int = 0) -> History:
    """Return purchases on days counted from 2024-01-01."""
    rows = [(name, FIRST + timedelta(days=day)) for name, bought in days.items() for day in bought]
    frame = pd.DataFrame(rows, columns=["customer_id", "day"])
    at = pd.to_datetime(frame.pop("day")).astype("datetime64[us]") + np.timedelta64(10, "h")
    known = at + np.timedelta64(known_after_days, "D")
    frame = frame.assign(occurred_at=at, known_at=known, kind="purchase", channel="web", amount=5.0)
    return History("drawn", frame=frame.astype({"customer_id": "str"}))


def seen_in(history: History, *, known_until: date, least_customers: int = 1) -> Silences:
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        return look_at_silences(engine, history, known_until=known_until, least_customers=least_customers)


def by_hand(days: dict[str, list[int]], end: int) -> dict[int, float]:
    """Wang & Chang's estimate, written down customer by customer."""
    seen: list[tuple[int, bool, float]] = []
    for bought in days.values():
        known = sorted({day for day in bought if day < end})
        gaps = np.diff(known)
        if len(gaps):
            seen += [(int(gap), True, 1 / len(gaps)) for gap in gaps]
        elif known:
            seen.append((end - 1 - known[0], False, 1.0))
    stays, curve = 1.0, {}
    for length in sorted({length for length, _, _ in seen}):
        at_risk = sum(vote for other, _, vote in seen if other >= length)
        returned = sum(vote for other, ended, vote in seen if other == length and ended)
        stays *= 1 - returned / at_risk
        curve[length] = stays
    return curve


PEOPLE = st.lists(st.lists(st.integers(0, 80), min_size=1, max_size=6), min_size=1, max_size=12)


@settings(max_examples=15, deadline=None)
@given(people=PEOPLE, end=st.integers(1, 90))
def test_the_curve_is_wang_and_changs_whatever_was_bought_when(people: list[list[int]], end: int) -> None:
    days = {f"c{number}": bought for number, bought in enumerate(people)}
    found = seen_in(history_of(days), known_until=FIRST + timedelta(days=end), least_customers=0)
    wanted = {length: stays for length, stays in by_hand(days, end).items() if length > 0}
    assert found.days.tolist() == list(wanted)
    np.testing.assert_allclose(found.still_silent_share, list(wanted.values()), atol=1e-9)


def test_where_nobody_came_back_twice_it_is_kaplan_and_meiers() -> None:
    rng = np.random.default_rng(3)
    start, wait = rng.integers(0, 60, 200), rng.integers(1, 90, 200)
    days = {
        f"c{number}": [int(day), int(day + gap)]
        for number, (day, gap) in enumerate(zip(start, wait, strict=True))
    }
    found = seen_in(history_of(days), known_until=FIRST + timedelta(days=100))
    came_back = np.where(start + wait < 100, wait, np.nan)
    np.testing.assert_allclose(
        found.still_silent_share, kaplan_meier(came_back, 99 - start, found.days), atol=1e-12
    )


def test_customers_of_very_different_rates_give_the_curve_they_were_drawn_from() -> None:
    rng = np.random.default_rng(11)
    rate = rng.gamma(1.5, 1 / 30, (6000, 1))
    gaps = np.ceil(rng.exponential(1.0, (6000, 80)) / rate)  # whole days: P(gap > t) = E exp(-rate t)
    followed = rng.integers(60, 400, (6000, 1))
    ended = np.cumsum(gaps, axis=1) <= followed
    counted = pd.DataFrame(
        {
            "silence_days": np.concatenate([gaps[ended], followed[~ended[:, 0], 0]]),
            "returned": np.repeat([1, 0], [ended.sum(), (~ended[:, 0]).sum()]),
            "purchase_days": np.concatenate([1 + ended.sum(axis=1)[np.nonzero(ended)[0]], np.ones((~ended[:, 0]).sum())]),
            "silences": 1,
        }
    )  # fmt: skip
    found = silences_of(counted, least_customers=100)
    drawn = (1 + found.days / 30) ** -1.5
    assert np.abs(found.still_silent_share - drawn).max() < 0.03
    every_silence_one_vote = silences_of(counted.assign(purchase_days=2), least_customers=100)
    pooled = every_silence_one_vote.still_silent_share
    assert np.abs(pooled - (1 + every_silence_one_vote.days / 30) ** -1.5).max() > 0.1


def test_a_daily_buyer_has_one_vote_like_anybody_else() -> None:
    often = {"daily": list(range(40))}
    seldom = {f"c{number}": [0, 30] for number in range(3)}
    found = seen_in(history_of(often | seldom), known_until=FIRST + timedelta(days=60))
    assert found.days.tolist() == [1, 30]
    assert found.still_silent_share.tolist() == pytest.approx([0.75, 0.0])
    assert (found.customers, found.repeat_customers) == (4, 4)
    assert found.within(0.9) == 30


def test_the_silence_that_goes_on_is_not_taken_for_a_short_one() -> None:
    came_back = {f"a{number}": [0, 10] for number in range(5)}
    waiting = {f"b{number}": [35] for number in range(5)}
    late = {f"c{number}": [0, 30] for number in range(5)}
    found = seen_in(history_of(came_back | waiting | late), known_until=FIRST + timedelta(days=40))
    assert found.days.tolist() == [4, 10, 30]  # the waiting were followed for four days
    assert found.still_silent_share.tolist() == pytest.approx([1.0, 0.5, 0.0])


def test_several_purchases_of_a_day_are_one_and_what_is_known_later_is_not_there() -> None:
    days = {"a": [0, 0, 7, 7, 20], "b": [0, 13]}
    now = seen_in(history_of(days), known_until=FIRST + timedelta(days=21))
    assert (now.days.tolist(), now.repeat_customers) == ([7, 13], 2)
    assert now.still_silent_share.tolist() == [0.75, 0.0]
    before = seen_in(history_of(days), known_until=FIRST + timedelta(days=20))
    assert before.still_silent_share.tolist() == [0.5, 0.0]
    late = seen_in(history_of(days, known_after_days=5), known_until=FIRST + timedelta(days=21))
    assert late.still_silent_share.tolist() == [0.5, 0.0]  # the purchase of day 20 is known on day 25


def test_the_curve_ends_where_too_few_could_be_followed() -> None:
    new = {f"c{number}": [40, 50] for number in range(10)} | {f"d{number}": [45] for number in range(10)}
    history = history_of(new | {"old": [0, 50]})
    whole = seen_in(history, known_until=FIRST + timedelta(days=60))
    cut = seen_in(history, known_until=FIRST + timedelta(days=60), least_customers=5)
    assert (whole.days.tolist(), whole.within(0.9)) == ([10, 14, 50], 50)  # one customer decides
    assert (cut.days.tolist(), cut.seen_days, cut.within(0.9)) == ([10, 14], 14, 10)


def test_where_everybody_could_be_followed_the_slowest_are_seen_however_few() -> None:
    days = {f"c{number}": [0, 10] for number in range(20)} | {f"d{number}": [0, 50] for number in range(4)}
    found = seen_in(history_of(days), known_until=FIRST + timedelta(days=60), least_customers=24)
    assert (found.days.tolist(), found.within(0.9)) == ([10, 50], 50)


def test_ties_are_counted_together() -> None:
    days = {f"c{number}": [0, 14] for number in range(10)}
    found = seen_in(history_of(days), known_until=FIRST + timedelta(days=30))
    assert (found.days.tolist(), found.still_silent_share.tolist()) == ([14], [0.0])
    assert (found.within(0.01), found.within(1.0)) == (14, 14)


def test_nobody_who_came_back_says_nothing() -> None:
    found = seen_in(history_of({"a": [0], "b": [3]}), known_until=FIRST + timedelta(days=30))
    assert (found.customers, found.repeat_customers, found.within(0.9)) == (2, 0, None)
    nobody = seen_in(history_of({"a": [40]}), known_until=FIRST + timedelta(days=30))
    assert (nobody.customers, nobody.seen_days, nobody.within(0.9)) == (0, 0, None)


def test_the_return_after_a_silence_is_what_the_curve_still_loses() -> None:
    found = Silences(np.array([10, 20, 30]), np.array([0.5, 0.4, 0.3]), 10, 7)
    assert found.return_share_after(5) == pytest.approx(0.7)
    assert found.return_share_after(20) == pytest.approx(0.25)
    assert found.return_share_after(30) == 0.0
    assert np.isnan(Silences(np.array([5]), np.array([0.0]), 1, 1).return_share_after(9))


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(
        st.tuples(st.integers(1, 60), st.booleans(), st.integers(1, 5)), min_size=1, max_size=30
    ),
    factor=st.integers(1, 9),
    share=st.sampled_from([0.5, 0.8, 0.9]),
)
def test_who_buys_so_many_times_as_often_is_silent_for_that_part_of_the_time(
    lengths: list[tuple[int, bool, int]], factor: int, share: float
) -> None:
    rows = pd.DataFrame(lengths, columns=["silence_days", "returned", "silences"])
    rows = rows.assign(returned=rows["returned"].astype(int), purchase_days=1 + rows["returned"].astype(int))
    often = silences_of(rows, least_customers=1).within(share)
    seldom = silences_of(rows.assign(silence_days=factor * rows["silence_days"]), least_customers=1).within(
        share
    )
    assert (often is None) == (seldom is None)
    if often is not None:
        assert seldom == factor * often
