"""What the judge of the contest says: parts that add up, even coverage for the truth, and whom it calls ahead."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.quality.answers import CURVE_DAYS, LEVELS, Answers
from benchmarks.quality.comparing import Comparison, adjusted, best_peer, compare
from benchmarks.quality.judging import cumulative, curve_metrics, intervals, judge, murphy
from benchmarks.quality.keeping import beside
from benchmarks.quality.outcome import Outcome
from benchmarks.quality.preparing import Future
from benchmarks.quality.showing import goals_of
from benchmarks.quality.tasks import Goal, Task
from tiercast.evaluation.bootstrap import PairedDifference
from tiercast.evaluation.metrics import brier

CUSTOMERS = 4000
RANDOM = np.random.default_rng(5)
CHANCE = RANDOM.uniform(0.05, 0.9, CUSTOMERS)
TASK = Task(
    name="t",
    source="csv:t",
    last_day=date(2024, 1, 1),
    horizon_days=30,
    goals=(Goal(target="churn", metric="log_loss", at_most=0.5),),
)
MEAN = RANDOM.gamma(3.0, 20.0, CUSTOMERS)


def told(chance: np.ndarray, mean: np.ndarray) -> Answers:
    """Return the answers of somebody who knows that value given a purchase is exponential, with these means."""
    levels = np.asarray(LEVELS)
    beyond = np.maximum(levels[None, :] - (1.0 - chance[:, None]), 0.0) / chance[:, None]
    frame = pd.DataFrame(
        {
            "customer_id": names(),
            "purchase_probability": chance,
            "expected_orders": -np.log1p(-chance),
            "expected_value_currency": chance * mean,
            "value_given_purchase_low_currency": -mean * np.log(0.9),
            "value_given_purchase_high_currency": -mean * np.log(0.1),
        }
    )
    survival = (1.0 - chance[:, None]) ** (np.asarray(CURVE_DAYS) / 30.0)
    return Answers(frame, "told", survival=survival, quantiles=-mean[:, None] * np.log1p(-beyond))


def names() -> list[str]:
    return [f"c{number:05}" for number in range(CUSTOMERS)]


@pytest.fixture(scope="module")
def future() -> Future:
    random = np.random.default_rng(6)
    wait = np.ceil(-30.0 * np.log(random.uniform(size=CUSTOMERS)) / -np.log1p(-CHANCE))
    purchased = (wait <= 30).astype(float)
    truth = pd.DataFrame(
        {
            "customer_id": names(),
            "purchased": purchased,
            "orders": purchased,
            "value_currency": purchased * random.exponential(MEAN),
            "days_to_purchase": np.where(wait <= 100, wait, np.nan),
        }
    )
    return Future(truth, 100, date(2025, 1, 1), ())


def test_the_parts_of_the_brier_score_add_up_where_bins_are_pure() -> None:
    actual = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    said = np.array([0.2, 0.2, 0.6, 0.6, 0.9, 0.9])
    parts = murphy(actual, said, bins=3)
    total = parts["murphy_reliability"] - parts["murphy_resolution"] + parts["murphy_uncertainty"]
    assert total == pytest.approx(brier(actual, said))


def test_the_truth_covers_eighty_percent_overall_by_decile_and_among_spenders(future: Future) -> None:
    found = intervals(told(CHANCE, MEAN), future.truth, seed=1)
    assert found["pit_coverage_80_share"] == pytest.approx(0.8, abs=0.02)
    assert 0.72 < found["pit_coverage_80_lowest_decile_share"] < 0.80
    assert 0.80 < found["pit_coverage_80_highest_decile_share"] < 0.88
    assert found["spender_coverage_80_share"] == pytest.approx(0.8, abs=0.03)


def test_half_as_wide_is_seen(future: Future) -> None:
    found = intervals(told(CHANCE, MEAN / 3.0), future.truth, seed=1)
    assert found["pit_coverage_80_share"] < 0.75


def test_the_cumulative_distribution_is_its_own_quantiles_inverse() -> None:
    said = told(CHANCE, MEAN)
    assert said.quantiles is not None
    place = 95
    found = cumulative(said.quantiles[:, place], said.quantiles, 1.0 - CHANCE)
    inside = said.quantiles[:, place] > 0
    np.testing.assert_allclose(found[inside], LEVELS[place], atol=0.006)
    np.testing.assert_allclose(found[~inside], 1.0 - CHANCE[~inside])


def test_curves_are_judged_over_the_days_that_were_seen(future: Future) -> None:
    survival = told(CHANCE, MEAN).survival
    assert survival is not None
    found = curve_metrics(survival, future)
    broken = survival.copy()
    broken[:, np.asarray(CURVE_DAYS) > 100] = 0.5
    assert curve_metrics(broken, future) == found
    assert 0.0 < found["integrated_brier"] < 0.25


def test_who_knows_more_is_ahead_and_a_copy_is_level(future: Future) -> None:
    blurred = told(np.clip(CHANCE * 0.5 + 0.2, 0.05, 0.95), np.full(CUSTOMERS, MEAN.mean()))
    answers = {"ours": told(CHANCE, MEAN), "blurred": blurred}
    figures = {name: judge(said, future, has_amounts=True, seed=1) for name, said in answers.items()}
    rivals = {"blurred": blurred}
    found = adjusted(compare(TASK, answers["ours"], rivals, figures, future, seed=1, resamples=100))
    verdicts = {f"{each.target} {each.metric}": each.verdict for each in found}
    assert verdicts["churn log_loss"] == verdicts["value normalised_gini"] == "ahead*"
    assert verdicts["repurchase integrated_brier"] == "ahead*"
    assert [each.metric for each in found if each.in_table] == ["log_loss"]
    copy = {"copy": answers["ours"]}
    figures["copy"] = figures["ours"]
    same = compare(TASK, answers["ours"], copy, figures, future, seed=1, resamples=100)
    assert {each.verdict for each in same} == {"level"}


def test_a_peer_that_errs_like_us_and_a_little_less_is_seen_behind_a_better_one(future: Future) -> None:
    rng = np.random.default_rng(4)
    wild = MEAN * np.exp(rng.normal(0.0, 0.5, CUSTOMERS))
    answers = {
        "ours": told(CHANCE, MEAN * 1.5),
        "close": told(CHANCE, MEAN * 1.49),
        "wild": told(CHANCE, wild),
    }
    figures = {name: judge(said, future, has_amounts=True, seed=1) for name, said in answers.items()}
    figures["wild"]["value"]["rmse"] = (
        figures["close"]["value"]["rmse"] - 1e-6
    )  # whoever errs otherwise is the best
    rivals = {name: answers[name] for name in ("close", "wild")}
    found = adjusted(compare(TASK, answers["ours"], rivals, figures, future, seed=1, resamples=200))
    of_size = {each.peer: each for each in found if (each.target, each.metric) == ("value", "rmse")}
    assert (of_size["wild"].is_best, of_size["close"].is_best) == (True, False)
    assert of_size["close"].verdict == "behind*"
    assert of_size["close"].matters
    figures_with_best = {(each.target, each.metric) for each in found if each.is_best}
    assert len([each for each in found if each.is_best]) == len(figures_with_best)


def test_the_best_peer_of_a_bias_is_the_one_nearest_to_one() -> None:
    figures = {"low": {"value": {"total_bias": 0.7}}, "high": {"value": {"total_bias": 1.2}}, "none": {}}
    assert best_peer("value", "total_bias", figures) == "high"
    assert best_peer("value", "rmse", figures) == ""


def test_without_amounts_nothing_is_said_of_value(future: Future) -> None:
    assert set(judge(told(CHANCE, MEAN), future, has_amounts=False, seed=1)) == {
        "churn",
        "orders",
        "repurchase",
    }


def test_a_goal_without_a_figure_does_not_hold(future: Future) -> None:
    goal = Goal(target="churn", metric="log_loss", at_most=0.3, best_known=0.35)
    task = Task(name="t", source="csv:t", last_day=date(2024, 1, 1), horizon_days=30, goals=(goal,))
    (measure,) = goals_of([Outcome(task, future=future)])
    assert measure.holds is False
    assert measure.peer_value == 0.35


def comparison(metric: str, p_value: float, verdict: str) -> dict[str, object]:
    return {
        "target": "churn",
        "metric": metric,
        "peer": "someone",
        "p_value": p_value,
        "p_adjusted": p_value,
        "in_table": True,
        "verdict": verdict,
    }


def test_tasks_that_are_run_apart_are_kept_and_adjusted_together(tmp_path: Path) -> None:
    place = tmp_path / "quality.json"
    first = {"task": "a", "comparisons": [comparison("brier", 0.03, "behind*")]}
    measures = [{"name": "a: churn brier"}, {"name": "b: churn brier"}]
    held = {"measured_on": "one", "measures": measures, "tasks": [first, {"task": "b"}]}
    place.write_text(json.dumps(held), encoding="utf-8")
    again = {"task": "b", "comparisons": [comparison("brier", 0.04, "ahead*")]}
    found = beside({"measured_on": "two", "measures": measures[1:], "tasks": [again]}, place)
    assert [task["task"] for task in found["tasks"]] == ["a", "b"]
    assert found["measures"] == measures
    assert found["measured_on"] == "one, two"
    assert [task["comparisons"][0]["verdict"] for task in found["tasks"]] == ["behind", "ahead"]


def test_what_two_fits_of_one_likelihood_differ_by_is_level() -> None:
    sure = PairedDifference(5e-6, 4e-6, 6e-6, 0.0, 0.001, larger_is_better=False)
    each = Comparison("t", "orders", "rmse", 1.000005, "lifetimes", 1.0, sure, 1e-9, 1e-9)
    assert each.verdict == "level"
    assert replace(each, difference=replace(sure, estimate=5e-3)).verdict == "behind*"
