"""Cross-sell gap: categories that customers like this one buy, and this one never has, best first.

The score is linear in what the customer has bought: ``bought @ weights``, where the weights between categories are those
of EASE (Steck 2019, "Embarrassingly shallow autoencoders", eq. 8), a ridge regression of each category on all others.
What was bought before is never suggested. Where nothing is known of a customer, the most bought comes first.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .refusals import MissingColumns

CHUNK = 50_000


@dataclass(frozen=True)
class CrossSell:
    """Weights between categories, and how many customers bought each.

    Parameters
    ----------
    categories : tuple of str
    weights : ndarray of float32, categories × categories
        Row: bought; column: suggested; the diagonal is 0.
    buyers : ndarray of int
        Customers who bought each: breaks ties, and answers for who bought nothing that is known.

    Examples
    --------
    >>> part = CrossSell(("beer", "chips", "milk"), np.array([[0, .5, .1], [.5, 0, .1], [.1, .1, 0]], "float32"),
    ...                  np.array([9, 8, 20]))
    >>> bought = pd.DataFrame({"customer_id": ["a", "a"], "category": ["beer", "milk"]})
    >>> part.suggest(bought, pd.Series(["a", "b"]), most=1)[["customer_id", "category", "rank"]].values.tolist()
    [['a', 'chips', 1], ['b', 'milk', 1]]
    """

    categories: tuple[str, ...]
    weights: np.ndarray
    buyers: np.ndarray

    def scores(self, bought: np.ndarray) -> np.ndarray:
        """Return the scores of every category for rows of 0 and 1; what was bought is minus infinity."""
        usual = self.buyers / max(float(self.buyers.max(initial=0)), 1.0)
        found = bought @ self.weights.astype(float) + 1e-6 * usual
        return np.where(bought > 0, -np.inf, found)

    def suggest(self, bought: pd.DataFrame, customers: pd.Series, *, most: int = 3) -> pd.DataFrame:
        """Return up to ``most`` categories for each customer, best first.

        Parameters
        ----------
        bought : DataFrame
            ``customer_id, category``: every category bought before the cutoff; unknown categories say nothing.

        Returns
        -------
        DataFrame
            ``customer_id, category, rank`` (from 1) and ``score``; no row for who has bought everything.

        Raises
        ------
        MissingColumns
        """
        missing = [name for name in ("customer_id", "category") if name not in bought]
        if missing:
            raise MissingColumns(
                f"cross-sell needs {', '.join(missing)}, which did not come", missing=missing
            )
        ids = customers.to_numpy(dtype=object)
        who = pd.Index(ids).get_indexer(pd.Index(bought["customer_id"].astype(object)))
        what = pd.Index(self.categories, dtype=object).get_indexer(
            pd.Index(bought["category"].astype(object))
        )
        known = (who >= 0) & (what >= 0)
        who, what = who[known], what[known]
        order = np.argsort(who, kind="stable")
        who, what = who[order], what[order]
        asked = min(most, len(self.categories))
        frames = []
        for start in range(0, len(ids) if asked else 0, CHUNK):
            held = min(CHUNK, len(ids) - start)
            lines = slice(*np.searchsorted(who, [start, start + held]))
            table = np.zeros((held, len(self.categories)))
            table[who[lines] - start, what[lines]] = 1.0
            scores = self.scores(table)
            top = np.argsort(-scores, axis=1, kind="stable")[:, :asked]
            best = np.take_along_axis(scores, top, axis=1)
            row, rank = np.nonzero(np.isfinite(best))
            frames.append(
                pd.DataFrame(
                    {
                        "customer_id": ids[start + row],
                        "category": np.array(self.categories, dtype=object)[top[row, rank]],
                        "rank": rank + 1,
                        "score": best[row, rank],
                    }
                )
            )
        if not frames:
            nothing = {"customer_id": object, "category": object, "rank": int, "score": float}
            return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in nothing.items()})
        return pd.concat(frames, ignore_index=True)

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON; the weights as the bytes of little-endian float32 in base 64."""
        held = base64.b64encode(self.weights.astype("<f4").tobytes()).decode("ascii")
        return {
            "type": "cross_sell",
            "categories": list(self.categories),
            "weights_float32_base64": held,
            "buyers": [int(count) for count in self.buyers],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        names = tuple(stored["categories"])
        held = np.frombuffer(base64.b64decode(stored["weights_float32_base64"]), dtype="<f4")
        return cls(
            names, held.reshape(len(names), len(names)).copy(), np.array(stored["buyers"], dtype=np.int64)
        )
