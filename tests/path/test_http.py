"""The real server with the trained bundle: the same numbers as everywhere, and a clear refusal of anything odd."""

import json
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tiercast
from tests.path.server import ask, serving, split
from tests.path.world import CUTOFF, World

ROW = {
    "customer_id": "x1",
    "occurred_at": "2024-12-01T10:00:00Z",
    "kind": "purchase",
    "channel": "store",
    "amount": 10.0,
}
PARAMS = {"cutoff": CUTOFF.isoformat()}
SECRET = "ann@example.com"
SOME = ["c0003", "c0007", "c0050", "c0333", "c0500", "never1"]


@pytest.fixture(scope="module")
def address(trained_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(trained_world.uri, tmp_path_factory.mktemp("product")) as served:
        yield served


def plain(cell: Any) -> Any:
    """Return a cell of a scorecard as JSON would hold it."""
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        return None
    return cell.isoformat() if isinstance(cell, date) else cell


def assert_same(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    assert [row["customer_id"] for row in ours] == [row["customer_id"] for row in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert list(mine) == list(other)
        for name, cell in mine.items():
            here, there = plain(cell), plain(other[name])
            if isinstance(here, float) and there is not None:
                assert math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-9), (
                    mine["customer_id"],
                    name,
                    here,
                    there,
                )
            else:
                assert here == there, (mine["customer_id"], name, here, there)


def test_notebook_batch_file_and_web_answer_agree_in_every_column(
    world: World, address: str, tmp_path: Path
) -> None:
    batch = tiercast.score(world.source, cutoff=CUTOFF, out=tmp_path)
    assert batch.place is not None
    file = pd.read_parquet(batch.place)
    file = file[file["customer_id"].isin(SOME)].reset_index(drop=True)
    rows = world.touchpoints(SOME)
    notebook = tiercast.load().predict(rows, cutoff=CUTOFF)
    status, reply = ask(address, {"dataframe_split": split(rows), "params": PARAMS})
    assert status == 200
    assert len(reply["predictions"]) == len(SOME)
    assert_same(notebook.to_dict("records"), file.to_dict("records"))
    assert_same(notebook.to_dict("records"), reply["predictions"])


def test_one_customer_alone_gets_the_answer_that_they_get_among_many(world: World, address: str) -> None:
    _, many = ask(address, {"dataframe_split": split(world.touchpoints(SOME)), "params": PARAMS})
    for answer in many["predictions"]:
        rows = world.touchpoints([answer["customer_id"]])
        assert ask(address, {"dataframe_split": split(rows), "params": PARAMS}) == (
            200,
            {"predictions": [answer]},
        )


def test_nobody_gets_the_answer_of_another_when_many_ask_at_once(world: World, address: str) -> None:
    asked = [f"c{number:04}" for number in range(100, 108)]
    bodies = {name: {"dataframe_split": split(world.touchpoints([name])), "params": PARAMS} for name in asked}
    truth = tiercast.load().predict(world.touchpoints(asked), cutoff=CUTOFF).set_index("customer_id")
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda name: (name, ask(address, bodies[name])), asked * 2))
    for name, (status, reply) in replies:
        assert status == 200
        (answer,) = reply["predictions"]
        assert answer["customer_id"] == name
        assert answer["expected_value_currency"] == pytest.approx(
            truth.loc[name, "expected_value_currency"], rel=1e-9
        )


def test_customers_come_back_in_order_with_their_ids_whatever_the_order_they_came_in(address: str) -> None:
    names = [
        "b",
        "a",
        "Z",
        "10",
        "9",
        " a ",
        "客户",
        "'; DROP TABLE touchpoints; --",
        '"',
        "$cutoff",
        "a\nb",
        "%s",
    ]
    rows = [ROW | {"customer_id": name} for name in names]
    status, reply = ask(address, {"inputs": rows, "params": PARAMS})
    assert status == 200
    assert [row["customer_id"] for row in reply["predictions"]] == sorted({name.strip(" ") for name in names})
    assert {row["basis_churn"] for row in reply["predictions"]} == {"model"}


def test_a_customer_without_usable_history_comes_back_with_a_code(address: str) -> None:
    later = ROW | {"customer_id": "later", "occurred_at": "2024-12-30T00:00:00Z"}
    status, reply = ask(address, {"inputs": [ROW, later], "params": PARAMS})
    assert status == 200
    assert [row["basis_churn"] for row in reply["predictions"]] == ["refused:NO_HISTORY", "model"]
    assert reply["predictions"][0]["churn_probability"] is None


