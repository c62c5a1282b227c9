"""How unevenly value is spread over customers: Lorenz, Gini, the share of the best 20 %, and quotas against what came of them.

80/20 is a question to the data, never an assumption.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tiercast.errors import TiercastError

LORENZ_POINTS = 21


class NothingToShare(TiercastError, ValueError):
    """There is nobody, or nobody is worth anything: no concentration can be told.

    Examples
    --------
    >>> raise NothingToShare(customers=0)
    Traceback (most recent call last):
    tiercast.tiers.concentration.NothingToShare: no concentration can be told of 0 customers whose value is nothing in
    all; choose a cutoff or a column with value above 0
    """

    code = "NOTHING_TO_SHARE"
    exit_code = 3

    def __init__(self, *, customers: int) -> None:
        super().__init__(
            f"no concentration can be told of {customers:,} customers whose value is nothing in all; "
            "choose a cutoff or a column with value above 0",
            customers=customers,
        )


@dataclass(frozen=True)
class Concentration:
    """How much of all value the best customers hold.

    Parameters
    ----------
    customers, negative : int
        With a known value; of them below 0 (more came back than was bought), counted as 0.
    total_currency : float
    gini : float
        0: all alike; near 1: one has it all.
    top_share, top_value_share : float
        The best so many customers hold so much of the value; a part of a customer counts in part.
    lorenz : DataFrame
        ``customers_share`` and ``value_share``: the poorest so many hold so much, 0 to 1.
    """

    customers: int
    negative: int
    total_currency: float
    gini: float
    top_share: float
    top_value_share: float
    lorenz: pd.DataFrame


def concentration(values: pd.Series | np.ndarray, *, top_share: float = 0.20) -> Concentration:
    """Measure how unevenly value is spread.

    Parameters
    ----------
    values : array
        One value a customer; unknown ones are left out.
    top_share : float
        Between 0 and 1.

    Raises
    ------
    NothingToShare
        Nobody, or all of them 0 or less.

    Examples
    --------
    >>> told = concentration(np.array([0.0, 0.0, 0.0, 0.0, 100.0]))
    >>> round(told.gini, 3), told.top_value_share
    (0.8, 1.0)
    >>> concentration(np.full(10, 7.0)).gini
    0.0
    >>> concentration(np.array([]))
    Traceback (most recent call last):
    ...
    tiercast.tiers.concentration.NothingToShare: no concentration can be told of 0 customers whose value is nothing in ...
    """
    seen = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=float)
    seen = seen[np.isfinite(seen)]
    ranked = np.sort(np.clip(seen, 0.0, None))
    total = float(ranked.sum())
    if total <= 0:
        raise NothingToShare(customers=seen.size)
    held = np.concatenate([[0.0], np.cumsum(ranked) / total])
    people = np.linspace(0.0, 1.0, ranked.size + 1)
    at = np.linspace(0.0, 1.0, LORENZ_POINTS)
    area = float(np.sum((held[1:] + held[:-1]) / 2) / ranked.size)
    return Concentration(
        customers=int(seen.size),
        negative=int((seen < 0).sum()),
        total_currency=total,
        gini=max(0.0, round(1.0 - 2.0 * area, 12)),
        top_share=top_share,
        top_value_share=float(1.0 - np.interp(1.0 - top_share, people, held)),
        lorenz=pd.DataFrame({"customers_share": at, "value_share": np.interp(at, people, held)}),
    )


def quotas(policy: Mapping[str, Any], tiers: pd.Series) -> pd.DataFrame:
    """Return what share each class was meant to have, and has.

    Parameters
    ----------
    policy : mapping
        A frozen policy.
    tiers : Series of str
        The class of each customer.

    Returns
    -------
    DataFrame
        ``tier, customers, share`` (of all), ``ladder_share`` (of those on its ladder) and ``quota`` (what the cuts meant it to
        be of them; NaN where no share was meant), best first.

    Examples
    --------
    >>> from tiercast.tiers.influence_intent import INFLUENCE_INTENT
    >>> seen = pd.DataFrame({"touchpoints": 1.0, "influence_score": [1.0] + 19 * [0.0], "interest_touchpoints_28d": 0.0})
    >>> frozen = INFLUENCE_INTENT.freeze(seen)
    >>> quotas(frozen, pd.Series(["leader"] + 19 * ["nurture"]))[["tier", "ladder_share", "quota"]].values.tolist()
    [['leader', 0.05, 0.15], ['intent', 0.0, 0.35], ['nurture', 0.95, 0.5], ['other', nan, nan]]
    """
    classes = policy["classes"]
    counted = tiers.value_counts()
    meant = _meant(policy)
    rows = []
    for each in classes:
        of = [
            other["key"]
            for other in classes
            if other["ladder"] is not None and other["ladder"] == each["ladder"]
        ]
        ranked = sum(int(counted.get(key, 0)) for key in of)
        held = int(counted.get(each["key"], 0))
        rows.append(
            {
                "tier": each["key"],
                "customers": held,
                "share": held / len(tiers) if len(tiers) else np.nan,
                "ladder_share": held / ranked if ranked else np.nan,
                "quota": meant.get(each["key"], np.nan),
            }
        )
    return pd.DataFrame(rows)


def _meant(policy: Mapping[str, Any]) -> dict[str, float]:
    """Return the share of its ladder that each class is meant to have, where all its cuts share out one population."""
    found: dict[str, float] = {}
    by_ladder: dict[str, list[str]] = {}
    for each in policy["classes"]:
        if each["ladder"] is not None:
            by_ladder.setdefault(each["ladder"], []).append(each["key"])
    first = {rule["class"]: rule for rule in reversed(policy["rules"])}
    for keys in by_ladder.values():
        cuts = {
            key: policy["cuts"][condition["cut"]]
            for key in keys
            for condition in first[key]["conditions"]
            if condition["cut"] is not None and condition["op"] in (">=", ">")
        }
        bases = {str(cut.get("share_of") or cut.get("among")) for cut in cuts.values()}
        if (
            len(bases) != 1
            or list(cuts) != keys[:-1]
            or any(cut.get("how") == "value" for cut in cuts.values())
        ):
            continue
        before: dict[str, float] = {}
        for key, cut in cuts.items():
            ranks = f"{cut['input']} {cut.get('among')}"
            found[key] = round(cut["share"] - before.get(ranks, 0.0), 12)
            before[ranks] = cut["share"]
        found[keys[-1]] = round(1.0 - sum(found[key] for key in cuts), 12)
    return found
