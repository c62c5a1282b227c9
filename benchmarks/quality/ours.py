"""We: the product's own training on everything before the cutoff, and the bundle it would serve, asked at the cutoff."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.frame import small, stopwatch
from benchmarks.quality.answers import CURVE_DAYS, LEVELS, Answers
from benchmarks.quality.material import Material
from tiercast.config import TrainCard
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import NotTrainable
from tiercast.features.catalogue import build_catalogue, look
from tiercast.intake import take_stock
from tiercast.learners.btyd_choice import fit_stage
from tiercast.panels import features_at
from tiercast.registry import bundle_folder, open_store
from tiercast.schema import History
from tiercast.serving import btyd_stage
from tiercast.serving.btyd_stage import BtydStage
from tiercast.serving.bundle import Bundle, arrange, open_bundle
from tiercast.serving.forecast import Forecast
from tiercast.serving.refusals import Refused
from tiercast.sources.opening import open_source
from tiercast.training import train

HISTORY_COLUMNS = (
    "order_days",
    "purchase_span_days",
    "customer_age_days",
    "order_day_spend_mean_currency",
)


@dataclass(frozen=True)
class Trained:
    """What training left: the bundle of the winners, and what it said."""

    bundle: Bundle
    learner: str
    notes: tuple[str, ...]


def answer(material: Material) -> Answers:
    """Return our answers to a task."""
    return predict_ours(material.history, material.cutoff, material.horizon_days, material.seed)


def predict_ours(history: History, cutoff: date, horizon_days: int, seed: int) -> Answers:
    """Return what we say of every customer who bought before the cutoff.

    Where the history is refused for training, with the product's usual card and with the smallest one, the refusal is
    noted and the product's BTYD learners answer.

    Parameters
    ----------
    history : History
        Nothing on or after ``cutoff`` is in it; without returns, so that value is gross.
    cutoff : date
    horizon_days : int
    seed : int
    """
    opened = open_source(history)
    refusals: list[str] = []
    for card in cards(opened, cutoff, horizon_days, seed):
        try:
            with stopwatch() as fit, _trained(card, opened) as trained:
                pass
        except Refused as refusal:
            refusals.append(f"{refusal.code}: {refusal}")
        except Exception as fault:  # a fault of ours costs figures, and is told beside them
            refusals.append(f"FAULT {type(fault).__name__}: {(str(fault).splitlines() or [''])[0]}")
        else:
            with stopwatch() as predict:
                said = _of_bundle(trained.bundle, opened, cutoff)
            notes = (*trained.notes, *refusals)
            return replace(said, learner=trained.learner, notes=notes, fit_s=fit[0], predict_s=predict[0])
    return _of_btyd(opened, cutoff, horizon_days, tuple(dict.fromkeys(refusals)))


def cards(history: History, cutoff: date, horizon_days: int, seed: int) -> Iterator[TrainCard]:
    """Yield the product's usual card, then the one that asks least of the history."""
    with DuckDBEngine() as engine:
        engine.attach(history)
        last = take_stock(engine, history, repeats=False).last_day
    # an open last day would be taken as incomplete; a quiet day before the cutoff must not be claimed as seen
    until = min(cutoff, date.fromordinal(last.toordinal() + 1)) if last else cutoff
    usual = TrainCard(
        job="train",
        source="the benchmark's",
        horizon_days=horizon_days,
        until=until.isoformat(),
        seed=seed,
    )
    if small():
        usual = replace(usual, tuning_trials=0, clusters=3, test_origins=1, step_days=56)
    yield usual
    yield replace(usual, test_origins=1, first_origin_after_days=28)


@contextmanager
def _trained(card: TrainCard, history: History) -> Iterator[Trained]:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a store of one run's life has nobody to advise
        store = open_store(Path(folder))
        report = train(card, store=store, history=history)
        if (
            report.plan.judged_from is not None
        ):  # the contest is of what was chosen and judged; another card may allow it
            raise NotTrainable(
                target="all targets",
                needs=f"history until {report.plan.judged_from}",
                has=f"history until {report.plan.data_ends_on}",
            )
        bundle = open_bundle(bundle_folder(store, report.promotion.challenger.version))
        winners = ", ".join(f"{target} {name}" for target, name in sorted(report.results.winners.items()))
        took = "promoted" if report.promotion.promoted else "not promoted: the rules stay in charge"
        yield Trained(bundle, winners, (*report.warnings, f"gate: {took}"))


def _of_bundle(bundle: Bundle, history: History, cutoff: date) -> Answers:
    with DuckDBEngine() as engine:
        engine.attach(history)
        found = engine.frames(bundle.features_sql, cutoffs=[cutoff], tables=bundle.tables)
        features = arrange(pd.concat(found, ignore_index=True), cutoff, unknown=bundle.unknown({}))
    buyers = features[features["order_days"].to_numpy(float) > 0].reset_index(drop=True)
    return of_forecast(bundle.forecast, buyers)


def of_forecast(forecast: Forecast, buyers: pd.DataFrame) -> Answers:
    """Return what a served forecast says of customers who bought."""
    said = forecast.predict(buyers)
    probability = said["purchase_probability"].to_numpy(float)
    value = said["expected_value_currency"].to_numpy(float)
    given_purchase = value / np.maximum(probability, 1e-9)
    spread = forecast.intervals
    frame = pd.DataFrame(
        {
            "customer_id": buyers["customer_id"],
            "purchase_probability": probability,
            "expected_orders": said["expected_orders"],
            "expected_value_currency": value,
            "value_low_currency": said["expected_value_low_currency"],
            "value_high_currency": said["expected_value_high_currency"],
            "value_given_purchase_low_currency": spread.positive_quantile(0.1, probability, given_purchase),
            "value_given_purchase_high_currency": spread.positive_quantile(0.9, probability, given_purchase),
        }
    )
    quantiles = np.column_stack([spread.quantile(level, probability, given_purchase) for level in LEVELS])
    survival = forecast.survival(forecast.staged(buyers), np.asarray(CURVE_DAYS, dtype=float))
    return Answers(frame, "", survival=survival, quantiles=quantiles)


def _of_btyd(history: History, cutoff: date, horizon_days: int, notes: tuple[str, ...]) -> Answers:
    with DuckDBEngine() as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, cutoff))
        wanted = [name for name in HISTORY_COLUMNS if name in catalogue.names]
        features = features_at(engine, history, catalogue, [cutoff], wanted=wanted)
    if features.empty:
        raise NotTrainable(target="anything", needs="purchases before the cutoff", has="none")
    missing = {name: np.nan for name in HISTORY_COLUMNS if name not in features}
    buyers = features[features["order_days"].to_numpy(float) > 0].reset_index(drop=True).assign(**missing)
    with stopwatch() as fit:
        stage: BtydStage = fit_stage(buyers, horizon_days=horizon_days)
    with stopwatch() as predict:
        said = stage.columns(buyers)
        hazard = stage.cumulative_hazard(buyers, np.asarray(CURVE_DAYS, dtype=float))
    frame = pd.DataFrame(
        {
            "customer_id": buyers["customer_id"],
            "purchase_probability": said[btyd_stage.PURCHASE_PROBABILITY],
            "expected_orders": said[btyd_stage.EXPECTED_ORDERS],
            "expected_value_currency": said[btyd_stage.EXPECTED_VALUE].fillna(0.0),
        }
    )
    learner = f"BTYD stage ({stage.activity.type}, gamma_gamma): training was refused"
    return Answers(frame, learner, survival=np.exp(-hazard), notes=notes, fit_s=fit[0], predict_s=predict[0])
