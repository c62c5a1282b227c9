"""Segments of a day from a history: fitted, proven on what came after, followed from the quarter before."""

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tiercast.engines.engine import Engine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.frozen import features_again
from tiercast.schema import History
from tiercast.segments.choosing import Choice
from tiercast.segments.earlier import look_back
from tiercast.segments.fitting import TRIALS, fit, fitted
from tiercast.segments.judging import Past, lasting_of
from tiercast.segments.migration import migration_of
from tiercast.segments.report import SegmentReport
from tiercast.segments.traits import PREDICTIONS, TRAITS
from tiercast.segments.worth import Explained, compare_worth, rfm_groups
from tiercast.serving.segments import Segments

CODED = re.compile(r"attribute_(?:c\d+_)?(\w+)_code")
LEAST_GROUP = 10


@dataclass(frozen=True)
class Segmented:
    """Who is in which segment, the served part behind it, and what was found."""

    assigned: pd.DataFrame
    part: Segments
    report: SegmentReport


def segment_history(
    engine: Engine,
    history: History,
    *,
    cutoff: date,
    first_day: date | None,
    clusters: int | None,
    seed: int,
    algorithm: str = "auto",
    trials: int = TRIALS,
    previous: Segments | None = None,
    bundle: Any = None,
    extensions: tuple[str, ...] = (),
) -> Segmented:
    """Return the segments of the customers seen before a cutoff.

    Parameters
    ----------
    engine : Engine
        With the history attached.
    first_day : date or None
        Of the history: how far one may look back.
    previous : Segments, optional
        An older fit whose labels are kept.
    bundle : Bundle, optional
        A served version whose predictions of churn and value take part. They were learned from what came after earlier
        cutoffs, so such segments are not judged there.
    """
    catalogue = build_catalogue(look(engine.run, history, cutoff), extensions=extensions)
    read = (
        {each.column for each in TRAITS} | {each.over for each in TRAITS} | {"orders", "days_since_purchase"}
    )
    read |= set() if previous is None else previous.columns
    wanted = [name for name in catalogue.names if name in read or CODED.fullmatch(name)]
    seen = look_back(engine, history, catalogue, cutoff=cutoff, first_day=first_day, wanted=wanted)
    now = seen.now
    if bundle is not None:
        predicted = predictions_of(bundle, engine, history, cutoff)
        now = now.merge(predicted, on="customer_id", how="left", validate="one_to_one")
    part, report = fit(
        now,
        clusters=clusters,
        seed=seed,
        algorithm=algorithm,
        trials=trials,
        past=None if bundle is not None else seen.choosing,
        previous=previous,
        traits=TRAITS if bundle is None else (*TRAITS, *PREDICTIONS),
    )
    assigned = pd.concat([now[["customer_id", "cutoff"]], part.assign(now)], axis=1)
    if bundle is None:
        report = proven(report, part, now, seen.judging, seed=seed)
    return Segmented(assigned, part, report)


def predictions_of(bundle: Any, engine: Engine, history: History, cutoff: date) -> pd.DataFrame:
    """Return what a served version predicts of every customer at a cutoff: ``customer_id`` and two predictions."""
    rows = features_again(bundle, history, cutoff, engine)
    said = bundle.forecast.predict(rows)
    return pd.concat([rows[["customer_id"]], said[[each.column for each in PREDICTIONS]]], axis=1)


def proven(
    report: SegmentReport, part: Segments, now: pd.DataFrame, past: Past | None, *, seed: int
) -> SegmentReport:
    """Return the report with what a fit of the same kind at an earlier cutoff came to since, and the moves since then."""
    if past is None or not report.algorithm or len(part.centres) < 2:
        return report
    buyers = past.buyers(seed=seed)
    choice = Choice(report.how, report.algorithm, dict(report.settings), {}, report.tried)
    if len(buyers.features) <= max(int(report.settings.get("clusters", 2)), 2):
        return report
    then = fitted(buyers.features, choice, seed=seed)
    moves = migration_of(_labels(part, past.features), _labels(part, now))
    return replace(
        report,
        lasting=lasting_of(then, buyers.features, buyers.later),
        worth=worth_of(then, buyers, seed=seed),
        migration=moves,
    )


def worth_of(part: Segments, past: Past, *, seed: int) -> tuple[Explained, ...]:
    """Return the share of the value after an earlier cutoff that its segments explain, and the rivals' shares.

    Rivals are as many quantile groups of recency, frequency and money, and each coded attribute on record.
    """
    value = past.value_currency
    if value is None or not len(value) or np.ptp(value) == 0:
        return ()
    ours = np.nan_to_num(part.predict(past.features), nan=-1.0).astype(np.int64)
    rivals = {"recency, frequency and money": rfm_groups(past.features, len(part.centres))}
    for name in past.features.columns:
        coded = CODED.fullmatch(name)
        if coded is not None:
            codes = np.nan_to_num(past.features[name].to_numpy(float), nan=-1.0).astype(np.int64)
            if (codes >= 0).sum() >= LEAST_GROUP and len(np.unique(codes[codes >= 0])) > 1:
                rivals[f"attribute {coded[1]}"] = codes
    return compare_worth(ours, rivals, value, seed=seed)


def _labels(part: Segments, features: pd.DataFrame) -> pd.Series:
    names = features["customer_id"].to_numpy(dtype=object)
    return part.assign(features)["segment"].set_axis(names)
