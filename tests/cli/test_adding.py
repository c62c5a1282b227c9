"""The command ``add``: what went into the store, for people and for machines, and nothing twice."""

from pathlib import Path

import pytest

from tests.cli.running import answer, assert_readable, run


def test_a_night_is_added_once_and_the_store_is_a_source(shop: Path) -> None:
    told = answer("add", "csv:history.csv", "--to", "store", "--batch", "2025-02-05")
    assert (told["batch"]["rows_read"], told["batch"]["rows_unresolved"]) == (10, 1)
    assert told["batch"]["rejected"] == {"BAD_TIME": 1}
    assert (told["files_added"], told["store_rows"], told["store_batches"]) == (1, 9, 1)
    again = answer("add", "csv:history.csv", "--to", "store")
    assert (again["batch"], again["files_unchanged"], again["store_rows"]) == (None, 1, 9)
    account = answer("check", "store:store")["account"]
    assert (account["rows_read"], account["rows_accepted"], account["rows_unresolved"]) == (9, 8, 1)


def test_people_are_told_what_became_of_every_row(shop: Path) -> None:
    said = run("add", "csv:history.csv", "--to", "store", "--batch", "night")
    assert_readable(said)
    for expected in ("batch night", "read", "10", "BAD_TIME", "1 added", "store rows", "store:store"):
        assert expected in said.stdout
    assert "nothing new" in run("add", "csv:history.csv", "--to", "store").stdout
    assert "replaced" in run("add", "csv:history.csv", "--to", "store", "--batch", "night").stdout


def test_a_card_says_where(shop: Path) -> None:
    (shop / "pipelines" / "add.toml").write_text(
        'job = "add"\nsource = "csv:history.csv"\nto = "store"\n', "utf-8"
    )
    assert answer("cards", "pipelines")["passed"]
    assert answer("add", "pipelines/add.toml")["store_rows"] == 9


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("csv:history.csv",), "USAGE", 2),
        (("csv:history.csv", "--to", "store", "--batch", "a/b"), "BAD_BATCH_NAME", 2),
        (("csv:history.csv", "--to", "store", "--most-rejected", "0.01"), "TOO_MANY_REJECTED_ROWS", 3),
        (("csv:nothing.csv", "--to", "store"), "UNREADABLE_SOURCE", 3),
        (("csv:history.csv", "--to", "pipelines"), "UNWRITABLE_OUTPUT", 7),
        (("pipelines/train.toml", "--to", "store"), "BAD_CARD", 2),
    ],
)
def test_what_cannot_be_added_is_refused_with_a_code(
    words: tuple[str, ...], code: str, exit_code: int, shop: Path
) -> None:
    assert answer("add", *words, exit_code=exit_code)["error_code"] == code


def test_a_damaged_batch_is_named_by_check(shop: Path) -> None:
    answer("add", "csv:history.csv", "--to", "store", "--batch", "night")
    file = next((shop / "store" / "touchpoints").iterdir())
    file.write_bytes(file.read_bytes()[:-1])
    told = answer("check", "store:store", exit_code=3)
    assert told["error_code"] == "DAMAGED_STORE"
    assert "night (cut off)" in told["message"]
