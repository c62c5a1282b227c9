"""Does price move them? Discounted lines beside what the categories that they buy would lead one to expect.

Of two customers with as many discounted lines, the one who buys what is nearly always reduced is the less sensitive.
So lines bought at a discount are compared with those expected of the same categories (indirect standardisation), and
the ratio is drawn to 1 where there are few lines: ``(discounted + strength) / (expected + strength)``, the posterior
mean of a gamma-Poisson model (Robbins 1955; Clayton & Kaldor 1987).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import pandas as pd

from .refusals import MissingColumns

NEEDED: tuple[str, ...] = ("customer_id", "category", "lines", "discounted_lines")


@dataclass(frozen=True)
class PriceSensitivity:
    """Usual shares of discounted lines by category (``""`` for all others), and the strength of the prior.

    Examples
    --------
    >>> part = PriceSensitivity({"": 0.2, "meat": 0.5}, 10.0)
    >>> rows = pd.DataFrame({"customer_id": ["a", "a"], "category": ["meat", "toys"], "lines": [20, 50],
    ...                      "discounted_lines": [20, 20]})
    >>> part.tell(rows, pd.Series(["a", "b"]))["price_sensitivity_ratio"].round(3).tolist()
    [1.667, 1.0]
    """

    usual_share: Mapping[str, float]
    strength: float

    def tell(self, rows: pd.DataFrame, customers: pd.Series) -> pd.DataFrame:
        """Return for each customer ``price_sensitivity_ratio`` (1 is usual) and the lines that it rests on.

        Parameters
        ----------
        rows : DataFrame
            ``customer_id, category, lines, discounted_lines`` before the cutoff.

        Raises
        ------
        MissingColumns
        """
        missing = [name for name in NEEDED if name not in rows]
        if missing:
            raise MissingColumns(
                f"price sensitivity needs {', '.join(missing)}, which did not come", missing=missing
            )
        sums = sums_of_lines(rows, self.usual_share).reindex(
            pd.Index(customers.astype(object)), fill_value=0.0
        )
        ratio = (sums["discounted"] + self.strength) / (sums["expected"] + self.strength)
        told = {
            "price_sensitivity_ratio": ratio.to_numpy(float),
            "price_lines": sums["lines"].to_numpy(float),
        }
        return pd.DataFrame(told, index=customers.index)

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON."""
        return {"type": "price_sensitivity", **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls(dict(stored["usual_share"]), float(stored["strength"]))


def sums_of_lines(rows: pd.DataFrame, usual: Mapping[str, float]) -> pd.DataFrame:
    """Return ``expected`` and actual ``discounted`` lines, and all ``lines``, of each customer, by id.

    Parameters
    ----------
    rows : DataFrame
        :data:`NEEDED`.
    usual : mapping
        Usual share of discounted lines by category, ``""`` for all others.
    """
    share = rows["category"].map(dict(usual)).fillna(usual[""]).to_numpy(float)
    lines = rows["lines"].to_numpy(float)
    told = pd.DataFrame({"customer_id": rows["customer_id"], "expected": share * lines,
                         "discounted": rows["discounted_lines"].to_numpy(float), "lines": lines})  # fmt: skip
    return told.groupby("customer_id", sort=True)[["expected", "discounted", "lines"]].sum()
