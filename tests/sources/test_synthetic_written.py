"""A synthetic history of any size is written part by part, and cutting it otherwise changes nothing in it."""

import hashlib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tiercast
from tiercast.errors import OutputError, SourceError
from tiercast.sources.synthetic import synthesize, write_synthetic


def read(folder: Path, table: str) -> pd.DataFrame:
    """Read a table part by part; ``part`` says from which."""
    parts = sorted((folder / table).glob("*.parquet"))
    read = [pq.read_table(path).to_pandas(date_as_object=False).assign(part=path.name) for path in parts]
    found = pd.concat(read, ignore_index=True)
    return found.astype(dict.fromkeys(found.select_dtypes("category").columns, "str"))


def fingerprints(folder: Path) -> dict[str, str]:
    files = sorted(folder.rglob("*.parquet"))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three blocks, two of them in the first part."""
    return write_synthetic(tmp_path_factory.mktemp("written") / "world", 17_000, blocks_per_part=2).folder


def test_written_files_hold_what_is_made_in_memory_however_they_are_cut(folder: Path, tmp_path: Path) -> None:
    made = synthesize(17_000)
    cut = write_synthetic(tmp_path / "cut", 17_000, blocks_per_part=1)
    assert cut.parts == 3
    assert cut.touchpoints == len(made.touchpoints)
    for table in ("touchpoints", "truth", "customers", "identities", "assignments"):
        wanted = getattr(made, table)
        key = ["event_id"] if table == "touchpoints" else list(wanted.columns[:3])
        wanted = wanted.sort_values(key, kind="stable").reset_index(drop=True)
        for place in (folder, cut.folder):
            found = (
                read(place, table)[list(wanted.columns)]
                .sort_values(key, kind="stable")
                .reset_index(drop=True)
            )
            pd.testing.assert_frame_equal(found, wanted, check_dtype=False)


def test_writing_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = write_synthetic(tmp_path / "again", 17_000, blocks_per_part=2)
    assert fingerprints(again.folder) == fingerprints(folder)


def test_no_customer_is_in_two_parts_and_a_part_is_in_order_of_arrival(folder: Path) -> None:
    for table in ("touchpoints", "truth", "customers", "identities", "assignments"):
        assert read(folder, table).groupby("customer_id")["part"].nunique().max() == 1
    came = read(folder, "touchpoints")
    assert came["part"].nunique() == 2
    assert came.groupby("part")["known_at"].is_monotonic_increasing.all()
    assert came["event_id"].is_unique
    first = came[came["part"] == "part-00000.parquet"]["customer_id"].to_numpy()
    assert (first[1:] == first[:-1]).mean() < 0.25


def test_categorical_text_is_written_as_dictionaries_under_zstd(folder: Path) -> None:
    file = pq.ParquetFile(folder / "touchpoints" / "part-00000.parquet")
    group = file.metadata.row_group(0)
    columns = {group.column(place).path_in_schema: group.column(place) for place in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    for name in ("customer_id", "kind", "channel", "category", "product_id", "store_id"):
        assert "RLE_DICTIONARY" in columns[name].encodings
        assert pa.types.is_dictionary(file.schema_arrow.field(name).type)


def test_what_is_written_is_read_as_a_source_and_accepted(folder: Path) -> None:
    account = tiercast.check(f"parquet:{folder / 'touchpoints'}").account
    assert account.rows_accepted == account.rows_read == len(read(folder, "touchpoints"))
    assert account.currency == "USD"


def test_a_folder_that_holds_something_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(OutputError, match="not an empty folder"):
        write_synthetic(tmp_path, 10)
    with pytest.raises(OutputError, match="not an empty folder"):
        write_synthetic(tmp_path / "note.txt", 10)
    with pytest.raises(OutputError):
        write_synthetic(tmp_path / "note.txt" / "deeper", 10)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_an_empty_folder_is_filled_and_nothing_else_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    written = write_synthetic(tmp_path / "empty", 10)
    assert (written.customers, written.parts) == (10, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_parts_without_a_block_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="blocks_per_part"):
        write_synthetic(tmp_path / "world", 10, blocks_per_part=0)
    assert list(tmp_path.iterdir()) == []
