"""Conversion is judged out of time, on prospects alone, and tells nothing that a day could not have known."""

import re
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tiercast
from tests.path.world import World
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import NotTrainable
from tiercast.evaluation.survival import kaplan_meier
from tiercast.features.catalogue import build_catalogue, look
from tiercast.learners import conversion as rules
from tiercast.learners.learner import Panel, Setup
from tiercast.serving.parts import restore
from tiercast.serving.refusals import Refused, WrongType
from tiercast.sources.opening import open_source
from tiercast.training.conversion import ConversionMinima, check_prospects, from_first_touch, judge_conversion
from tiercast.training.converting import (
    Question,
    _dates,
    _origins,
    _tests,
    beside_training,
    conversion_card,
    conversion_facts,
    count_prospects,
)
from tiercast.training.prospects import first_days, known_at, prospect_panel
from tiercast.windows import Horizon, day_number

FIRST = pd.Timestamp("2024-01-01")
ENDS = date(2024, 10, 1)
TESTS = (date(2024, 6, 1), date(2024, 7, 1))
ORIGINS = tuple(sorted({*TESTS, *(TESTS[-1] - timedelta(days=14 * back) for back in range(11))}))
HORIZON = Horizon(30)
CHANNELS = {"web": 0.5, "email": 0.1}


def leads(people: int = 1_200, *, seed: int = 3) -> pd.DataFrame:
    """Return enquiries over nine months; of those by web five times as many buy, most of them within a few weeks."""
    random = np.random.default_rng(seed)
    came = random.uniform(0, 260, people)
    channel = random.choice(list(CHANNELS), people)
    buys = random.random(people) < pd.Series(channel).map(CHANNELS).to_numpy()
    wait = random.exponential(20, people) + 0.5
    names = [f"l{place:04}" for place in range(people)]

    def rows(who: np.ndarray, at: np.ndarray, kind: str, by: Any, **more: Any) -> pd.DataFrame:
        when = FIRST + pd.to_timedelta((at[who] * 86_400).astype("int64"), unit="s")
        return pd.DataFrame(
            {"customer_id": np.asarray(names)[who], "occurred_at": when, "kind": kind, "channel": by, **more}
        )

    everybody, bought = np.arange(people), np.flatnonzero(buys & (came + wait < 270))
    again = random.permutation(people)[: people // 2]
    return pd.concat(
        [rows(everybody, came, "enquiry", channel), rows(again, came + 3, "visit", "web"),
         rows(bought, came + wait, "purchase", "sales", amount=10.0)],
        ignore_index=True,
    )  # fmt: skip


@cache
def material() -> tuple[Panel, pd.DataFrame, tuple[str, ...]]:
    history = open_source(leads())
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, TESTS[0]))
        panel = prospect_panel(
            engine, history, catalogue, origins=ORIGINS, horizon=HORIZON, data_ends_on=ENDS
        )
        return panel, first_days(engine, history), tuple(catalogue.seen.channels)


def test_a_panel_holds_prospects_only_with_the_day_on_which_they_bought() -> None:
    panel, firsts, _ = material()
    told = panel.features[["customer_id", "cutoff"]].merge(firsts, on="customer_id")
    day = told["cutoff"].map(day_number)
    assert (told["first_day"] < day).all()
    assert not (told["purchase_day"] < day).any()
    wait = told["purchase_day"] - day + 1
    seen = panel.labels["observed_days"].to_numpy(float)
    expected = np.where(wait.to_numpy(float) <= seen, wait, np.nan)
    np.testing.assert_array_equal(panel.labels["days_to_purchase"].to_numpy(float), expected)
    assert "days_since_first_touchpoint" in panel.columns
    assert "orders" not in panel.columns, "it is the same for everybody who never bought"


def test_a_day_knows_nothing_of_what_came_after_it() -> None:
    panel, _, _ = material()
    end = TESTS[0]
    known = known_at(panel, end, gap_days=0)
    room = day_number(end) - known.cutoff_days
    assert (room > 0).all()
    assert (known.labels["observed_days"] <= room).all()
    bought = known.labels["days_to_purchase"]
    assert (bought.dropna() <= room[bought.notna().to_numpy()]).all()
    everything = panel.where(panel.cutoff_days < day_number(end)).labels["days_to_purchase"]
    assert bought.notna().sum() < everything.notna().sum(), "later purchases are censored"


