"""A map is checked to its last key before any row is read; a refusal says what was meant, or what there is."""

from pathlib import Path
from typing import Any

import pytest

from tests.mapping.rows import history_of, read
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.mapping.columnmap import ColumnMap
from tiercast.mapping.fault import MapError
from tiercast.mapping.options import checked
from tiercast.mapping.reading import map_of, read_map
from tiercast.serving.contract import NAMES
from tiercast.serving.refusals import MissingColumns, WrongType

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"colums": {}}, "did you mean columns"),
    ({"columns": {"ocurred_at": "x"}}, "did you mean occurred_at"),
    ({"columns": {"Invoice Date": "occurred_at"}}, 'occurred_at = "Invoice Date"'),
    ({"columns": "x"}, r"write \[columns\]"),
    ({"columns": {"kind": {"colum": "x"}}}, "did you mean column"),
    ({"columns": {"kind": {}}}, "needs one of"),
    ({"columns": {"kind": 7}}, "in quotes"),
    ({"columns": {"kind": {"column": 7}}}, "in quotes"),
    ({"columns": {"kind": {"value": "a", "column": "b"}}}, "nothing else"),
    ({"columns": {"kind": {"value": ""}}}, "no text"),
    ({"columns": {"kind": {"column": "a", "values": ["b"]}}}, "values is a table"),
    ({"columns": {"kind": {"column": "a", "values": {"": "b"}}}}, "empty"),
    ({"columns": {"kind": {"column": "a", "values": {"x": 1.5}}}}, "in quotes"),
    ({"columns": {"kind": {"column": "a", "patterns": {"(": "b"}}}}, "pattern"),
    ({"columns": {"kind": {"column": "a", "patterns": {r"\d": "b"}}}}, "engines disagree"),
    ({"columns": {"kind": {"column": "a", "patterns": {"^a": "b"}}}}, "engines disagree"),
    ({"columns": {"kind": {"column": "a", "patterns": {"a*+": "b"}}}}, "engines disagree"),
    ({"columns": {"kind": {"column": "a", "otherwise": {"colum": "b"}}}}, "did you mean column"),
    ({"columns": {"kind": {"join": ["a"]}}}, "2 or more"),
    ({"columns": {"kind": {"join": ["a", "b"], "values": {"x": "y"}}}}, "stands alone"),
    ({"columns": {"kind": {"product": ["a", "b"]}}}, "unknown key 'product'"),
    ({"columns": {"amount": {"product": ["a"]}}}, "2 or more"),
    ({"columns": {"amount": {"scale": 0.01}}}, "needs a column, a sum or a product"),
    ({"columns": {"amount": {"column": "a", "scale": 0}}}, "scale"),
    ({"columns": {"amount": {"column": "a", "scale": "x"}}}, "scale"),
    ({"columns": {"amount": {"column": "a", "scale": 1e-9}}}, "scale"),
    ({"columns": {"amount": {"column": "a", "scale": float("nan")}}}, "scale"),
    ({"columns": {"amount": {"column": "a", "absolute": "yes"}}}, "true or false"),
    ({"columns": {"amount": {"value": "ten"}}}, "no number"),
    ({"columns": {"occurred_at": {"value": "soon"}}}, "no time"),
    ({"columns": {"occurred_at": {"column": "a", "format": "dd/mm"}}}, "%d"),
    ({"columns": {"occurred_at": {"column": "a", "zone": "Mars/Olympus"}}}, "Mars/Olympus"),
    ({"columns": {"occurred_at": {"column": "a", "zone": "../../etc/passwd"}}}, "no IANA"),
    ({"peaks": ["boxing_day"]}, "'boxing_day' came"),
    ({"peaks": []}, "none came"),
    ({"peaks": 7}, "'7' came"),
    ({"episode_gap_days": 0}, "from 1 to 182; 0 came"),
    ({"episode_gap_days": True}, "from 1 to 182"),
    ({"episode_gap_days": 30.5}, "from 1 to 182"),
    ({"columns": {"occurred_at": {"column": "a", "unit": "weeks"}}}, "seconds, milliseconds"),
    ({"columns": {"occurred_at": {"column": "a", "unit": "seconds", "zone": "UTC"}}}, "unit alone"),
    ({"columns": {"event_id": "a"}, "duplicates": "drop"}, "keep one"),
    ({"duplicates": "maybe"}, "keep, drop"),
    ({"currency": "euro"}, "ISO 4217"),
    ({"zone": "Mars"}, "IANA"),
    ({"minor_per_major": 7}, "100"),
    ({"minor_per_major": 0}, "minor_per_major is 0"),
    ({"minor_per_major": True}, "minor_per_major is True"),
    ({"decimal": ";"}, "decimal"),
    ({"decimal": ",", "thousands": ","}, "differ"),
    ({"csv": {"delimter": ";"}}, "did you mean delimiter"),
    ({"csv": {"delimiter": "ab"}}, "one mark"),
    ({"csv": {"encoding": "klingon"}}, "klingon"),
    ({"csv": {"encoding": "base64"}}, "base64"),
    ({"ignore": "amount"}, "list"),
    ({"exclude": {"reason": "x"}}, r"\[\[exclude\]\]"),
    ({"exclude": [{"reason": "x", "column": "a"}]}, "what is excluded"),
    ({"exclude": [{"column": "a", "values": ["b"]}]}, "reason"),
    ({"exclude": [{"reason": "x", "column": "a", "vaules": ["b"]}]}, "did you mean values"),
]


