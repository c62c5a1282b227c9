"""The gate over time: the rule is champion first, a model must beat it, and an equal one never takes over."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.path.world import World, quick_trees
from tiercast import training
from tiercast.config import TrainCard, card_of
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.evaluation.gate import GateDecision
from tiercast.registry import (
    Store,
    bundle_folder,
    champion,
    find_version,
    open_served,
    open_store,
    relocate,
    run_file,
    set_alias,
    start_run,
)
from tiercast.sources.opening import open_source
from tiercast.training import promotion
from tiercast.training.judging import Results
from tiercast.training.train import EXPERIMENT

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
    pytest.mark.filterwarnings(r"ignore:(?s).*type hint:UserWarning"),
]


def train_card(world: World, **changes: Any) -> TrainCard:
    card = card_of(world.card(**changes))
    assert isinstance(card, TrainCard)
    return card


@pytest.fixture(scope="module")
def again(trained_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Any]]:
    """Return a copy of the store in which the same card, now without a horizon, was trained again, and the report."""
    root = tmp_path_factory.mktemp("again")
    shutil.copytree(trained_world.root / "mlruns", root / "mlruns")
    relocate(root / "mlruns")
    with pytest.MonkeyPatch.context() as patch, quick_trees():
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root / 'mlruns' / 'mlflow.db'}")
        store = open_store(root)
        yield store, training.train(train_card(trained_world, horizon_days=0), store=store, threads=1)


def test_the_first_training_put_the_rule_in_charge_and_then_the_model_that_beat_it(
    trained_world: World,
) -> None:
    facts = trained_world.facts
    assert facts["champion_before"] is None
    assert facts["rule"] == 1
    assert facts["promoted"] is True
    assert facts["champion"] == facts["challenger"] == 2
    assert "beats" in facts["reasons"][0]


def test_an_equal_challenger_is_not_promoted(again: tuple[Store, Any]) -> None:
    store, report = again
    assert report.promotion.champion_before is not None
    assert report.promotion.champion_before.version == 2
    assert not report.promotion.promoted
    assert report.promotion.champion.version == 2
    assert report.promotion.held_back == "", (
        "the champion's kept answers are what the new one is compared with"
    )
    assert any("champion v2" in reason for reason in report.promotion.decision.reasons)
    in_charge, challenger = champion(store), find_version(store, "challenger")
    assert in_charge is not None
    assert challenger is not None
    assert (in_charge.version, challenger.version) == (2, 4)


def test_the_same_data_seed_and_card_give_the_same_bundle(again: tuple[Store, Any]) -> None:
    store, _ = again
    for before, after in (("1", "3"), ("2", "4")):
        first, second = (bundle_folder(store, number) for number in (before, after))
        for name in ("parts.json", "features.sql", "contract.sql"):
            assert (first / name).read_bytes() == (second / name).read_bytes(), name


def results_of(churn: pd.DataFrame, value: pd.DataFrame, winner: str = "model") -> Results:
    return Results(
        answers={"churn": churn, "lifetime_value": value}, winners={"churn": winner, "lifetime_value": winner}
    )


@pytest.fixture
def judged() -> Results:
    """Return answers of 2,000 customers in which the model is far better than the rules."""
    chance = np.random.default_rng(3)
    truth = chance.beta(0.6, 0.6, 2000)
    left = (chance.random(2000) < truth).astype(float)
    base = {"customer_id": [f"c{row}" for row in range(2000)], "cutoff": [date(2024, 11, 4)] * 2000}
    churn = pd.DataFrame(
        {**base, "actual": left, "hiatus": 0.5, "recency_frequency": 0.5 * truth + 0.25, "model": truth}
    )
    value = (1 - left) * chance.lognormal(3, 1, 2000)
    said = (1 - truth) * float(np.exp(3.5))
    return results_of(
        churn, pd.DataFrame({**base, "actual": value, "past_spend": value.mean(), "model": said})
    )


def rival(results: Results, churn: Any, value: Any) -> pd.DataFrame:
    base = results.answers["churn"][["customer_id", "cutoff"]]
    return base.assign(champion_churn=churn, champion_value=value)


def test_a_model_that_beats_the_rules_passes_and_one_that_only_equals_the_champion_does_not(
    judged: Results,
) -> None:
    assert promotion.gate(judged, rival=None, rival_name="", seed=1).promoted
    churn, value = judged.answers["churn"], judged.answers["lifetime_value"]
    equal = rival(judged, churn["model"], value["model"])
    assert not promotion.gate(judged, rival=equal, rival_name="champion v2", seed=1).promoted
    worse = rival(judged, churn["recency_frequency"], value["model"])
    assert promotion.gate(judged, rival=worse, rival_name="champion v2", seed=1).promoted


def test_a_gain_in_churn_does_not_pay_for_harm_to_value(judged: Results) -> None:
    value = judged.answers["lifetime_value"]
    broken = replace(
        judged, answers={**judged.answers, "lifetime_value": value.assign(model=value["model"] * 3)}
    )
    decision = promotion.gate(broken, rival=None, rival_name="", seed=1)
    assert not decision.promoted
    assert "total_bias" in " ".join(decision.reasons)


@pytest.fixture
def in_charge(again: tuple[Store, Any], world: World) -> Iterator[Any]:
    """Return a function that says whom a training would be compared with, for a version in charge."""
    store, report = again
    with DuckDBEngine(threads=1) as engine:
        engine.attach(open_source(world.source))

        def ask(version: int, plan: Any = report.plan, results: Results = report.results) -> Any:
            set_alias(store, "champion", version)
            found = champion(store)
            assert found is not None
            return promotion.rival_of(store, found, results, plan=plan, engine=engine)

        yield ask
        set_alias(store, "champion", 2)


def test_the_champions_kept_answers_are_used_where_it_was_fitted_on_the_test_days(
    in_charge: Any, again: tuple[Store, Any]
) -> None:
    answers, why = in_charge(2)
    kept = promotion.own_answers(again[1].results)
    assert why == ""
    assert set(answers["cutoff"]) == {fold.test for fold in again[1].plan.folds}
    merged = kept.assign(cutoff=kept["cutoff"].map(date.fromisoformat)).merge(
        answers, on=["customer_id", "cutoff"]
    )
    assert len(merged) == len(kept) == len(answers)
    np.testing.assert_allclose(merged["champion_churn_x"], merged["champion_churn_y"], rtol=1e-12)


def test_a_rule_in_charge_never_stands_in_the_way_as_incomparable(in_charge: Any) -> None:
    assert in_charge(1) == (None, "")


def test_a_model_that_hardly_ranks_is_held_back_whatever_the_gate_says(
    again: tuple[Store, Any], in_charge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, report = again
    in_charge(2)
    winner = report.results.winners["churn"]
    of_churn = report.results.figures["churn"]
    versions = {"rule": report.promotion.rule, "challenger": report.promotion.challenger}
    monkeypatch.setattr(promotion, "gate", lambda *_, **__: GateDecision(True, (), ()))
    for auc, passes in ((0.64, False), (0.66, True)):
        mean = {**of_churn[winner]["mean"], "roc_auc": auc}
        figures = {
            **report.results.figures,
            "churn": {**of_churn, winner: {**of_churn[winner], "mean": mean}},
        }
        with start_run(store, EXPERIMENT, "train") as run, DuckDBEngine(threads=1) as engine:
            told = promotion.promote(
                store, run, versions, replace(report.results, figures=figures), plan=report.plan, seed=7, engine=engine
            )  # fmt: skip
        assert told.promoted is passes
        assert told.held_back.startswith("WEAK_RANKING") is not passes
        assert told.champion.version == (4 if passes else 2)
    set_alias(store, "champion", 2)


def test_a_champion_of_another_question_is_never_compared(in_charge: Any, again: tuple[Store, Any]) -> None:
    from tiercast.windows import Horizon

    for other in (Horizon(56), Horizon(28, gap_days=7)):
        answers, why = in_charge(2, replace(again[1].plan, horizon=other))
        assert answers is None
        assert "another question" in why


def test_a_champion_of_other_customers_is_never_compared(in_charge: Any, again: tuple[Store, Any]) -> None:
    churn = again[1].results.answers["churn"]
    strangers = replace(
        again[1].results,
        answers={**again[1].results.answers, "churn": churn.assign(customer_id="x" + churn["customer_id"])},
    )
    answers, why = in_charge(2, results=strangers)
    assert answers is None
    assert "none of the customers" in why


def test_on_days_after_it_was_fitted_the_champions_own_bundle_answers(
    in_charge: Any, again: tuple[Store, Any]
) -> None:
    store, report = again
    bundle = open_served(bundle_folder(store, 2))
    folds = tuple(replace(fold, test=date(2024, 12, 30)) for fold in report.plan.folds[:1])
    churn = report.results.answers["churn"]
    later = replace(
        report.results,
        answers={"churn": churn.assign(cutoff=date(2024, 12, 30)).drop_duplicates("customer_id")},
    )
    answers, why = in_charge(2, replace(report.plan, folds=folds), later)
    assert why == ""
    with DuckDBEngine(threads=1) as engine:
        engine.attach(open_source(report.account.source))
        rows = engine.run(bundle.features_sql, cutoffs=[date(2024, 12, 30)], tables=bundle.tables)
    said = bundle.forecast.predict(rows).assign(customer_id=rows["customer_id"]).set_index("customer_id")
    both = answers.set_index("customer_id").join(said, how="inner")
    assert len(both) == len(answers) > 500
    np.testing.assert_allclose(both["champion_churn"], both["churn_probability"], rtol=1e-12)


def test_a_champion_that_tells_margin_in_money_of_today_is_compared_in_net_revenue(
    again: tuple[Store, Any],
) -> None:
    told = open_served(bundle_folder(again[0], 2)).forecast
    margin = replace(told, measure=type(told.measure)(0.3, 0.1))
    assert margin.measure.name == "net_margin_discounted"
    assert promotion.in_net_revenue(margin) == told
    older = SimpleNamespace(horizon_days=28)
    assert promotion.in_net_revenue(older) is older, (
        "versions from before there was a choice tell net revenue"
    )


def test_a_versions_model_card_was_written_from_its_run(trained_world: World) -> None:
    store = Store(trained_world.uri, None)
    text = (bundle_folder(store, "champion") / "MODEL_CARD.md").read_text("utf-8")
    winners = trained_world.facts["winners"]
    for target, name in winners.items():
        assert f"| {target} | {name} **(this version)** |" in text
    assert "SEASON_UNSEEN" in text
    assert "learned from windows of 28 days" in text
    assert "The scorecard's value is `net_revenue`. Learning" in text
    assert all(test in text for _, test in trained_world.facts["folds"])


def test_the_card_and_the_run_tell_whether_ranges_of_value_held(trained_world: World) -> None:
    store = Store(trained_world.uri, None)
    text = (bundle_folder(store, "champion") / "MODEL_CARD.md").read_text("utf-8")
    metrics = store.client.get_run(trained_world.facts["run_id"]).data.metrics
    held = metrics["lifetime_value.pit_coverage_80_share"]
    assert 0.6 < held < 1.0
    assert f"(PIT) | {100 * held:.1f} % |" in text
    assert "widened by 1.4 for a season never seen" in text
    assert metrics["lifetime_value.crps"] > 0
    assert 0 < metrics["lifetime_value.pit_coverage_80_worst_decile_share"] <= 1


def test_the_card_and_the_run_tell_for_whom_answers_are_good(trained_world: World) -> None:
    store = Store(trained_world.uri, None)
    rule, model = ((bundle_folder(store, n) / "MODEL_CARD.md").read_text("utf-8") for n in ("1", "2"))
    run_id = trained_world.facts["run_id"]
    metrics = store.client.get_run(run_id).data.metrics
    customers = metrics["slices.first_channel.web.customers"]
    assert (
        f"| first_channel | web | {customers:.0f} | {metrics['slices.first_channel.web.log_loss']:.3f}"
        in model
    )
    assert f"{metrics['slices.untold']:.0f} with fewer than 50 customers" in model
    assert "only the chosen candidates were judged so (`slices.json` of the run)" in rule
    kept = run_file(store, run_id, "slices.json")
    assert kept is not None
    assert len(json.loads(kept.read_text("utf-8"))["slices"]) == model.count("\n| purchases |") + sum(
        model.count(f"\n| {kind} |") for kind in ("age", "past_spend", "first_channel", "preferred_channel")
    )


def test_the_card_and_the_run_tell_how_sure_the_headline_figures_are(trained_world: World) -> None:
    store = Store(trained_world.uri, None)
    text = (bundle_folder(store, "champion") / "MODEL_CARD.md").read_text("utf-8")
    metrics = store.client.get_run(trained_world.facts["run_id"]).data.metrics
    for name in (
        "churn.log_loss",
        "churn.roc_auc",
        "lifetime_value.normalised_gini",
        "lifetime_value.total_bias",
    ):
        low, figure, high = (metrics[f"{name}{end}"] for end in (".low_95", "", ".high_95"))
        assert low < figure < high, name
        assert f"{low:.4g} to {high:.4g}" in text
    assert metrics["churn.log_loss.minus_rule_high_95"] < 0
    assert f"| churn: calibration error (ECE) | {metrics['churn.expected_calibration_error']:.4g} |" in text
    assert f"| orders: bias, predicted / actual | {metrics['orders.total_bias']:.4g} |" in text


def test_the_card_says_where_the_gates_decision_stands_and_there_it_is(again: tuple[Store, Any]) -> None:
    store, report = again
    version = report.promotion.challenger.version
    card = (bundle_folder(store, version) / "MODEL_CARD.md").read_text("utf-8")
    assert "`gate.json` of the run that the manifest names" in card
    assert report.run_id not in card, "the same training again has the same content, and so the same version"
    kept = run_file(store, report.run_id, "gate.json")
    assert kept is not None
    told = json.loads(kept.read_text("utf-8"))
    assert told["promoted"] is False
    assert [each["measure"] for each in told["comparisons"]] == [
        "log_loss", "log_loss", "expected_calibration_error", "worst_origin_log_loss",
        "normalised_gini", "normalised_gini", "total_bias_distance",
    ]  # fmt: skip
    assert [each["rival"] for each in told["comparisons"][1:4]] == ["champion v2"] * 3
    in_the_way = [each for each in told["comparisons"] if not each["passes"]]
    assert len(in_the_way) == len(told["reasons"]) > 0


def test_the_run_keeps_the_plots_of_ranges_and_of_figures_over_time(trained_world: World) -> None:
    store = Store(trained_world.uri, None)
    kept = {entry.path for entry in store.client.list_artifacts(trained_world.facts["run_id"], "plots")}
    assert {f"plots/{name}.png" for name in ("value_pit", "churn_over_time", "value_over_time")} <= kept


def test_a_card_without_a_horizon_keeps_the_champions_and_says_why(again: tuple[Store, Any]) -> None:
    store, report = again
    assert (report.horizon.basis, report.horizon.days, report.plan.horizon.days) == ("champion", 28, 28)
    assert not report.promotion.held_back
    params = store.client.get_run(report.run_id).data.params
    assert (params["horizon_days"], params["horizon_basis"]) == ("28", "champion")
    assert params["horizon_reason"] == report.horizon.reason
    card = (bundle_folder(store, report.promotion.challenger.version) / "MODEL_CARD.md").read_text("utf-8")
    assert (
        f"what happens in the 28 days that start 0 days after the cutoff. Why 28: {report.horizon.reason}."
        in card
    )


def test_answers_are_kept_before_the_alias_moves(monkeypatch: pytest.MonkeyPatch, judged: Results) -> None:
    done: list[str] = []
    version = SimpleNamespace(version=2, tags={})
    monkeypatch.setattr(promotion, "champion", lambda store: None if not done else version)
    monkeypatch.setattr(promotion, "set_alias", lambda store, alias, number: done.append(f"{alias}={number}"))
    run = SimpleNamespace(file=lambda place, folder: done.append(f"kept {Path(place).name}"))
    versions: Any = {"rule": SimpleNamespace(version=1), "challenger": version}
    promotion.promote(None, run, versions, judged, plan=None, seed=1, engine=None)  # type: ignore[arg-type]
    assert done == ["champion=1", "kept answers.parquet", "champion=2"]


def test_a_rule_of_the_users_own_is_a_baseline_too(judged: Results) -> None:
    assert promotion.gate(judged, rival=None, rival_name="", seed=1).promoted
    churn = judged.answers["churn"]
    better = 0.9 * churn["actual"] + 0.05
    own = results_of(churn.assign(house_rule=better), judged.answers["lifetime_value"])
    own.rules["churn"] = ("hiatus", "house_rule")
    decision = promotion.gate(own, rival=None, rival_name="", seed=1)
    assert not decision.promoted
    assert any("house_rule" in reason for reason in decision.reasons)
