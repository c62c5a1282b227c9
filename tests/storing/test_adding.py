"""Adding: files are read once, a batch replaces itself whole, and what does not fit is refused with what to do."""

import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.storing.conftest import HEAD, arrives
from tiercast import jobs
from tiercast.errors import ContractError, OutputError, SourceError
from tiercast.intake import take_stock
from tiercast.ledger import BadBatchName, Batch, read_ledger
from tiercast.schema import History
from tiercast.serving.refusals import MissingColumns
from tiercast.sources.opening import open_source
from tiercast.storing import Added, add, writing
from tiercast.storing.inputs import ChangedInput

MONDAY = ("ann,2025-01-06,purchase,store,10,m1", "ben,2025-01-06,visit,web,,m2", ",2025-01-06,visit,web,,m3")
TUESDAY = (
    "ann,2025-01-07,purchase,store,5.5,t1",
    "ann,soon,purchase,store,5.5,t2",
    "cai,2025-01-07,visit,web,,t3",
)


def rows(store: Path) -> pd.DataFrame:
    """Return all rows of the store's batches."""
    files = [store / "touchpoints" / each.file for each in read_ledger(store).batches]
    return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)


def made(done: Added) -> Batch:
    assert done.batch is not None
    return done.batch


def test_each_night_only_the_files_are_read_that_the_store_does_not_hold(landing: Path, store: Path) -> None:
    monday = arrives(landing, "monday.csv", *MONDAY)
    first = add(f"csv:{landing}", to=store)
    assert (made(first).rows_read, first.batches, first.rows) == (3, 1, 3)
    before = monday.stat()
    monday.write_bytes(b"\0" * before.st_size)  # whoever opens it now fails
    os.utime(monday, ns=(before.st_atime_ns, before.st_mtime_ns))
    arrives(landing, "tuesday.csv", *TUESDAY)
    second = add(f"csv:{landing}", to=store, most_rejected_share=0.5)
    assert (made(second).rows_read, second.inputs.unchanged, second.batches, second.rows) == (3, 1, 2, 5)
    third = add(f"csv:{landing}", to=store)
    assert (third.batch, third.inputs.unchanged, third.batches, third.rows) == (None, 2, 2, 5)


def test_every_row_is_accounted_for_and_none_is_lost(landing: Path, store: Path) -> None:
    arrives(landing, "a.csv", *MONDAY, *TUESDAY, "dot,2025-01-07,purchase,store,-1,n1", "eve,,visit,web,,n2")
    batch = made(add(f"csv:{landing}", to=store, batch="2025-01-07", most_rejected_share=0.5))
    assert (batch.rows_read, batch.rows_accepted, batch.rows_unresolved, batch.rows_rejected) == (8, 4, 1, 3)
    assert batch.rejected == {"BAD_TIME": 1, "NEGATIVE_NUMBER": 1, "NULL_TIME": 1}
    assert (batch.first_day, batch.last_day) == ("2025-01-06", "2025-01-07")
    lost = pd.read_parquet(store / "rejected" / batch.rejected_file)
    told = dict(zip(lost["verdict"], lost["row"].map(json.loads), strict=True))
    assert told["BAD_TIME"] == {
        "customer_id": "ann", "occurred_at": "soon", "kind": "purchase", "channel": "store", "amount": "5.5", "event_id": "t2",
    }  # fmt: skip
    assert sorted(rows(store)["event_id"]) == ["m1", "m2", "m3", "n1", "t1", "t3"], (
        "n1 still makes a copy of it a duplicate"
    )
    assert batch == read_ledger(store).batch("2025-01-07")


def test_rows_are_kept_with_the_names_and_types_of_the_contract(store: Path) -> None:
    came = {"customer_id": [7], "occurred_at": [pd.Timestamp("2025-01-06 10:00", tz="Asia/Tokyo")], "kind": "visit",
            "channel": " web ", "amount": [3], "staff_assisted": True, "shoe": "red"}  # fmt: skip
    add(pd.DataFrame(came), to=store)
    (kept,) = rows(store).to_dict("records")
    assert kept["occurred_at"] == pd.Timestamp("2025-01-06 01:00", tz="UTC")
    assert (kept["customer_id"], kept["channel"], kept["amount"], kept["staff_assisted"]) == (
        "7",
        "web",
        3.0,
        "true",
    )
    assert "shoe" not in kept


