"""A draw is told from a choice: sizes against their probabilities, and columns known before against each other."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, ttest_ind

from tiercast.evaluation.balance import effective_size, sample_ratio, standardised_differences


@pytest.mark.parametrize(("treated", "chance"), [(520, 0.5), (300, 0.3), (350, 0.3)])
def test_the_test_of_sizes_agrees_with_the_binomial_one(treated: int, chance: float) -> None:
    told = sample_ratio([1] * treated + [0] * (1_000 - treated), [chance] * 1_000)
    assert told.p_value == pytest.approx(binomtest(treated, 1_000, chance).pvalue, abs=0.03)
    assert told.expected_treated == pytest.approx(1_000 * chance)


def test_unequal_probabilities_are_no_mismatch() -> None:
    random = np.random.default_rng(1)
    chance = random.uniform(0.1, 0.9, 5_000)
    assert sample_ratio((random.random(5_000) < chance).astype(float), chance).p_value > 0.01


def test_a_difference_is_that_of_the_arms_in_standard_deviations() -> None:
    random = np.random.default_rng(2)
    seen = pd.DataFrame({"a": random.normal(0, 2, 2_000), "b": random.normal(0, 1, 2_000)})
    treated = np.tile([1.0, 0.0], 1_000)
    seen["b"] += 0.5 * treated
    told = standardised_differences(seen, treated, np.full(2_000, 0.5)).set_index("column")
    given, kept = seen["b"][treated == 1], seen["b"][treated == 0]
    pooled = np.sqrt((given.var(ddof=0) + kept.var(ddof=0)) / 2)
    assert told.loc["b", "difference_sd"] == pytest.approx((given.mean() - kept.mean()) / pooled)
    assert told.loc["b", "p_value"] < 1e-20
    plain = ttest_ind(seen["a"][treated == 1], seen["a"][treated == 0]).pvalue
    assert told.loc["a", "p_value"] == pytest.approx(plain, abs=0.01)


def test_weights_balance_what_the_draw_preferred_and_absence_is_compared_too() -> None:
    random = np.random.default_rng(3)
    old = random.random(20_000) < 0.4
    chance = np.where(old, 0.8, 0.3)
    treated = (random.random(20_000) < chance).astype(float)
    seen = pd.DataFrame(
        {"old": old.astype(float), "income": np.where(random.random(20_000) < 0.5, 1.0, np.nan)}
    )
    plain = standardised_differences(seen, treated, np.full(20_000, treated.mean())).set_index("column")
    fair = standardised_differences(seen, treated, chance).set_index("column")
    assert plain.loc["old", "difference_sd"] > 0.9
    assert abs(fair.loc["old", "difference_sd"]) < 0.05
    assert {"income", "income is unknown"} <= set(fair.index)
    hidden = seen.assign(income=np.where(treated == 1, np.nan, 1.0))
    assert standardised_differences(hidden, treated, chance)["column"][0] == "income is unknown"


def test_a_few_heavy_customers_tell_little() -> None:
    assert effective_size(np.ones(100)) == 100
    assert effective_size([1_000.0, *[1.0] * 99]) < 2
    assert effective_size([]) == 0
