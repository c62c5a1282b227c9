"""Money stays exact: products and sums are decimals, rounded half up to the minor unit."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest

from tests.mapping.rows import history_of, read
from tiercast.engines.duckdb import DuckDBEngine


def amounts(duck: DuckDBEngine, rule: dict[str, Any], **columns: Any) -> list[float]:
    return read(duck, history_of({"columns": {"amount": rule}}, **columns))["amount"].tolist()


def test_a_product_is_what_decimals_say_and_not_what_floats_say(duck: DuckDBEngine) -> None:
    chance = np.random.default_rng(1)
    quantity = chance.integers(1, 500, 2_000)
    price = np.round(chance.random(2_000) * 100, 3)
    found = amounts(duck, {"product": ["q", "p"]}, q=quantity, p=price)
    exact = [
        (Decimal(int(q)) * Decimal(str(p))).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for q, p in zip(quantity, price, strict=True)
    ]
    assert [Decimal(str(each)).quantize(Decimal("0.01")) for each in found] == exact
    assert sum(round(each * 100) for each in found) == int(sum(exact) * 100)


@pytest.mark.parametrize(
    ("quantity", "price", "amount"), [(3, 0.335, 1.01), (1, 1.005, 1.01), (1, 2.675, 2.68), (3, 0.35, 1.05)]
)
def test_halves_of_a_cent_go_up(duck: DuckDBEngine, quantity: int, price: float, amount: float) -> None:
    assert amounts(duck, {"product": ["q", "p"]}, q=[quantity], p=[price]) == [amount]


def test_a_currency_without_cents_is_rounded_to_its_whole_units(duck: DuckDBEngine) -> None:
    history = history_of({"columns": {"amount": {"product": ["q", "p"]}}}, q=[3], p=[33.5])
    assert read(duck, replace(history, minor_per_major=1))["amount"].tolist() == [101.0]


def test_cents_become_money_and_signs_can_be_left_out(duck: DuckDBEngine) -> None:
    assert amounts(duck, {"column": "cents", "scale": 0.01}, cents=[1999, -5]) == [19.99, -0.05]
    assert amounts(duck, {"column": "paid", "absolute": True}, paid=[-5.5, 5.5]) == [5.5, 5.5]
    assert amounts(duck, {"product": ["q", "p"], "absolute": True}, q=[-2], p=[1.5]) == [3.0]


def test_sums_pass_over_what_is_empty_unless_all_is(duck: DuckDBEngine) -> None:
    rule = {"sum": ["net", "tax"], "minus": ["gift"]}
    found = amounts(duck, rule, net=[10.1, 10.1, None], tax=[1.9, None, None], gift=[None, 0.1, 1.0])
    assert found[:2] == [12.0, 10.0]
    assert np.isnan(found[2])


def test_a_product_with_an_empty_cell_is_empty(duck: DuckDBEngine) -> None:
    assert np.isnan(amounts(duck, {"product": ["q", "p"]}, q=[None, 1.0], p=[2.0, None])).all()


def test_numbers_beyond_all_money_do_not_end_the_run(duck: DuckDBEngine) -> None:
    found = amounts(
        duck, {"product": ["q", "p"], "scale": 1000}, q=[1e12, 9e307, 1e-30], p=[1e12, 9e307, 1.0]
    )
    assert found[0] == 1e27
    history = history_of({"columns": {"amount": {"product": ["q", "p"]}}}, q=[9e307], p=[9e307])
    assert read(duck, history)["bad_number"].tolist() == [True]


def test_text_that_is_no_number_is_told_and_not_taken_for_nothing(duck: DuckDBEngine) -> None:
    history = history_of(
        {"decimal": ",", "thousands": ".", "columns": {"amount": {"product": ["q", "p"]}, "quantity": "q"}},
        q=["2", "2", "two", ""],
        p=["1.250,50", "1.25", "1", "1"],
    )
    found = read(duck, history)
    assert found["amount"].tolist()[0] == 2501.0
    assert found["bad_number"].tolist() == [False, True, True, False]


def test_a_decimal_comma_holds_for_columns_that_need_no_rule(duck: DuckDBEngine) -> None:
    found = read(duck, history_of({"decimal": ","}, amount=["1,5", "1.5", None]))
    assert found["amount"].tolist()[0] == 1.5
    assert found["bad_number"].tolist() == [False, True, False]
