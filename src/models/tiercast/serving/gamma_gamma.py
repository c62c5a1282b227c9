"""What a customer spends on a day with a purchase, on average: her own mean, drawn towards everybody's.

Spend on a purchase day varies around a personal mean as a gamma; the means vary between customers as an
inverse gamma; neither depends on how often she buys. Few purchase days: close to everybody's mean; many:
close to her own.

Source: Fader, Hardie & Lee (2005), JMR 42(4), 415-430; Fader & Hardie (2013), "The Gamma-Gamma model of
monetary value".
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from .btyd_arithmetic import BadHistory, BadParameters, Floats, check_parameters, stored_parameters


@dataclass(frozen=True)
class GammaGamma:
    """Gamma-Gamma model of the spend per purchase day.

    Parameters
    ----------
    p : float
        Shape of the spend of one purchase day around the personal mean.
    q : float
        Shape of the personal scale; above 1, so that the population has a mean.
    gamma_currency : float
        Rate of the personal scale, in units of currency. 0 when nobody ever spent anything.

    Examples
    --------
    Known customer, one-time customer with the same mean, customer without any spend:

    >>> model = GammaGamma(p=6.25, q=3.74, gamma_currency=15.44)
    >>> spend = [60.0, 60.0, float("nan")]
    >>> model.expected_mean_spend(order_days=[20, 1, 0], order_day_spend_mean_currency=spend).round(2)
    array([59.47, 52.45, 35.22])
    >>> GammaGamma.from_json(model.to_json()) == model
    True
    """

    type: ClassVar[str] = "gamma_gamma"

    p: float
    q: float
    gamma_currency: float

    def __post_init__(self) -> None:
        check_parameters(asdict(self), may_be_zero=("gamma_currency",))
        if self.q <= 1:
            raise BadParameters(
                "expected q above 1: without it the population has no mean spend", parameters=["q"]
            )

    @property
    def population_mean_currency(self) -> float:
        """The mean spend of a purchase day over all customers."""
        return self.p * self.gamma_currency / (self.q - 1.0)

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain JSON."""
        return {"type": self.type, **{name: float(value) for name, value in asdict(self).items()}}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Rebuild the model from :meth:`to_json`."""
        return cls(**stored_parameters(stored, cls.type, ("p", "q", "gamma_currency")))

    def expected_mean_spend(
        self, *, order_days: ArrayLike, order_day_spend_mean_currency: ArrayLike
    ) -> Floats:
        """Return the expected mean spend of a future purchase day, in units of currency.

        Parameters
        ----------
        order_days : array
            Days with a purchase behind the mean (1 or more).
        order_day_spend_mean_currency : array
            Mean spend of those days. NaN, zero or negative (all returned) says nothing: the population mean.

        Returns
        -------
        array, shape (n,)
            ``p (gamma + n m) / (p n + q − 1)``; always finite.
        """
        n = np.atleast_1d(np.asarray(order_days, dtype=np.float64))
        mean = np.atleast_1d(np.asarray(order_day_spend_mean_currency, dtype=np.float64))
        if n.shape != mean.shape or n.ndim != 1:
            raise BadHistory("expected two one-dimensional columns of the same length")
        known = np.isfinite(n) & np.isfinite(mean) & (n > 0) & (mean > 0)
        weight = self.p * np.where(known, n, 0.0)
        own_share = weight / (weight + self.q - 1.0)
        return own_share * np.where(known, mean, 0.0) + (1.0 - own_share) * self.population_mean_currency
