"""The served trees: one thread, one answer, and a curve that is linear within a bin and goes on beyond the last."""

import numpy as np

from tests.path.world import small_panel
from tiercast.learners import trees as fitting
from tiercast.learners.learner import Setup
from tiercast.windows import Horizon

QUICK = {**fitting.DEFAULTS, "rounds": 20, "min_child_samples": 20}
SETUP = Setup(Horizon(28), 7, 1)


def test_rows_never_disagree_with_the_batch_they_are_in() -> None:
    rows = small_panel().features
    part = fitting.fit_activity(small_panel(), QUICK, SETUP)
    many = part.predict(rows)
    few = np.concatenate([part.predict(rows.iloc[[place]]) for place in range(20)])
    np.testing.assert_array_equal(many[:20], few)
    assert part.predict(rows.sample(frac=1.0, random_state=1)).shape == many.shape


def test_the_columns_may_come_in_any_order_and_others_beside_them() -> None:
    rows = small_panel().features
    part = fitting.fit_activity(small_panel(), QUICK, SETUP)
    turned = rows[list(rows.columns[::-1])].assign(another=1.0)
    np.testing.assert_array_equal(part.predict(turned), part.predict(rows))


def test_the_hazard_is_linear_within_a_bin_and_keeps_the_last_pace_beyond() -> None:
    rows = small_panel().features.head(5)
    part = fitting.fit_hazard(small_panel(), QUICK, SETUP)
    first, last = part.edges[0], part.edges[-1]
    early = part.cumulative_hazard(rows, np.array([0.0, first / 3, 2 * first / 3, float(first)]))
    np.testing.assert_allclose(np.diff(early, axis=1), early[:, -1:] / 3 * np.ones((1, 3)), rtol=1e-9)
    assert (early[:, 0] == 0).all()
    width = last - part.edges[-2]
    late = part.cumulative_hazard(rows, np.array([float(last - width), float(last), float(last + width)]))
    np.testing.assert_allclose(late[:, 2] - late[:, 1], late[:, 1] - late[:, 0], rtol=1e-9)
