"""Figures over origins: the mean and the worst, on any draw of customers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.evaluation.arrays import MisalignedInput
from tiercast.evaluation.measures import figure_of, measure_named
from tiercast.evaluation.origins import mean_over, worst_of


@pytest.mark.parametrize("name", ["log_loss", "roc_auc", "normalised_gini", "rmse"])
@given(seed=st.integers(0, 2**16))
@settings(max_examples=15, deadline=None)
def test_on_a_draw_they_are_the_mean_and_the_worst_of_the_drawn_rows_at_each_origin(name, seed):
    random = np.random.default_rng(seed)
    origin = np.repeat([3, 1, 2], 12)
    actual, said = np.tile([0.0, 1.0], 18), random.uniform(0.1, 0.9, 36)
    counts = random.integers(1, 4, 36).astype(float)
    measure = measure_named(name)
    plain = [
        figure_of(measure, np.repeat(actual[at], n), np.repeat(said[at], n))
        for at, n in ((origin == each, counts[origin == each].astype(int)) for each in (1, 2, 3))
    ]
    worst = min(plain) if measure.larger_is_better else max(plain)
    assert mean_over(measure, origin).prepare(actual, said)(counts) == pytest.approx(np.mean(plain), rel=1e-9)
    assert worst_of(measure, origin).prepare(actual, said)(counts) == pytest.approx(worst, rel=1e-9)


def test_an_origin_that_is_not_drawn_or_cannot_be_judged_leaves_no_figure():
    worst = worst_of(measure_named("log_loss"), [1, 1, 2]).prepare(np.ones(3), np.full(3, 0.5))
    assert np.isnan(worst(np.array([2.0, 1.0, 0.0])))
    one_sided = worst_of(measure_named("roc_auc"), [1, 1, 2, 2])
    assert np.isnan(figure_of(one_sided, np.array([0.0, 1, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4])))


def test_origins_that_do_not_fit_the_rows_are_refused():
    with pytest.raises(MisalignedInput):
        figure_of(mean_over(measure_named("mae"), [1, 2]), np.zeros(3), np.ones(3))
