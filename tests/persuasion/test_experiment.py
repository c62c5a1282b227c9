"""A table becomes an experiment or says why not, each time with a code; it is never changed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.persuasion.drawn import READ, table
from tiercast.errors import UnknownName
from tiercast.persuasion.experiment import read_experiment
from tiercast.persuasion.refusals import BadExperiment, BadProbability, NoControlArm
from tiercast.serving.refusals import MissingColumns, Refused

Change = Callable[[pd.DataFrame], pd.DataFrame]
FEW = table(40)


@pytest.mark.parametrize(
    ("change", "asked", "kind", "said"),
    [
        (lambda rows: rows.drop(columns="arm"), {}, MissingColumns, "has no column arm"),
        (lambda rows: rows, {"outcomes": ["sold"]}, MissingColumns, "has no column sold"),
        (lambda rows: rows.iloc[:0], {}, BadExperiment, "has no rows"),
        (lambda rows: pd.concat([rows, rows]), {}, BadExperiment, "one row a customer"),
        (lambda rows: rows.assign(customer_id=None), {}, BadExperiment, "rows have no customer"),
        (lambda rows: rows[rows["arm"] == "mail"], {}, NoControlArm, "the arm 'none'"),
        (lambda rows: rows[rows["arm"] == "none"], {}, NoControlArm, "a treatment"),
        (lambda rows: rows.assign(arm=None), {}, NoControlArm, "there is: none"),
        (lambda rows: rows, {"treatment": "letter"}, UnknownName, "letter"),
        (lambda rows: rows, {"treatment": "none"}, BadExperiment, "both the treatment and the control"),
        (
            lambda rows: rows.assign(arm=["a", "b", "none", "none"] * 10), {}, BadExperiment,
            "has 2 arms beside 'none'",
        ),
        (lambda rows: rows.assign(bought="yes"), {}, BadExperiment, "no finite number in 40 rows"),
        (lambda rows: rows.assign(bought=np.inf), {}, BadExperiment, "no finite number"),
        (lambda rows: rows[["customer_id", "arm", "bought"]], {}, BadExperiment, "known before the draw"),
        (lambda rows: rows.assign(when=pd.Timestamp("2024-01-01")), {}, BadExperiment, "column when holds neither"),
        (lambda rows: rows, {"outcomes": ["arm"]}, BadExperiment, "one column cannot be two"),
        (lambda rows: pd.concat([rows, rows[["mood"]]], axis=1), {}, BadExperiment, "more than one column mood"),
        (lambda rows: rows, {"probability": 0.0}, BadProbability, "40 of 40 rows"),
        (lambda rows: rows, {"probability": 1.0}, BadProbability, "40 of 40 rows"),
        (lambda rows: rows.assign(chance=[1.0, np.nan] * 20), {"probability": "chance"}, BadProbability, "40 of 40"),
        (lambda rows: rows.assign(chance="half"), {"probability": "chance"}, BadProbability, "holds no numbers"),
    ],
)  # fmt: skip
def test_what_is_no_experiment_is_refused_with_a_sentence(
    change: Change, asked: dict[str, Any], kind: type[Refused], said: str
) -> None:
    with pytest.raises(kind) as refused:
        read_experiment(change(FEW), **{**READ, **asked})
    assert said in str(refused.value)
    assert refused.value.code


def test_a_table_is_read_and_not_changed() -> None:
    rows = table(200)
    before = rows.copy(deep=True)
    found = read_experiment(rows, probability="chance", **READ)
    pd.testing.assert_frame_equal(rows, before)
    assert list(found.features) == [
        "mood",
        "age",
        *(f"town is {town}" for town in rows["town"].value_counts().index),
    ]
    assert found.probability.tolist() == rows["chance"].tolist()
    assert found.planned
    assert "chance" not in found.table, "the probability of the draw is no property of the customer"


def test_other_arms_are_left_out_and_counted() -> None:
    rows = FEW.assign(arm=["a", "b", "none", None] * 10)
    found = read_experiment(rows, treatment="b", **READ)
    assert len(found) == 20
    assert found.left_out == {"arm a": 10, "no arm": 10}
    assert found.probability.tolist() == [0.5] * 20
    assert not found.planned
