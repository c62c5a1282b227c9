"""Reasons: would the same customer be told the same reason after a refit, do they agree with SHAP, and what do they cost?

On the demo's retail data; in small mode on a drawn world.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from benchmarks.frame import Measure, size, small
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import TiercastError
from tiercast.features.catalogue import build_catalogue, look
from tiercast.learners import linear, trees
from tiercast.learners.btyd_choice import fit_stage
from tiercast.learners.learner import Panel, Setup
from tiercast.panels import build_panel, features_at
from tiercast.serving.blend import Blend
from tiercast.serving.contributions import BTYD_FAMILY, RiskContributions
from tiercast.serving.linear import Linear
from tiercast.serving.reasons import TELLING, Telling, explain_rows, own_causes, strongest
from tiercast.sources.opening import open_source
from tiercast.sources.synthetic import synthesize
from tiercast.windows import Horizon, origins_before

HORIZON = Horizon(28)
SHAP_ROWS = 400


def measures() -> Iterator[Measure]:
    """Refit the churn blend on redrawn customers, and compare what each customer is told."""
    try:
        panel, staged, families = _material()
    except TiercastError as fault:
        print(f"reasons: {fault}")
        return
    setup = Setup(HORIZON, 7, 1)
    blend = _fitted(panel, setup)
    told = RiskContributions(blend, families)
    contributions = told.by_family(staged)
    assert contributions is not None  # it has trees and a line
    refits = []
    random = np.random.default_rng(3)
    for _ in range(size("REFITS", full=10, reduced=3)):
        again = RiskContributions(_fitted(_redrawn(panel, random), setup), families).by_family(staged)
        assert again is not None
        refits.append(own_causes(again))
    yield from _stability(contributions, refits)
    yield from _agreement(blend, families, staged)
    yield from _cost(blend, told, staged)


def _material() -> tuple[Panel, pd.DataFrame, dict[str, str]]:
    """Return a panel to learn from, everybody's features today with the purchase process beside them, and families."""
    if small():
        history, ends, first = open_source(synthesize(900).touchpoints), date(2025, 9, 1), date(2025, 1, 1)
    else:
        history, ends, first = open_source("complete_journey:"), date(2018, 1, 1), date(2017, 3, 27)
    step = 56 if small() else 14
    origins = origins_before(ends, first=first, step_days=step, horizon=HORIZON)
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, origins[0]))
        panel, _ = build_panel(
            engine, history, catalogue, origins=origins, horizon=HORIZON, data_ends_on=ends
        )
        today = features_at(engine, history, catalogue, [ends])
    buyers = today.loc[today["order_days"].to_numpy(float) > 0].reset_index(drop=True)
    stage = fit_stage(buyers, horizon_days=HORIZON.days)
    return panel, pd.concat([buyers, stage.columns(buyers)], axis=1).copy(), catalogue.families


def _fitted(panel: Panel, setup: Setup) -> Blend:
    rounds = {"rounds": 40} if small() else {}
    parts = (
        trees.fit_activity(panel, {**trees.DEFAULTS, **rounds}, setup),
        trees.fit_activity_on_btyd(panel, {**trees.ON_OFFSET, **rounds}, setup),
        linear.fit_logistic(panel, linear.LOGISTIC.defaults, setup),
    )
    return Blend(parts, (1 / 3,) * 3, "logit")


def _redrawn(panel: Panel, random: np.random.Generator) -> Panel:
    """Return the rows of as many customers, drawn with replacement and whole."""
    people, whose = np.unique(panel.features["customer_id"].to_numpy().astype(str), return_inverse=True)
    order = np.argsort(whose, kind="stable")
    sizes = np.bincount(whose)
    starts = np.cumsum(sizes) - sizes
    drawn = random.integers(0, len(people), len(people))
    within = np.arange(sizes[drawn].sum()) - np.repeat(np.cumsum(sizes[drawn]) - sizes[drawn], sizes[drawn])
    rows = order[np.repeat(starts[drawn], sizes[drawn]) + within]
    return Panel(
        panel.features.iloc[rows].reset_index(drop=True),
        panel.labels.iloc[rows].reset_index(drop=True),
        panel.columns,
    )


