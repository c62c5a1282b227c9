"""Side tables are read whatever came, every row of them is accounted for, and a typo is told before anything is read."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.drawn import HOSTILE
from tiercast.errors import ContractError, SourceError, UnknownName
from tiercast.serving.refusals import MissingColumns, UnknownColumns, WrongType
from tiercast.sides import REJECTIONS, SIDES
from tiercast.sidetable import SideTable
from tiercast.sources import siding
from tiercast.sources.opening import open_source
from tiercast.sources.siding import read_sides

ROW = {"customer_id": "a", "occurred_at": "2024-01-01", "kind": "visit", "channel": "web"}
GOOD = {
    "customers": {"customer_id": "c"},
    "products": {"product_id": "p"},
    "channels": {"channel": "web"},
    "stores": {"store_id": "s"},
    "assignments": {"customer_id": "c", "arm": "control", "assigned_at": "2024-01-01"},
    "identities": {"identity": "i", "customer_id": "c"},
}


def read(name: str, *rows: dict[str, Any], among: int = 0) -> SideTable:
    """Read rows, ``among`` so many good ones of other keys."""
    key = SIDES[name].key[-1] if name != "assignments" else "customer_id"
    others = [GOOD[name] | {key: f"other {number}"} for number in range(among)]
    return read_sides({name: pd.DataFrame([*rows, *others])})[name]


@pytest.mark.parametrize("name", SIDES)
def test_each_side_table_needs_its_key_and_nothing_else(name: str) -> None:
    found = read(name, GOOD[name])
    assert (found.name, len(found.frame), found.rows_read, found.rejected) == (name, 1, 1, {})
    for missing in GOOD[name]:
        with pytest.raises(MissingColumns, match=f"{name}: missing {missing}"):
            read(
                name, {column: value for column, value in GOOD[name].items() if column != missing} | {"x": 1}
            )


@pytest.mark.parametrize("name", SIDES)
def test_an_empty_table_is_a_table(name: str) -> None:
    found = read_sides({name: pd.DataFrame([GOOD[name]]).iloc[:0]})[name]
    assert (len(found.frame), found.rows_read) == (0, 0)


FAULTS = {
    "BAD_TIME": ("products", {"product_id": "p", "valid_from": "soon"}),
    "BAD_NUMBER": ("products", {"product_id": "p", "unit_cost": "one"}),
    "NULL_KEY": ("products", {"product_id": " "}),
    "NEGATIVE_NUMBER": ("products", {"product_id": "p", "days_per_unit": -1}),
    "ABSURD_NUMBER": ("assignments", GOOD["assignments"] | {"probability": 1.1}),
    "UNKNOWN_VALUE": ("channels", {"channel": "web", "direction": "sideways"}),
    "UNKNOWN_ZONE": ("stores", {"store_id": "s", "zone": "Europe/Atlantis"}),
    "EMPTY_VALIDITY": ("stores", {"store_id": "s", "valid_from": "2024-01-02", "valid_until": "2024-01-02"}),
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_row_that_breaks_the_contract_is_rejected_by_name(code: str) -> None:
    name, row = FAULTS[code]
    found = read(name, row, among=9)
    assert (found.rows_read, found.rows_rejected, found.rejected, len(found.frame)) == (10, 1, {code: 1}, 9)
    assert code in REJECTIONS


def test_rows_that_contradict_each_other_are_all_rejected_whatever_their_order() -> None:
    rows = [
        {"product_id": "p", "category": "milk"},
        {"product_id": "p", "category": "wine"},
        {"product_id": "p", "category": "milk"},
    ]
    for order in (rows, rows[::-1]):
        found = read("products", *order, among=20)
        assert (found.rejected, len(found.frame)) == ({"CONFLICTING_ROW": 3}, 20)
    apart = [row | {"valid_from": f"2024-01-0{day}"} for day, row in enumerate(rows, start=1)]
    assert read("products", *apart).rejected == {}
    learnt_later = [rows[0], rows[1] | {"known_at": "2024-02-01"}]
    assert read("products", *learnt_later).rejected == {}


def test_rows_that_repeat_another_are_counted_and_say_nothing_more() -> None:
    found = read("assignments", *[GOOD["assignments"]] * 3)
    assert (found.rows_read, found.repeats, len(found.frame)) == (3, 2, 1)


def test_an_id_of_two_customers_at_once_is_nobodys() -> None:
    row = {"identity": "i", "identity_kind": "card", "valid_from": "2024-01-01"}
    found = read("identities", row | {"customer_id": "ann"}, row | {"customer_id": "ben"}, among=10)
    assert found.rejected == {"AMBIGUOUS_IDENTITY": 2}
    apart = read(
        "identities", row | {"customer_id": "ann"}, row | {"customer_id": "ben", "identity_kind": "phone"}
    )
    assert apart.rejected == {}


CELLS = {
    "product_id": [None, "", "p1", "p1", "p2"],
    "category": [None, "milk", *HOSTILE[:3]],
    "unit_cost": [None, "1.5", "-1", "1e300", "one"],
    "valid_from": [None, "2024-01-01", "soon"],
    "valid_until": [None, "2024-01-01", "2024-03-01"],
    "known_at": [None, "2024-02-31", "2024-01-01"],
}


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    rows=st.lists(
        st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()}), max_size=15
    )
)
def test_no_row_is_ever_lost(rows: list[dict[str, Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(siding, "MOST_REJECTED_SHARE", 1.0)
        found = read_sides({"products": pd.DataFrame(rows, columns=list(CELLS))})["products"]
    assert found.rows_read == len(rows) == len(found.frame) + found.repeats + found.rows_rejected
    assert sum(found.rejected.values()) == found.rows_rejected
    assert set(found.rejected) <= set(REJECTIONS)


def test_too_many_rejected_rows_refuse_the_table_by_name() -> None:
    with pytest.raises(
        ContractError, match=r"2 of 3 rows of side table products.*NULL_KEY 2; mend them, or go on without"
    ):
        read("products", {"product_id": None}, {"product_id": None}, among=1)


def test_a_misspelt_table_is_told_before_any_is_read(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean 'products'"):
        read_sides({"stores": str(tmp_path / "nowhere.csv"), "prodcts": str(tmp_path / "nowhere.csv")})


@pytest.mark.parametrize(
    ("name", "wrong", "meant"),
    [("products", "unit_costs", "unit_cost"), ("customers", "Known_At", "known_at"), ("stores", "zones", "zone"),
     ("customers", "valid_form", "valid_from")],
)  # fmt: skip
def test_a_column_that_is_nearly_one_of_the_table_is_refused(name: str, wrong: str, meant: str) -> None:
    with pytest.raises(UnknownColumns, match=f"{wrong}; did you mean {meant}"):
        read(name, GOOD[name] | {wrong: "2024-01-01"})


def test_other_columns_are_told_and_ignored_except_those_of_customers() -> None:
    assert read("products", {"product_id": "p", "shelf": 3}).ignored == ("shelf",)
    found = read("customers", {"customer_id": "c", "shelf": 3})
    assert (found.ignored, dict(found.attributes)) == ((), {"shelf": "number"})


@pytest.mark.parametrize(
    "name", ['x"; DROP TABLE original; --', "known_us", "attribute_0", "select", "🍎", "orders", "y" * 9_999]
)
def test_an_attribute_may_have_any_name(name: str) -> None:
    found = read("customers", {"customer_id": "c", name: HOSTILE[0], "attribute_1": 1.5})
    assert found.told[name] == (f"attribute {name}", "text")
    assert found.frame[f"attribute {name}"].tolist() == [HOSTILE[0]]
    assert found.frame["attribute attribute_1"].tolist() == [1.5]


KINDS = {
    "post_code": (["01067", "99999"], "text", ["01067", "99999"]),
    "score": (["1", "2.5"], "number", [1.0, 2.5]),
    "nearly": (["1", "n/a"], "text", ["1", "n/a"]),
    "since": (["2024-01-01", None], "time", [1_704_067_200_000_000.0, None]),
    "nothing": ([None, ""], "text", [None, None]),
    "member": (["true", "false"], "text", ["true", "false"]),
}


def test_text_of_a_table_without_types_is_told_as_what_every_cell_of_it_is(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"customer_id": ["a", "b"], **{name: cells for name, (cells, _, _) in KINDS.items()}}
    )
    frame.to_csv(tmp_path / "people.csv", index=False)
    found = read_sides({"customers": f"csv:{tmp_path / 'people.csv'}"})["customers"]
    assert dict(found.attributes) == {name: kind for name, (_, kind, _) in KINDS.items()}
    held = found.frame.astype(object).where(found.frame.notna(), None)
    for name, (_, _, cells) in KINDS.items():
        assert held[f"attribute {name}"].tolist() == cells
    typed = read_sides({"customers": frame})["customers"].attributes
    assert (typed["score"], typed["since"]) == ("text", "time")  # a frame's words stay words


def test_pythons_own_truths_and_dates_are_read_as_a_file_writes_them() -> None:
    frame = pd.DataFrame({"customer_id": ["a", "b"], "member": [True, None], "since": [dt.date(2024, 1, 1), None],
                          "birth_on": [dt.date(1990, 1, 1), None]})  # fmt: skip
    found = read_sides({"customers": frame})["customers"]
    assert dict(found.attributes) == {"member": "text", "since": "time"}
    assert found.frame["attribute member"].tolist()[0] == "true"
    assert found.frame["birth_on_us"].tolist()[0] == 631_152_000_000_000.0


def test_what_cannot_be_read_without_guessing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongType):
        read_sides({"products": pd.DataFrame({"product_id": ["p"], "valid_from": [20240101]})})
    pd.DataFrame({"customer_id": ["a"], "tags": [["x", "y"]]}).to_parquet(tmp_path / "people.parquet")
    with pytest.raises(
        SourceError, match=r"attribute tags holds VARCHAR\[\]; give text, numbers, dates or truths"
    ):
        read_sides({"customers": str(tmp_path / "people.parquet")})


def test_a_side_table_is_read_as_it_is(tmp_path: Path) -> None:
    pd.DataFrame([GOOD["products"]]).to_csv(tmp_path / "p.csv", index=False)
    with pytest.raises(SourceError, match="takes no map and no number format"):
        read_sides({"products": f"csv:{tmp_path / 'p.csv'}?decimal=,"})
    with pytest.raises(SourceError, match="no such file"):
        read_sides({"products": f"csv:{tmp_path / 'none.csv'}"})


def test_words_of_channels_are_read_as_those_of_touchpoints() -> None:
    found = read(
        "channels", {"channel": "E-Mail ÄÖ", "is_online": "YES", "ownership": "Owned", "direction": "PUSH"}
    )
    assert found.frame[["channel", "is_online", "ownership", "direction"]].to_numpy().tolist() == [
        ["e-mail ÄÖ", "yes", "owned", "push"]
    ]


def test_a_source_opens_with_side_tables_beside_it_and_what_was_read_is_not_read_again() -> None:
    products = read("products", GOOD["products"])
    history = open_source(
        pd.DataFrame([ROW]), sides={"products": products, "stores": pd.DataFrame([GOOD["stores"]])}
    )
    assert history.sides["products"] is products
    assert set(open_source(history, sides={"channels": pd.DataFrame([GOOD["channels"]])}).sides) == {
        "products",
        "stores",
        "channels",
    }
    assert open_source(pd.DataFrame([ROW])).sides == {}


def test_whole_numbers_and_texts_name_one_key() -> None:
    found = [
        read("products", {"product_id": key}).frame["product_id"].tolist()
        for key in (7, 7.0, "7", " 7 ", np.int64(7))
    ]
    assert found == [["7"]] * 5


def test_a_broken_file_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "p.parquet").write_bytes(b"secret@example.com " * 50)
    with pytest.raises(SourceError) as refused:
        read_sides({"products": str(tmp_path / "p.parquet")})
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)
