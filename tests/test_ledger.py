"""A store whose batches are not what its ledger says is refused by name; nothing in it is ever guessed."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tiercast.errors import SourceError
from tiercast.ledger import DamagedStore, read_ledger
from tiercast.sources.opening import open_source
from tiercast.storing import add

ROW = {"customer_id": ["a"], "occurred_at": ["2025-01-06"], "kind": ["visit"], "channel": ["web"]}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for name in ("2025-01-05", "2025-01-06"):
        add(pd.DataFrame(ROW), to=tmp_path / "store", batch=name)
    return tmp_path / "store"


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def changed(file: Path) -> None:
    held = bytearray(file.read_bytes())
    held[len(held) // 2] ^= 1
    file.write_bytes(held)


@pytest.mark.parametrize(
    ("damage", "said"),
    [(cut_off, "cut off"), (changed, "changed"), (Path.unlink, "missing")],
    ids=["cut off", "changed", "missing"],
)
def test_a_damaged_batch_is_named_and_can_be_put_in_its_place_again(
    store: Path, damage: object, said: str
) -> None:
    damage(next((store / "touchpoints").glob("2025-01-06.*")))  # type: ignore[operator]
    with pytest.raises(DamagedStore, match=rf"damaged batch: 2025-01-06 \({said}\).*--batch NAME") as refused:
        open_source(f"store:{store}")
    assert (refused.value.code, refused.value.exit_code) == ("DAMAGED_STORE", 3)
    add(pd.DataFrame(ROW), to=store, batch="2025-01-06")
    assert len(open_source(f"store:{store}").files) == 2


def test_many_damaged_batches_are_told_in_one_line(store: Path) -> None:
    for number in range(10):
        add(pd.DataFrame(ROW), to=store, batch=f"b{number}")
    for file in (store / "touchpoints").iterdir():
        file.unlink()
    with pytest.raises(DamagedStore, match=r"damaged batches: .* and 7 more; "):
        open_source(f"store:{store}")


@pytest.mark.parametrize(
    "told",
    [
        "",
        "{",
        "[]",
        "{}",
        "null",
        '{"form": 1}',
        '{"form": 2, "name": "2025-01-06"}',
        "\x00",
        '{"form": 1, "zone": 3}',
    ],
)
@pytest.mark.parametrize("name", ["ledger/2025-01-06.json", "store.json"])
def test_a_ledger_that_cannot_be_read_is_told(store: Path, name: str, told: str) -> None:
    (store / name).write_text(told, "utf-8")
    with pytest.raises(DamagedStore, match=f"{name} cannot be read; restore it"):
        open_source(f"store:{store}")


def test_an_entry_with_a_number_as_text_or_without_its_terms_is_damage(store: Path) -> None:
    entry = store / "ledger" / "2025-01-06.json"
    told = json.loads(entry.read_text("utf-8"))
    entry.write_text(json.dumps(told | {"size_bytes": "3"}), "utf-8")
    with pytest.raises(DamagedStore, match=r"2025-01-06.json cannot be read"):
        read_ledger(store)
    entry.write_text(json.dumps(told), "utf-8")
    (store / "store.json").unlink()
    with pytest.raises(DamagedStore, match=r"store.json cannot be read"):
        read_ledger(store)


def test_a_copy_of_an_entry_does_not_count_its_rows_twice(store: Path) -> None:
    (store / "ledger" / "copy.json").write_bytes((store / "ledger" / "2025-01-06.json").read_bytes())
    with pytest.raises(DamagedStore, match=r"copy.json cannot be read.*take the batch out"):
        open_source(f"store:{store}")


def test_an_entry_that_is_removed_takes_its_batch_out(store: Path) -> None:
    (store / "ledger" / "2025-01-06.json").unlink()
    assert [Path(file).name.split(".")[0] for file in open_source(f"store:{store}").files] == ["2025-01-05"]


def test_a_file_that_no_batch_names_is_not_read(store: Path) -> None:
    (store / "touchpoints" / "more.parquet").write_bytes(b"nonsense")
    assert len(open_source(f"store:{store}").files) == 2


@pytest.mark.parametrize(
    ("where", "said"), [("nowhere", "no such folder"), ("empty", "no batch was ever added")]
)
def test_where_there_is_no_store_it_is_said_how_to_make_one(where: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=f"{said}.*tiercast add SOURCE --to"):
        open_source(f"store:{tmp_path / where}")


def test_a_store_that_was_moved_is_read_where_it_is_now(store: Path, tmp_path: Path) -> None:
    moved = store.rename(tmp_path / "moved")
    assert len(open_source(f"store:{moved}").files) == 2
    below = tmp_path / "year=2025"
    below.mkdir()
    with pytest.raises(SourceError, match="column=value"):
        open_source(f"store:{moved.rename(below / 'store')}")
