"""Measured uplifts reach the plan whole, or are refused with what is wrong and what to do."""

from typing import Any

import pandas as pd
import pytest

from tiercast.errors import exit_code_of
from tiercast.planning.measured import BadUplift, read_uplift, uplift_by_customer, with_uplift
from tiercast.serving.refusals import MissingColumns

PEOPLE = pd.DataFrame({"customer_id": ["1", "2", "c"]})


def measured(ids: list[Any], uplift: list[Any] | float = 2.0) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": ids, "uplift_currency": uplift})


@pytest.mark.parametrize("ids", [[1, 9], [1.0, 9.0], ["1", "9"]])
def test_ids_that_are_numbers_are_the_ids_that_are_texts(ids: list[Any]) -> None:
    told, matched = with_uplift(PEOPLE, measured(ids))
    assert told["uplift_currency"].tolist()[0] == 2.0
    assert told["uplift_currency"].isna().tolist() == [False, True, True]
    assert matched == (1, 2)
    assert "uplift_currency" not in PEOPLE


def test_a_plan_without_uplifts_matches_none() -> None:
    assert with_uplift(PEOPLE, None) == (PEOPLE, None)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (measured(["1", "2"], ["much", "3"]), "1 of 2 rows hold no finite number"),
        (measured(["1", "2"], [1.0, float("nan")]), "1 of 2 rows hold no finite number"),
        (measured(["1", "2"], [1.0, float("inf")]), "1 of 2 rows hold no finite number"),
        (measured(["1", 1]), "1 of 2 rows are of a customer who came before"),
        (measured(["1", None]), "1 of 2 rows have no customer_id"),
        (measured([1.5, 2.0]), "holds fractions"),
        (measured(["001", "002"]), "none of its 2 customers is among the 3 of the plan"),
        (measured([]), "none of its 0 customers"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_code(table: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(BadUplift, match=sentence) as caught:
        with_uplift(PEOPLE, table)
    assert (caught.value.code, exit_code_of(caught.value)) == ("BAD_UPLIFT", 2)


def test_the_file_of_the_uplift_command_is_read_where_one_outcome_is_money() -> None:
    told = pd.DataFrame({"customer_id": ["1", "2", "1", "2"], "uplift": [0.1, 0.2, 4.0, -1.0], "list": "",
                         "outcome": ["bought", "bought", "spent_currency", "spent_currency"]})  # fmt: skip
    assert uplift_by_customer(told).to_dict() == {"1": 4.0, "2": -1.0}
    with pytest.raises(BadUplift, match="of the outcomes bought, none is money"):
        uplift_by_customer(told[:2])
    with pytest.raises(BadUplift, match="a_currency, b_currency are all money"):
        uplift_by_customer(told.assign(outcome=["a_currency", "a_currency", "b_currency", "b_currency"]))
    with pytest.raises(MissingColumns, match="uplift_currency"):
        uplift_by_customer(told[["customer_id"]])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_keeps_its_ids(ending: str, tmp_path: Any) -> None:
    place = tmp_path / f"uplift.{ending}"
    table = measured(["007", "1"])
    table.to_parquet(place) if ending == "parquet" else table.to_csv(place, index=False)
    assert uplift_by_customer(read_uplift(place)).index.tolist() == ["007", "1"]
