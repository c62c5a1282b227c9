"""The real ``mlflow models serve`` with a toy bundle: a right answer or a clear refusal, whatever comes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.path.server import ask, serving
from tiercast.registry import Store, VersionInfo

ROW = {"customer_id": "c1", "occurred_at": "2025-01-01T00:00:00Z", "kind": "purchase", "channel": "store"}
PARAMS = {"cutoff": "2025-02-01"}
ANSWER = {"customer_id": "c1", "word": "apple", "number": 1.5, "cutoff": "2025-02-01", "absent": None}
SECRET = "ann@example.com"


@pytest.fixture(scope="module")
def address(
    store: Store, versions: tuple[VersionInfo, VersionInfo], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Serve the champion from a product team's folder, which has a ``models.py`` of its own."""
    with serving(store.uri, tmp_path_factory.mktemp("product")) as place:
        yield place


def split(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}


@pytest.mark.parametrize(
    "table",
    [
        {"dataframe_records": [ROW]},
        {"dataframe_split": split([ROW])},
        {"inputs": [ROW]},
        {"inputs": ROW},
        {"inputs": {name: [cell] for name, cell in ROW.items()}},
        {"instances": [ROW]},
        {"instances": {name: [cell] for name, cell in ROW.items()}},
    ],
    ids=["records", "split", "inputs", "one input", "inputs by column", "instances", "instances by column"],
)
def test_every_shape_gets_the_answer(address: str, table: dict[str, Any]) -> None:
    assert ask(address, {**table, "params": PARAMS}) == (200, {"predictions": [ANSWER]})


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "EMPTY_INPUT"),
        ([{name: cell for name, cell in ROW.items() if name != "kind"}], "MISSING_COLUMN"),
        ([ROW | {"customer_di": SECRET}], "UNKNOWN_COLUMN"),
        ([ROW | {"customer_id": {"id": SECRET}}], "WRONG_TYPE"),
        ([ROW | {"customer_id": [SECRET]}], "WRONG_TYPE"),
        ([ROW | {"customer_id": SECRET, "amount": True}], "WRONG_TYPE"),
        ([ROW | {"customer_id": SECRET, "occurred_at": 1735689600000}], "WRONG_TYPE"),
        ([ROW | {"customer_id": f"{SECRET}\0more"}], "WRONG_TYPE"),
        ([SECRET], "WRONG_TYPE"),
    ],
    ids=str,
)
def test_a_wrong_table_is_refused_with_exactly_a_code_a_message_and_details(
    address: str, rows: Any, code: str
) -> None:
    status, reply = ask(address, {"inputs": rows, "params": PARAMS})
    assert (status, reply["error_code"]) == (400, code)
    assert set(reply) == {"error_code", "message", "details"}
    assert SECRET not in json.dumps(reply)


@pytest.mark.parametrize("params", [None, {}, {"cutof": "2025-02-01"}, {"cutoff": ""}], ids=str)
def test_a_missing_or_misspelt_cutoff_is_refused(address: str, params: Any) -> None:
    status, reply = ask(address, {"inputs": [ROW | {"customer_id": SECRET}], "params": params})
    assert (status, reply["error_code"]) == (400, "BAD_CUTOFF")
    assert SECRET not in json.dumps(reply)


def test_unknown_params_beside_a_cutoff_are_ignored_by_mlflow(address: str) -> None:
    assert ask(address, {"inputs": [ROW], "params": PARAMS | {"colour": "red"}})[0] == 200


def test_an_unknown_policy_is_refused_with_what_there_is(address: str) -> None:
    status, reply = ask(address, {"inputs": [ROW], "params": PARAMS | {"policy": "pyramids"}})
    assert (status, reply["error_code"], reply["details"]) == (
        400,
        "UNKNOWN_CHOICE",
        {"there_is": ["pyramid"]},
    )


def test_a_fault_of_ours_tells_its_type_and_nothing_else(address: str) -> None:
    status, reply = ask(
        address, {"inputs": [ROW | {"customer_id": SECRET}], "params": PARAMS | {"policy": "boom"}}
    )
    assert (status, reply["error_code"], reply["details"]) == (
        500,
        "INTERNAL",
        {"fault": "ZeroDivisionError"},
    )
    assert "secret" not in json.dumps(reply)
    assert SECRET not in json.dumps(reply)


@pytest.mark.parametrize(
    "name", ["'; DROP TABLE x; --", '"', "$cutoff", "客户", "👩‍👩‍👧", "<script>", "\\u0000"]
)
def test_an_odd_customer_comes_back_as_it_is(address: str, name: str) -> None:
    status, reply = ask(address, {"inputs": [ROW | {"customer_id": name}], "params": PARAMS})
    assert (status, reply["predictions"][0]["customer_id"]) == (200, name)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"5", b"\xff\xfe", b'{"inputs": NaN', b'{"columns": []}',
        b'{"inputs": [], "instances": []}', b'{"dataframe_split": 5}', b'{"dataframe_records": {"a": 1}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}',
    ],
    ids=repr,
)  # fmt: skip
def test_a_malformed_body_is_a_4xx(address: str, body: bytes) -> None:
    assert 400 <= ask(address, body)[0] < 500


def test_a_param_of_the_wrong_type_is_a_4xx(address: str) -> None:
    assert 400 <= ask(address, {"inputs": [ROW], "params": {"cutoff": 20250201}})[0] < 500


def test_ten_thousand_customers_at_once_all_come_back(address: str) -> None:
    names = [f"c{number:05}" for number in range(10_000)]
    rows = [ROW | {"customer_id": name} for name in names]
    status, reply = ask(address, {"dataframe_split": split(rows), "params": PARAMS})
    assert status == 200
    assert [answer["customer_id"] for answer in reply["predictions"]] == names
