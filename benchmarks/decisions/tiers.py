"""Tiers: do they hold still, are true changes followed in time, how uneven is value really, and how fast is the mover?

Three parts. Simulated customers with a wobble of ±1 % and true changes, day by day, tell flaps and delays. Complete
Journey, scored every four weeks with past spend as its measure of value, tells how many real households move with the mover
and without. One million rows tell the speed.
"""

import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.frame import Measure, size, small
from tiercast.serving.influence import fit_influence
from tiercast.serving.tiers import assign
from tiercast.tiers.concentration import concentration, quotas
from tiercast.tiers.influence_intent import INFLUENCE_INTENT
from tiercast.tiers.pyramid import PYRAMID
from tiercast.tiers.value_tiers import VALUE_TIERS

START = date(2026, 3, 2)
VALUE = "expected_value_currency"
WARM_UP = 3
"""Steps of four weeks until a grace that began at the first has run: before that the mover looks calmer than it is."""
FIRST, LAST, WEEKS_4 = date(2017, 7, 3), date(2018, 1, 1), 28


def measures() -> Iterator[Measure]:
    """Take the measures of all three parts."""
    yield from _simulated()
    yield from _complete_journey()
    yield from _speed()


def _memory(told: pd.DataFrame) -> dict[str, Any]:
    return {
        "tier_before": told["tier"],
        "tier_since_on": told["tier_since_on"],
        "tier_below_since_on": told["tier_below_since_on"],
    }


def _places(policy: dict[str, Any], tiers: pd.Series) -> np.ndarray:
    return pd.Index([each["key"] for each in policy["classes"]]).get_indexer(tiers)


def _simulated() -> Iterator[Measure]:
    customers, cutoffs, step = size("CUSTOMERS", full=10_000, reduced=2_000), 24, 10
    chance = np.random.default_rng(7)
    value = chance.lognormal(3.0, 1.0, customers)
    frozen = VALUE_TIERS.freeze(pd.DataFrame({VALUE: value}))
    truly = np.arange(customers) < customers // 5
    rises = np.arange(customers) % 2 == 0
    factor = np.where(truly, np.where(rises, 4.0, 0.25), 1.0)
    change_at, memory, held, raw = 8, {}, [], []
    for number in range(cutoffs):
        level = value * chance.uniform(0.99, 1.01, customers) * (factor if number >= change_at else 1.0)
        day = pd.Timestamp(START) + pd.Timedelta(days=step * number)
        told = assign(frozen, pd.DataFrame({VALUE: level, "cutoff": day, **memory}))
        memory = _memory(told)
        held.append(_places(frozen, told["tier"]))
        raw.append(_places(frozen, assign(frozen, pd.DataFrame({VALUE: level}))["tier"]))
    rank, plain = np.array(held), np.array(raw)
    flaps = int((np.diff(rank[:, ~truly], axis=0) != 0).sum())
    without = int((np.diff(plain[:, ~truly], axis=0) != 0).sum())
    yield Measure(
        name="tiers: flaps with the mover among flaps without it, ±1 % wobble",
        value=flaps / max(without, 1),
        unit="share",
        at_most=0.05,
    )
    yield Measure(name="tiers: flaps without the mover, 24 cutoffs", value=float(without), unit="moves")
    lasting = value * factor  # a change counts as true when it ends beyond the bands, whatever the wobble
    lowest, highest = (
        np.searchsorted(sorted(cut[side] for cut in frozen["cuts"].values()), lasting * wobble, side="right")
        for side, wobble in (("upper", 0.99), ("lower", 1.01))
    )
    settled = truly & (lowest == highest) & (plain[-1] != rank[change_at - 1])
    there = rank[change_at:] == plain[-1]
    arrived = np.where(there.any(axis=0), there.argmax(axis=0) * float(step), np.inf)
    for direction, chosen, most in (
        ("up", settled & rises, float(VALUE_TIERS.dwell_days)),
        ("down", settled & ~rises, float(VALUE_TIERS.grace_days)),
    ):
        yield Measure(
            name=f"tiers: days until a true change {direction} is followed, slowest of {int(chosen.sum()):,}",
            value=float(arrived[chosen].max()),
            unit="days",
            at_most=most,
        )


