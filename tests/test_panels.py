"""The panel: who is in it, what was known then, and that nothing later reaches back, the BTYD stage included."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tests.path.world import make_touchpoints, small_panel
from tiercast import panels
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.learners.learner import Panel
from tiercast.panels import as_of, build_panel
from tiercast.serving.btyd_stage import COLUMNS, BtydStage
from tiercast.sources.opening import open_source
from tiercast.windows import Horizon

ORIGINS = [date(2024, 8, 12), date(2024, 9, 9)]


def panel_of(
    rows: pd.DataFrame, *, active_days: int | None = None, ends: date = date(2024, 12, 28), gap_days: int = 0
) -> Panel:
    history = open_source(rows)
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, ORIGINS[0]))
        made, _ = build_panel(
            engine, history, catalogue, origins=ORIGINS, horizon=Horizon(28, gap_days), data_ends_on=ends,
            active_days=active_days,
        )  # fmt: skip
    return made


def test_the_stage_that_was_fitted_to_find_the_model_is_not_fitted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = open_source(make_touchpoints(120))
    fit, fitted = panels.fit_stage, []

    def noted(rows: pd.DataFrame, *, horizon_days: int, model: str) -> BtydStage:
        fitted.append(rows["cutoff"].iloc[0])
        return fit(rows, horizon_days=horizon_days, model=model)

    monkeypatch.setattr(panels, "fit_stage", noted)
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, ORIGINS[0]))
        made, stages = build_panel(
            engine, history, catalogue, origins=ORIGINS, horizon=Horizon(28), data_ends_on=date(2024, 12, 28),
            told_by=ORIGINS[1],
        )  # fmt: skip
    assert fitted == [ORIGINS[1]]
    first = made.features[made.features["cutoff"] == ORIGINS[0]]
    again = fit(first, horizon_days=28, model=made.btyd)
    assert stages[ORIGINS[0]].to_json() == again.to_json()


def test_features_and_the_btyd_stage_of_an_origin_do_not_depend_on_later_data() -> None:
    rows = make_touchpoints(120)
    truth = panel_of(rows).features
    later = (rows["occurred_at"] >= pd.Timestamp(ORIGINS[1])) | (rows["known_at"] >= pd.Timestamp(ORIGINS[1]))
    for other in (rows[~later], pd.concat([rows, rows[later].assign(amount=9e6, customer_id="c0001")])):
        pd.testing.assert_frame_equal(panel_of(other).features, truth, check_exact=True)
    between = rows["occurred_at"] >= pd.Timestamp(ORIGINS[0])
    between |= rows["known_at"] >= pd.Timestamp(ORIGINS[0])
    first = truth["cutoff"] == ORIGINS[0]
    cut = panel_of(rows[~between]).features
    cut = cut[cut["cutoff"] == ORIGINS[0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(cut, truth[first].reset_index(drop=True), check_exact=True)
    assert set(COLUMNS) <= set(truth)


@pytest.mark.parametrize(
    ("day", "gap_days"), [(date(2024, 9, 9), 0), (date(2024, 10, 20), 0), (date(2024, 10, 20), 5)]
)
def test_what_a_training_as_of_a_day_sees_is_what_the_data_until_that_day_hold(
    day: date, gap_days: int
) -> None:
    rows = make_touchpoints(120)
    known = (rows["occurred_at"] < pd.Timestamp(day)) & ~(rows["known_at"] >= pd.Timestamp(day))
    horizon = Horizon(28, gap_days)
    truth = as_of(panel_of(rows, gap_days=gap_days), day, horizon)
    then = as_of(panel_of(rows[known], ends=day, gap_days=gap_days), day, horizon)
    assert len(truth) > 0
    pd.testing.assert_frame_equal(then.features, truth.features, check_exact=True)
    names = [name for name in truth.labels if name != "days_to_knowledge"]
    pd.testing.assert_frame_equal(then.labels[names], truth.labels[names], check_exact=True)


def test_the_cohort_is_who_bought_and_when_asked_lately() -> None:
    rows = make_touchpoints(120)
    everybody, active = panel_of(rows), panel_of(rows, active_days=30)
    assert (everybody.features["order_days"] > 0).all()
    assert len(active) < len(everybody)
    assert (active.features["days_since_purchase"] <= 30).all()
    assert len(active.features) == len(active.labels)


def test_labels_stand_beside_their_rows() -> None:
    made = small_panel()
    assert len(made.features) == len(made.labels)
    labels = made.labels
    bought = labels["purchased"] == 1
    assert (labels.loc[bought, "order_days_future"] >= 1).all()
    assert (labels.loc[~bought, ["order_days_future"]] == 0).all().all()
    assert (labels.loc[bought, "days_to_purchase"] <= 28).all()
    assert (labels["days_to_purchase"].dropna() >= 1).all()


@pytest.mark.parametrize("end", [date(2024, 9, 9), date(2024, 10, 10), date(2024, 12, 28)])
def test_as_of_a_day_nothing_of_it_or_later_is_in_a_label(end: date) -> None:
    horizon = Horizon(28)
    made = as_of(small_panel(), end, horizon)
    ages = np.array([(end - cutoff).days for cutoff in made.features["cutoff"]], dtype=float)
    assert (ages >= 28).all()
    assert (made.labels["observed_days"] <= ages).all()
    wait = made.labels["days_to_purchase"].to_numpy(float)
    seen = np.isfinite(wait)
    assert (wait[seen] <= ages[seen]).all()
    assert (made.labels["days_to_knowledge"].to_numpy(float)[seen] <= ages[seen]).all()


@pytest.mark.parametrize("gap_days", [0, 5])
def test_an_open_window_tells_of_waiting_and_of_nothing_else(gap_days: int) -> None:
    end, horizon = date(2024, 9, 20), Horizon(28, gap_days)
    panel = panel_of(make_touchpoints(120), gap_days=gap_days)
    closed, opened = as_of(panel, end, horizon), as_of(panel, end, horizon, still_open=True)
    age = np.array([(end - cutoff).days for cutoff in opened.features["cutoff"]], dtype=float) - gap_days
    mature = age >= 28
    assert 0 < len(closed) < len(opened)
    assert age.min() >= 1
    pd.testing.assert_frame_equal(opened.where(mature).labels, closed.labels, check_exact=True)
    pd.testing.assert_frame_equal(opened.where(mature).features, closed.features, check_exact=True)
    of_open = opened.where(~mature).labels
    assert of_open[["purchased", "order_days_future", "value_currency"]].isna().all().all()
    assert (of_open["observed_days"] <= age[~mature]).all()
    assert (of_open["days_to_purchase"].dropna() <= age.max()).all()


def test_weights_halve_with_the_half_life() -> None:
    weights = small_panel().weights(28.0)
    cutoffs = small_panel().features["cutoff"]
    assert sorted(set(np.round(weights, 12))) == [0.25, 0.5, 1.0]
    assert (weights[(cutoffs == cutoffs.max()).to_numpy()] == 1.0).all()
