"""Who moved between segments, stages or tiers from one cutoff to another."""

import numpy as np
import pandas as pd

MOVES = ("before", "after", "customers", "share_of_before", "share_of_all")
NOT_YET = "not a customer yet"
GONE = "not seen"


def migration_of(before: pd.Series, after: pd.Series) -> pd.DataFrame:
    """Return one row a pair of labels: how many customers moved from one to the other, and which share.

    Parameters
    ----------
    before, after : Series
        Labels by customer (the index); who is in one only, or has no label there, counts as ``not a customer yet``
        before or ``not seen`` after.

    Returns
    -------
    DataFrame
        ``before, after, customers, share_of_before`` (adds up to 1 for each label before), ``share_of_all``; largest
        first within each label before, in order of appearance by name.

    Examples
    --------
    >>> then = pd.Series({"a": "loyal", "b": "loyal"})
    >>> now = pd.Series({"a": "loyal", "b": "lost", "c": "new"})
    >>> migration_of(then, now)[["before", "after", "customers", "share_of_before"]].values.tolist()
    [['loyal', 'loyal', 1, 0.5], ['loyal', 'lost', 1, 0.5], ['not a customer yet', 'new', 1, 1.0]]
    >>> len(migration_of(then.iloc[:0], now.iloc[:0]))
    0
    """
    both = pd.DataFrame({"before": before.astype(object), "after": after.astype(object)})
    both = both[both.notna().any(axis=1)]
    both = both.assign(before=both["before"].fillna(NOT_YET), after=both["after"].fillna(GONE))
    counted = both.groupby(["before", "after"], sort=True).size().rename("customers").reset_index()
    counted["stays"] = counted["before"] == counted["after"]
    counted = counted.sort_values(
        ["before", "stays", "customers", "after"], ascending=[True, False, False, True], ignore_index=True
    )
    of_before = counted.groupby("before")["customers"].transform("sum")
    counted["share_of_before"] = counted["customers"] / of_before
    counted["share_of_all"] = counted["customers"] / max(int(counted["customers"].sum()), 1)
    return counted[list(MOVES)].astype({"customers": np.int64})