@pytest.mark.parametrize(("told", "said"), REFUSED, ids=[str(told)[:60] for told, _ in REFUSED])
def test_what_no_map_can_say_is_refused_in_words(told: dict[str, Any], said: str) -> None:
    with pytest.raises(MapError, match=said) as refused:
        map_of(told, name="shop.toml")
    assert (refused.value.code, refused.value.exit_code) == ("BAD_MAP", 2)
    assert "shop.toml" in str(refused.value)


def test_an_empty_map_says_nothing_and_every_column_can_be_told() -> None:
    assert map_of({}) == ColumnMap()
    assert set(map_of({"columns": dict.fromkeys(NAMES, "a")}).columns) == set(NAMES)


@pytest.mark.parametrize("content", [b"[columns", b"\xff\xfe", b"a = 1\na = 2", b"\x00"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(MapError, match=r"TOML|read"):
        read_map(tmp_path / "x.toml")


def test_a_file_that_is_not_there_is_refused_and_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="no such file"):
        read_map(tmp_path / "x.toml")
    with pytest.raises(MapError, match="cannot be read"):
        read_map(tmp_path)
    (tmp_path / "x.toml").write_text('currency = "eur"', encoding="utf-8-sig")
    assert read_map(tmp_path / "x.toml").currency == "EUR"


def test_a_column_that_the_table_lacks_is_refused_with_those_it_has(duck: DuckDBEngine) -> None:
    for told in (
        {"columns": {"amount": {"product": ["Quantity", "UnitPrise"]}}},
        {"exclude": [{"reason": "x", "column": "unit_price", "empty": True}]},
        {"ignore": ["unitprice"]},
    ):
        with pytest.raises(MapError, match=r"did you mean UnitPrice\?\); there is: .*Quantity"):
            read(duck, history_of(told, Quantity=[1], UnitPrice=[1.0]))


def test_a_required_column_that_neither_has_is_named_with_the_map(duck: DuckDBEngine) -> None:
    history = history_of({"ignore": ["kind"]}, kind=["x"])
    with pytest.raises(MissingColumns, match="missing: kind; the map in memory gives none; there is"):
        read(duck, history)


def test_a_rule_on_a_column_of_another_type_is_refused(duck: DuckDBEngine) -> None:
    history = history_of({"columns": {"amount": {"column": "sold", "scale": 2}}}, sold=[True])
    with pytest.raises(WrongType, match="sold: expected numbers"):
        read(duck, history)


def test_marks_can_be_named() -> None:
    assert checked({"delimiter": "tab", "quote": "none", "thousands": "space"}) == {
        "delimiter": "\t",
        "quote": "",
        "thousands": " ",
    }
    assert checked(checked({"quote": "none"})) == {"quote": ""}
