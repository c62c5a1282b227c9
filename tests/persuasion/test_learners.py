"""Learners of uplift: what one has seen of a row never tells the row, and nothing is fitted twice."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tiercast.persuasion import learners
from tiercast.persuasion.learners import LEARNERS, Drawn, expected_outcome


def drawn(rows: int = 900, *, seed: int = 4) -> Drawn:
    random = np.random.default_rng(seed)
    features = pd.DataFrame({"mood": random.random(rows), "age": random.normal(0, 1, rows)})
    treated = (random.random(rows) < 0.5).astype(float)
    happened = (random.random(rows) < 0.3 + 0.2 * treated * (features["mood"] > 0.5)).astype(float)
    return Drawn(features, treated, np.full(rows, 0.5), happened.to_numpy(), seed=1)


def test_what_is_expected_of_a_row_does_not_depend_on_what_happened_to_it() -> None:
    rows = drawn()
    before = expected_outcome(rows)
    for place in (0, 17, 899):
        other = rows.outcome.copy()
        other[place] = 1.0 - other[place]
        after = expected_outcome(replace(rows, outcome=other))
        assert after[place] == before[place]
        assert (after != before).any()  # others have learned of it


def test_what_is_expected_of_noise_does_not_follow_the_noise() -> None:
    found = []
    for seed in range(12):
        rows = drawn(400, seed=seed)
        noise = replace(rows, outcome=np.random.default_rng(seed).integers(0, 2, 400).astype(float))
        centre = expected_outcome(noise)
        found.append(float(np.corrcoef(centre, noise.outcome)[0, 1]))
    assert abs(np.mean(found)) < 0.1  # in sample, an expectation of noise follows it


def test_the_two_models_are_fitted_once_for_all_learners_of_the_same_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    fit = learners._boosted

    def counting(rows: Drawn, *told: object) -> object:
        sizes.append(len(rows.outcome))
        return fit(rows, *told)  # type: ignore[arg-type]

    monkeypatch.setattr(learners, "_boosted", counting)
    rows = drawn()
    for learner in LEARNERS.values():
        learner(rows)
    arms = {int((rows.treated == arm).sum()) for arm in (0.0, 1.0)}
    assert sum(size in arms for size in sizes) == 2
    assert len(sizes) == 2 + 2 * rows.growth.centre_folds + 1
