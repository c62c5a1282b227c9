"""The curve of uplift is that of the definition, whatever the order of the rows, and chance is worth nothing."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.evaluation.arrays import MisalignedInput
from tiercast.evaluation.uplift import auuc_and_qini, effect_by_band, judge_rankings, uplift_curve

Drawn = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def drawn(rows: int, seed: int) -> Drawn:
    """Return scores with ties, arms drawn with unequal probabilities, outcomes and those probabilities."""
    random = np.random.default_rng(seed)
    chance = random.choice([0.2, 0.5, 0.8], rows)
    treated = (random.random(rows) < chance).astype(float)
    return random.integers(0, 6, rows).astype(float), treated, random.random(rows), chance


def slow(
    score: np.ndarray, treated: np.ndarray, outcome: np.ndarray, chance: np.ndarray
) -> list[tuple[float, float]]:
    """Return the points of the curve, one threshold at a time and one customer at a time."""
    points = [(0.0, 0.0)]
    for threshold in sorted(set(score), reverse=True):
        sums = {0.0: [0.0, 0.0], 1.0: [0.0, 0.0]}
        reached = 0
        for place in range(len(score)):
            if score[place] >= threshold:
                reached += 1
                arm = treated[place]
                weight = 1 / chance[place] if arm else 1 / (1 - chance[place])
                sums[arm][0] += weight
                sums[arm][1] += weight * outcome[place]
        share = reached / len(score)
        both = all(mass > 0 for mass, _ in sums.values())
        gain = share * (sums[1.0][1] / sums[1.0][0] - sums[0.0][1] / sums[0.0][0]) if both else 0.0
        points.append((share, gain))
    return points


@pytest.mark.parametrize("seed", range(5))
def test_the_curve_is_that_of_the_definition(seed: int) -> None:
    given_rows = drawn(60, seed)
    told = slow(*given_rows)
    share, gain = uplift_curve(*given_rows)
    np.testing.assert_allclose(np.column_stack([share, gain]), told, atol=1e-12)
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(told))
    np.testing.assert_allclose(auuc_and_qini(*given_rows), (area, area - told[-1][1] / 2), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 9), st.floats(-5, 5))
def test_only_the_order_of_the_scores_matters_and_not_that_of_the_rows(
    seed: int, by: float, add: float
) -> None:
    score, treated, outcome, chance = drawn(50, seed)
    before = auuc_and_qini(score, treated, outcome, chance)
    order = np.random.default_rng(seed).permutation(50)
    after = auuc_and_qini((score * by + add)[order], treated[order], outcome[order], chance[order])
    np.testing.assert_allclose(after, before, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_who_ranks_nobody_gains_what_chance_gains(seed: int) -> None:
    _, treated, outcome, chance = drawn(50, seed)
    area, qini = auuc_and_qini(np.zeros(50), treated, outcome, chance)
    assert qini == pytest.approx(0.0, abs=1e-12)
    assert area == pytest.approx(uplift_curve(np.zeros(50), treated, outcome, chance)[1][-1] / 2)


def test_weights_undo_a_draw_that_preferred_the_likely() -> None:
    random = np.random.default_rng(4)
    likely = random.random(40_000) < 0.5
    chance = np.where(likely, 0.8, 0.2)
    treated = (random.random(40_000) < chance).astype(float)
    outcome = (random.random(40_000) < np.where(likely, 0.6, 0.1) + 0.05 * treated).astype(float)
    plain = outcome[treated == 1].mean() - outcome[treated == 0].mean()
    _, _, effect = judge_rankings({"none": np.zeros(40_000)}, treated, outcome, chance, seed=1, resamples=60)
    assert plain > 0.3, "the arms alone tell of the draw, not of the contact"
    assert effect.low < 0.05 < effect.high
    assert effect.value == pytest.approx(0.05, abs=0.02)


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        treated = (random.random(400) < 0.5).astype(float)
        outcome = random.normal(0, 1, 400) + 0.3 * treated
        _, _, effect = judge_rankings(
            {"none": np.zeros(400)}, treated, outcome, np.full(400, 0.5), seed=seed, resamples=100
        )
        covered += effect.low <= 0.3 <= effect.high
    assert 50 <= covered <= 60


def test_the_same_seed_tells_the_same_interval_and_a_ranking_is_compared_with_every_other() -> None:
    score, treated, outcome, chance = drawn(200, 3)
    asked = {"one": score, "other": -score, "none": np.zeros(200)}
    first = judge_rankings(asked, treated, outcome, chance, of="one", seed=5, resamples=50)
    again = judge_rankings(asked, treated, outcome, chance, of="one", seed=5, resamples=50)
    assert first == again
    figures, beyond, _ = first
    assert set(beyond) == {"other", "none"}
    assert beyond["other"].value == pytest.approx(figures["one"].qini.value - figures["other"].qini.value)
    assert beyond["none"].value == pytest.approx(figures["one"].qini.value, abs=1e-12)


def test_what_cannot_be_judged_is_nan_or_refused() -> None:
    assert np.isnan(auuc_and_qini([np.nan, 1.0], [1, 0], [1, 0], [0.5, 0.5])).all()
    with pytest.raises(MisalignedInput):
        uplift_curve([1.0], [1, 0], [1, 0], [0.5, 0.5])
    bands = effect_by_band([0, 0, 1], [1, 0, 1], [1, 0, 1], [0.5] * 3)
    assert bands[0].value == 1.0
    assert np.isnan(bands[1].value)
