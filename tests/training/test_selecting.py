"""Who answers: the usual candidate, unless another is proven better on the window before the tests."""

import numpy as np
import pandas as pd

from tiercast.learners.learner import Panel
from tiercast.targets.churn import CHURN
from tiercast.training.selecting import least, losses_by_row, proven_by_rows, proven_value


def _window(value: np.ndarray) -> Panel:
    return Panel(pd.DataFrame(index=range(len(value))), pd.DataFrame({"value_currency": value}), ())


def test_the_usual_candidate_stays_when_another_leads_by_luck_alone() -> None:
    chance = np.random.default_rng(3)
    stayed = 0
    for _ in range(200):
        losses = {name: chance.exponential(size=500) for name in ("blend", "a", "b")}
        stayed += proven_by_rows(losses, "blend") == "blend"
    assert stayed > 180, "two rivals, each with a chance of about 2 % to seem better by two standard errors"


def test_a_candidate_that_is_better_for_most_customers_is_chosen() -> None:
    loss = np.random.default_rng(4).exponential(size=500)
    assert proven_by_rows({"blend": loss, "a": 0.9 * loss}, "blend") == "a"
    assert proven_by_rows({"blend": loss, "a": 1.1 * loss}, "blend") == "blend"


def test_without_a_usual_candidate_the_least_loss_decides() -> None:
    loss = np.random.default_rng(5).exponential(size=50)
    assert proven_by_rows({"a": loss, "b": loss - 1e-6}, "") == "b"
    assert proven_by_rows({"a": loss, "b": loss + 1e-6}, "blend") == "a", "it is not among those that compete"


def test_a_loss_that_is_no_number_never_wins() -> None:
    assert least({"a": float("nan"), "b": 2.0}) == "b"
    assert least({"a": float("nan"), "b": float("nan")}) == "a"


def test_value_is_judged_in_rank_and_in_size_and_luck_changes_nothing() -> None:
    chance = np.random.default_rng(6)
    mean = chance.lognormal(3.0, 1.0, 2000)
    spent = np.where(chance.random(2000) < 0.5, 2 * mean * chance.lognormal(0.0, 0.5, 2000), 0.0)
    usual = mean * chance.lognormal(0.0, 1.0, 2000)
    said = {"past_spend": usual, "value_blend": usual, "better": mean, "alike": usual * 1.0001}
    asked = {"usual": "value_blend", "rule": "past_spend", "window": _window(spent), "seed": 1}
    assert proven_value(said, **asked) == "better"
    assert proven_value({name: said[name] for name in said if name != "better"}, **asked) == "value_blend"


def test_log_loss_by_row_is_finite_for_the_surest_mistake() -> None:
    lost = losses_by_row(CHURN, np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert np.isfinite(lost).all()
    assert (lost > 20).all()


def test_who_beats_the_usual_answer_must_beat_the_next_average_too() -> None:
    chance = np.random.default_rng(3)
    loss = chance.exponential(size=4000)
    beaten = {"blend": loss, "mean": 0.8 * loss, "lucky": 0.8 * loss + chance.normal(-0.001, 0.1, 4000)}
    assert proven_by_rows(beaten, "blend", ("mean",)) == "mean"
    assert proven_by_rows(beaten | {"better": 0.7 * loss}, "blend", ("mean",)) == "better"
    near = loss + chance.normal(0.0, 0.1, 4000)
    assert proven_by_rows({"blend": loss, "mean": near}, "blend", ("mean",)) == "blend"
