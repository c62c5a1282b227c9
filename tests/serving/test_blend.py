"""Blends average on the scale where errors are alike; the hurdle multiplies a chance and a value."""

import numpy as np
import pandas as pd

from tiercast.serving.blend import ORDERS_AHEAD, Blend, Hurdle, PerOrder
from tiercast.serving.parts import restore
from tiercast.serving.rules import Column

ROWS = pd.DataFrame({"a": [0.2, 0.0, 1.0], "b": [0.8, 0.0, 1.0], "purchase_probability": [0.5, 0.0, 1.0]})


def test_probabilities_are_averaged_in_log_odds_and_stay_inside() -> None:
    said = Blend((Column("a"), Column("b")), (0.5, 0.5), "logit").predict(ROWS)
    assert said[0] == np.float64(0.5)
    assert ((said > 0) & (said < 1)).all()


def test_values_are_averaged_as_they_are() -> None:
    assert (
        Blend((Column("a"), Column("b")), (0.25, 0.75), "identity").predict(ROWS)[0]
        == 0.2 * 0.25 + 0.8 * 0.75
    )


def test_the_hurdle_is_zero_without_a_chance_to_buy() -> None:
    np.testing.assert_allclose(Hurdle(Column("b")).predict(ROWS), [0.4, 0.0, 1.0])


def test_orders_times_spend_is_nothing_where_no_order_is_expected() -> None:
    rows = ROWS.assign(**{ORDERS_AHEAD: [3.0, 0.0, 0.5]})
    np.testing.assert_allclose(PerOrder(Column("b")).predict(rows), [2.4, 0.0, 0.5])


def test_nested_parts_come_back_from_json_as_they_were() -> None:
    inner = Blend((Column("b"), PerOrder(Column("a"))), (0.75, 0.25), "identity")
    part = Blend((Hurdle(Column("a")), inner), (0.5, 0.5), "identity")
    assert restore(part.to_json()) == part