def test_purchases_that_became_known_late_are_not_known_early() -> None:
    panel, _, _ = material()
    late = Panel(
        panel.features,
        panel.labels.assign(days_to_knowledge=panel.labels["days_to_knowledge"] + 1_000),
        panel.columns,
    )
    assert known_at(late, ENDS, gap_days=0).labels["days_to_purchase"].isna().all()


@pytest.fixture(scope="module")
def report() -> Any:
    panel, _, channels = material()
    learners = {each.name: each for each in (rules.CHANNEL_RATE, rules.SINCE_TOUCH, rules.CONVERSION_COX)}
    return judge_conversion(
        panel, learners, Setup(HORIZON, 7, 1), tests=TESTS, data_ends_on=ENDS, channels=channels
    )


def test_the_model_sees_what_each_rule_sees_and_beats_both(report: Any) -> None:
    figures = {name: by_origin["mean"] for name, by_origin in report.figures.items()}
    assert report.winner == "conversion_cox"
    for rule in ("channel_rate", "since_first_touch"):
        assert figures["conversion_cox"]["roc_auc"] > figures[rule]["roc_auc"] + 0.03
        assert figures["conversion_cox"]["concordance"] > figures[rule]["concordance"]
    assert 0.8 < figures["conversion_cox"]["expected_to_seen"] < 1.25
    assert set(report.figures["conversion_cox"]) == {*(day.isoformat() for day in TESTS), "mean"}


def test_channels_are_told_beside_kaplan_meier(report: Any) -> None:
    panel, _, channels = material()
    table = report.by_channel[
        (report.by_channel["candidate"] == "conversion_cox") & (report.by_channel["origin"] == TESTS[0])
    ].set_index("channel")
    rows = panel.where(panel.cutoff_days == day_number(TESTS[0]))
    web = rows.features["first_channel_code"].to_numpy(float) == channels.index("web")
    stays = kaplan_meier(
        rows.labels["days_to_purchase"][web], rows.labels["observed_days"][web], [HORIZON.days]
    )[0]
    assert table.loc["web", "seen_share"] == pytest.approx(1 - stays)
    assert table.loc["web", "prospects"] == web.sum()
    assert table.loc["web", "expected_share"] > 2 * table.loc["email", "expected_share"]
    assert report.calibration_error["conversion_cox"] < 0.05


def test_what_is_served_comes_back_from_json_and_is_the_winner(report: Any) -> None:
    panel, _, _ = material()
    rows = panel.features.head(50)
    for part in report.parts.values():
        again = restore(part.to_json())
        pd.testing.assert_frame_equal(again.predict(rows), part.predict(rows))
    assert report.parts["winner"].basis == "model"
    assert report.parts["rule"].basis == "rule"


def test_the_way_from_the_first_touch_is_kaplan_meiers_by_channel() -> None:
    _, firsts, _ = material()
    table = from_first_touch(firsts, data_ends_day=day_number(ENDS)).set_index("channel")
    web = firsts[(firsts["channel"] == "web") & ~(firsts["purchase_day"] <= firsts["first_day"])]
    wait = web["purchase_day"] - web["first_day"]
    stays = kaplan_meier(wait, day_number(ENDS) - web["first_day"], [90])[0]
    assert table.loc["web", "converted_within_90d_share"] == pytest.approx(1 - stays)
    assert table["prospects"].sum() + table["bought_on_first_day"].sum() == len(firsts)
    assert table.loc["web", "converted_within_30d_share"] < table.loc["web", "converted_within_180d_share"]


def test_prospects_are_counted_as_the_panel_has_them() -> None:
    panel, firsts, _ = material()
    people, converted = count_prospects(firsts, ORIGINS, data_ends_on=ENDS)
    assert people == panel.features["customer_id"].nunique()
    bought = panel.labels["days_to_purchase"].notna().to_numpy()
    assert converted == panel.features["customer_id"][bought].nunique()


@pytest.mark.parametrize(
    ("people", "converted", "told"), [(500, 99, "99"), (150, 100, "50"), (200, 100, None)]
)
def test_too_few_conversions_or_prospects_are_refused(people: int, converted: int, told: str | None) -> None:
    if told is None:
        check_prospects(people, converted)
        return
    with pytest.raises(NotTrainable, match=f"there is: {told}"):
        check_prospects(people, converted)


