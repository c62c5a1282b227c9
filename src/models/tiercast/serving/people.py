"""Whose rows they are: customer ids as they are read, and what was said last of each."""

from collections.abc import Mapping
from typing import Any

import pandas as pd


def not_known(families: Mapping[str, str], people: Mapping[str, Any]) -> list[str]:
    """Return the features that cannot be known without the tables about customers that did not come.

    Examples
    --------
    >>> not_known({"orders": "bought", "holdouts_182d": "assignment"}, {"attributes": ...})
    ['holdouts_182d']
    >>> not_known({"orders": "bought", "holdouts_182d": "assignment"}, {"assignments": ...})
    []
    """
    return (
        []
        if "assignments" in people
        else [name for name, family in families.items() if family == "assignment"]
    )


def last_of_each(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return what was said last of each customer in these columns, after ``customer_id``.

    Examples
    --------
    >>> last_of_each(pd.DataFrame({"customer_id": ["a", "a", None], "city": ["Rome", None, "Oslo"]}), ["city"]).values.tolist()
    [['a', 'Rome']]
    """
    said = rows.dropna(subset=["customer_id"]).groupby("customer_id", sort=False)
    return (
        said[names].last().reset_index() if names else pd.DataFrame({"customer_id": pd.Series(dtype=object)})
    )


def trimmed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a request whose customer ids are read as the frozen text reads them: without spaces at the ends.

    Examples
    --------
    >>> trimmed(pd.DataFrame({"customer_id": [" c1", "c1 ", "  ", None]}))["customer_id"].tolist()
    ['c1', 'c1', None, None]
    """
    names = rows["customer_id"].astype(object)
    known = names.notna()
    plain = names.where(known, "").str.strip(" ").astype(object)
    return rows.assign(customer_id=plain.where(plain != "", None))