def test_a_batch_that_is_named_replaces_itself_and_no_other(landing: Path, store: Path) -> None:
    add(f"csv:{arrives(landing, 'monday.csv', *MONDAY)}", to=store, batch="monday")
    tuesday = arrives(landing, "tuesday.csv", *TUESDAY[:1])
    add(f"csv:{landing}", to=store, batch="tuesday")
    other = store / "touchpoints" / made(add(f"csv:{landing}", to=store, batch="tuesday")).file
    monday = next((store / "touchpoints").glob("monday.*")).stat()
    arrives(landing, "tuesday.csv", TUESDAY[0], TUESDAY[2])
    done = add(f"csv:{tuesday}", to=store, batch="tuesday")
    assert done.replaced is not None
    assert (done.replaced.rows, made(done).rows, done.batches, done.rows) == (1, 2, 2, 5)
    assert other.exists(), "whoever opened the store before may still be reading it"
    now = next((store / "touchpoints").glob("monday.*")).stat()
    assert (now.st_ino, now.st_mtime_ns) == (monday.st_ino, monday.st_mtime_ns)
    assert sorted(rows(store)["event_id"]) == ["m1", "m2", "m3", "t1", "t3"]


def test_a_file_that_changed_is_refused_until_its_batch_is_replaced(landing: Path, store: Path) -> None:
    arrives(landing, "monday.csv", *MONDAY)
    name = made(add(f"csv:{landing}", to=store)).name
    arrives(landing, "monday.csv", *MONDAY, "dot,2025-01-06,visit,web,,m4")
    arrives(landing, "tuesday.csv", *TUESDAY[:1])
    for batch in ("", "tuesday"):
        with pytest.raises(ChangedInput, match=f"monday.csv.*say: --batch {name}") as refused:
            add(f"csv:{landing}", to=store, batch=batch)
        assert (refused.value.code, refused.value.exit_code) == ("CHANGED_INPUT", 3)
    assert len(rows(store)) == 3
    add(f"csv:{landing}", to=store, batch=name)
    assert sorted(rows(store)["event_id"]) == ["m1", "m2", "m3", "m4", "t1"]


def test_of_two_batches_with_changed_files_each_can_be_replaced_alone(landing: Path, store: Path) -> None:
    for day, lines in (("monday", MONDAY), ("tuesday", TUESDAY[:1])):
        add(f"csv:{arrives(landing, f'{day}.csv', *lines)}", to=store, batch=day)
        arrives(landing, f"{day}.csv", *lines, f"dot,2025-01-08,visit,web,,{day}")
    done = add(f"csv:{landing}", to=store, batch="monday")
    assert [Path(name).name for name in done.inputs.changed] == ["tuesday.csv"]
    assert made(add(f"csv:{landing}", to=store, batch="tuesday")).rows == 2
    assert len(rows(store)) == 6


def test_a_file_that_was_touched_moved_or_sent_twice_is_not_added_twice(landing: Path, store: Path) -> None:
    monday = arrives(landing, "monday.csv", *MONDAY)
    add(f"csv:{landing}", to=store)
    os.utime(monday)
    assert add(f"csv:{landing}", to=store).inputs.unchanged == 1
    shutil.copy(monday, landing / "monday (1).csv")
    monday.rename(landing / "old.csv")
    done = add(f"csv:{landing}", to=store)
    assert (done.batch, len(done.inputs.repeated)) == (None, 2)
    (landing / "today.csv").symlink_to(arrives(landing, "tuesday.csv", *TUESDAY[:1]))
    assert made(add(f"csv:{landing}", to=store)).rows == 1


def test_a_link_that_points_elsewhere_today_is_another_file(landing: Path, store: Path) -> None:
    link = landing / "today.csv"
    for number, lines in enumerate((MONDAY, TUESDAY[:1])):
        link.unlink(missing_ok=True)
        link.symlink_to(arrives(landing, f"kept/{number}.csv", *lines))
        add(f"csv:{link}", to=store)
    assert len(rows(store)) == 4


def test_equal_files_in_folders_that_are_columns_are_different_rows(landing: Path, store: Path) -> None:
    frame = pd.DataFrame({"customer_id": ["ann"], "occurred_at": ["2025-01-06"], "kind": ["visit"]})
    for channel in ("web", "app"):
        (landing / f"channel={channel}").mkdir()
        frame.to_parquet(landing / f"channel={channel}" / "part.parquet")
    assert made(add(f"parquet:{landing}", to=store)).rows == 2
    (landing / "channel=store").mkdir()
    frame.to_parquet(landing / "channel=store" / "part.parquet")
    add(f"parquet:{landing}", to=store)
    assert sorted(rows(store)["channel"]) == ["app", "store", "web"]


def test_replacing_a_batch_never_loses_the_rows_of_a_file(landing: Path, store: Path) -> None:
    arrives(landing, "monday.csv", *MONDAY)
    tuesday = arrives(landing, "tuesday.csv", *TUESDAY[:1])
    add(f"csv:{landing}", to=store, batch="nightly")
    for source in (f"csv:{tuesday}", rows(store)):
        with pytest.raises(ChangedInput, match=r"batch nightly also holds .*monday.csv"):
            add(source, to=store, batch="nightly")
    (store / "ledger" / "nightly.json").unlink()  # as the message says
    assert made(add(f"csv:{tuesday}", to=store, batch="nightly")).rows == 1


