"""The served mixture says what scikit-learn's says, and a row alone what it says among many."""

import json

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from tiercast.segments.algorithms import find
from tiercast.serving.mixture import Mixture

CHANCE = np.random.default_rng(8)
POINTS = np.concatenate([CHANCE.normal(each, 1.0, (80, 3)) * [1.0, 2.0, 0.5] for each in (-2.0, 0.5, 3.0)])


def test_responsibilities_are_those_of_the_library() -> None:
    found = find(POINTS, "mixture", {"clusters": 3}, seed=1)
    assert found is not None
    assert found.mixture is not None
    theirs = GaussianMixture(3, random_state=1, n_init=2, reg_covar=1e-3, max_iter=300).fit(POINTS)
    assert found.mixture.responsibilities(POINTS) == pytest.approx(theirs.predict_proba(POINTS), abs=1e-9)
    assert (found.labels(POINTS) == theirs.predict(POINTS)).all()


def test_a_row_alone_gets_the_very_bits_and_json_keeps_them() -> None:
    found = find(POINTS, "mixture", {"clusters": 3}, seed=1)
    assert found is not None
    assert found.mixture is not None
    again = Mixture.from_json(json.loads(json.dumps(found.mixture.to_json())))
    assert again == found.mixture
    many = again.log_density(POINTS)
    alone = np.concatenate([again.log_density(POINTS[[row]]) for row in range(0, 240, 7)])
    assert (alone == many[::7]).all()


def test_far_away_rows_still_belong_somewhere() -> None:
    two = Mixture((0.5, 0.5), ((-1.0,), (1.0,)), (((1.0,),), ((1.0,),)))
    said = two.responsibilities(np.array([[1e6], [-1e6]]))
    assert said.tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert two.reordered([1, 0]).means == ((1.0,), (-1.0,))
