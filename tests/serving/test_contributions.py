"""Contributions by family add up to the score, for trees as LightGBM scores them and for linear parts."""

from dataclasses import replace

import numpy as np
import pytest

from tests.path.world import small_panel
from tiercast.learners import cox, linear, trees
from tiercast.learners.learner import Setup
from tiercast.serving.blend import Blend
from tiercast.serving.contributions import BTYD_FAMILY, PathTable, RiskContributions
from tiercast.serving.rules import Column
from tiercast.windows import Horizon

SETUP = Setup(Horizon(28), 7, 1)
QUICK = {**trees.DEFAULTS, "rounds": 40, "min_child_samples": 20}


@pytest.fixture(scope="module")
def family_of() -> dict[str, str]:
    names = small_panel().columns
    return {name: f"family{place % 5}" for place, name in enumerate(names)}


def roots(part: trees.Trees) -> float:
    """Return the sum of the trees' expected scores before any split: the bias."""
    infos = part.model.dump_model()["tree_info"]
    each = (info["tree_structure"] for info in infos)
    return float(sum(tree.get("internal_value", tree.get("leaf_value", 0.0)) for tree in each))


@pytest.mark.parametrize("rounds", [1, 40])
def test_bias_and_families_add_up_to_the_raw_score_of_lightgbm(
    family_of: dict[str, str], rounds: int
) -> None:
    rows = small_panel().features
    part = trees.fit_activity(small_panel(), {**QUICK, "rounds": rounds}, SETUP)
    families = sorted({*family_of.values(), BTYD_FAMILY})
    told = PathTable(part, family_of, families).contributions(rows)
    raw = part.model.predict(rows[list(part.columns)].to_numpy(float), raw_score=True, num_threads=1)
    np.testing.assert_allclose(roots(part) + told.sum(axis=1), raw, atol=1e-9)
    assert PathTable(part, family_of, families).contributions(rows.iloc[:0]).shape == (0, len(families))


def test_an_offset_is_no_familys_and_the_rest_adds_up(family_of: dict[str, str]) -> None:
    rows = small_panel().features
    part = trees.fit_activity_on_btyd(small_panel(), QUICK, SETUP)
    told = PathTable(part, family_of, sorted({*family_of.values(), BTYD_FAMILY})).contributions(rows)
    without = part.score(rows) - rows[part.offset_column].to_numpy(float)
    np.testing.assert_allclose(roots(part) + told.sum(axis=1), without, atol=1e-9)


def test_a_linear_part_is_told_apart_exactly_and_a_sign_means_risk(family_of: dict[str, str]) -> None:
    rows = small_panel().features
    part = linear.LOGISTIC.fit(small_panel(), linear.LOGISTIC.defaults, SETUP)
    told = RiskContributions(part, family_of).by_family(rows)
    assert told is not None
    said = part.predict(rows)
    np.testing.assert_allclose(-told.sum(axis=1) + part.intercept, np.log(said / (1 - said)), atol=1e-9)


def test_a_blend_adds_its_parts_by_weight_and_leaves_out_what_cannot_be_told_apart(
    family_of: dict[str, str],
) -> None:
    rows = small_panel().features
    part = trees.fit_activity(small_panel(), QUICK, SETUP)
    alone = RiskContributions(part, family_of).by_family(rows)
    blended = RiskContributions(
        Blend((part, Column("btyd_purchase_probability")), (0.25, 0.75), "logit"), family_of
    ).by_family(rows)
    assert alone is not None
    assert blended is not None
    np.testing.assert_allclose(blended, 0.25 * alone, atol=1e-12)


def test_a_rule_tells_nothing(family_of: dict[str, str]) -> None:
    assert RiskContributions(Column("orders"), family_of).by_family(small_panel().features) is None


def test_a_step_on_the_hazards_scale_moves_the_log_odds_as_told(family_of: dict[str, str]) -> None:
    rows = small_panel().features
    part = cox.COX_WITHIN.fit(small_panel(), cox.COX_WITHIN.defaults, SETUP)
    told = RiskContributions(part, family_of).by_family(rows)
    assert told is not None

    def log_odds(intercept: float) -> np.ndarray:
        said = replace(part, intercept=part.intercept + intercept).predict(rows)
        return np.log(said / (1 - said))

    slope = (log_odds(1e-5) - log_odds(-1e-5)) / 2e-5
    score = part.terms(rows).sum(axis=1)
    np.testing.assert_allclose(-told.sum(axis=1), score * slope, rtol=1e-3, atol=1e-6)
