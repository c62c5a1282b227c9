"""The door of a served bundle: each bundle answers as itself, and what is refused leaves clean."""

import datetime as dt
import json
import pickle
import sys
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.registry.toy import toy_bundle

pytestmark = [
    pytest.mark.filterwarnings(r"ignore:(?s).*type hint:UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
SECRET = "ann@example.com"
ROW = {"customer_id": SECRET, "occurred_at": "2025-01-01", "kind": "visit", "channel": "web"}
ASKED = {"cutoff": "2025-02-01"}


@pytest.fixture
def entry() -> Any:
    from tiercast.serving import entry as module

    return module


@pytest.fixture
def context(tmp_path: Path) -> Any:
    return SimpleNamespace(artifacts={"bundle": str(toy_bundle(tmp_path, "apple", 1.5))})


def test_one_door_answers_for_the_bundle_of_the_context_it_is_given(
    entry: Any, context: Any, tmp_path: Path
) -> None:
    other = SimpleNamespace(artifacts={"bundle": str(toy_bundle(tmp_path / "other", "pear", 2.5))})
    same_code = SimpleNamespace(artifacts={"bundle": str(toy_bundle(tmp_path / "same", "apple", 9.5))})
    door = entry.Door()
    door.load_context(context)
    door.load_context(other)
    for asked, word, number in ((context, "apple", 1.5), (other, "pear", 2.5), (same_code, "apple", 9.5)):
        answer = door.predict(asked, pd.DataFrame([ROW]), ASKED)
        assert (answer["word"][0], answer["number"][0]) == (word, number)


def test_the_bundle_answers_after_its_folder_is_gone(entry: Any, context: Any, tmp_path: Path) -> None:
    door = entry.Door()
    door.load_context(context)
    Path(context.artifacts["bundle"]).rename(tmp_path / "elsewhere")
    assert door.predict(context, [ROW], ASKED)["word"].tolist() == ["apple"]


def test_loading_writes_no_bytecode_and_adds_no_path(entry: Any, tmp_path: Path) -> None:
    bundle = toy_bundle(tmp_path, "quince", 1)
    before = (list(sys.path), sys.dont_write_bytecode)
    entry.open_vendored(bundle)
    assert (sys.path, sys.dont_write_bytecode) == before
    assert not list(bundle.rglob("*.pyc"))


def test_a_bundle_that_does_not_load_leaves_nothing_behind(entry: Any, tmp_path: Path) -> None:
    bundle = toy_bundle(tmp_path, "medlar", 1)
    name = json.loads((bundle / "manifest.json").read_text("utf-8"))["module"]
    (bundle / "code" / name / "bundle.py").write_text("import no_such_module_anywhere\n", "utf-8")
    with pytest.raises(ModuleNotFoundError):
        entry.open_vendored(bundle)
    assert not [known for known in sys.modules if known.startswith(name)]


def test_a_refusal_leaves_as_a_body_of_three_keys_that_mlflow_cannot_fill_with_rows(
    entry: Any, context: Any
) -> None:
    with pytest.raises(entry.Answer) as refused:
        entry.Door().predict(context, [ROW], {})
    answer = refused.value
    answer.message = f"Failed to predict data '{SECRET}'"
    body = json.loads(answer.serialize_as_json())
    assert set(body) == {"error_code", "message", "details"}
    assert (body["error_code"], answer.get_http_status_code()) == ("BAD_CUTOFF", 400)
    assert SECRET not in str(answer) + answer.message + answer.serialize_as_json()
    assert answer.__cause__ is None


def test_a_refusal_travels_between_processes(entry: Any, context: Any) -> None:
    with pytest.raises(entry.Answer) as refused:
        entry.Door().predict(context, [ROW], {})
    back = pickle.loads(pickle.dumps(refused.value))
    assert "BAD_CUTOFF" in str(back)


def test_a_fault_tells_its_type_only(entry: Any, context: Any) -> None:
    with pytest.raises(entry.Answer) as failed:
        entry.Door().predict(context, [ROW], ASKED | {"policy": "boom"})
    assert failed.value.get_http_status_code() == 500
    assert failed.value.reply["details"] == {"fault": "ZeroDivisionError"}
    assert "secret" not in failed.value.serialize_as_json()


def test_unknown_params_are_refused_where_mlflow_lets_them_through(entry: Any, context: Any) -> None:
    with pytest.raises(entry.Answer, match="UNKNOWN_CHOICE"):
        entry.Door().predict(context, [ROW], ASKED | {SECRET: "red"})


def test_the_params_are_those_of_a_bundle_with_its_defaults(entry: Any) -> None:
    assert entry.PARAMS == {"cutoff": "", "policy": "", "language": "en", "rejected": "refuse"}


def test_answers_become_strict_json(entry: Any) -> None:
    moment = pd.Timestamp("2025-01-31 09:30")
    given = pd.DataFrame(
        {
            "share": [0.5, np.nan],
            "orders": pd.array([3, None], dtype="Int64"),
            "text": pd.Series(["a", None], dtype="str"),
            "tier": pd.Categorical(["gold", None]),
            "flag": [True, False],
            "next_purchase_on": [pd.Timestamp("2025-01-31"), pd.NaT],
            "scored_at": [moment, pd.NaT],
            "mixed": pd.Series([dt.date(2025, 1, 1), Decimal("1.5")], dtype=object),
            "absent": pd.Series([pd.NaT, pd.NA], dtype=object),
            "reasons_en": pd.Series([["a", np.str_("b")], np.array([1, 2])], dtype=object),
        }
    )
    before = given.copy(deep=True)
    rows = entry.plain_answers(given).to_dict("records")
    pd.testing.assert_frame_equal(given, before)
    assert json.loads(json.dumps(rows, allow_nan=False)) == [
        {
            "share": 0.5, "orders": 3, "text": "a", "tier": "gold", "flag": True, "next_purchase_on": "2025-01-31",
            "scored_at": "2025-01-31T09:30:00", "mixed": "2025-01-01", "absent": None, "reasons_en": ["a", "b"],
        },
        {
            "share": None, "orders": None, "text": None, "tier": None, "flag": False, "next_purchase_on": None,
            "scored_at": None, "mixed": 1.5, "absent": None, "reasons_en": [1, 2],
        },
    ]  # fmt: skip


@pytest.mark.parametrize("cells", [[np.inf, 1.0], pd.Series([-np.inf, "a"], dtype=object)])
def test_an_infinite_answer_is_a_fault(entry: Any, cells: Any) -> None:
    with pytest.raises(ValueError, match="infinite"):
        entry.plain_answers(pd.DataFrame({"share": cells}))
