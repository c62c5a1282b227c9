"""What a run keeps, and how it ends."""

import math
import time

import pytest

from tiercast.registry import Store, record_run, start_run


def test_a_run_keeps_params_measures_and_tags(store: Store) -> None:
    with start_run(store, "keeping", "first", tags={"why": "test"}) as run:
        skipped = run.log(params={"leaves": 31, "grid": [1, 2]}, metrics={"auc": 0.5}, tags={"fold": 1})
    kept = store.client.get_run(run.run_id)
    assert skipped == 0
    assert kept.info.status == "FINISHED"
    assert kept.info.run_name == "first"
    assert kept.data.params == {"leaves": "31", "grid": "[1, 2]"}
    assert kept.data.metrics == {"auc": 0.5}
    assert kept.data.tags["why"] == "test"
    assert kept.data.tags["fold"] == "1"


def test_measures_that_are_not_finite_are_skipped_counted_and_named(store: Store) -> None:
    with start_run(store, "keeping", "odd") as run:
        assert run.log(metrics={"nan": math.nan, "inf": math.inf, "none": None, "fine": 0.0}) == 3
    kept = store.client.get_run(run.run_id)
    assert kept.data.metrics == {"fine": 0.0}
    assert kept.data.tags["tiercast.metrics_not_finite"] == "inf, nan, none"


def test_long_and_many_values_are_kept_in_short(store: Store) -> None:
    with start_run(store, "keeping", "long") as run:
        run.log(
            params={f"p{number}": "x" * 9000 for number in range(230)},
            metrics={f"m{number} 渠道 (%)": number for number in range(900)},
        )
    kept = store.client.get_run(run.run_id)
    assert len(kept.data.params) == 230
    assert kept.data.params["p0"].endswith("(9000 letters)")
    assert len(kept.data.metrics) == 900


def test_figures_texts_and_facts_are_kept(store: Store) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([0, 1])
    with start_run(store, "keeping", "things") as run:
        run.figure(figure, "plots/lift.png")
        run.text("SELECT 1", "features.sql")
        run.record({"folds": 3}, "metrics/folds.json")
    kept = {found.path for found in store.client.list_artifacts(run.run_id)}
    assert kept == {"plots", "features.sql", "metrics"}


def test_a_failure_ends_the_run_failed_and_is_not_swallowed(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), start_run(store, "ending", "fails") as run:
        raise ZeroDivisionError
    kept = store.client.get_run(run.run_id)
    assert kept.info.status == "FAILED"
    assert kept.data.tags["tiercast.error"] == "ZeroDivisionError"


def test_an_interruption_ends_the_run_killed(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), start_run(store, "ending", "stopped") as run:
        raise KeyboardInterrupt
    assert store.client.get_run(run.run_id).info.status == "KILLED"


def test_many_candidates_are_cheap_and_stand_under_their_parent(store: Store) -> None:
    with start_run(store, "search", "parent") as parent:
        began = time.process_time()
        for number in range(30):
            record_run(
                store, "search", f"trial {number}", parent=parent, params={"n": number}, metrics={"auc": 0.5}
            )
        seconds = time.process_time() - began
    experiment = store.experiment_id("search")
    under = store.client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{parent.run_id}'")
    assert len(under) == 30
    assert seconds / 30 < 0.25


def test_a_deleted_experiment_comes_back_when_it_is_used(store: Store) -> None:
    number = store.experiment_id("forgotten")
    store.client.delete_experiment(number)
    record_run(store, "forgotten", "again")
    assert store.client.get_experiment(number).lifecycle_stage == "active"


def test_a_nested_run_stays_in_its_parents_experiment(store: Store) -> None:
    with start_run(store, "search", "parent") as parent, pytest.raises(ValueError, match="search"):
        record_run(store, "elsewhere", "lost", parent=parent)
