"""Tuning: the defaults are tried first, the budget holds, a failed trial is not chosen, and a seed repeats it all."""

import time
from collections.abc import Mapping

import pytest

from tiercast.learners.learner import Range
from tiercast.tuning import tune

SPACE = {"x": Range(-5.0, 5.0), "n": Range(1, 9)}
DEFAULTS = {"x": 4.0, "n": 2, "fixed": 7.0}


def loss(at: Mapping[str, float]) -> float:
    return (at["x"] - 1) ** 2 + abs(at["n"] - 5)


def test_the_defaults_come_first_and_the_best_is_no_worse() -> None:
    found = tune(loss, defaults=DEFAULTS, space=SPACE, trials=15, seconds=60, seed=1)
    assert found.trials[0].parameters == {"x": 4.0, "n": 2.0, "fixed": 7.0}
    assert loss(found.parameters) == min(trial.loss for trial in found.trials) < loss(DEFAULTS)
    assert all(-5 <= trial.parameters["x"] <= 5 for trial in found.trials)
    assert all(trial.parameters["n"] in range(1, 10) for trial in found.trials)
    assert all(trial.parameters["fixed"] == 7.0 for trial in found.trials)


def test_a_seed_repeats_every_trial() -> None:
    first, second = (
        tune(loss, defaults=DEFAULTS, space=SPACE, trials=8, seconds=60, seed=3) for _ in range(2)
    )
    assert [trial.parameters for trial in first.trials] == [trial.parameters for trial in second.trials]


def test_no_trial_starts_after_the_budget() -> None:
    def slow(at: Mapping[str, float]) -> float:
        time.sleep(0.05)
        return loss(at)

    assert 1 <= len(tune(slow, defaults=DEFAULTS, space=SPACE, trials=500, seconds=0.2, seed=1).trials) < 30


@pytest.mark.parametrize(("trials", "space"), [(0, SPACE), (5, {})])
def test_without_a_budget_or_anything_to_tune_the_defaults_stay(trials: int, space: dict[str, Range]) -> None:
    found = tune(loss, defaults=DEFAULTS, space=space, trials=trials, seconds=60, seed=1)
    assert found.parameters == DEFAULTS
    assert found.trials == ()


def test_a_trial_without_an_answer_is_counted_and_never_chosen() -> None:
    def sometimes(at: Mapping[str, float]) -> float:
        return float("nan") if at["x"] < 4 else loss(at)

    found = tune(sometimes, defaults=DEFAULTS, space=SPACE, trials=8, seconds=60, seed=1)
    assert len(found.trials) == 8
    assert found.parameters["x"] >= 4
    nothing = tune(lambda at: float("nan"), defaults=DEFAULTS, space=SPACE, trials=3, seconds=60, seed=1)
    assert nothing.parameters == DEFAULTS


def test_an_interrupted_search_goes_on_where_it_ended_and_a_finished_one_fits_nothing() -> None:
    asked = {"defaults": DEFAULTS, "space": SPACE, "seconds": 60, "seed": 2}
    first = tune(loss, trials=6, **asked)  # type: ignore[arg-type]
    tried: list[Mapping[str, float]] = []

    def counting(at: Mapping[str, float]) -> float:
        tried.append(at)
        return loss(at)

    more = tune(counting, trials=15, known=first.trials, **asked)  # type: ignore[arg-type]
    assert len(more.trials) == len(tried) == 9
    assert loss(more.parameters) == min(trial.loss for trial in (*first.trials, *more.trials))
    done = tune(counting, trials=15, known=(*first.trials, *more.trials), **asked)  # type: ignore[arg-type]
    assert (done.trials, done.parameters, len(tried)) == ((), more.parameters, 9)


def test_a_trial_that_looks_bad_at_first_is_stopped_and_never_chosen() -> None:
    whole: list[Mapping[str, float]] = []

    def full(at: Mapping[str, float]) -> float:
        whole.append(at)
        return loss(at)

    found = tune(full, first_look=loss, defaults=DEFAULTS, space=SPACE, trials=30, seconds=60, seed=4)
    stopped = [trial for trial in found.trials if trial.stopped]
    assert len(found.trials) == 30
    assert len(whole) == 30 - len(stopped) < 30
    assert not any(trial.stopped for trial in found.trials[:5])
    assert all(trial.loss != trial.loss for trial in stopped)
    median = sorted(loss(trial.parameters) for trial in found.trials[:5])[2]
    assert all(loss(trial.parameters) > 0 for trial in stopped)
    assert min(loss(trial.parameters) for trial in stopped) > loss(found.parameters)
    assert loss(found.parameters) <= median
