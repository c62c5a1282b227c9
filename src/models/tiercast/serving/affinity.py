"""Which channel, weekday or hour is a customer's own? Counts, drawn to what is usual of the group where they are few.

Dirichlet-multinomial: a customer's shares come from a Dirichlet whose mean is the group's and whose *strength* is worth
so many observations; the posterior mean is ``(count + strength × mean) / (observations + strength)`` (Minka 2000). With
nothing known of a customer it is the group's mean. Mean and strength are fitted by ``tiercast.actions.affinity_fit``.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .conditions import take
from .refusals import MissingColumns

WEEKDAYS: tuple[str, ...] = ("0", "1", "2", "3", "4", "5", "6")
"""0 is Monday."""


@dataclass(frozen=True)
class Affinity:
    """Shares of one dimension (channel, weekday, hour), and how strongly customers are drawn to them.

    Parameters
    ----------
    dimension : str
    terms : tuple of str
    means : mapping of str to tuple of float
        The mean shares of each group by name; ``""`` is everybody, and whoever is in no known group.
    strength : float
        The group's mean counts as much as this many observations.

    Examples
    --------
    >>> part = Affinity("weekday", ("0", "5"), {"": (0.25, 0.75)}, 4.0)
    >>> counts = pd.DataFrame({"customer_id": ["a"], "term": ["0"], "count": [4]})
    >>> part.shares(counts, pd.Series(["a", "b"])).tolist()
    [[0.625, 0.375], [0.25, 0.75]]
    >>> part.best(counts, pd.Series(["a", "b"]), "weekday").values.tolist()
    [['0', 0.625, 0.5], ['5', 0.75, 0.0]]
    """

    dimension: str
    terms: tuple[str, ...]
    means: Mapping[str, tuple[float, ...]]
    strength: float

    def shares(
        self, counts: pd.DataFrame, customers: pd.Series, groups: pd.Series | None = None
    ) -> np.ndarray:
        """Return the posterior mean shares, one row for each of ``customers``, one column for each term.

        Parameters
        ----------
        counts : DataFrame
            ``customer_id, term, count``; terms that were not learned are left out.
        groups : Series, optional
            The group of each customer.

        Raises
        ------
        MissingColumns
        """
        return self._posterior(self._table(counts, customers), self._prior(customers, groups))

    def _posterior(self, table: np.ndarray, prior: np.ndarray) -> np.ndarray:
        return np.asarray(
            (table + self.strength * prior) / (table.sum(axis=1, keepdims=True) + self.strength), dtype=float
        )

    def best(
        self, counts: pd.DataFrame, customers: pd.Series, name: str, groups: pd.Series | None = None
    ) -> pd.DataFrame:
        """Return the likeliest term (of equal ones the first), its share, and the weight of what the customer did.

        Returns
        -------
        DataFrame
            ``preferred_NAME`` (text, None where there are no terms), ``preferred_NAME_share`` and
            ``preferred_NAME_own_weight_share`` (0: all from the group; near 1: all their own), indexed as ``customers``.
        """
        columns = (f"preferred_{name}", f"preferred_{name}_share", f"preferred_{name}_own_weight_share")
        if not self.terms:
            empty = np.full(len(customers), np.nan)
            nothing = pd.Series([None] * len(customers), dtype=object)
            return pd.DataFrame(dict(zip(columns, (nothing, empty, empty), strict=True))).set_axis(
                customers.index
            )
        table = self._table(counts, customers)
        held = self._posterior(table, self._prior(customers, groups))
        top = held.argmax(axis=1)
        seen = table.sum(axis=1)
        told = (take(self.terms, top), held[np.arange(len(top)), top], seen / (seen + self.strength))
        return pd.DataFrame(dict(zip(columns, told, strict=True))).set_axis(customers.index)

    def lift(
        self, counts: pd.DataFrame, customers: pd.Series, groups: pd.Series | None = None
    ) -> pd.DataFrame:
        """Return shares divided by the group's: above 1, more the customer's than the group's."""
        prior = self._prior(customers, groups)
        own = self._posterior(self._table(counts, customers), prior) / np.maximum(prior, 1e-12)
        return pd.DataFrame(own, columns=list(self.terms), index=customers.index)

    def _table(self, counts: pd.DataFrame, customers: pd.Series) -> np.ndarray:
        missing = [name for name in ("customer_id", "term", "count") if name not in counts]
        if missing:
            raise MissingColumns(
                f"an affinity needs {', '.join(missing)}, which did not come", missing=missing
            )
        who = pd.Index(customers.astype(object)).get_indexer(pd.Index(counts["customer_id"].astype(object)))
        what = pd.Index(self.terms, dtype=object).get_indexer(pd.Index(counts["term"].astype(object)))
        known = (who >= 0) & (what >= 0)
        table = np.zeros((len(customers), len(self.terms)))
        np.add.at(table, (who[known], what[known]), counts["count"].to_numpy(float)[known])
        return table

    def _prior(self, customers: pd.Series, groups: pd.Series | None) -> np.ndarray:
        names = list(self.means)
        means = np.array([self.means[name] for name in names], dtype=float).reshape(
            len(names), len(self.terms)
        )
        if groups is None:
            return np.repeat(means[[names.index("")]], len(customers), axis=0)
        at = pd.Index(names).get_indexer(pd.Index(groups.astype(object)))
        return np.asarray(means[np.where(at >= 0, at, names.index(""))], dtype=float)

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON."""
        return {"type": "affinity", **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        means = {name: tuple(mean) for name, mean in stored["means"].items()}
        return cls(stored["dimension"], tuple(stored["terms"]), means, stored["strength"])
