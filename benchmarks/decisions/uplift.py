"""Uplift: does ranking by what a contact changes beat chance and targeting by risk, on a published experiment and a drawn one?

Hillstrom's e-mail test (64,000 customers, two e-mails against none), from the folder of the data; and an experiment drawn with
unequal probabilities, whose true uplift is known.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.frame import Measure, size, small
from tiercast.evaluation.uplift import auuc_and_qini
from tiercast.persuasion import Settings, judge_uplift, read_experiment
from tiercast.persuasion.checks import Minima
from tiercast.persuasion.judging import AT_RISK, CHOSEN, LIKELY, OutcomeReport

FILE = "hillstrom.parquet"
ARMS = ("Mens E-Mail", "Womens E-Mail")
OUTCOMES = ("visit", "conversion", "spend")


def data_folder() -> Path:
    """Return the folder of the published data sets: ``TIERCAST_DATA``, else ``shared/data`` beside the project."""
    return Path(os.environ.get("TIERCAST_DATA") or Path(__file__).parents[3] / "shared" / "data")


def measures() -> Iterator[Measure]:
    """Judge both e-mails on every outcome, then a drawn experiment against its truth."""
    place = data_folder() / FILE
    if place.is_file():
        yield from _published(pd.read_parquet(place))
    else:
        print(f"uplift: {FILE} is not in {place.parent}, so Hillstrom's experiment is not judged")
    yield from _drawn()


def _settings() -> Settings:
    return Settings(resamples=size("RESAMPLES", full=500, reduced=100))


def _published(table: pd.DataFrame) -> Iterator[Measure]:
    if small():
        table = table.sample(9_000, random_state=7)
    outcomes = OUTCOMES[:1] if small() else OUTCOMES
    for arm in ARMS[1:] if small() else ARMS:
        experiment = read_experiment(
            table[[name for name in table if name not in set(OUTCOMES) - set(outcomes)]],
            arm="segment",
            control="No E-Mail",
            treatment=arm,
            outcomes=outcomes,
            probability=0.5,
            name=FILE,
        )
        report = judge_uplift(experiment, _settings())
        yield Measure(
            name=f"uplift {arm}: sample ratio p-value",
            value=report.draw.ratio.p_value,
            unit="p",
            at_least=0.001,
        )
        for outcome, found in report.outcomes.items():
            yield from _of_outcome(f"uplift {arm}, {outcome}", found)


def _of_outcome(name: str, found: OutcomeReport) -> Iterator[Measure]:
    chosen, risk = found.rankings[CHOSEN], found.rankings[AT_RISK]
    unit = f"{found.outcome} per customer"
    yield Measure(
        name=f"{name}: Qini",
        value=chosen.qini.value,
        unit=unit,
        peer="at risk first",
        peer_value=risk.qini.value,
        interval=(chosen.qini.low, chosen.qini.high),
    )
    yield Measure(
        name=f"{name}: AUUC",
        value=chosen.auuc.value,
        unit=unit,
        peer="at random",
        peer_value=chosen.auuc.value - chosen.qini.value,
        interval=(chosen.auuc.low, chosen.auuc.high),
    )
    for rival in (AT_RISK, LIKELY):
        beyond = found.beyond[rival]
        yield Measure(
            name=f"{name}: Qini beyond {rival}",
            value=beyond.value,
            unit=unit,
            interval=(beyond.low, beyond.high),
        )
    listed = found.lists.set_index("list")["customer_share"] if len(found.lists) else pd.Series(dtype=float)
    yield Measure(
        name=f"{name}: persuadable (0: no lists are given)",
        value=float(listed.get("persuadable", 0.0)),
        unit="share",
    )


def drawn_table(customers: int, *, seed: int, alike: bool = False) -> pd.DataFrame:
    """Return an experiment with unequal probabilities, and the true uplift of each customer as ``truth``.

    A third are persuaded (+0.15), a half do what they do anyway, a sixth are put off (-0.10); with ``alike``, a contact
    changes nothing for anybody.
    """
    random = np.random.default_rng(seed)
    age, mood = random.normal(0, 1, customers), random.random(customers)
    town = random.choice(["north", "south"], customers)
    truth = np.where(mood < 1 / 3, 0.15, np.where(mood > 5 / 6, -0.10, 0.0))
    truth = np.zeros(customers) if alike else truth
    base = 1 / (1 + np.exp(1.5 - 0.8 * age))
    chance = np.where(town == "north", 0.3, 0.7)
    treated = random.random(customers) < chance
    happened = random.random(customers) < np.clip(base + truth * treated, 0, 1)
    return pd.DataFrame(
        {
            "customer_id": np.arange(customers), "age": age, "mood": mood, "town": town, "chance": chance,
            "arm": np.where(treated, "mail", "none"), "bought": happened.astype(float),
            "truth": np.clip(base + truth, 0, 1) - base,
        }
    )  # fmt: skip


def _drawn() -> Iterator[Measure]:
    table = drawn_table(size("DRAWN_CUSTOMERS", full=40_000, reduced=8_000), seed=11)
    experiment = read_experiment(
        table.drop(columns="truth"),
        arm="arm",
        control="none",
        outcomes=["bought"],
        probability="chance",
        name="drawn",
    )
    found = judge_uplift(experiment, _settings()).outcomes["bought"]
    _, best = auuc_and_qini(
        table["truth"], experiment.treated, experiment.outcomes["bought"], experiment.probability
    )
    qini = found.rankings[CHOSEN].qini
    yield Measure(
        name="uplift, drawn experiment: Qini",
        value=qini.value,
        unit="purchases per customer",
        at_least=None if small() else 0.7 * best,
        peer="ranking by the truth",
        peer_value=best,
        interval=(qini.low, qini.high),
    )
    yield from _nothing_to_find()
    away = found.effect.value - float(table["truth"].mean())
    yield Measure(
        name="uplift, drawn experiment: mean effect less the truth",
        value=away,
        unit="purchases per customer",
        at_least=None if small() else -0.02,
        at_most=None if small() else 0.02,
    )


def _nothing_to_find() -> Iterator[Measure]:
    """Judge experiments in which a contact changes nothing: how often would lists be given?"""
    listed = []
    for seed in range(size("DRAWS", full=100, reduced=2)):
        table = drawn_table(3_000, seed=100 + seed, alike=True)
        experiment = read_experiment(
            table.drop(columns="truth"),
            arm="arm", control="none", outcomes=["bought"], probability="chance", name="drawn",
        )  # fmt: skip
        settings = Settings(
            folds=2, resamples=100, minima=Minima(mismatch_p_value=0.0, imbalance_p_value=0.0)
        )
        listed.append(not judge_uplift(experiment, settings).outcomes["bought"].code)
    yield Measure(
        name="uplift, drawn experiments without any: lists given in spite of that",
        value=float(np.mean(listed)),
        unit="share",
        at_most=None if small() else 0.06,
    )
