"""What is counted for clocks and habits is what was known before the cutoff, and what the dictionaries said then."""

import inspect
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd
import pytest

import tiercast
from tiercast.actions.habits import MOST_ROWS, addressable_channels, channel_costs, fit_habits, habits_at
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import UnknownName
from tiercast.serving.habits import COUNTS, Habits
from tiercast.sources.opening import open_source

CUTOFF = date(2025, 3, 1)


def row(day: str, **more: object) -> dict[str, object]:
    return {"customer_id": "a", "occurred_at": day, "kind": "purchase", "channel": "store", "category": "formula",
            "product_id": "can", "quantity": 1.0, "amount": 9.0} | more  # fmt: skip


PRODUCTS = pd.DataFrame(
    {"product_id": ["can", "box"], "days_per_unit": [7.0, None], "category": ["baby food", "toys"]}
)


def test_three_cans_of_a_product_that_says_how_long_one_lasts_are_clocked_by_it() -> None:
    told = tiercast.clocks(pd.DataFrame([row("2025-02-01", quantity=3.0)]), cutoff="2025-02-02",
                           sides={"products": PRODUCTS}).iloc[0]  # fmt: skip
    assert (told["basis"], told["days_per_unit"]) == ("given", 7.0)
    assert told["experience_check_on"] == date(2025, 2, 8)
    assert told["replenish_on"] == date(2025, 2, 21)
    assert told["wake_up_on"] == date(2025, 5, 2)


def test_a_purchase_that_is_known_only_later_starts_no_clock_yet() -> None:
    rows = pd.DataFrame([row("2025-02-01"), row("2025-02-20", known_at="2025-03-05")])
    assert tiercast.clocks(rows, cutoff="2025-03-01")["last_bought_on"].tolist() == [date(2025, 2, 1)]
    assert tiercast.clocks(rows, cutoff="2025-03-06")["last_bought_on"].tolist() == [date(2025, 2, 20)]


def test_returns_and_other_kinds_start_no_clock() -> None:
    rows = pd.DataFrame([row("2025-02-01"), row("2025-02-20", kind="return"), row("2025-02-21", kind="view")])
    assert tiercast.clocks(rows, cutoff="2025-03-01")["last_bought_on"].tolist() == [date(2025, 2, 1)]


def test_a_category_that_only_the_dictionary_tells_has_a_clock() -> None:
    rows = pd.DataFrame([row("2025-02-01", category=None)])
    told = tiercast.clocks(rows, cutoff="2025-03-01", sides={"products": PRODUCTS})
    assert told["category"].tolist() == ["baby food"]


def test_a_clock_may_be_of_products() -> None:
    rows = pd.DataFrame([row("2025-02-01"), row("2025-02-03", product_id="box")])
    told = tiercast.clocks(rows, cutoff="2025-03-01", by="product", sides={"products": PRODUCTS})
    assert told[["category", "basis"]].values.tolist() == [["box", "category"], ["can", "given"]]
    with pytest.raises(UnknownName, match="no clock is named 'shelf'"):
        tiercast.clocks(rows, cutoff="2025-03-01", by="shelf")


def test_habits_are_of_those_asked_for_and_say_nothing_of_who_did_nothing() -> None:
    rows = [row(f"2025-02-{day:02}T18:30:00", customer_id=who) for who in "abc" for day in (1, 8, 15, 22)]
    rows += [row("2025-02-20", customer_id="v", kind="visit", channel="web", category=None, product_id=None),
             row("2025-02-21", customer_id="a", kind="consent_withdrawn", channel="email", purpose="marketing")]  # fmt: skip
    history = open_source(pd.DataFrame(rows))
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        found = habits_at(engine, history, CUTOFF, pd.Series(["a", "v", "nobody"], index=[5, 6, 7]))
    frame = found.frame
    assert frame.index.tolist() == [5, 6, 7]
    assert frame.loc[5, ["preferred_weekday", "preferred_hour", "due_category"]].tolist() == [
        "5",
        "18",
        "formula",
    ]
    assert frame.loc[6, "preferred_weekday_own_weight_share"] == 0
    assert frame.loc[7, "due_category"] is None
    assert frame.loc[7, "price_sensitivity_ratio"] == 1
    assert found.consent_words[["customer_id", "purpose", "channel"]].values.tolist() == [
        ["a", "marketing", "email"]
    ]
    stored = json.loads(json.dumps(found.habits.to_json(), allow_nan=False))
    assert json.loads(json.dumps(Habits.from_json(stored).to_json())) == stored
    assert set(stored["texts"]) == set(COUNTS)


def test_costs_of_contacts_are_those_in_force_before_the_cutoff() -> None:
    told = pd.DataFrame({"channel": ["email", "email", "store"], "cost_per_contact": [0.02, 0.05, 1.0],
                         "valid_from": ["2025-01-01", "2025-03-01", "2025-01-01"]})  # fmt: skip
    history = open_source(pd.DataFrame([row("2025-02-01")]), sides={"channels": told})
    assert channel_costs(history, CUTOFF) == {"email": 0.02}
    assert channel_costs(history, date(2025, 3, 2)) == {"email": 0.05}
    assert channel_costs(open_source(pd.DataFrame([row("2025-02-01")])), CUTOFF) == {}
    assert {"wechat", "email", "sms"} < addressable_channels(
        open_source(pd.DataFrame([row("2025-02-01")])), CUTOFF
    )
    assert "store" not in addressable_channels(history, CUTOFF)


def test_a_training_reads_no_further_bucket_once_it_has_rows_enough() -> None:
    rows = [row(f"2025-02-{day:02}", customer_id=f"c{who}") for who in range(40) for day in (1, 8, 15)]
    history = open_source(pd.DataFrame(rows))
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        whole = engine.frames

        def by_buckets(*args: Any, **more: Any) -> Iterator[pd.DataFrame]:
            return whole(*args, **{**more, "buckets": 8})

        engine.frames = by_buckets  # type: ignore[method-assign]
        _, counted = fit_habits(engine, history, CUTOFF, most_rows=30)
        told = engine.run("SELECT COUNT(*) AS rows FROM touchpoints")
    assert inspect.signature(fit_habits).parameters["most_rows"].default == MOST_ROWS
    assert 30 <= len(counted["clock_days"]) < 120
    assert told["rows"].tolist() == [120]