def _stability(contributions: pd.DataFrame, refits: list[pd.DataFrame]) -> Iterator[Measure]:
    def held(telling: Telling) -> tuple[float, float, float]:
        causes, ranked, told = strongest(contributions, telling)
        top = np.asarray(causes, dtype=object)[ranked[:, 0]]
        same = np.mean(
            [np.asarray(again.columns)[again.to_numpy().argmax(axis=1)] == top for again in refits], axis=0
        )
        mine = told[:, 0]
        return float(same[mine].mean()), float((same[mine] >= 0.9).mean()), float(mine.mean())

    share, each, told = held(TELLING)
    loose_share, loose_each, loose_told = held(replace(TELLING, least_lead=0.0))
    peer = "without a lead"
    yield Measure(
        name="reasons: a told top reason is the same after a bootstrap refit", value=share, unit="share",
        at_least=None if small() else 0.9, peer=peer, peer_value=loose_share,
    )  # fmt: skip
    yield Measure(
        name="reasons: told customers whose top reason holds in 90 % of refits", value=each, unit="share",
        at_least=None if small() else 0.9, peer=peer, peer_value=loose_each,
    )  # fmt: skip
    yield Measure(
        name="reasons: customers who are told one", value=told, unit="share", peer=peer, peer_value=loose_told
    )


def _agreement(blend: Blend, families: dict[str, str], staged: pd.DataFrame) -> Iterator[Measure]:
    rows = staged.sample(min(len(staged), 60 if small() else SHAP_ROWS), random_state=5)
    ours = RiskContributions(blend, families).by_family(rows)
    assert ours is not None
    exact = pd.DataFrame(0.0, index=rows.index, columns=ours.columns)
    for part, weight in zip(blend.parts, blend.weights, strict=True):
        if isinstance(part, Linear):
            found = RiskContributions(part, families).by_family(rows)
            assert found is not None
            exact += weight * found.reindex(columns=exact.columns, fill_value=0.0)
        elif isinstance(part, trees.Trees):
            values = np.ascontiguousarray(rows[list(part.columns)].to_numpy(float))
            shap = np.asarray(part.model.predict(values, pred_contrib=True, num_threads=1))[:, :-1]
            for place, name in enumerate(part.columns):
                exact[families.get(name, BTYD_FAMILY)] -= weight * shap[:, place]
    mine, theirs = own_causes(ours), own_causes(exact)
    alike = [spearmanr(a, b).statistic for a, b in zip(mine.to_numpy(), theirs.to_numpy(), strict=True)]
    _, ranked, told = strongest(ours)
    top = ranked[:, 0] == theirs.to_numpy().argmax(axis=1)
    yield Measure(
        name="reasons: rank correlation with SHAP by cause", value=float(np.mean(alike)), unit="Spearman"
    )
    if told[:, 0].any():
        yield Measure(
            name="reasons: told top reason is SHAP's too", value=float(top[told[:, 0]].mean()), unit="share",
            peer="any top reason, told or not", peer_value=float(top.mean()),
        )  # fmt: skip


def _cost(blend: Blend, told: RiskContributions, staged: pd.DataFrame) -> Iterator[Measure]:
    rows = (
        pd.concat([staged] * max(1, 20_000 // len(staged)), ignore_index=True).copy()
        if not small()
        else staged
    )

    def reasons() -> None:
        contributions = told.by_family(rows)
        assert contributions is not None
        for language in ("en", "zh"):
            explain_rows(contributions, rows, language)

    predicting = _best(lambda: blend.predict(rows))
    yield Measure(
        name="reasons in two languages over the prediction that they explain",
        value=_best(reasons) / predicting,
        unit="times its time",
        at_most=None if small() else 2.0,
    )


def _best(work: Callable[[], Any], times: int = 3) -> float:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)
