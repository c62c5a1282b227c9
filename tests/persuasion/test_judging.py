"""Where the truth is known: persuadables are found, put-off customers too, and where there is nothing, nothing is listed."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.persuasion.drawn import READ, table
from tiercast.evaluation.uplift import auuc_and_qini
from tiercast.persuasion.checks import check_draw, check_outcome
from tiercast.persuasion.crossing import folds_of
from tiercast.persuasion.experiment import read_experiment
from tiercast.persuasion.judging import AT_RISK, CHOSEN, NO_DIFFERENCE, OutcomeReport, Settings, judge_uplift
from tiercast.persuasion.refusals import (
    BadExperiment,
    NoOverlap,
    SampleRatioMismatch,
    TooFewOutcomes,
    UnbalancedArms,
)
from tiercast.serving.parts import restore
from tiercast.serving.uplift import LISTS, Uplift

QUICK = Settings(folds=3, resamples=100)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return table()


@pytest.fixture(scope="module")
def found(rows: pd.DataFrame) -> OutcomeReport:
    return judge_uplift(read_experiment(rows, probability="chance", **READ), QUICK).outcomes["bought"]


def test_the_persuadable_are_those_whom_a_contact_changes(found: OutcomeReport, rows: pd.DataFrame) -> None:
    assert not found.code
    assert found.rankings[CHOSEN].qini.is_positive
    assert found.beyond[AT_RISK].is_positive
    named = found.customers.set_index("customer_id")["list"].loc[rows["customer_id"]].to_numpy()
    mood = rows["mood"].to_numpy()
    assert (mood[named == "persuadable"] < 1 / 3).mean() > 0.8
    assert (mood[named == "do_not_disturb"] > 2 / 3).mean() > 0.8
    listed = found.lists.set_index("list")
    assert listed.loc["persuadable", "seen_uplift_low"] > 0
    assert listed.loc["do_not_disturb", "seen_uplift_high"] < 0
    assert listed["customers"].sum() == len(rows)
    sure, lost = listed.loc["sure_thing"], listed.loc["lost_cause"]
    if min(sure["customers"], lost["customers"]) > 0:
        assert sure["outcome_left_alone"] > lost["outcome_left_alone"]


def test_the_ranking_comes_near_the_best_there_is(found: OutcomeReport, rows: pd.DataFrame) -> None:
    experiment = read_experiment(rows, probability="chance", **READ)
    _, best = auuc_and_qini(
        -rows["mood"], experiment.treated, experiment.outcomes["bought"], experiment.probability
    )
    assert found.rankings[CHOSEN].qini.value > 0.75 * best


def test_where_a_contact_changes_everybody_alike_there_are_no_lists() -> None:
    same = table(4_000, seed=9, effect=0.0)
    report = judge_uplift(read_experiment(same, probability="chance", **READ), QUICK).outcomes["bought"]
    assert report.code == NO_DIFFERENCE
    assert report.verdict.startswith("NO_UPLIFT_DIFFERENCE: bought: Qini")
    assert report.verdict_zh.startswith("NO_UPLIFT_DIFFERENCE：")
    assert report.lists.empty
    assert report.customers["list"].isna().all()
    assert report.part.lists is None
    assert report.part.predict(same.head(5))["list"].tolist() == [None] * 5


def test_a_contact_that_must_earn_more_persuades_fewer(found: OutcomeReport, rows: pd.DataFrame) -> None:
    dear = Settings(folds=3, resamples=100, least_uplift=0.9)
    report = judge_uplift(read_experiment(rows, probability="chance", **READ), dear).outcomes["bought"]
    assert report.lists.set_index("list").loc["persuadable", "customers"] == 0
    assert found.lists.set_index("list").loc["persuadable", "customers"] > 0


def test_what_is_served_is_json_and_answers_as_what_was_fitted(
    found: OutcomeReport, rows: pd.DataFrame
) -> None:
    again = restore(json.loads(json.dumps(found.part.to_json())))
    assert isinstance(again, Uplift)
    asked = rows.sample(50, random_state=1).drop(columns=["arm", "chance", "bought"])
    pd.testing.assert_frame_equal(again.predict(asked), found.part.predict(asked))
    told = again.predict(asked)
    np.testing.assert_allclose(
        told["outcome_contacted"] - told["outcome_left_alone"], told["uplift"], atol=1e-12
    )
    assert set(told["list"]) <= set(LISTS)


def test_the_order_of_the_rows_decides_nothing(rows: pd.DataFrame) -> None:
    some = rows.head(1_500)
    shuffled = some.sample(frac=1.0, random_state=3)
    folds = []
    for each in (some, shuffled):
        experiment = read_experiment(each, probability="chance", **READ)
        fold = folds_of(experiment, experiment.outcomes["bought"], folds=4, seed=2)
        folds.append(pd.Series(fold, index=experiment.customers.to_numpy()).sort_index())
        for arm in (0.0, 1.0):
            assert np.ptp(np.bincount(fold[experiment.treated == arm])) <= 2
    pd.testing.assert_series_equal(*folds)


def test_a_draw_that_was_not_as_told_is_refused(rows: pd.DataFrame) -> None:
    lost = rows[(rows["arm"] == "none") | (np.arange(len(rows)) % 5 > 0)]
    with pytest.raises(SampleRatioMismatch, match="were treated where") as refused:
        check_draw(read_experiment(lost, probability="chance", **READ))
    assert refused.value.code == "SAMPLE_RATIO_MISMATCH"
    assumed = check_draw(read_experiment(lost.drop(columns=["town", "chance"]), **READ))
    assert assumed.warnings[0].startswith("PROBABILITY_ASSUMED")


def test_a_contact_that_was_not_drawn_by_lot_is_refused_with_the_columns_that_show_it(
    rows: pd.DataFrame,
) -> None:
    with pytest.raises(UnbalancedArms, match="town is"):
        check_draw(read_experiment(rows.drop(columns="chance"), **READ))


def test_an_outcome_that_was_not_named_as_one_is_found_among_what_was_known_before(
    rows: pd.DataFrame,
) -> None:
    told = rows.assign(clicked=(rows["arm"] == "mail") & (rows["age"] > 0.3))
    with pytest.raises(UnbalancedArms, match="clicked"):
        check_draw(read_experiment(told, probability="chance", **READ))


def test_too_few_of_an_arm_or_an_outcome_are_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(NoOverlap):
        check_draw(read_experiment(rows.head(300), probability="chance", **READ))
    rare = rows.assign(bought=(np.arange(len(rows)) < 60).astype(float))
    with pytest.raises(TooFewOutcomes, match="bought"):
        check_outcome(read_experiment(rare, probability="chance", **READ), "bought")
    always = rows.assign(bought=1.0)
    with pytest.raises(TooFewOutcomes, match="0 customers"):
        check_outcome(read_experiment(always, probability="chance", **READ), "bought")


def test_settings_that_judge_nothing_are_refused() -> None:
    for wrong in ({"folds": 1}, {"resamples": 2}, {"bands": (1,)}, {"bands": ()}):
        with pytest.raises(BadExperiment):
            Settings(**wrong)  # type: ignore[arg-type]


def test_an_amount_is_learned_too() -> None:
    rows = table(3_000, seed=4, effect=0.4)
    spent = rows.assign(bought=rows["bought"] * 20.0)
    report = judge_uplift(read_experiment(spent, probability="chance", **READ), QUICK).outcomes["bought"]
    assert report.rankings[CHOSEN].qini.is_positive
    assert report.rankings[CHOSEN].qini.value > 1.0, "in the unit of the outcome"
