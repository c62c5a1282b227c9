"""The linear learners: what they fit is what is served, absence is seen, and training never changes the panel."""

import numpy as np
import pytest

from tests.path.world import small_panel
from tiercast.evaluation.metrics import log_loss
from tiercast.learners.learner import Setup
from tiercast.learners.linear import LOGISTIC, TWEEDIE, winsorised
from tiercast.serving.parts import restore
from tiercast.windows import Horizon

SETUP = Setup(Horizon(28), 7, 1)


@pytest.mark.parametrize("learner", [LOGISTIC, TWEEDIE], ids=lambda learner: learner.name)
def test_the_fit_leaves_the_panel_alone_and_comes_back_from_json_as_it_was(learner: object) -> None:
    rows = small_panel()
    before = rows.features.copy(deep=True), rows.labels.copy(deep=True)
    part = learner.fit(rows, learner.defaults, SETUP)  # type: ignore[attr-defined]
    assert rows.features.equals(before[0])
    assert rows.labels.equals(before[1])
    said = part.predict(rows.features)
    assert np.isfinite(said).all()
    assert (said > 0).all()
    np.testing.assert_array_equal(restore(part.to_json()).predict(rows.features), said)
    assert part.to_json() == learner.fit(rows, learner.defaults, SETUP).to_json()  # type: ignore[attr-defined]


def test_logistic_regression_beats_the_mean_and_keeps_its_level() -> None:
    rows = small_panel()
    bought = rows.labels["purchased"].to_numpy(float)
    said = LOGISTIC.fit(rows, LOGISTIC.defaults, SETUP).predict(rows.features)
    assert log_loss(bought, said) < 0.9 * log_loss(bought, np.full(len(bought), bought.mean()))
    weights = rows.weights()
    assert np.average(said, weights=weights) == pytest.approx(np.average(bought, weights=weights), abs=1e-3)


def test_training_values_are_never_negative_and_the_largest_are_cut() -> None:
    value = np.array([-50.0, 0.0, *[10.0] * 2000, 1e6])
    cut = winsorised(value)
    assert cut.min() == 0
    assert cut.max() < 1e6
    assert value.min() == -50
    assert winsorised(np.array([])).tolist() == []
