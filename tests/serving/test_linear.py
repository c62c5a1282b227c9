"""The served linear score: tails are tamed, absence has its own weight, links do not overflow."""

import numpy as np
import pandas as pd
import pytest

from tiercast.serving.linear import Linear, inverse_link, squeeze, standardise, weighed


def test_an_absent_value_lies_at_the_centre_and_adds_its_own_weight() -> None:
    part = Linear(("a",), (1.0,), (2.0,), (3.0,), (0.7,), -0.2, "logit")
    rows = pd.DataFrame({"a": [np.nan, np.expm1(1.0)]})
    np.testing.assert_allclose(part.predict(rows), 1 / (1 + np.exp([-0.5, 0.2])))


def test_the_tails_are_clipped_and_order_is_kept() -> None:
    values = np.array([[-1e12], [-1.0], [0.0], [1.0], [1e12]])
    told = standardise(values, np.array([0.0]), np.array([1.0]))[:, 0]
    assert told.tolist() == sorted(told)
    assert (told.min(), told.max()) == (-4.0, 4.0)
    assert squeeze(np.array([-2.0])) == -squeeze(np.array([2.0]))


@pytest.mark.filterwarnings("error")
def test_links_stay_finite() -> None:
    score = np.array([-1e9, 0.0, 1e9])
    assert np.isfinite(inverse_link(score, "logit")).all()
    assert np.isfinite(inverse_link(score, "log")).all()
    assert inverse_link(score, "cloglog").tolist() == pytest.approx([0.0, 1 - np.exp(-1), 1.0])
    with pytest.raises(ValueError, match="there is: logit, cloglog, log"):
        inverse_link(score, "probit")


def test_a_row_alone_gets_the_very_bits_that_it_gets_among_many() -> None:
    chance = np.random.default_rng(1)
    for order in ("C", "F"):
        values = np.asarray(chance.normal(size=(300, 90)), order=order)  # type: ignore[call-overload]
        weights = tuple(chance.normal(size=90))
        alone = np.concatenate([weighed(values[[row]], weights) for row in range(300)])
        np.testing.assert_array_equal(weighed(values, weights), alone)
