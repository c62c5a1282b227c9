"""Blends: several answers become one, averaged on the scale where their errors are alike."""

from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from .linear import inverse_link

CHANCE_AHEAD = "purchase_probability"
"""The staged column with the calibrated chance to buy within the window."""
ORDERS_AHEAD = "expected_orders_in_window"
"""The staged column with the expected order days within the window."""


class Predicts(Protocol):
    """Anything that answers one number a row."""

    def predict(self, features: pd.DataFrame) -> np.ndarray: ...

    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Blend:
    """A weighted mean of parts: on the logit scale for probabilities, on the plain scale for values.

    Parameters
    ----------
    parts : tuple
        What is averaged.
    weights : tuple of float
        Non-negative, sum 1.
    link : str
        ``logit`` or ``identity``.
    """

    parts: tuple[Predicts, ...]
    weights: tuple[float, ...]
    link: str

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the weighted mean of the parts for each row."""
        answers = np.stack([part.predict(features) for part in self.parts])
        weights = np.asarray(self.weights)[:, None]
        if self.link == "identity":
            return np.asarray((answers * weights).sum(axis=0))
        inside = np.clip(answers, 1e-6, 1 - 1e-6)
        return inverse_link((np.log(inside / (1 - inside)) * weights).sum(axis=0), "logit")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "type": "blend",
            "parts": [part.to_json() for part in self.parts],
            "weights": list(self.weights),
            "link": self.link,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        from .parts import restore

        return cls(
            tuple(restore(part) for part in stored["parts"]), tuple(stored["weights"]), str(stored["link"])
        )


@dataclass(frozen=True)
class Hurdle:
    """Value in two steps: the chance to buy at all (the activity curve's) times the value of those who do.

    Parameters
    ----------
    conditional : part
        Expected value given a purchase within the horizon, currency.
    """

    conditional: Predicts

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return P(buy) × value of buyers; reads the column ``purchase_probability``."""
        return np.asarray(features[CHANCE_AHEAD].to_numpy(float) * self.conditional.predict(features))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"type": "hurdle", "conditional": self.conditional.to_json()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        from .parts import restore

        return cls(restore(stored["conditional"]))


@dataclass(frozen=True)
class PerOrder:
    """Value as how often times how much: expected order days within the window times the spend of one.

    How often a customer comes is learned far more surely than what they bring: a count has no whale in it.

    Parameters
    ----------
    spend : part
        Expected spend of an order day, currency.

    Examples
    --------
    >>> from tiercast.serving.rules import Column
    >>> rows = pd.DataFrame({"expected_orders_in_window": [0.5, 2.0], "basket": [40.0, 10.0]})
    >>> PerOrder(Column("basket")).predict(rows).tolist()
    [20.0, 20.0]
    """

    spend: Predicts

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return orders × spend of one; reads the column ``expected_orders_in_window``."""
        return np.asarray(features[ORDERS_AHEAD].to_numpy(float) * self.spend.predict(features))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"type": "per_order", "spend": self.spend.to_json()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        from .parts import restore

        return cls(restore(stored["spend"]))
