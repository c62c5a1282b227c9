"""A history too short for judging: the purchase process or a rule answers, says so, and stands in nobody's way."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tiercast
from tests.path.world import quick_trees
from tiercast import auditing, training
from tiercast.config import TrainCard, card_of
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import NotTrainable
from tiercast.registry import Store, bundle_folder, champion, find_version, open_served, open_store, run_file
from tiercast.sources.opening import open_source
from tiercast.training import record
from tiercast.training.judging import RULES
from tiercast.training.one_window import BTYD, LEAST_REPEAT_CUSTOMERS, why_rules
from tiercast.training.plan import (
    LEAST_WINDOW_DAYS,
    Plan,
    answered_from,
    least_window,
    make_plan,
    trainable_from,
)
from tiercast.training.short_plan import plan_or_short
from tiercast.training.train import prepare
from tiercast.windows import Horizon

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
    pytest.mark.filterwarnings(r"ignore:(?s).*type hint:UserWarning"),
]
FIRST = date(2026, 1, 1)
SHORT, LONG = FIRST + timedelta(days=110), FIRST + timedelta(days=200)
JUDGED_FROM = date(2026, 6, 4)


def shop(*, days: int = 200, customers: int = 600, once: bool = False) -> pd.DataFrame:
    """Return customers who buy at a pace of their own until they leave; most complain just before, which no process sees.

    With ``once`` they buy a single time, but for every third, who comes back on one day between day 85 and day 108.
    """
    chance = np.random.default_rng(3)
    gap_days = np.clip(chance.lognormal(2.5, 0.5, customers), 4, 60)
    born = chance.uniform(0, 150 if not once else 80, customers)
    leaves = born + 15 + chance.exponential(70, customers)
    gaps = chance.gamma(4.0, 0.25, (customers, 40)) * gap_days[:, None]
    at = born[:, None] + np.cumsum(gaps, axis=1) - gaps[:, :1]
    kept = (at < leaves[:, None]) | (np.arange(40) == 0)
    if once:
        at[:, 1], kept = chance.uniform(85, 108, customers), np.arange(40) == 0
        kept = np.tile(kept, (customers, 1)) | (
            (np.arange(customers) % 3 == 0)[:, None] & (np.arange(40) == 1)
        )
    who, number = np.nonzero(kept)
    told = np.flatnonzero(chance.random(customers) < 0.8)
    bought = pd.DataFrame({"place": who, "at": at[who, number], "kind": "purchase", "channel": "store"})
    bought["amount"] = np.round(chance.lognormal(3.0, 0.5, len(who)), 2)
    warned = pd.DataFrame({"place": told, "at": leaves[told] - chance.uniform(0, 4, len(told))})
    rows = pd.concat([bought, warned.assign(kind="complaint", channel="email")], ignore_index=True)
    rows = rows[rows["at"].between(0, days, inclusive="left")].reset_index(drop=True)
    rows.insert(0, "customer_id", "c" + rows.pop("place").astype(str).str.zfill(4))
    happened = pd.Timestamp(FIRST) + pd.to_timedelta((rows.pop("at") * 86400).astype("int64"), unit="s")
    rows.insert(1, "occurred_at", happened.astype("datetime64[us]"))
    return rows


def card(until: date = SHORT, **changes: Any) -> TrainCard:
    asked = {"job": "train", "source": "given", "horizon_days": 28, "clusters": 2, "tuning_trials": 0}
    made = card_of({**asked, "until": until.isoformat(), **changes})
    assert isinstance(made, TrainCard)
    return made


@dataclass(frozen=True)
class Shop:
    """A store after four trainings: too short, too short again with few repeat buyers, whole, and too short once more."""

    store: Store
    history: Any
    first: Any
    rules: Any
    whole: Any
    late: Any


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    root = tmp_path_factory.mktemp("short")
    with pytest.MonkeyPatch.context() as patch, quick_trees(20):
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root / 'mlflow.db'}")
        patch.setattr(record, "pictures", lambda *_: {})  # plots of a whole training are others' tests
        store, history, once = open_store(root), open_source(shop()), open_source(shop(days=110, once=True))
        first = training.train(card(), store=store, history=history, threads=1)
        rules = training.train(card(), store=store, history=once, threads=1)
        whole = training.train(card(LONG, test_origins=1), store=store, history=history, threads=1)
        late = training.train(card(horizon_days=0), store=store, history=history, threads=1)
        yield Shop(store, history, first, rules, whole, late)


def told(report: Any, code: str) -> str:
    """Return the one warning of a code."""
    (found,) = [each for each in report.warnings if each.startswith(f"{code}: ")]
    return str(found)


def manifest_of(store: Store, version: int) -> dict[str, Any]:
    return json.loads((bundle_folder(store, version) / "manifest.json").read_text("utf-8"))


def test_a_hundred_and_ten_days_are_answered_by_the_purchase_process(trained: Shop) -> None:
    report = trained.first
    assert report.plan.folds == ()
    assert report.plan.origins == (FIRST + timedelta(days=84),)
    assert (report.plan.horizon.days, report.plan.window.days) == (28, 26)
    assert report.results.winners == BTYD
    assert (report.promotion.promoted, report.promotion.champion_before) == (False, None)
    assert (
        report.promotion.champion.version
        == report.promotion.challenger.version
        == report.promotion.rule.version
        == 1
    )
    assert not any(each.startswith(("RULE_ANSWERS", "CHAMPION_STAYS")) for each in report.warnings)
    assert "carried to 28" in told(report, "HORIZON_CARRIED")


def test_that_nothing_judged_it_is_told_wherever_anyone_looks(trained: Shop) -> None:
    report, store = trained.first, trained.store
    assert report.plan.judged_from == JUDGED_FROM
    assert told(report, "NOT_JUDGED").endswith(f"judged from {JUDGED_FROM} on, 44 more days")
    unjudged = manifest_of(store, 1)["not_judged"]
    assert (unjudged["code"], unjudged["judged_from"]) == ("NOT_JUDGED", JUDGED_FROM.isoformat())
    run, version = store.client.get_run(report.run_id).data, find_version(store, 1)
    assert version is not None
    for tags in (run.tags, version.tags):
        assert (tags["tiercast.judged"], tags["tiercast.judged_from"]) == ("no", JUDGED_FROM.isoformat())
        assert tags["tiercast.basis"] == "btyd"
    assert "NOT_JUDGED" in run.tags["tiercast.warnings"]
    assert (version.tags["tiercast.kind"], version.is_judged) == ("rule", False)
    text = (bundle_folder(store, 1) / "MODEL_CARD.md").read_text("utf-8")
    assert f"Models are trained and judged from {JUDGED_FROM} on." in text
    assert "In-sample" not in text
    story = tiercast.explain(trained.history, "c0003", cutoff=SHORT, model="1", language="zh").text
    assert f"尚未经过检验（NOT_JUDGED）：历史数据太短，自 {JUDGED_FROM} 起" in story
    assert (
        "not judged yet (NOT_JUDGED)"
        in tiercast.explain(trained.history, "c0003", cutoff=SHORT, model="1").text
    )


def test_figures_of_the_one_window_are_of_who_had_not_seen_its_customers(trained: Shop) -> None:
    figures, origin = trained.first.results.figures, trained.first.plan.origins[0].isoformat()
    assert {target: set(found) for target, found in figures.items()} == {
        target: {name, RULES[target]} if target != "repurchase" else {name} for target, name in BTYD.items()
    }
    features = tiercast.compute_features(trained.history, cutoff=origin).query("order_days > 0")
    labels = tiercast.panel(trained.history, cutoffs=[origin], horizon_days=26)
    assert labels.features["customer_id"].tolist() == features["customer_id"].tolist()
    said = 1.0 - labels.features["btyd_purchase_probability"].to_numpy()
    left = 1.0 - labels.labels["purchased"].to_numpy()
    loss = -np.mean(np.log(np.where(left > 0, said, 1.0 - said)))
    assert figures["churn"]["btyd"][origin]["log_loss"] == pytest.approx(loss, rel=1e-6)
    metrics = trained.store.client.get_run(trained.first.run_id).data.metrics
    assert metrics["churn.log_loss"] == pytest.approx(loss, rel=1e-6)
    card_text = (bundle_folder(trained.store, 1) / "MODEL_CARD.md").read_text("utf-8")
    assert f"| churn | log_loss | {loss:.4f} |" in card_text


def test_batch_and_served_bundle_say_what_the_process_says_of_the_newest_history(trained: Shop) -> None:
    report = tiercast.score(trained.history, cutoff=SHORT, model="1")
    cards = report.cards.set_index("customer_id")
    assert report.not_judged.startswith("NOT_JUDGED: ")
    assert set(cards.loc[cards["basis_churn"] != "refused:NO_PURCHASE", "basis_churn"]) == {"btyd"}
    bought = cards[cards["basis_churn"] == "btyd"]
    assert set(bought["basis_repurchase"]) == set(bought["basis_value"]) == {"btyd"}
    for name in ("segment", "tier", "rfmcl", "lifecycle_stage", "next_action", "reasons_en", "reasons_zh"):
        assert bought[name].notna().all(), name
    from tiercast.learners.btyd_choice import fit_stage

    features = (
        tiercast.compute_features(trained.history, cutoff=SHORT).set_index("customer_id").loc[bought.index]
    )
    stage = fit_stage(features, horizon_days=26)
    own = stage.cumulative_hazard(features, np.array([28.0]))[:, 0]
    np.testing.assert_allclose(bought["churn_probability"].astype(float), np.exp(-own), rtol=0, atol=1e-6)
    orders = stage.expected_orders(features, [28])[:, 0]
    likely = orders > 1e-3
    np.testing.assert_allclose(bought["expected_orders"].astype(float)[likely], orders[likely], rtol=1e-6)
    low, value, high = (
        bought[f"expected_value_{name}currency"].astype(float) for name in ("low_", "", "high_")
    )
    assert (low <= value + 1e-9).all()
    likely = (
        bought["churn_probability"].astype(float) < 0.8
    )  # who hardly comes has nothing at both ends of the range
    assert (value <= high + 1e-9)[likely].all()
    some = bought.index[:40].tolist()
    rows = shop()
    served = tiercast.load("1").predict(rows[rows["customer_id"].isin(some)], cutoff=SHORT.isoformat())
    served = pd.DataFrame(served).set_index("customer_id").loc[some]
    for name in (
        "churn_probability",
        "expected_orders",
        "expected_value_currency",
        "expected_value_high_currency",
    ):
        np.testing.assert_allclose(
            served[name].astype(float), bought.loc[some, name].astype(float), rtol=0, atol=1e-9
        )
    for name in ("basis_churn", "segment", "tier", "next_action"):
        assert served[name].tolist() == bought.loc[some, name].tolist()


def test_without_repeat_buyers_rules_answer_and_no_figure_is_told(trained: Shop) -> None:
    report = trained.rules
    assert told(report, "RULE_ANSWERS").startswith(
        "RULE_ANSWERS: 0 customers had bought on two days or more, 100"
    )
    assert report.results.winners == RULES
    assert report.results.figures == {}
    bundle = open_served(bundle_folder(trained.store, 2))
    assert bundle.forecast.basis == {"churn": "rule", "repurchase": "rule", "value": "rule"}
    assert bundle.forecast.btyd is None
    text = (bundle_folder(trained.store, 2) / "MODEL_CARD.md").read_text("utf-8")
    assert "Rules answer: 0 customers had bought" in text
    assert "log_loss" not in text
    cards = tiercast.score(open_source(shop(days=110, once=True)), cutoff=SHORT, model="2").cards
    seen = cards[cards["basis_churn"] == "rule"]
    rate = 1.0 - seen["churn_probability"].astype(float).mean()
    assert len(seen) > 500
    assert 0.1 < rate < 0.6


def test_who_is_in_charge_stays_and_it_is_said(trained: Shop) -> None:
    rules, late = trained.rules.promotion, trained.late.promotion
    assert (rules.champion_before.version, rules.champion.version, rules.challenger.version) == (1, 1, 2)
    assert (late.champion_before.version, late.champion.version, late.challenger.version) == (4, 4, 5)
    for report in (trained.rules, trained.late):
        assert told(report, "CHAMPION_STAYS") == report.promotion.held_back
        assert f"--model {report.promotion.challenger.version}" in report.promotion.held_back
        assert not report.promotion.promoted
    in_charge = champion(trained.store)
    assert in_charge is not None
    assert in_charge.version == 4
    challenger = find_version(trained.store, "challenger")
    assert challenger is not None
    assert challenger.version == 4, "what nothing judged challenges nobody"


def test_a_whole_training_meets_it_on_days_it_had_not_seen_and_goes_past_it(trained: Shop) -> None:
    promotion = trained.whole.promotion
    assert trained.whole.plan.judged_from is None
    assert all(fold.test >= SHORT for fold in trained.whole.plan.folds)
    assert (promotion.promoted, promotion.held_back) == (True, "")
    assert (promotion.champion_before.version, promotion.champion.version) == (1, 4)
    against = [each for each in promotion.decision.comparisons if each.rival == "champion v1"]
    assert {each.measure for each in against} >= {"log_loss", "normalised_gini"}
    kept = run_file(trained.store, trained.whole.run_id, "gate.json")
    assert kept is not None
    assert json.loads(kept.read_text("utf-8"))["promoted"] is True


def test_what_was_judged_lends_its_horizon_and_what_was_not_does_not(trained: Shop) -> None:
    from tiercast.training import horizon
    from tiercast.training.promotion import rival_of

    assert (trained.late.horizon.days, trained.late.horizon.basis) == (28, "champion")
    assert horizon.champions_horizon(trained.store) == horizon.Kept(28, 4)
    plan = trained.whole.plan
    first, fourth = (find_version(trained.store, number) for number in (1, 4))
    assert first is not None
    assert fourth is not None
    asked = {"plan": Plan(Horizon(14), Horizon(14), plan.folds, plan.origins, LONG, ())}
    assert rival_of(trained.store, first, trained.whole.results, engine=None, **asked) == (None, "")  # type: ignore[arg-type]
    answers, why = rival_of(trained.store, fourth, trained.whole.results, engine=None, **asked)  # type: ignore[arg-type]
    assert answers is None
    assert "another question" in why


def test_sixty_days_are_refused_with_the_day_of_answers_and_the_day_of_models(trained: Shop) -> None:
    with pytest.raises(NotTrainable) as refused:
        training.train(
            card(FIRST + timedelta(days=60)), store=trained.store, history=trained.history, threads=1
        )
    assert "not judged, from 2026-04-09: 38 more days; trainable from 2026-06-04: 94 more days" in str(
        refused.value
    )
    notes = " ".join(tiercast.check(shop(days=60), horizon_days=28).notes)
    assert "from 2026-04-09, " in notes
    assert "from 2026-06-04 models do" in notes


def test_too_few_of_an_outcome_in_the_one_window_are_refused_without_a_guess() -> None:
    few = shop(days=110, customers=200)
    with DuckDBEngine(threads=1) as engine, pytest.raises(NotTrainable) as refused:
        prepare(card(), engine, history=open_source(few), progress=lambda _: None)
    assert "one window tells no pace, so no day can be estimated" in str(refused.value)


def test_what_a_short_history_is_answered_from_can_be_audited_too() -> None:
    report = auditing.audit(card(), history=open_source(shop(days=110)), threads=1)
    assert report.passed, [each.line for each in report.findings if not each.holds]
    assert report.origins == (FIRST + timedelta(days=84),)
    (labels,) = [each for each in report.findings if each.code == "LABEL_IN_WINDOW"]
    assert "0 folds and 1 label windows" in labels.what
    assert f"were known at {SHORT}" in labels.what


@settings(max_examples=120, deadline=None)
@given(
    horizon=st.integers(1, 120),
    gap=st.integers(0, 20),
    step=st.integers(1, 91),
    tests=st.integers(1, 5),
    history=st.integers(1, 120),
    later=st.integers(0, 400),
)
def test_both_days_that_are_told_are_exact(
    horizon: int, gap: int, step: int, tests: int, history: int, later: int
) -> None:
    asked, least = Horizon(horizon, gap), least_window(Horizon(horizon, gap))
    rolling = {"step_days": step, "test_origins": tests}
    answered = answered_from(FIRST, horizon=least, history_days=history)
    judged = trainable_from(FIRST, horizon=least, history_days=history, **rolling)
    assert answered == FIRST + timedelta(days=history + gap + min(horizon, LEAST_WINDOW_DAYS)) < judged

    def planned(ends: date) -> Any:
        return plan_or_short(
            first_day=FIRST, data_ends_on=ends, horizon=asked, first_origin_after_days=history, **rolling
        )

    with pytest.raises(NotTrainable, match=rf"from {answered}: 1 more days; trainable from {judged}: "):
        planned(answered - timedelta(days=1))
    with pytest.raises(
        NotTrainable, match=rf"not judged, since {answered}; trainable from {judged}: 1 more days"
    ):
        make_plan(
            first_day=FIRST, data_ends_on=judged - timedelta(days=1), horizon=asked,
            first_origin_after_days=history, **rolling,
        )  # fmt: skip
    assert planned(judged).judged_from is None
    assert len(planned(judged).folds) == tests
    for ends in {
        answered,
        judged - timedelta(days=1),
        min(answered + timedelta(days=later), judged - timedelta(days=1)),
    }:
        plan = planned(ends)
        assert plan.judged_from == judged
        assert plan.warnings[0].startswith("NOT_JUDGED: ")
        assert plan.warnings[0].endswith(f"from {judged} on, {(judged - ends).days} more days")
        assert plan.folds == plan.open_origins == ()
        (origin,) = plan.origins
        assert origin >= FIRST + timedelta(days=history)
        assert plan.window.matures_on(origin) == ends == plan.data_ends_on
        assert least.days <= plan.window.days <= horizon
        assert plan.window.days == horizon or origin == FIRST + timedelta(days=history)
        assert any(each.startswith("HORIZON_CARRIED") for each in plan.warnings) == (
            plan.window.days < horizon
        )


def test_a_hundred_who_came_back_are_enough_unless_a_fit_fell_back() -> None:
    rows = pd.DataFrame({"order_days": np.repeat([1.0, 2.0], [500, LEAST_REPEAT_CUSTOMERS])})
    assert why_rules(rows, {}) == ""
    assert why_rules(rows.iloc[:-1], {}).startswith("RULE_ANSWERS: 99 customers")
    assert why_rules(rows, {"mbg_nbd": "NBD"}).endswith("could not be fitted soundly: mbg_nbd (NBD)")
