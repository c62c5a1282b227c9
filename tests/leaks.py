"""Histories without a leak, and a dozen ways to plant one.

``clean_history`` draws customers who buy at their own pace (gamma rates, so counts are negative-binomial) until they
drop out, who return a part of it, and whose returns are known late. Each ``plant_…`` brings one leak into a training
as a user would by accident: as an extension's features, in the touchpoints themselves, or in the machinery.
"""

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tiercast import panels
from tiercast.config import TrainCard
from tiercast.features import compile as compiling
from tiercast.features.declare import Family, Feature
from tiercast.features.relations import CUTOFF, Relation, same
from tiercast.features.seen import FINALISE, GRAINS
from tiercast.schema import History
from tiercast.serving.btyd_stage import BtydStage
from tiercast.training.plan import Plan
from tiercast.windows import Fold

train: Any = importlib.import_module("tiercast.training.train")  # the package shows the function of that name
FIRST = np.datetime64("2024-01-01", "us")
DAYS = 330
SECONDS = 86_400
CARD = TrainCard(
    job="train",
    source="planted",
    horizon_days=28,
    test_origins=2,
    first_origin_after_days=160,
    step_days=42,
    seed=3,
)


def clean_events(seed: int, *, customers: int = 400) -> pd.DataFrame:
    """Return touchpoints of ``customers`` over 330 days, with late returns and visits."""
    rng = np.random.default_rng(seed)
    born = rng.uniform(0, 200, customers)
    alive = np.minimum(born + rng.exponential(260, customers), DAYS) - born
    pace = rng.gamma(1.2, 1 / 16, customers)
    visits = _during(rng, born, alive, rng.poisson(0.3 * pace * alive), kind="visit", channel="web")
    bought = _during(rng, born, alive, 1 + rng.poisson(pace * alive), kind="purchase", channel="store")
    size = len(bought)
    bought["order_id"] = [f"o{number}" for number in range(size)]
    bought["product_id"] = np.asarray(["p1", "p2", "p3", "p4"])[rng.integers(0, 4, size)]
    bought["category"] = np.asarray(["tea", "tea", "cake", "cups"])[rng.integers(0, 4, size)]
    bought["store_id"] = np.asarray(["s1", "s2"])[rng.integers(0, 2, size)]
    bought["amount"] = np.round(rng.lognormal(3, 0.7, size), 2)
    bought["discount"] = np.where(rng.random(size) < 0.3, 1.5, 0.0)
    bought["discount_type"] = pd.Series(np.where(rng.random(size) < 0.1, "coupon", None), dtype="str")
    came_back = bought.loc[rng.random(size) < 0.08].assign(kind="return", discount=0.0, discount_type=None)
    came_back["occurred_at"] += rng.integers(1, 10 * SECONDS, len(came_back)).astype("timedelta64[s]")
    came_back["known_at"] = came_back["occurred_at"] + rng.integers(0, 20 * SECONDS, len(came_back)).astype(
        "timedelta64[s]"
    )
    events = pd.concat([bought, came_back, visits], ignore_index=True).astype({"discount_type": "str"})
    return events.loc[events["occurred_at"] < FIRST + np.timedelta64(DAYS, "D")].reset_index(drop=True)


def _during(
    rng: np.random.Generator,
    born: np.ndarray,
    alive: np.ndarray,
    counts: np.ndarray,
    *,
    kind: str,
    channel: str,
) -> pd.DataFrame:
    who = np.repeat(np.arange(len(born)), counts)
    days = born[who] + rng.random(len(who)) * alive[who]
    return pd.DataFrame(
        {
            "customer_id": pd.Series(who).map("c{:04d}".format),
            "occurred_at": FIRST + (days * SECONDS).astype("int64").astype("timedelta64[s]"),
            "kind": kind,
            "channel": channel,
        }
    )


def clean_history(seed: int = 1) -> History:
    """Return :func:`clean_events` as a source would."""
    return History("planted", frame=clean_events(seed))


def extension(patch: pytest.MonkeyPatch, *features: Feature) -> TrainCard:
    """Return the card with an extension module that declares ``features``."""
    module = ModuleType("planted_leak")
    module.PLANTED = Family("planted", "What should not be known?", lambda seen: list(features))  # type: ignore[attr-defined]
    patch.setitem(sys.modules, module.__name__, module)
    return replace(CARD, extensions=(module.__name__,))


def of_contract(name: str, what: str, where: str) -> Feature:
    """Return a feature that asks the contract view itself, past the rows that were seen."""
    sql = (
        f"(SELECT {what} FROM contract WHERE contract.customer_id = touches_seen.customer_id"
        f" AND verdict = 'ACCEPTED' AND {where})"
    )
    return Feature(name, "touches", sql, "leak", "planted", None)


