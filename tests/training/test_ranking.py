"""A churn model that hardly ranks is told as such."""

import pytest

from tiercast.training.ranking import LEAST_AUC, check_ranking


@pytest.mark.parametrize(("auc", "told"), [(0.5, True), (0.6499, True), (LEAST_AUC, False), (0.8, False)])
def test_a_model_that_hardly_ranks_churners_is_warned_of(auc: float, told: bool) -> None:
    found = check_ranking({"2026-01-05": {"roc_auc": 0.9}, "mean": {"roc_auc": auc}})
    assert [each.split(":")[0] for each in found] == (["WEAK_RANKING"] if told else [])


def test_an_auc_that_nobody_could_measure_is_not_called_weak() -> None:
    assert check_ranking({"mean": {"roc_auc": float("nan")}}) == check_ranking({}) == ()