@pytest.mark.parametrize(
    ("asked", "kind", "said"),
    [
        ({"horizon_days": 0}, WrongType, "horizon_days is at least 1"),
        ({"test_origins": 0}, WrongType, "test_origins is at least 1"),
        ({"until": "2026-01-01"}, NotTrainable, "leave until out"),
        ({"judged_at": ("2024-09-20",)}, NotTrainable, "1 origins too late"),
        ({"judged_at": ("2024-01-01",)}, NotTrainable, "an origin to learn from"),
        ({"judged_at": ("soon",)}, Refused, "cutoff"),
        ({"horizon_days": 300}, NotTrainable, "origin"),
    ],
)  # fmt: skip
def test_questions_that_the_history_cannot_answer_are_refused(
    asked: dict[str, Any], kind: Any, said: str
) -> None:
    with pytest.raises(kind, match=re.escape(said)):
        tiercast.conversion(leads(60), **asked)


def test_histories_without_purchases_or_with_few_are_refused() -> None:
    some = leads(200)
    with pytest.raises(NotTrainable, match="no row is of kind purchase"):
        tiercast.conversion(some[some["kind"] != "purchase"])
    with pytest.raises(NotTrainable, match="100 prospects who first bought"):
        tiercast.conversion(some)


def test_test_origins_are_never_learned_from_before_their_day_and_dates_count_from_the_window() -> None:
    question = Question(HORIZON, step_days=14, test_origins=2)
    tests = _tests(question, ENDS)
    assert [day.isoformat() for day in tests] == ["2024-08-18", "2024-09-01"]
    origins = _origins(date(2024, 1, 1), ENDS, tests, question)
    assert set(tests) <= set(origins)
    assert origins[0] > date(2024, 1, 1)
    assert origins[-1] < ENDS
    told = _dates(ENDS, 2, pd.Series([1.0, np.nan, 10.0]))
    assert told.tolist() == [date(2024, 10, 3), None, date(2024, 10, 12)]


@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")
def test_the_whole_way_is_recorded_and_every_prospect_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiercast.training import converting

    quick = {each.name: each for each in (rules.CHANNEL_RATE, rules.SINCE_TOUCH, rules.CONVERSION_COX)}
    monkeypatch.setattr(converting, "collect", lambda *_: quick)
    rows = leads()
    found = tiercast.conversion(
        rows, horizon_days=30, until=ENDS - timedelta(days=5), judged_at=TESTS[:1], step_days=28
    )
    rows = rows[rows["occurred_at"] < pd.Timestamp(found.cutoff)]
    waiting = set(rows["customer_id"]) - set(rows.loc[rows["kind"] == "purchase", "customer_id"])
    assert set(found.predictions["customer_id"]) == waiting
    assert found.predictions["conversion_probability"].between(0, 1).all()
    even = found.predictions["conversion_probability"] >= 0.5
    assert found.predictions.loc[even, "conversion_on"].notna().all()
    from tiercast.registry import open_store, run_file

    place = run_file(open_store(None), found.run_id, "conversion/part.json")
    assert place is not None
    assert '"type": "conversion"' in place.read_text("utf-8")


def test_a_training_is_told_why_nothing_is_told_of_many_prospects(report: Any) -> None:
    rows = leads()
    few = rows[rows["kind"] != "purchase"].head(600)
    history = open_source(pd.concat([few, rows[rows["kind"] == "purchase"].head(20)], ignore_index=True))
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, TESTS[0]))
        found, warned = beside_training(
            engine, history, catalogue, {}, Setup(HORIZON, 7, 1), origins=ORIGINS, tests=TESTS, data_ends_on=ENDS,
            progress=lambda _: None,
        )  # fmt: skip
    assert found is None
    assert warned[0].startswith("CONVERSION_NOT_TRAINABLE: conversion cannot be learned")
    assert conversion_facts(None, "rule") == {"basis": "refused:CONVERSION_NOT_TRAINABLE"}
    assert conversion_facts(report, "challenger")["candidate"] == report.winner
    assert "nothing is told" in conversion_card(None, "rule")
    told = conversion_card(report, "rule")
    assert f"`{report.rule}` tells" in told
    assert told.count("\n| ") == 1 + len(report.figures)


def test_minima_are_settings() -> None:
    with pytest.raises(NotTrainable):
        check_prospects(50, 20)
    check_prospects(50, 20, ConversionMinima(conversions=20, prospects=30))