def plant_inclusive_cutoff(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Count the cutoff's own day: ``<=`` for ``<``, in a grain of one's own."""
    keys = same("customer_id")
    rows = Relation("inclusive", "finalise", keys, {}, f"FROM touches WHERE seen_day <= {CUTOFF}")
    patch.setattr(compiling, "FINALISE", (*FINALISE, rows))
    patch.setitem(GRAINS, "inclusive", "inclusive")
    leak = Feature("touches_to_date", "inclusive", "COUNT(*)", "touches", "planted")  # type: ignore[arg-type]
    return extension(patch, leak), clean_history()


def plant_lifetime_total(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Total all orders there are, whatever the cutoff."""
    return extension(
        patch, of_contract("orders_in_all", "COUNT(*)", "contract.kind = 'purchase'")
    ), clean_history()


def plant_tenure_from_the_last_event(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Measure tenure to the last event ever."""
    return extension(patch, of_contract("tenure_days", "MAX(day) - MIN(day)", "TRUE")), clean_history()


def plant_late_returns(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Net returns into the day on which they happened, though they were known later."""
    where = "contract.kind = 'return' AND contract.day < cutoff_day"
    return extension(patch, of_contract("returned_minor", "SUM(amount_minor)", where)), clean_history()


def plant_label_window(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Sum the purchases of the label window itself."""
    where = "contract.kind = 'purchase' AND contract.day >= cutoff_day AND contract.day < cutoff_day + 28"
    return extension(patch, of_contract("checkout_views", "COUNT(*)", where)), clean_history()


def plant_side_table(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Join today's club members to every origin, by name."""
    history = clean_history()
    assert history.frame is not None
    late = history.frame.loc[
        history.frame["occurred_at"] > FIRST + np.timedelta64(DAYS - 40, "D"), "customer_id"
    ]
    members = ", ".join(f"'{name}'" for name in sorted(set(late)))
    sql = f"MAX(CASE WHEN customer_id IN ({members}) THEN 1 ELSE 0 END)"
    return extension(patch, Feature("club_member", "touches", sql, "flag", "planted")), history


def plant_overwritten_column(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Stamp what became of a customer on all rows of the past, as a table that is overwritten does."""
    events = clean_events(1)
    start = np.datetime64("2024-08-19", "s")  # the newest origin before the tests, where columns are compared
    window = (events["occurred_at"] >= start) & (events["occurred_at"] < start + np.timedelta64(28, "D"))
    bought = set(events.loc[window & (events["kind"] == "purchase"), "customer_id"])
    events["discount_type"] = events["customer_id"].isin(bought).map({True: "coupon", False: "loyalty"})
    return CARD, History("planted", frame=events)


def plant_duplicate_identities(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Let a tenth of the customers come twice, under two names."""
    events = clean_events(1)
    twins = events.loc[events["customer_id"].str.endswith("7")]
    twins = twins.assign(customer_id="twin of " + twins["customer_id"], order_id=None)
    return CARD, History("planted", frame=pd.concat([events, twins], ignore_index=True))


def plant_survivors(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Extract only customers who bought in the last 45 days of the data."""
    events = clean_events(1, customers=1200)
    recent = (events["kind"] == "purchase") & (events["occurred_at"] > FIRST + np.timedelta64(DAYS - 45, "D"))
    kept = events["customer_id"].isin(set(events.loc[recent, "customer_id"]))
    return CARD, History("planted", frame=events.loc[kept].reset_index(drop=True))


def plant_conditioned_population(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Keep in the panel only customers who come again after the origin."""
    honest = panels.features_at

    def features_at(engine: Any, history: History, catalogue: Any, cutoffs: Any, **more: Any) -> pd.DataFrame:
        found = honest(engine, history, catalogue, cutoffs, **more)
        last = engine.run(
            "SELECT customer_id, MAX(occurred_us) AS last_us FROM touchpoints GROUP BY customer_id"
        )
        last_day = found["customer_id"].map(last.set_index("customer_id")["last_us"]) // (SECONDS * 1_000_000)
        origin = pd.to_datetime(found["cutoff"]).to_numpy().astype("datetime64[D]").astype("int64")
        return found.loc[last_day.to_numpy() >= origin].reset_index(drop=True)

    patch.setattr(panels, "features_at", features_at)
    return CARD, clean_history()


def plant_btyd_through_the_test(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Fit the BTYD stage once, on the history to the end of the data, and use it at every origin."""
    features_at, fit_stage = panels.features_at, panels.fit_stage
    newest: list[pd.DataFrame] = []
    end = (FIRST + np.timedelta64(DAYS, "D")).astype("datetime64[D]").astype(date)

    def remembering(engine: Any, history: History, catalogue: Any, cutoffs: Any, **more: Any) -> pd.DataFrame:
        newest[:] = [features_at(engine, history, catalogue, [end])]
        return features_at(engine, history, catalogue, cutoffs, **more)

    def through_the_test(rows: pd.DataFrame, *, horizon_days: int, model: str) -> BtydStage:
        return fit_stage(newest[0], horizon_days=horizon_days, model=model)

    patch.setattr(panels, "features_at", remembering)
    patch.setattr(panels, "fit_stage", through_the_test)
    return CARD, clean_history()


def plant_unpurged_split(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Train on origins whose label windows reach past the judging cutoff."""
    honest = train.plan_or_short

    def unpurged(**asked: Any) -> Plan:
        plan = honest(**asked)
        *older, newest = plan.folds
        late = newest.test - timedelta(days=7)
        return replace(plan, folds=(*older, Fold((*newest.train, newest.calibrate), late, newest.test)))

    patch.setattr(train, "plan_or_short", unpurged)
    return CARD, clean_history()


def plant_later_vocabulary(patch: pytest.MonkeyPatch) -> tuple[TrainCard, History]:
    """Fix the categories on all the data there are; one of them is new in the last month."""
    events = clean_events(1)
    new = (events["occurred_at"] > FIRST + np.timedelta64(DAYS - 30, "D")) & (events["category"] == "cups")
    events.loc[new, "category"] = "gadgets"
    honest = train.look
    patch.setattr(train, "look", lambda run, history, cutoff: honest(run, history, date(2030, 1, 1)))
    return CARD, History("planted", frame=events)


Plant = Callable[[pytest.MonkeyPatch], tuple[TrainCard, History]]
