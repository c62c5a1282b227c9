"""DuckDB runs the text in this process: within a memory limit, with a temp folder that is gone afterwards."""

from datetime import date
from pathlib import Path

import pytest

from tests.features.drawn import CUTOFFS, differing, many, told
from tests.world import touchpoints
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import SourceError
from tiercast.features.catalogue import build_catalogue, look
from tiercast.panels import features_at
from tiercast.schema import History


def test_the_number_of_threads_changes_no_bit() -> None:
    frame = many(400, seed=1)
    with DuckDBEngine(threads=1) as one, DuckDBEngine(threads=3) as three:
        assert differing(told(one, frame), told(three, frame)) == {}


def test_the_order_of_rows_changes_no_bit() -> None:
    frame = many(300, seed=2)
    with DuckDBEngine(threads=1) as engine:
        assert differing(told(engine, frame), told(engine, frame.sample(frac=1, random_state=3))) == {}


def test_a_panel_of_cutoffs_is_its_cutoffs_one_by_one() -> None:
    frame = many(200, seed=3)
    with DuckDBEngine(threads=1) as engine:
        together = told(engine, frame)
        for cutoff in CUTOFFS:
            alone = told(engine, frame, cutoffs=(cutoff,))
            assert differing(together[together["cutoff"] == cutoff].reset_index(drop=True), alone) == {}


def test_only_the_wanted_features_are_computed_and_they_are_the_same() -> None:
    world = History("world", frame=touchpoints())
    with DuckDBEngine(threads=1) as engine:
        engine.attach(world)
        catalogue = build_catalogue(look(engine.run, world, date(2024, 3, 1)))
        wanted = ["days_since_purchase_to_gap_ratio", "store_top_share", "satisfaction_share"]
        few = features_at(engine, world, catalogue, CUTOFFS, wanted=wanted)
        everything = features_at(engine, world, catalogue, CUTOFFS)
    assert set(wanted) < set(few)
    assert differing(few, everything[list(few)]) == {}
    assert len(catalogue.text(world, wanted)) < len(catalogue.text(world)) / 2


def test_the_text_holds_nobodys_words() -> None:
    with DuckDBEngine(threads=1) as engine:
        world = History("world", frame=touchpoints().assign(category="secret'; --", channel="hidden'; --"))
        engine.attach(world)
        catalogue = build_catalogue(look(engine.run, world, date(2024, 3, 1)))
        text = catalogue.text(world)
        assert "'; --" not in text
        assert len(features_at(engine, world, catalogue, [date(2024, 3, 1)])) == 6


def test_the_most_frequent_words_come_first_and_ties_by_name() -> None:
    with DuckDBEngine(threads=1) as engine:
        world = History("world", frame=touchpoints())
        engine.attach(world)
        seen = look(engine.run, world, date(2024, 3, 1))
        assert seen.categories == ("milk", "bread", "shoes", "wine")
        assert seen.channels[0] == "store"
        assert look(engine.run, world, date(2020, 1, 1)).kinds == frozenset()


@pytest.mark.parametrize("share", ["one customer", "no purchases"])
def test_histories_with_hardly_anything_in_them(share: str) -> None:
    world = touchpoints()
    kept = (
        world["customer_id"] == "ann"
        if share == "one customer"
        else ~world["kind"].isin(["purchase", "return"])
    )
    history = History(share, frame=world[kept])
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, date(2024, 3, 1)))
        found = features_at(engine, history, catalogue, [date(2024, 3, 1), date(1999, 1, 1)])
        empty = features_at(engine, history, catalogue, [date(1999, 1, 1)])
    assert len(found) == (1 if share == "one customer" else 3)
    assert list(empty) == list(found)
    assert len(empty) == 0


def test_another_history_replaces_the_one_before(tmp_path: Path) -> None:
    touchpoints().to_parquet(tmp_path / "x.parquet")
    world = touchpoints()
    with DuckDBEngine(threads=1) as engine:
        file = History("b", files=(str(tmp_path / "x.parquet"),), format="parquet")
        for history, rows in (
            (History("a", frame=world), 33),
            (file, 33),
            (History("c", frame=world.head(2)), 2),
        ):
            engine.attach(history)
            assert engine.run("SELECT COUNT(*) AS n FROM touchpoints")["n"].tolist() == [rows]


def test_the_temp_folder_is_gone_afterwards_and_a_broken_text_is_a_coded_error() -> None:
    with DuckDBEngine(threads=1, memory_limit="200MB") as engine:
        folder = Path(engine._temp)
        assert folder.exists()
        engine.attach(History("world", frame=touchpoints()))
        with pytest.raises(SourceError):
            engine.run("SELECT nothing FROM nowhere")
    assert not folder.exists()
