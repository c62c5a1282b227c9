"""What the purchase side tells, in numbers worked out by hand, and what it must not know yet."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.features.drawn import CATALOGUE, SEEN, sides
from tests.world import CUTOFF, touchpoints
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.features.declare import Seen
from tiercast.panels import features_at
from tiercast.schema import History

DAY = date(2024, 1, 1)
FAMILIES = ("rhythm", "tenure", "volume", "value", "price", "margin", "discount", "returns", "product", "category",
            "store", "timing", "season", "calendar", "run_out")  # fmt: skip
NAMES = [name for name, family in CATALOGUE.families.items() if family in FAMILIES]


def bought(day: int, **more: Any) -> dict[str, Any]:
    """Return a purchase at noon, some days after the first of January 2024."""
    at = datetime(2024, 1, 1, 12) + timedelta(days=day)
    return {
        "customer_id": "a",
        "occurred_at": at,
        "kind": "purchase",
        "channel": "web",
        "amount": 10.0,
    } | more


def seen_at(
    engine: DuckDBEngine, rows: list[dict[str, Any]] | pd.DataFrame, *days: int, **more: Any
) -> pd.DataFrame:
    """Return the features of the only customer at cutoffs, in days after the first of January 2024."""
    history = History("told", frame=pd.DataFrame(rows), **{"sides": sides()} | more)
    engine.attach(history)
    found = features_at(engine, history, CATALOGUE, [DAY + timedelta(days=day) for day in days], wanted=NAMES)
    return found.set_index("cutoff" if len(days) else "customer_id")


def test_the_world_in_numbers_worked_out_by_hand(engine: DuckDBEngine) -> None:
    history = History("world", frame=touchpoints())
    engine.attach(history)
    found = features_at(engine, history, CATALOGUE, [CUTOFF], wanted=NAMES).set_index("customer_id")
    by_hand: dict[str, dict[str, float]] = {
        "ann": {"purchase_clumpiness_share": (5 * (4 * 14**2 + 3**2) / 59**2 - 1) / 4, "overdue_days": 0,
                "days_to_second_purchase": 14, "active_periods": 3, "active_periods_share": 1, "days_in_stage": 45,
                "life_stage_code": 3,
                "basket_first_currency": 15.5, "basket_slope_91d_currency": 0, "price_median_currency": 7.75,
                "price_to_200_share": 1, "weekday_top_share": 1, "preferred_weekday_code": 1, "units": 10,
                "days_since_new_store": 59, "days_since_top_category": 3, "season_share": 0},
        "ben": {"returned_share": 0.4, "orders_returned": 1, "orders_returned_share": 1, "kept_mean_days": 5,
                "days_since_return": 46, "one_time_flag": 1, "new_flag": 1, "days_in_stage": 51,
                "life_stage_code": 2},
        "cai": {"life_stage_code": 1, "days_in_stage": 29,
                "days_to_first_purchase": np.nan, "price_median_currency": np.nan, "products": 0},
        "dot": {"days_to_second_purchase": np.nan, "basket_slope_91d_currency": np.nan, "basket_max_share": 4 / 7},
        "fay": {"life_stage_code": 4, "days_in_stage": 244 - 182,
                "comebacks": 0, "days_to_second_purchase": 28, "discount_depth_share": 0.2,
                "days_since_full_price": np.nan, "orders_same_season": 2, "orders_same_month": 1, "season_share": 0.5,
                "spend_same_season_currency": 40, "days_since_purchase_to_longest_ratio": 244 / 63,
                "overdue_days": 244 - 28},
    }  # fmt: skip
    for customer, numbers in by_hand.items():
        for name, number in numbers.items():
            assert found.loc[customer, name] == pytest.approx(number, nan_ok=True), (customer, name)
    assert found["cutoff_month"].eq(3).all()
    assert found["days_until_peak"].eq((date(2024, 3, 31) - CUTOFF).days).all()


@pytest.mark.parametrize(
    ("days", "end", "share"), [((0, 10, 20), 30, 0.0), ((0, 1), 100, 0.9604), ((0,), 9, np.nan)]
)
def test_a_clock_is_not_clumpy_and_a_burst_is(
    engine: DuckDBEngine, days: tuple[int, ...], end: int, share: float
) -> None:
    told = seen_at(engine, [bought(day) for day in days], end)["purchase_clumpiness_share"]
    assert told.tolist() == pytest.approx([share], nan_ok=True)


def test_three_cans_at_a_week_each_run_out_on_day_21(engine: DuckDBEngine) -> None:
    told = seen_at(engine, [bought(0, product_id="p1", quantity=3.0)], 1, 14, 15, 21, 22, 111)
    assert told["days_until_run_out"].tolist() == pytest.approx([20, 7, 6, 0, np.nan, np.nan], nan_ok=True)
    assert told["supplies_due_7d"].tolist() == [0, 0, 1, 1, 0, 0]
    assert told["supplies_due_14d"].tolist() == [0, 1, 1, 1, 0, 0]
    assert told["days_since_run_out"].tolist()[4:] == [1, 90]
    assert told["last_supply_left_days"].tolist() == [20, 7, 6, 0, -1, -90]
    assert told["supplies_run_out"].tolist() == [0, 0, 0, 0, 1, 1]
    assert told["habit_supplies"].eq(1).all()


def test_cans_of_one_day_add_up_and_a_later_purchase_starts_the_clock_anew(engine: DuckDBEngine) -> None:
    cans = [
        bought(0, product_id="p1"),
        bought(0, product_id="p1", order_id="other"),
        bought(30, product_id="p1"),
    ]
    told = seen_at(engine, cans, 10, 20, 31)
    assert told["last_supply_left_days"].tolist() == [4, -6, 6]
    assert told["top_supply_units"].tolist() == [2, 2, 3]
    assert told["supplies_run_out"].tolist() == [0, 1, 0]


def test_another_brand_of_the_category_starts_the_clock_anew(engine: DuckDBEngine) -> None:
    brands = [
        bought(0, product_id="p1", category="milk"),
        bought(7, product_id="p2", category="milk", quantity=4.0),
    ]
    told = seen_at(engine, brands, 8)
    assert told["last_supply_left_days"].tolist() == [7 + 10 - 8]
    assert (told["supplies_run_out"].tolist(), told["habit_supplies"].tolist()) == ([0], [1])
    apart = seen_at(engine, [brands[0], bought(7, product_id="p2", quantity=4.0)], 8)
    assert apart["supplies_run_out"].tolist() == [1], "of whatever has no category the product is the supply"


def test_a_can_known_later_runs_out_later_only_once_it_is_known(engine: DuckDBEngine) -> None:
    late = bought(0, product_id="p1", known_at=datetime(2024, 1, 6))
    told = seen_at(engine, [bought(0, product_id="p1"), late], 2, 5, 6)
    assert told["days_until_run_out"].tolist() == [5, 2, 8]


def test_what_the_dictionary_learns_later_does_not_describe_an_earlier_purchase(engine: DuckDBEngine) -> None:
    told = seen_at(engine, [bought(20, product_id="p2"), bought(40, product_id="p2", quantity=0.0)], 60)
    assert told["days_since_run_out"].tolist() == [60 - 40]
    before = seen_at(engine, [bought(20, product_id="p2", quantity=4.0)], 21, 60)
    assert before["last_supply_left_days"].tolist() == [20 + 10 - 21, 20 + 10 - 60]
    assert before["margin_currency"].tolist() == [10 - 4 * 3.25] * 2


def test_a_line_says_what_it_cost_better_than_the_dictionary(engine: DuckDBEngine) -> None:
    rows = [
        bought(1, product_id="p3", unit_cost=4.0),
        bought(1, product_id="p3"),
        bought(1, product_id="unheard of"),
    ]
    told = seen_at(engine, rows, 9).iloc[0]
    assert (told["margin_currency"], told["margin_share"]) == (6 + 9, 15 / 20)


def test_bands_of_price_include_their_bounds_and_a_gift_has_no_price(engine: DuckDBEngine) -> None:
    prices = [(400.0, 1.0), (800.0, 2.0), (399.99, 1.0), (200.0, None), (200.01, 1.0), (0.0, 1.0), (5.0, 0.0)]
    told = seen_at(engine, [bought(1, amount=amount, quantity=units) for amount, units in prices], 9).iloc[0]
    assert told["price_from_400_share"] == 2 / 5
    assert told["price_to_200_share"] == 1 / 5
    assert told["price_median_currency"] == 399.99
    assert told["price_max_currency"] == 400


def test_a_return_that_is_known_later_returns_no_order_yet(engine: DuckDBEngine) -> None:
    rows = [bought(0, order_id="o"), bought(3, order_id="o", kind="return", known_at=datetime(2024, 1, 10)),
            bought(5, order_id="o", kind="return", known_at=datetime(2024, 1, 20))]  # fmt: skip
    told = seen_at(engine, rows, 9, 10, 30)
    assert told["orders_returned"].tolist() == [0, 1, 1]
    assert told["kept_mean_days"].tolist() == pytest.approx([np.nan, 3, 3], nan_ok=True)
    assert told["returns"].tolist() == [0, 1, 2]


def test_a_season_begins_52_weeks_before_the_cutoff(engine: DuckDBEngine) -> None:
    told = seen_at(engine, [bought(day) for day in (0, 1, 28, 29, 91, 92)], 365)
    assert told[["orders_same_month", "orders_same_season"]].iloc[0].tolist() == [2, 4]


def test_the_peaks_of_a_market_are_chosen(engine: DuckDBEngine) -> None:
    everywhere, only = (
        seen_at(engine, [bought(0)], 10, **more).iloc[0] for more in ({}, {"peaks": ("easter",)})
    )
    assert (everywhere["days_until_peak"], everywhere["peaks_28d"]) == (30, 0)
    assert only["days_until_peak"] == 80


def test_the_time_of_the_year_is_told_after_two_years_and_can_be_left_out() -> None:
    def told(years: int, **more: Any) -> set[str]:
        families = build_catalogue(Seen(SEEN.kinds, years=years), **more).families
        return set(families.values()) & {"season", "calendar"}

    assert told(0) == set()
    assert told(1) == {"season"}
    assert told(2) == {"season", "calendar"}
    assert told(2, of_the_day=False) == {"season"}


def test_only_what_occurs_before_the_cutoff_is_declared(engine: DuckDBEngine) -> None:
    told = {"product_id": "p1", "quantity": 2.0, "unit_cost": 1.0, "order_id": "o"}
    rows = [bought(-800, order_id="o"), bought(0, **told), bought(0, kind="return", **told)]
    history = History("told", frame=pd.DataFrame(rows), sides=sides())
    engine.attach(history)
    before, after = (look(engine.run, history, DAY + timedelta(days=day)) for day in (0, 1))
    flags = ("products", "quantities", "costs", "returned_orders")
    assert [getattr(before, flag) for flag in flags] == [False] * 4
    assert [getattr(after, flag) for flag in flags] == [True] * 4
    assert (before.years, after.run_out, after.product_costs) == (2, True, True)


def test_the_first_and_the_last_basket_are_told_whole_however_large(engine: DuckDBEngine) -> None:
    rows = [bought(day, order_id=f"o{day}", amount=9_000_000.0 - day) for day in (1, 30) for _ in range(3)]
    found = seen_at(engine, [*rows, bought(30, order_id="less")], 40).iloc[0]
    told = found[["basket_first_currency", "basket_last_currency", "basket_max_currency"]].tolist()
    assert told == [26_999_997, 26_999_910, 26_999_997]
