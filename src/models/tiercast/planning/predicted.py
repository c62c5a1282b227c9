"""Everybody predicted once, in chunks: the scorecard, and beside it only what the rules of actions read."""

from collections.abc import Collection
from typing import Any

import pandas as pd

from tiercast.scoring import CHUNK_CUSTOMERS

ALWAYS: tuple[str, ...] = ("customer_id", "cutoff", "next_purchase_median_days")
"""What every decision on an action reads, whatever its rules."""


def predicted(
    bundle: Any,
    features: pd.DataFrame,
    *,
    policy: str,
    reads: Collection[str],
    chunk: int = CHUNK_CUSTOMERS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scorecard of everybody, and of the same customers what rules read, ``tier`` included.

    Parameters
    ----------
    bundle : Bundle
        A served version.
    features : DataFrame
        One row a customer, with what the tier history remembers of them where it is known.
    reads : collection of str
        Columns to keep of features, predictions and scores; those that there are none of are left out.
    chunk : int
        Customers that are predicted at once.
    """
    wanted = [*dict.fromkeys([*ALWAYS, *sorted(reads)])]
    cards, kept = [], []
    for start in range(0, max(len(features), 1), chunk):
        rows = features.iloc[start : start + chunk].reset_index(drop=True)
        frame = bundle.enriched(rows)
        card, tiers = bundle.answer(rows, policy=policy, enriched=frame)
        cards.append(card)
        kept.append(frame[[name for name in wanted if name in frame]].assign(tier=tiers["tier"]))
    return pd.concat(cards, ignore_index=True), pd.concat(kept, ignore_index=True)
