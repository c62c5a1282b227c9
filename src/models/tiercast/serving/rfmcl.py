"""Recency, frequency, money, a letter C of your choice, and length of the relationship: 1 to 5 each, on frozen cuts.

The source of this method names the letters R, F, M, C and L only. That C is breadth of categories and L the length of the
relationship is this project's definition; C can be the discount share or clumpiness instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd

from .columns import seen
from .conditions import take
from .refusals import MissingColumns, Refused, UnknownChoice

LETTERS: dict[str, tuple[str, bool]] = {
    "R": ("days_since_purchase", False),
    "F": ("orders", True),
    "M": ("net_spend_currency", True),
    "C": ("categories", True),
    "L": ("customer_age_days", True),
}
"""The column behind each letter, and whether more of it is better."""
THIRD_LETTERS: dict[str, tuple[str, bool]] = {
    "breadth": ("categories", True),
    "discount": ("discount_share", False),
    "clumpiness": ("purchase_clumpiness_share", False),
}
"""What C may be: how many categories; how much of the full price was taken off; in how great bursts they buy."""


class BadWeights(Refused, ValueError):
    """Weights of a score are not numbers of 0 or more, one at least above 0, for letters that there are."""

    code = "BAD_WEIGHTS"


@dataclass(frozen=True)
class Rfmcl:
    """Five scores of 1 to 5 on frozen quintile cuts.

    A value above ``n`` of the four cuts scores ``n + 1`` (where less is better: ``5 − n``), so equal values always score
    alike, and a tie that spans a quintile leaves that score to nobody. A letter that could not be cut at training,
    because its column was absent or all customers were equal, scores 3. An unknown value is ``?`` and is left out of
    the mean.

    Parameters
    ----------
    cuts : mapping of str to sequence of float
        Four cuts a letter, none where it could not be cut.
    weights : mapping of str to float
        How much each letter counts in ``rfmcl_score``; 0 leaves it out.
    letters : mapping of str to (str, bool)
        The column behind each letter, and whether more is better.

    Raises
    ------
    BadWeights

    Examples
    --------
    >>> cuts = {"R": (7, 14, 28, 56), "F": (1, 2, 4, 9), "M": (10, 20, 50, 90), "L": (30, 90, 180, 365)}
    >>> part = Rfmcl(cuts)
    >>> seen = pd.DataFrame({"days_since_purchase": [3.0, None], "orders": [5.0, 0.0],
    ...                      "categories": [2.0, 0.0], "net_spend_currency": [60.0, 0.0],
    ...                      "customer_age_days": [40.0, None]})
    >>> part.assign(seen).values.tolist()
    [['5-4-4-3-2', 3.6], [None, nan]]
    >>> part.assign(seen.drop(columns="days_since_purchase"))
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.MissingColumns: RFMCL needs days_since_purchase, which did not come
    >>> part.assign(seen.iloc[:0]).shape
    (0, 2)
    """

    cuts: Mapping[str, Sequence[float]]
    weights: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(LETTERS, 1.0))
    letters: Mapping[str, tuple[str, bool]] = field(default_factory=lambda: dict(LETTERS))

    def __post_init__(self) -> None:
        unknown = sorted(set(self.weights) - set(LETTERS))
        numbers = np.array([float(each) for each in self.weights.values()])
        if unknown or not np.isfinite(numbers).all() or (numbers < 0).any() or not (numbers > 0).any():
            problem = (
                f"no letter is {', '.join(unknown)}" if unknown else "each must be 0 or more, one above 0"
            )
            raise BadWeights(
                f"the weights of RFMCL cannot be used: {problem}; there is: {', '.join(LETTERS)}",
                there_is=list(LETTERS),
            )

    def assign(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``rfmcl`` (like ``5-4-5-3-2``, or None) and ``rfmcl_score`` (weighted mean of the known)."""
        if "days_since_purchase" not in features:
            raise MissingColumns(
                "RFMCL needs days_since_purchase, which did not come", missing=["days_since_purchase"]
            )
        bought = np.isfinite(seen(features, "days_since_purchase"))
        points = np.column_stack([self._points(letter, features) for letter in LETTERS])
        known = np.isfinite(points) & bought[:, None]
        weights = np.array([self.weights.get(letter, 0.0) for letter in LETTERS]) * known
        heft = weights.sum(axis=1)
        mean = (np.where(known, points, 0.0) * weights).sum(axis=1) / np.where(heft > 0, heft, 1.0)
        digits = np.where(known, points, 0).astype(int)
        places = 6 ** np.arange(len(LETTERS))[::-1]
        distinct, which = np.unique(digits @ places, return_inverse=True)
        texts = ["-".join(str(each) if each else "?" for each in code // places % 6) for code in distinct]
        told = take([*texts, None], np.where(bought, which, -1))
        return pd.DataFrame({"rfmcl": told, "rfmcl_score": np.where(heft > 0, mean, np.nan)}).set_axis(
            features.index
        )

    def _points(self, letter: str, features: pd.DataFrame) -> np.ndarray:
        column, more_is_better = self.letters[letter]
        cuts = np.asarray(self.cuts.get(letter, ()), dtype=np.float64)
        if cuts.size == 0:
            return np.full(len(features), 3.0)
        found = seen(features, column)
        above = np.searchsorted(cuts, found, side="left")
        return np.where(np.isfinite(found), 1.0 + above if more_is_better else 5.0 - above, np.nan)

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON, ``type`` included."""
        return {
            "type": "rfmcl",
            "cuts": {letter: [float(each) for each in cut] for letter, cut in self.cuts.items()},
            "weights": dict(self.weights),
            "letters": {letter: list(meant) for letter, meant in self.letters.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        letters = (
            {letter: (str(name), bool(more)) for letter, (name, more) in stored["letters"].items()}
            if ("letters" in stored)
            else dict(LETTERS)
        )
        return cls(
            {letter: tuple(cut) for letter, cut in stored["cuts"].items()}, dict(stored["weights"]), letters
        )


def fit_rfmcl(
    features: pd.DataFrame, *, weights: Mapping[str, float] | None = None, third_letter: str = "breadth"
) -> Rfmcl:
    """Freeze the quintile cuts of the customers who have bought; without spread there are none (score 3).

    Parameters
    ----------
    features : DataFrame
        One row a customer.
    weights : mapping of str to float, optional
        By letter; default all alike.
    third_letter : str
        What C means: ``breadth``, ``discount`` or ``clumpiness``.

    Raises
    ------
    UnknownChoice
        C has no such meaning.
    BadWeights

    Examples
    --------
    >>> fit_rfmcl(pd.DataFrame({"days_since_purchase": [1.0, 2, 3, 4, 5, 6], "orders": 1.0})).cuts["R"]
    (2.0, 3.0, 4.0, 5.0)
    >>> fit_rfmcl(pd.DataFrame({"days_since_purchase": [1.0, 2, 3, 4, 5, 6], "orders": 1.0})).cuts["F"]
    ()
    >>> fit_rfmcl(pd.DataFrame({"days_since_purchase": [1.0]}), third_letter="charm")
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.UnknownChoice: C of RFMCL has no meaning 'charm'; there is: breadth, clumpiness, discount
    """
    if third_letter not in THIRD_LETTERS:
        there_is = sorted(THIRD_LETTERS)
        raise UnknownChoice(
            f"C of RFMCL has no meaning {third_letter!r}; there is: {', '.join(there_is)}", there_is=there_is
        )
    letters = LETTERS | {"C": THIRD_LETTERS[third_letter]}
    bought = np.isfinite(seen(features, "days_since_purchase"))
    cuts = {letter: _quintiles(seen(features, column)[bought]) for letter, (column, _) in letters.items()}
    return Rfmcl(cuts, dict(weights) if weights is not None else dict.fromkeys(LETTERS, 1.0), letters)


def _quintiles(found: np.ndarray) -> tuple[float, ...]:
    found = found[np.isfinite(found)]
    if found.size == 0 or found.min() == found.max():
        return ()
    return tuple(float(each) for each in np.quantile(found, [0.2, 0.4, 0.6, 0.8]))
