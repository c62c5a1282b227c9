"""Decisions are told with probabilities that add up, and nothing is told where nothing was seen."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.serving.decision import PROBABILITIES, DecisionStages, DecisionStyle

ROWS = tuple(tuple(float((3 * stage + at) % 5) - 2.0 for at in range(6)) for stage in range(5))
LEARNED = DecisionStages("model", ("episode_days",), (1.0,), (0.5,), ROWS, (0.1, 0.0, -0.2, 0.3, 0.0))
ANYTHING = st.one_of(st.floats(-10, 1e6), st.just(float("nan")), st.just(float("inf")))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0]), ANYTHING)
def test_probabilities_add_up_to_one_whatever_comes(code: float, days: float) -> None:
    told = LEARNED.assign(pd.DataFrame({"episode_stage_code": [code], "episode_days": [days]}))
    said = told[list(PROBABILITIES)].to_numpy()[0]
    assert said.sum() == pytest.approx(1.0)
    assert (said >= 0).all()
    assert told["decision_basis"].tolist() == ["model"]


def test_probabilities_are_the_softmax_of_the_coefficients() -> None:
    seen = pd.DataFrame({"episode_stage_code": [2.0], "episode_days": [np.expm1(2.0)]})
    logits = np.array([row[1] + row[5] * 2.0 for row in ROWS]) + np.array(LEARNED.intercepts)
    expected = np.exp(logits) / np.exp(logits).sum()
    assert LEARNED.probabilities(seen)[0] == pytest.approx(expected)


def test_without_an_episode_there_is_no_stage() -> None:
    told = LEARNED.assign(pd.DataFrame({"episode_stage_code": [np.nan, 7.0], "episode_days": 3.0}))
    assert told["decision_stage"].tolist() == told["decision_stage_zh"].tolist() == [None, None]
    assert told["decision_basis"].tolist() == ["none", "none"]
    assert told[list(PROBABILITIES)].isna().all().all()
    assert LEARNED.assign(pd.DataFrame({"orders": [1.0]}))["decision_stage"].tolist() == [None]


def test_a_row_alone_gets_the_very_bits_that_it_gets_among_many() -> None:
    chance = np.random.default_rng(1)
    seen = pd.DataFrame(
        {"episode_stage_code": chance.integers(1, 6, 50).astype(float), "episode_days": chance.random(50) * 9}
    )
    many = LEARNED.assign(seen)
    for row in range(0, 50, 7):
        pd.testing.assert_frame_equal(LEARNED.assign(seen.iloc[[row]]), many.iloc[[row]], check_exact=True)


@pytest.mark.parametrize("part", [LEARNED, DecisionStages(), DecisionStyle(half_days=3.0)])
def test_every_part_survives_json(part: DecisionStages | DecisionStyle) -> None:
    assert type(part).from_json(json.loads(json.dumps(part.to_json(), allow_nan=False))) == part


@settings(max_examples=40, deadline=None)
@given(
    st.floats(1, 100),
    st.floats(0.1, 1000),
    st.floats(0.1, 100),
    st.one_of(st.floats(0, 365), st.just(float("nan"))),
)
def test_more_looking_and_longer_waiting_never_make_a_customer_more_impulsive(
    days: float, looked: float, more: float, waited: float
) -> None:
    seen = pd.DataFrame(
        {
            "order_days": days,
            "interest_touchpoints": [looked, looked + more],
            "days_to_first_purchase": waited,
        }
    )
    share = DecisionStyle().assign(seen)["deliberation_share"].tolist()
    assert 0.0 <= share[0] <= share[1] <= 1.0
    later = DecisionStyle().assign(seen.assign(days_to_first_purchase=[waited, waited + more]))[
        "deliberation_share"
    ]
    assert later[1] >= later[0] - 1e-12


def test_style_is_unknown_where_only_purchases_were_ever_seen() -> None:
    seen = pd.DataFrame({"order_days": [9.0], "discount_share": [0.9], "days_to_first_purchase": [0.0]})
    assert DecisionStyle().assign(seen)["decision_style"].tolist() == ["unknown"]
    assert DecisionStyle().assign(seen.iloc[:0]).shape == (0, 2)
