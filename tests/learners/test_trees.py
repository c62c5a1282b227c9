"""The boosted learners: deterministic, blind to order, offsets where they belong, and a hazard whose curve falls."""

from dataclasses import replace

import numpy as np
import pytest

from tests.path.world import small_panel
from tiercast.evaluation.metrics import log_loss
from tiercast.learners import trees
from tiercast.learners.by_orders import TIMES_BOOSTED
from tiercast.learners.learner import Learner, Setup
from tiercast.serving.parts import restore
from tiercast.windows import Horizon

SETUP = Setup(Horizon(28), 7, 1)
QUICK = {**trees.DEFAULTS, "rounds": 30, "learning_rate": 0.1, "min_child_samples": 20}
PREDICTING = [
    trees.LIGHTGBM,
    trees.LIGHTGBM_ON_BTYD,
    trees.LIGHTGBM_VALUE,
    trees.LIGHTGBM_VALUE_ON_BTYD,
    trees.LIGHTGBM_HURDLE,
]


@pytest.mark.parametrize("learner", PREDICTING, ids=lambda learner: learner.name)
def test_a_fit_is_repeatable_and_comes_back_from_json_as_it_was(learner: Learner) -> None:
    rows = small_panel()
    staged = rows.features.assign(purchase_probability=0.5)
    part = learner.fit(rows, QUICK, SETUP)
    said = part.predict(staged)
    assert np.isfinite(said).all()
    assert (said >= 0).all()
    assert learner.fit(rows, QUICK, SETUP).to_json() == part.to_json()
    back = restore(part.to_json())
    np.testing.assert_array_equal(back.predict(staged), said)
    np.testing.assert_array_equal(back.predict(staged.iloc[:1]), said[:1])
    assert back.predict(staged.iloc[:0]).shape == (0,)


def test_activity_beats_the_mean() -> None:
    rows = small_panel()
    bought = rows.labels["purchased"].to_numpy(float)
    for learner in PREDICTING[:2]:
        said = learner.fit(rows, QUICK, SETUP).predict(rows.features)
        assert log_loss(bought, said) < 0.8 * log_loss(bought, np.full(len(bought), bought.mean()))


def test_the_offset_is_the_btyd_stages_answer() -> None:
    part = trees.fit_activity_on_btyd(small_panel(), {**QUICK, "learning_rate": 1e-9}, SETUP)
    said = part.predict(small_panel().features)
    np.testing.assert_allclose(said, small_panel().features["btyd_purchase_probability"], atol=1e-5)


def test_the_hazards_curve_falls_and_passes_the_share_that_bought() -> None:
    rows = small_panel()
    part = trees.fit_hazard(rows, QUICK, SETUP)
    days = np.arange(1.0, 300.0)
    survival = np.exp(-part.cumulative_hazard(rows.features, days))
    assert (np.diff(survival, axis=1) <= 0).all()
    assert ((survival > 0) & (survival <= 1)).all()
    assert survival[:, 27].mean() == pytest.approx(1 - rows.labels["purchased"].mean(), abs=0.05)
    again = restore(part.to_json()).cumulative_hazard(rows.features, days)
    np.testing.assert_array_equal(again, part.cumulative_hazard(rows.features, days))


def test_the_bins_hold_the_horizon_and_end_with_what_was_observed() -> None:
    assert 28 in trees.bin_edges(28, 400)
    assert trees.bin_edges(28, 400)[-1] == 182
    assert trees.bin_edges(28, 5) == (3,)


def test_tables_that_learners_share_hold_nothing_of_the_learner_before() -> None:
    on_offset, free = (trees.LIGHTGBM_ON_BTYD, trees.LIGHTGBM, trees.LIGHTGBM_VALUE), trees.LIGHTGBM_HURDLE
    order = [*on_offset, free, TIMES_BOOSTED, trees.LIGHTGBM_VALUE_ON_BTYD, *on_offset[::-1], free]
    rows = small_panel()
    ones = small_panel()  # all of one day: every weight is 1, which LightGBM's own setter passes over
    ones = ones.where(ones.cutoff_days == ones.cutoff_days.max())
    for panel in (rows, ones):
        alone = {each.name: each.fit(replace(panel, shared={}), QUICK, SETUP).to_json() for each in order}
        together = [(each.name, each.fit(panel, QUICK, SETUP).to_json()) for each in order]
        for name, part in together:
            assert part == alone[name], name
        assert len(panel.shared) == 2  # all rows, and the buyers'


def test_an_all_ones_weight_replaces_the_weights_before() -> None:
    panel = small_panel()
    label = panel.labels["purchased"].to_numpy(float)
    told = [
        trees.boosted(panel, label, {"objective": "binary"}, "logit", QUICK, SETUP, heft=heft).to_json()
        for heft in (None, np.linspace(0.1, 9.0, len(panel)) / panel.weights(), 1.0 / panel.weights(), None)
    ]
    fresh = trees.boosted(
        replace(panel, shared={}), label, {"objective": "binary"}, "logit", QUICK, SETUP, heft=1.0 / panel.weights()
    )  # fmt: skip
    assert told[0] == told[3] != told[1]
    assert told[2] == fresh.to_json() != told[0]


def test_raised_trees_tell_more_by_a_factor_on_whatever_offset_they_stand() -> None:
    rows = small_panel()
    for learner in (trees.LIGHTGBM_VALUE, trees.LIGHTGBM_VALUE_ON_BTYD):
        part = learner.fit(rows, QUICK, SETUP)
        said = trees.raised(part, float(np.log(0.7))).predict(rows.features)
        np.testing.assert_allclose(said, 0.7 * part.predict(rows.features), rtol=1e-6)