@pytest.mark.parametrize(
    ("rows", "params", "code"),
    [
        ([], {}, "EMPTY_INPUT"),
        ([{name: cell for name, cell in ROW.items() if name != "kind"}], {}, "MISSING_COLUMN"),
        ([ROW | {"amuont": 5.0}], {}, "UNKNOWN_COLUMN"),
        ([ROW | {"customer_id": {"id": SECRET}}], {}, "WRONG_TYPE"),
        ([ROW | {"occurred_at": 1735689600000}], {}, "WRONG_TYPE"),
        ([ROW | {"amount": SECRET}], {}, "REJECTED_ROWS"),
        ([ROW | {"amount": -5}], {}, "REJECTED_ROWS"),
        ([ROW | {"amount": 1e300}], {}, "REJECTED_ROWS"),
        ([ROW | {"currency": "JPY"}], {}, "REJECTED_ROWS"),
        ([ROW | {"occurred_at": SECRET}], {}, "REJECTED_ROWS"),
        ([ROW | {"occurred_at": "2090-01-01"}], {}, "REJECTED_ROWS"),
        ([ROW | {"occurred_at": None}], {}, "REJECTED_ROWS"),
        ([ROW | {"event_id": "e1"}, ROW | {"event_id": "e1"}], {}, "REJECTED_ROWS"),
        ([ROW | {"customer_id": None}], {}, "EMPTY_INPUT"),
        ([ROW | {"customer_id": "  "}], {}, "EMPTY_INPUT"),
        ([ROW], {"cutoff": ""}, "BAD_CUTOFF"),
        ([ROW], {"cutoff": "0001-01-01T00:00:00+05:00"}, "BAD_CUTOFF"),
        ([ROW], {"cutoff": "9999-12-31"}, "BAD_CUTOFF"),
        ([ROW], {"cutoff": "2024-12-30T12:00:00"}, "BAD_CUTOFF"),
        ([ROW], {"cutoff": SECRET}, "BAD_CUTOFF"),
        ([ROW], {"policy": SECRET}, "UNKNOWN_CHOICE"),
        ([ROW], {"language": SECRET}, "UNKNOWN_CHOICE"),
        ([ROW], {"rejected": SECRET}, "UNKNOWN_CHOICE"),
    ],
    ids=str,
)
def test_what_cannot_be_answered_is_refused_with_a_code_and_without_an_echo(
    address: str, rows: list[Any], params: dict[str, str], code: str
) -> None:
    status, reply = ask(address, {"inputs": rows, "params": PARAMS | params})
    assert (status, reply.get("error_code")) == (400, code)
    assert set(reply) == {"error_code", "message", "details"}
    assert SECRET not in json.dumps(reply)
    assert "Traceback" not in json.dumps(reply)


def test_bad_rows_may_be_skipped_when_asked_to(address: str) -> None:
    rows = [ROW, ROW | {"amount": "ten"}, ROW | {"customer_id": "only-bad", "amount": "ten"}]
    status, reply = ask(address, {"inputs": rows, "params": PARAMS | {"rejected": "skip"}})
    assert status == 200
    assert [row["basis_churn"] for row in reply["predictions"]] == ["refused:NO_HISTORY", "model"]


def test_unknown_params_and_unknown_kinds_do_not_hurt(address: str) -> None:
    alone = ask(address, {"inputs": [ROW], "params": PARAMS})
    assert ask(address, {"inputs": [ROW], "params": PARAMS | {"colour": "red"}}) == alone
    status, reply = ask(
        address, {"inputs": [ROW, ROW | {"kind": "telepathy", "amount": None}], "params": PARAMS}
    )
    assert (status, reply["predictions"][0]["basis_churn"]) == (200, "model")


@pytest.mark.parametrize("amount", [0, None, 10_000_000])
def test_extreme_amounts_get_a_finite_answer(address: str, amount: float | None) -> None:
    status, reply = ask(address, {"inputs": [ROW | {"amount": amount}] * 3, "params": PARAMS})
    assert status == 200
    assert reply["predictions"][0]["expected_value_currency"] >= 0


def test_policy_language_and_the_tier_before_change_the_tier_only(address: str) -> None:
    row = ROW | {"tier_before": "small", "tier_since_on": "2024-12-20"}
    status, english = ask(address, {"inputs": [row], "params": PARAMS})
    _, chinese = ask(
        address, {"inputs": [ROW], "params": PARAMS | {"policy": "value_satisfaction", "language": "zh"}}
    )
    assert (status, english["predictions"][0]["tier_before"]) == (200, "small")
    assert english["predictions"][0]["tier_basis"] in {"held", "moved"}
    here, there = english["predictions"][0], chinese["predictions"][0]
    assert {name for name in here if here[name] != there[name]} <= {
        "policy", "policy_version", "tier", "tier_basis", "tier_before", "tier_reason", "next_action", "next_action_on",
    }  # fmt: skip


def test_ten_thousand_customers_at_once_all_get_their_own_answer(world: World, address: str) -> None:
    base = world.touchpoints([f"c{number:04}" for number in range(50)]).groupby("customer_id").head(6)
    copies = [
        base.assign(customer_id=[f"{name}-{copy:03}" for name in base["customer_id"]]) for copy in range(200)
    ]
    rows = pd.concat(copies, ignore_index=True)
    status, reply = ask(address, {"dataframe_split": split(rows), "params": PARAMS})
    assert status == 200
    answers = pd.DataFrame(reply["predictions"])
    assert answers["customer_id"].tolist() == sorted(rows["customer_id"].unique())
    assert len(answers) == 10_000
    answers["who"] = answers["customer_id"].str[:5]
    for name in ("churn_probability", "expected_value_currency", "tier", "next_purchase_on"):
        assert len(answers[["who", name]].drop_duplicates()) == answers["who"].nunique(), name


def test_a_body_of_50_mb_gets_an_answer_or_a_4xx(address: str) -> None:
    rows = [ROW | {"customer_id": f"big{number}", "category": "x" * 100_000} for number in range(500)]
    body = json.dumps({"inputs": rows, "params": PARAMS}).encode()
    assert len(body) > 50_000_000
    status, reply = ask(address, body)
    assert status == 200
    assert [row["customer_id"] for row in reply["predictions"]] == sorted(
        f"big{number}" for number in range(500)
    )


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"inputs": NaN', b'{"dataframe_split": 5}'], ids=repr
)
def test_a_malformed_body_is_a_4xx(address: str, body: bytes) -> None:
    assert 400 <= ask(address, body)[0] < 500


def test_the_server_is_well_after_all_that(address: str) -> None:
    status, reply = ask(address, {"inputs": [ROW], "params": PARAMS})
    assert (status, len(reply["predictions"])) == (200, 1)
    assert np.isfinite(reply["predictions"][0]["churn_probability"])
