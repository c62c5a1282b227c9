"""Which categories go together: EASE, a ridge regression of each category on all others in closed form (Steck 2019)."""

import numpy as np
import pandas as pd
from scipy import sparse

from tiercast.errors import TiercastError
from tiercast.serving.cross_sell import CrossSell

MOST_CATEGORIES = 1_000
RIDGE_SHARE = 0.4
"""The ridge, as a share of the customers: best of 0.02 to 1.6 on two origins before the one that judges."""


class BadRidge(TiercastError, ValueError):
    """The ridge between categories must be above 0."""

    code = "BAD_RIDGE"
    exit_code = 2

    def __init__(self, ridge_share: float) -> None:
        super().__init__(f"ridge_share must be above 0, not {ridge_share:g}", ridge_share=ridge_share)


def fit_cross_sell(
    bought: pd.DataFrame, *, ridge_share: float = RIDGE_SHARE, most_categories: int = MOST_CATEGORIES
) -> CrossSell:
    """Return the weights between the categories that most customers bought.

    Parameters
    ----------
    bought : DataFrame
        ``customer_id, category``: one row or more for each category that a customer bought before the cutoff.
    ridge_share : float
        Above 0: the more, the nearer the answer is to counting how often categories are bought by the same customers.
    most_categories : int
        Only the categories with most buyers; of equal ones, the first by name.

    Examples
    --------
    >>> bought = pd.DataFrame({"customer_id": ["a", "a", "b", "b", "c", "d"],
    ...                        "category": ["beer", "chips", "beer", "chips", "beer", "milk"]})
    >>> fitted = fit_cross_sell(bought)
    >>> fitted.suggest(bought, pd.Series(["c"]), most=1)["category"].tolist()
    ['chips']
    """
    if not ridge_share > 0:
        raise BadRidge(ridge_share)
    pairs = bought[["customer_id", "category"]].dropna().drop_duplicates()
    counted = pairs["category"].value_counts().rename_axis("category").reset_index(name="buyers")
    ranked = counted.sort_values(["buyers", "category"], ascending=[False, True])[:most_categories]
    names = sorted(ranked["category"].astype(str))
    if not names:
        return CrossSell((), np.zeros((0, 0), "float32"), np.zeros(0, dtype=np.int64))
    what = pd.Index(names).get_indexer(pd.Index(pairs["category"].astype(object)))
    who = pd.factorize(pairs["customer_id"].astype(object))[0][what >= 0]
    what = what[what >= 0]
    table = sparse.csr_matrix((np.ones(len(who)), (who, what)), shape=(int(who.max()) + 1, len(names)))
    together = np.asarray((table.T @ table).todense(), dtype=float)
    buyers = np.diag(together).astype(np.int64)
    inverse = np.linalg.inv(together + ridge_share * table.shape[0] * np.eye(len(names)))
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    return CrossSell(tuple(names), weights.astype("float32"), buyers)