def test_a_file_that_is_written_while_it_is_read_is_not_added(
    landing: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monday, write = arrives(landing, "monday.csv", *MONDAY), writing.write_batch

    def slowly(*told: object, **more: object) -> object:
        found = write(*told, **more)  # type: ignore[arg-type]
        with monday.open("a") as stream:
            stream.write("dot,2025-01-06,visit,web,,m4\n")
        return found

    with monkeypatch.context() as patch:
        patch.setattr("tiercast.storing.adding.write_batch", slowly)
        with pytest.raises(ChangedInput, match="changed while it was read"):
            add(f"csv:{landing}", to=store)
    assert read_ledger(store).batches == ()
    assert made(add(f"csv:{landing}", to=store)).rows == 4


def test_what_the_first_batch_fixed_holds_for_all(landing: Path, store: Path) -> None:
    arrives(landing, "monday.csv", *MONDAY)
    add(f"csv:{landing}", to=store, currency="EUR", zone="Europe/Berlin")
    tuesday = arrives(landing, "tuesday.csv", *TUESDAY[:1])
    for terms, said in (({}, "--currency EUR"), ({"currency": "EUR"}, "--zone Europe/Berlin")):
        with pytest.raises(SourceError, match=said):
            add(f"csv:{tuesday}", to=store, **terms)  # type: ignore[arg-type]
    for more, said in (
        ("peaks=easter", "peaks=chinese_new_year,.*,christmas"),
        ("episode_gap_days=45", "gap_days=30"),
    ):
        with pytest.raises(SourceError, match=said):
            add(f"csv:{tuesday}?currency=EUR&zone=Europe/Berlin&{more}", to=store)
    add(f"csv:{tuesday}?currency=EUR&zone=Europe/Berlin", to=store)
    kept = open_source(f"store:{store}")
    assert (kept.currency, kept.zone, kept.minor_per_major) == ("EUR", "Europe/Berlin", 100)


def test_a_batch_that_is_mostly_rejected_is_refused_and_leaves_nothing(landing: Path, store: Path) -> None:
    arrives(landing, "tuesday.csv", *TUESDAY)
    with pytest.raises(ContractError, match=r"1 of 3 rows.*allowed: 20.0 %.*BAD_TIME 1"):
        add(f"csv:{landing}", to=store)
    assert [path.name for path in store.iterdir()] == [".lock"]


def test_a_file_that_breaks_off_in_the_middle_leaves_the_store_as_it_was(landing: Path, store: Path) -> None:
    add(f"csv:{arrives(landing, 'monday.csv', *MONDAY)}", to=store)
    many = [f"secret{number},2025-01-07,visit,web,," for number in range(300_000)]
    arrives(landing, "tuesday.csv", *many, 'dot,2025-01-07,"visit')
    with pytest.raises(SourceError) as refused:
        add(f"csv:{landing}", to=store, threads=1)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(rows(store)) == 3
    assert not list(store.glob(".writing-*"))


def test_a_night_without_rows_is_a_batch_too(landing: Path, store: Path) -> None:
    arrives(landing, "sunday.csv")
    assert made(add(f"csv:{landing}", to=store)).rows == 0
    assert add(f"csv:{landing}", to=store).inputs.unchanged == 1
    arrives(landing, "monday.csv", *MONDAY)
    add(f"csv:{landing}", to=store)
    assert len(rows(store)) == 3


def test_the_same_rows_from_memory_are_one_batch_and_others_another(store: Path) -> None:
    frame = pd.DataFrame(
        {"customer_id": ["a"], "occurred_at": ["2025-01-06"], "kind": ["visit"], "channel": ["web"]}
    )
    names = {made(add(each, to=store)).name for each in (frame, frame, frame.assign(kind="cart"))}
    assert {each.name for each in read_ledger(store).batches} == names
    assert len(rows(store)) == len(names) == 2


def test_passwords_of_a_source_are_not_written_down(store: Path) -> None:
    import pyarrow as pa

    came = pa.table(
        {"customer_id": ["a"], "occurred_at": ["2025-01-06"], "kind": ["visit"], "channel": ["web"]}
    )
    name = "postgres:postgresql://ann:secret@db/shop#visits"
    add(History(name, batches=came.to_reader, format="postgres"), to=store, batch="b")
    (batch,) = read_ledger(store).batches
    assert batch.source == "postgres:postgresql://ann:***@db/shop#visits"
    assert all(b"secret" not in path.read_bytes() for path in store.rglob("*") if path.is_file())


def test_rows_that_a_map_excludes_are_counted(landing: Path, store: Path, tmp_path: Path) -> None:
    told = '[columns]\nkind = {column = "kind"}\n[[exclude]]\ncolumn = "kind"\nvalues = ["visit"]\nreason = "visits"\n'
    (tmp_path / "map.toml").write_text(told, "utf-8")
    arrives(landing, "monday.csv", *MONDAY)
    batch = made(add(f"csv:{landing}", to=store, map=tmp_path / "map.toml"))
    assert (batch.rows_read, batch.rows_accepted, batch.rows_excluded, batch.excluded) == (
        3,
        1,
        2,
        {"visits": 2},
    )


def test_a_history_whose_customers_are_all_unknown_yet_can_be_added(store: Path) -> None:
    frame = pd.DataFrame(
        {"identity": ["x"], "occurred_at": ["2025-01-06"], "kind": ["visit"], "channel": ["web"]}
    )
    assert made(add(frame, to=store)).rows_unresolved == 1
    with pytest.raises(MissingColumns, match="customer_id"):
        add(frame.drop(columns="identity"), to=store)


def test_columns_with_hostile_names_and_values_are_kept_as_they_came(store: Path) -> None:
    names = ["came", "line", "touchpoints", "now_s", "verdict", 'it\'s "quoted"', "🍎", "as_it_came"]
    frame = pd.DataFrame(
        {"customer_id": ["a"], "occurred_at": ["soon"], "kind": ["visit"], "channel": ["web"]}
    )
    frame = frame.assign(**dict.fromkeys(names, "x'; -- \n\0\"{}"))
    batch = made(add(frame, to=store, most_rejected_share=1))
    (row,) = pd.read_parquet(store / "rejected" / batch.rejected_file)["row"].map(json.loads)
    assert list(row) == list(frame)
    assert {row[name] for name in names} == {"x'; -- \n\0\"{}"}


@pytest.mark.parametrize("name", ["../out", "a/b", ".hidden", " ", "x" * 200, "a\nb"])
def test_a_batch_that_no_file_could_be_called_is_refused(name: str, landing: Path, store: Path) -> None:
    arrives(landing, "monday.csv", *MONDAY)
    with pytest.raises(BadBatchName, match="letters, digits") as refused:
        add(f"csv:{landing}", to=store, batch=name)
    assert refused.value.exit_code == 2
    assert not store.exists()


def test_a_folder_that_holds_something_else_is_left_alone(landing: Path, tmp_path: Path) -> None:
    arrives(landing, "monday.csv", *MONDAY)
    (tmp_path / "file").touch()
    for place, said in (
        (landing, "holds something else"),
        (tmp_path / "a=b" / "c", "column=value"),
        (tmp_path / "file", "exists"),
    ):
        with pytest.raises(OutputError, match=said):
            add(f"csv:{landing}", to=place)
    assert [path.name for path in landing.iterdir()] == ["monday.csv"]


def test_a_store_is_not_added_to_itself_but_to_another(landing: Path, tmp_path: Path) -> None:
    pd.read_csv(arrives(landing, "monday.csv", *MONDAY)).to_parquet(landing / "monday.parquet")
    inside = landing / "store"
    add(f"parquet:{landing}", to=inside)
    for source in (f"parquet:{landing}", f"store:{inside}"):
        with pytest.raises(SourceError, match=r"names files of the store .* itself"):
            add(source, to=inside)
    assert add(f"store:{inside}", to=tmp_path / "other").rows == 3


def test_a_card_adds(landing: Path, tmp_path: Path) -> None:
    arrives(landing, "monday.csv", *MONDAY)
    card = tmp_path / "add.toml"
    card.write_text(
        f'job = "add"\nsource = "csv:{landing}"\nto = "{tmp_path / "store"}"\nbatch = "m"\n', "utf-8"
    )
    assert jobs.run_card(card).batch.name == "m"


def test_the_store_says_of_its_rows_what_the_files_say(landing: Path, store: Path, engine: object) -> None:
    lines = [line for day in (MONDAY, TUESDAY, MONDAY[:1]) for line in day]
    for number, line in enumerate(lines):
        (landing / f"{number}.csv").write_text(f"{HEAD}{line}\n" + "\n" * number, "utf-8")
    add(f"csv:{landing}", to=store, most_rejected_share=0.5)
    accounts = []
    for history in (open_source(f"csv:{landing}"), open_source(f"store:{store}")):
        engine.attach(history)  # type: ignore[attr-defined]
        accounts.append(take_stock(engine, history, repeats=False))  # type: ignore[arg-type]
    at_once, kept = accounts
    assert kept.rejected["DUPLICATE_EVENT"] == at_once.rejected["DUPLICATE_EVENT"] == 1
    assert (kept.rows_accepted, kept.customers, kept.kinds) == (
        at_once.rows_accepted,
        at_once.customers,
        at_once.kinds,
    )
