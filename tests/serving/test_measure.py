"""What value counts: a share of revenue, in money of today, close to what day-by-day integration says."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.serving.ahead import VALUE_DAYS
from tiercast.serving.bg_nbd import MbgNbd
from tiercast.serving.mbg_cnbd import MbgCnbd
from tiercast.serving.measure import NET_REVENUE, BadMeasure, ValueMeasure
from tiercast.serving.pareto_nbd import ParetoNbd

HISTORY = {
    "repeat_order_days": [0, 0, 0, 1, 4, 40, 40],
    "purchase_span_days": [0, 0, 0, 20, 90, 300, 300],
    "customer_age_days": [1, 60, 700, 40, 200, 301, 700],
}
PURCHASE_PROCESSES = (
    MbgNbd(0.5, 40.0, 0.8, 1.2),
    MbgNbd(0.2, 3.0, 1.5, 0.5),
    MbgNbd(3.0, 20.0, 0.1, 2.0),
    ParetoNbd(0.553, 74.0, 0.606, 81.7),
    ParetoNbd(0.2, 3.0, 2.0, 30.0),
    MbgCnbd(1.0, 10.0, 0.6, 2.4, 3),
)


@pytest.mark.parametrize("model", PURCHASE_PROCESSES, ids=str)
@pytest.mark.parametrize(("rate", "error"), [(0.1, 0.002), (0.99, 0.02)])
@pytest.mark.parametrize("served", [1, 14, 28, 182])
def test_the_discount_is_close_to_integration_day_by_day(
    model: Any, rate: float, error: float, served: int
) -> None:
    every_day = np.arange(0.0, 366.0)
    orders = model.expected_orders(every_day, **HISTORY)
    counted = np.diff(orders, axis=1) * (1.0 + rate) ** (-(every_day[1:] - 0.5 + 7) / 365.0)
    days = sorted({*VALUE_DAYS, served})
    exact = np.cumsum(counted, axis=1)[:, np.asarray(days) - 1]
    grown = orders[:, days]
    told = grown * ValueMeasure(1.0, rate).worth_share(grown, days, gap_days=7)
    np.testing.assert_allclose(told, exact, rtol=error)
    if not isinstance(model, MbgCnbd):
        assert (told <= exact * (1 + 1e-12)).all(), "customers fade, so orders come before the middle"


@settings(max_examples=80, deadline=None)
@given(
    steps=st.lists(st.floats(0, 1e6), min_size=4, max_size=4),
    margin=st.floats(0.01, 1),
    rate=st.floats(0, 0.99),
    gap=st.integers(0, 60),
)
def test_discounted_value_rises_with_the_horizon_and_lies_between_paid_at_once_and_paid_at_the_end(
    steps: list[float], margin: float, rate: float, gap: int
) -> None:
    grown = 1e-3 + np.cumsum(steps)[None, :]
    share = ValueMeasure(margin, rate).worth_share(grown, VALUE_DAYS, gap_days=gap)
    assert (np.diff(share * grown, axis=1) >= -1e-9 * grown[:, -1]).all()
    at_the_end = margin * (1.0 + rate) ** (-(gap + np.asarray(VALUE_DAYS)) / 365.0)
    assert (share <= margin * (1.0 + rate) ** (-gap / 365.0) * (1 + 1e-12)).all()
    assert (share >= at_the_end * (1 - 1e-12)).all()


def test_revenue_counts_whole_to_the_bit_and_margin_is_one_factor() -> None:
    grown = np.array([[0.3, 1.0, 7.7, 9.1]])
    assert (NET_REVENUE.worth_share(grown, VALUE_DAYS, gap_days=3) == 1.0).all()
    assert (ValueMeasure(0.25).worth_share(grown, VALUE_DAYS, gap_days=3) == 0.25).all()


@pytest.mark.parametrize("stored", [{}, ValueMeasure(0.4).to_json(), ValueMeasure(0.4, 0.08).to_json()])
def test_it_comes_back_from_json_and_nothing_stored_is_net_revenue(stored: dict[str, float]) -> None:
    back = ValueMeasure.from_json(stored)
    assert back.to_json() == (stored or NET_REVENUE.to_json())


@pytest.mark.parametrize(
    ("margin", "rate"),
    [(0, 0), (1.01, 0), (-0.2, 0), (1, -0.1), (1, 1), (float("nan"), 0), (1, float("nan"))],
)
def test_a_measure_no_business_can_have_is_refused_with_its_code(margin: float, rate: float) -> None:
    with pytest.raises(BadMeasure, match="0 < margin_share <= 1") as refused:
        ValueMeasure(margin, rate)
    assert refused.value.code == "BAD_MEASURE"
    assert isinstance(refused.value, ValueError)
