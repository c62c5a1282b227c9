"""A small world with a year of 700 customers, and the store of one training on it, made once for all tests.

Each customer buys at a pace of their own until they leave. Half of those who leave complain a few days before, which
no rule by silence and pace can see, so a model beats the rules and becomes champion. Beside purchases there are
mailings, opened emails, visits, returns, ratings and coupons; a tenth of all rows became known days after they happened.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

FIRST = pd.Timestamp("2024-01-01")
ENDS = date(2024, 12, 30)
CUTOFF = date(2024, 12, 30)
CUSTOMERS = 700
CARD: dict[str, Any] = {
    "job": "train",
    "horizon_days": 28,
    "step_days": 28,
    "test_origins": 2,
    "until": ENDS.isoformat(),
    "tuning_trials": 0,
    "clusters": 4,
    "seed": 7,
}


@dataclass(frozen=True)
class World:
    """Where the world's touchpoints and its store are, and what its training said.

    ``facts`` holds ``promoted``, ``reasons``, ``winners``, ``run_id`` and the versions ``champion``, ``challenger``, ``rule``.
    """

    root: Path
    facts: dict[str, Any]

    @property
    def uri(self) -> str:
        """Address of the store."""
        return f"sqlite:///{self.root / 'mlruns' / 'mlflow.db'}"

    @property
    def source(self) -> str:
        """The touchpoints, as a card names them."""
        return f"parquet:{self.root / 'touchpoints.parquet'}"

    def touchpoints(self, customers: list[str] | None = None) -> pd.DataFrame:
        """Return the touchpoints, of some customers when asked."""
        read = pd.read_parquet(self.root / "touchpoints.parquet")
        return read if customers is None else read[read["customer_id"].isin(customers)].reset_index(drop=True)

    def card(self, **changes: Any) -> dict[str, Any]:
        """Return the card of a training on this world."""
        return {**CARD, "source": self.source, **changes}


def make_touchpoints(customers: int = CUSTOMERS, *, seed: int = 5) -> pd.DataFrame:
    """Return a year of touchpoints."""
    chance = np.random.default_rng(seed)
    gap_days = np.clip(chance.lognormal(2.7, 0.6, customers), 4, 60)
    born = chance.uniform(0, 200, customers)
    leaves = born + 30 + chance.exponential(380, customers)
    warns = chance.random(customers) < 0.6
    spend = chance.lognormal(3.0, 0.5, customers)
    orders = 90
    gaps = chance.gamma(6.0, 1 / 6.0, (customers, orders)) * gap_days[:, None]
    at = born[:, None] + np.cumsum(gaps, axis=1) - gaps[:, :1]
    kept = (at < np.minimum(leaves, 364.9)[:, None]) | (np.arange(orders) == 0)
    who, number = np.nonzero(kept)
    names = np.array([f"c{place:04}" for place in range(customers)], dtype=object)
    baskets = pd.DataFrame(
        {"place": who, "at": at[who, number], "order_id": [f"o{row}" for row in range(len(who))]}
    )
    lines = baskets.loc[np.repeat(np.arange(len(baskets)), chance.integers(1, 4, len(baskets)))].reset_index(
        drop=True
    )
    amount = np.round(spend[lines["place"]] * chance.lognormal(0, 0.4, len(lines)), 2)
    cut = np.where(chance.random(len(lines)) < 0.3, np.round(0.1 * amount, 2), 0.0)
    bought = pd.DataFrame(
        {
            "place": lines["place"], "at": lines["at"], "kind": "purchase", "order_id": lines["order_id"],
            "channel": np.where(lines["place"] % 3 == 0, "web", "store"),
            "store_id": np.where(lines["place"] % 3 == 0, None, "s" + (lines["place"] % 4).astype(str)),
            "category": np.array(["bread", "tea", "soap", "toys", "wine"])[chance.integers(0, 5, len(lines))],
            "quantity": chance.integers(1, 4, len(lines)).astype(float), "amount": amount, "discount": cut,
            "discount_type": np.where(cut > 0, np.where(chance.random(len(lines)) < 0.5, "coupon", "loyalty"), None),
        }
    )  # fmt: skip
    back = bought[chance.random(len(bought)) < 0.03].assign(
        kind="return", order_id=None, discount=0.0, discount_type=None
    )
    back["at"] += chance.uniform(1, 9, len(back))

    def others(kind: str, channel: str, place: np.ndarray, when: np.ndarray, **columns: Any) -> pd.DataFrame:
        return pd.DataFrame({"place": place, "at": when, "kind": kind, "channel": channel, **columns})

    told = np.flatnonzero(warns & (leaves < 364))
    pick = chance.integers(0, customers, 5 * customers)
    few = 9 * customers // 7
    mailed = np.repeat(np.arange(customers), 12)
    rated = chance.integers(0, customers, 2 * customers)
    parts = [
        bought,
        back,
        others("complaint", "call_center", told, leaves[told] - chance.uniform(0, 6, len(told))),
        others("mailing", "direct_mail", mailed, np.tile(np.arange(12) * 30.0 + 3, customers), campaign_id="m1"),
        others("email_open", "email", pick, born[pick] + chance.uniform(0, 364, len(pick))),
        others("visit", "web", pick, born[pick] + chance.uniform(0, 364, len(pick))),
        others("coupon_redemption", "store", pick[:few], born[pick[:few]] + chance.uniform(0, 364, few)),
        others("survey", "email", rated, born[rated] + chance.uniform(0, 364, len(rated)),
               rating=chance.integers(1, 6, len(rated)).astype(float), rating_scale=5.0),
    ]  # fmt: skip
    made = pd.concat(parts, ignore_index=True)
    made = made[(made["at"] >= 0) & (made["at"] < 364.9)].reset_index(drop=True)
    made.insert(0, "customer_id", names[made.pop("place").to_numpy()])
    happened = FIRST + pd.to_timedelta((made.pop("at") * 86400).astype("int64"), unit="s")
    late = np.where(chance.random(len(made)) < 0.1, chance.integers(1, 6, len(made)), 0)
    made.insert(1, "occurred_at", happened.astype("datetime64[us]"))
    made.insert(2, "known_at", (happened + pd.to_timedelta(late, unit="D")).astype("datetime64[us]"))
    silent = pd.DataFrame(
        {"customer_id": ["never1", "never2"], "occurred_at": FIRST, "kind": "visit", "channel": "web"}
    )
    return (
        pd.concat([made, silent], ignore_index=True)
        .sample(frac=1.0, random_state=seed)
        .reset_index(drop=True)
    )


@contextmanager
def quick_trees(rounds: int = 40) -> Iterator[None]:
    """Let every boosted learner grow few trees: the tests are about the path, not about the last percent."""
    from tiercast.learners import orders, trees

    with pytest.MonkeyPatch.context() as patch:
        for defaults in (trees.DEFAULTS, trees.ON_OFFSET, orders.POISSON_ON_BTYD.defaults):
            patch.setitem(defaults, "rounds", rounds)  # type: ignore[arg-type]
            patch.setitem(defaults, "learning_rate", 0.12)  # type: ignore[arg-type]
        yield


def build_world(root: Path) -> None:
    """Write the touchpoints, train on them, and keep what the training said; ``world.json`` comes last."""
    from tiercast import training
    from tiercast.config import card_of
    from tiercast.registry import Store, open_store

    root.mkdir(parents=True)
    make_touchpoints().to_parquet(root / "touchpoints.parquet", index=False)
    with pytest.MonkeyPatch.context() as patch, quick_trees():
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root / 'mlruns' / 'mlflow.db'}")
        store: Store = open_store(root)
        card: Any = card_of({**CARD, "source": f"parquet:{root / 'touchpoints.parquet'}"})
        report = training.train(card, store=store, threads=1)
    facts = {
        "promoted": report.promotion.promoted,
        "reasons": list(report.promotion.decision.reasons),
        "winners": report.results.winners,
        "run_id": report.run_id,
        "folds": [[fold.calibrate.isoformat(), fold.test.isoformat()] for fold in report.plan.folds],
        "champion": report.promotion.champion.version,
        "challenger": report.promotion.challenger.version,
        "rule": report.promotion.rule.version,
        "champion_before": report.promotion.champion_before and report.promotion.champion_before.version,
        "warnings": list(report.warnings),
    }
    (root / "world.json").write_text(json.dumps(facts), "utf-8")


def the_world(shared: Path) -> World:
    """Return the world under a folder that all test processes share; the first to come builds it."""
    root = shared / "world"
    with (shared / "world.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "world.json").exists():
            build_world(root)
    return World(root, json.loads((root / "world.json").read_text("utf-8")))


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of one test run have in common."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@cache
def small_panel() -> Any:
    """Return a panel of 300 customers at three origins four weeks apart, without any store; never change it."""
    from tiercast.engines.duckdb import DuckDBEngine
    from tiercast.features.catalogue import build_catalogue, look
    from tiercast.panels import build_panel
    from tiercast.sources.opening import open_source
    from tiercast.windows import Horizon

    origins = [date(2024, 8, 12), date(2024, 9, 9), date(2024, 10, 7)]
    history = open_source(make_touchpoints(300))
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, origins[0]))
        panel, _ = build_panel(
            engine, history, catalogue, origins=origins, horizon=Horizon(28), data_ends_on=date(2024, 12, 28)
        )
    return panel
