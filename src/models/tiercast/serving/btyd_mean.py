"""Several buy-till-you-die models as one: each is believed equally, so no single story about the customer decides."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .btyd import Btyd
from .btyd_arithmetic import Floats


@dataclass(frozen=True)
class BtydMean:
    """The equal mixture of several models: chances and expectations are the plain means of theirs.

    An equal mixture is a model itself: its curve never rises, its orders never fall, and its chance to buy within a
    horizon is one minus its curve there.

    Parameters
    ----------
    models : tuple of Btyd
        At least one.

    Examples
    --------
    >>> from tiercast.serving.bg_nbd import BgNbd, MbgNbd
    >>> both = BtydMean((MbgNbd(0.5, 20.0, 0.8, 2.5), BgNbd(0.5, 20.0, 0.8, 2.5)))
    >>> history = dict(repeat_order_days=[2], purchase_span_days=[60], customer_age_days=[90])
    >>> [round(float(each.purchase_probability(30.0, **history)[0]), 3) for each in (*both.models, both)]
    [0.325, 0.301, 0.313]
    """

    models: tuple[Btyd, ...]

    @property
    def type(self) -> str:
        """Name in a bundle."""
        return "btyd_mean"

    def purchase_probability(self, horizon_days: ArrayLike, **history: ArrayLike) -> Floats:
        """Return P(at least one purchase within the horizon): the mean of the models'."""
        return self._mean("purchase_probability", horizon_days, **history)

    def expected_orders(self, horizon_days: ArrayLike, **history: ArrayLike) -> Floats:
        """Return the expected days with a purchase within the horizon: the mean of the models'."""
        return self._mean("expected_orders", horizon_days, **history)

    def alive_probability(self, **history: ArrayLike) -> Floats:
        """Return P(still a customer): the mean of the models'."""
        return self._mean("alive_probability", **history)

    def _mean(self, question: str, *asked: Any, **history: Any) -> Floats:
        said = [getattr(model, question)(*asked, **history) for model in self.models]
        return np.asarray(sum(said[1:], start=said[0]) / len(said))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"type": self.type, "models": [model.to_json() for model in self.models]}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        from .parts import restore

        return cls(tuple(restore(each) for each in stored["models"]))


Activity = Btyd | BtydMean
"""Anything that answers as a buy-till-you-die model does."""
