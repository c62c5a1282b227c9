"""How long a purchase of each category lasts, learned from repeated purchases: the empirical-Bayes fit of the clocks.

Logs of gaps between purchases are taken as normal around a level of the customer's, and the levels as normal around that
of the category (a lognormal random-effects model; Efron & Morris 1973 for the shrinkage, method of moments for the two
variances). By how much a larger purchase lasts longer is the slope of log gap on log units *within* customers, so that
large households do not pass for slow ones.
"""

import numpy as np
import pandas as pd

from tiercast.actions.clocks import ClockSettings
from tiercast.serving.clocks import Clocks, Milestone, Paces, step_table

POOLED = 100.0
"""Gaps that what is common to all categories counts for, in the variances and the slope of one category."""
LEAST_VARIANCE = 0.01


def fit_clocks(
    rows: pd.DataFrame, *, milestones: tuple[Milestone, ...], settings: ClockSettings | None = None
) -> Clocks:
    """Return the clocks learned from purchases seen so far.

    Parameters
    ----------
    rows : DataFrame
        ``customer_id, category, day, units, given_days``, as :meth:`tiercast.serving.clocks.Clocks.tell` reads them: only
        what is known at the cutoff.

    Notes
    -----
    Only customers who came back have gaps, so the usual gap of a category is that of its repeat buyers. Without a single
    gap the prior of a month stands.

    Examples
    --------
    >>> from tiercast.actions.clocks import milestones_of
    >>> rows = pd.DataFrame({"customer_id": np.repeat(["a", "b"], 8), "category": "milk",
    ...                      "day": [*range(0, 32, 4), *range(0, 40, 5)], "units": 1.0, "given_days": np.nan})
    >>> fitted = fit_clocks(rows, milestones=milestones_of())
    >>> round(float(np.exp(fitted.paces.log_days[0])), 1)
    4.5
    """
    chosen = settings or ClockSettings()
    steps = step_table(rows)
    pair = np.cumsum(steps["is_first"].to_numpy(bool)) - 1
    known = steps["gap_days"].notna().to_numpy()
    gaps = pd.DataFrame(
        {
            "pair": pair[known],
            "category": steps["category"].to_numpy()[known],
            "y": np.log(steps["gap_days"].to_numpy(float)[known]),
            "x": np.log(steps["units"].to_numpy(float)[known]),
        }
    )
    if gaps.empty:
        prior = Paces((), (float(np.log(30.0)),), (0.0,), (0.0,), (0.7,), (0.7,), (0,))
        return Clocks(prior, milestones, chosen.date_quantile, chosen.habit_units)
    gaps["y_own"] = gaps["y"] - gaps.groupby("pair")["y"].transform("mean")
    gaps["x_own"] = gaps["x"] - gaps.groupby("pair")["x"].transform("mean")
    gaps["xy"], gaps["xx"] = gaps["x_own"] * gaps["y_own"], gaps["x_own"] ** 2
    sums = gaps.groupby("category").agg(
        n=("y", "size"),
        pairs=("pair", "nunique"),
        xy=("xy", "sum"),
        xx=("xx", "sum"),
        log_units=("x", "mean"),
    )
    spread = float(sums["xx"].sum())
    slope_all = float(np.clip(sums["xy"].sum() / spread, 0.0, 1.0)) if spread > 0 else 0.0
    mean_xx = max(spread / len(gaps), 1e-9)
    slope = ((sums["xy"] + POOLED * mean_xx * slope_all) / (sums["xx"] + POOLED * mean_xx)).clip(0.0, 1.0)
    units_all = float(gaps["x"].mean())
    levelled, levelled_all = (
        gaps["y"] - gaps["category"].map(slope) * (gaps["x"] - gaps["category"].map(sums["log_units"])),
        gaps["y"] - slope_all * (gaps["x"] - units_all),
    )
    of_each = _levels(gaps.assign(y=levelled), gaps["category"])
    of_all = _levels(gaps.assign(y=levelled_all), pd.Series("", index=gaps.index))
    kept = sums.index[sums["n"] >= chosen.least_gaps]
    of_each = of_each.loc[kept]
    shared = of_each["freedom"] + POOLED, of_each["pairs"] + POOLED
    within_all = _weighted(of_each["within"], of_each["freedom"], float(of_all["within"].iloc[0]))
    between_all = _weighted(of_each["between"], of_each["pairs"], float(of_all["between"].iloc[0]))
    within = (of_each["within"] * of_each["freedom"] + POOLED * within_all) / shared[0]
    between = (of_each["between"] * of_each["pairs"] + POOLED * between_all) / shared[1]

    def listed(values: pd.Series, of_them_all: float) -> tuple[float, ...]:
        return (*(float(value) for value in values), float(of_them_all))

    paces = Paces(
        tuple(str(name) for name in kept),
        listed(of_each["level"], of_all["level"].iloc[0]),
        listed(sums.loc[kept, "log_units"], units_all),
        listed(slope.loc[kept], slope_all),
        listed(within.clip(lower=LEAST_VARIANCE), max(float(of_all["within"].iloc[0]), LEAST_VARIANCE)),
        listed(between.clip(lower=LEAST_VARIANCE), max(float(of_all["between"].iloc[0]), LEAST_VARIANCE)),
        (*(int(count) for count in sums.loc[kept, "n"]), len(gaps)),
    )
    return Clocks(paces, milestones, chosen.date_quantile, chosen.habit_units)


def _weighted(values: pd.Series, weights: pd.Series, otherwise: float) -> float:
    heft = float(weights.sum())
    return float((values * weights).sum() / heft) if heft > 0 else otherwise


def _levels(gaps: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Return, for each group, the mean level of its customers and the variances within and between them."""
    pairs = (
        gaps.assign(group=group, yy=gaps["y"] ** 2)
        .groupby(["group", "pair"], sort=True)
        .agg(k=("y", "size"), mean=("y", "mean"), yy=("yy", "sum"))
        .reset_index()
    )
    pairs["squares"] = (pairs["yy"] - pairs["k"] * pairs["mean"] ** 2).clip(lower=0.0)
    found = pairs.groupby("group").agg(
        pairs=("k", "size"),
        n=("k", "sum"),
        squares=("squares", "sum"),
        plain=("mean", "mean"),
        var=("mean", "var"),
    )
    found["freedom"] = found["n"] - found["pairs"]
    pooled = max(float(found["squares"].sum() / max(found["freedom"].sum(), 1)), LEAST_VARIANCE)
    found["within"] = np.where(
        found["freedom"] > 0, found["squares"] / found["freedom"].clip(lower=1), pooled
    )
    inverse = (1.0 / pairs["k"]).groupby(pairs["group"]).mean()
    # the variance of the customers' means, less what chance within them adds to it
    found["between"] = (found["var"].fillna(0.0) - found["within"] * inverse).clip(lower=LEAST_VARIANCE)
    weight = 1.0 / (pairs["group"].map(found["between"]) + pairs["group"].map(found["within"]) / pairs["k"])
    total = (weight * pairs["mean"]).groupby(pairs["group"]).sum()
    found["level"] = total / weight.groupby(pairs["group"]).sum()
    return found