def _complete_journey() -> Iterator[Measure]:
    from tiercast import api

    try:
        history = api.open_source("complete_journey:every=8" if small() else "complete_journey:")
    except Exception as error:
        print(f"tiers: Complete Journey is left out: {error}")
        return
    cutoffs = [
        FIRST + timedelta(days=WEEKS_4 * number) for number in range((LAST - FIRST).days // WEEKS_4 + 1)
    ]
    frames = [_at(history, cutoff) for cutoff in (cutoffs[-3:] if small() else cutoffs)]
    yield from _moves(frames)
    last = frames[-1]
    for name, column in (
        ("spend of the year", "net_spend_currency"),
        ("spend of 28 days", "spend_28d_currency"),
    ):
        told = concentration(last[column])
        yield Measure(name=f"tiers: Complete Journey, Gini of {name}", value=told.gini, unit="Gini")
        yield Measure(
            name=f"tiers: Complete Journey, {name} held by the best 20 %",
            value=told.top_value_share,
            unit="share",
        )
    scored = pd.concat([last, fit_influence(last).assign(last)], axis=1)
    frozen = INFLUENCE_INTENT.freeze(scored, absent_is_unknown=True)
    shares = quotas(frozen, assign(frozen, scored)["tier"]).set_index("tier")
    for tier, meant in (("leader", 0.15), ("intent", 0.35), ("nurture", 0.50)):
        yield Measure(
            name=f"tiers: Complete Journey, actual share of {tier} (meant {meant:.0%})",
            value=float(shares.loc[tier, "ladder_share"]),
            unit="share",
        )


def _at(history: Any, cutoff: date) -> pd.DataFrame:
    from tiercast import api

    rows = api.compute_features(history, cutoff=cutoff)
    # no model here: what they spent in the last half year, to four weeks' worth, stands for what they will spend
    return rows.assign(**{VALUE: rows["spend_182d_currency"] * WEEKS_4 / 182})


def _moves(frames: list[pd.DataFrame]) -> Iterator[Measure]:
    """Count moves between ranked classes with the mover and without, the cuts frozen at the first cutoff."""
    frozen = PYRAMID.freeze(frames[0])
    ranked = {each["key"] for each in frozen["classes"] if each["ladder"] is not None}
    plain = [assign(frozen, frame).assign(customer_id=frame["customer_id"]) for frame in frames]
    held, past = [], None
    for frame in frames:
        rows = frame if past is None else frame.merge(past, on="customer_id", how="left")
        told = assign(frozen, rows)
        past = pd.DataFrame({"customer_id": frame["customer_id"], **_memory(told)})
        held.append(told.assign(customer_id=frame["customer_id"]))
    for name, nights, goal in (("with the mover", held, 0.026), ("without it", plain, None)):
        shares = []
        for before, after in pairwise(nights):
            both = before.merge(after, on="customer_id", suffixes=("_from", "_to"))
            both = both[both["tier_from"].isin(ranked) & both["tier_to"].isin(ranked)]
            shares.append(float((both["tier_from"] != both["tier_to"]).mean()))
        shares = shares[min(WARM_UP, len(shares) - 1) :]
        yield Measure(
            name=f"tiers: Complete Journey, households that move in 4 weeks {name}",
            value=float(np.mean(shares)),
            unit="share",
            at_most=goal,
            interval=(min(shares), max(shares)),
        )


def _speed() -> Iterator[Measure]:
    rows = size("ROWS", full=1_000_000, reduced=100_000)
    chance = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            VALUE: chance.lognormal(3.0, 1.0, rows),
            "days_since_purchase": chance.integers(1, 500, rows).astype(float),
            "interest_touchpoints": 0.0,
            "touchpoints": 5.0,
            "cutoff": pd.Timestamp(START),
        }
    )
    frozen = PYRAMID.freeze(frame)
    for name, more in (("stateless", {}), ("with a past", None)):
        given = frame.assign(**(_past(frame, frozen, chance) if more is None else more))
        seconds = []
        for _ in range(3):
            start = time.process_time()
            assign(frozen, given)
            seconds.append(time.process_time() - start)
        yield Measure(
            name=f"tiers: the mover, {name}", value=rows / min(seconds), unit="rows/s", at_least=200_000.0
        )


def _past(frame: pd.DataFrame, frozen: dict[str, Any], chance: np.random.Generator) -> dict[str, Any]:
    wobbled = frame.assign(**{VALUE: frame[VALUE] * chance.uniform(0.8, 1.2, len(frame))})
    days = pd.Timestamp(START) - pd.to_timedelta(chance.integers(1, 200, len(frame)), unit="D")
    return {
        "tier_before": assign(frozen, wobbled)["tier"],
        "tier_since_on": days,
        "tier_below_since_on": days,
    }
