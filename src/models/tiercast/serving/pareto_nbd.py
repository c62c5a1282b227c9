"""How likely a customer who may leave at any moment is to come back: Pareto/NBD.

While active, a customer buys at a steady personal rate and leaves at another, whether she buys or not.
Purchase rates vary between customers as Gamma(r, alpha), leaving rates as Gamma(s, beta), independently.

Source: Schmittlein, Morrison & Colombo (1987), Management Science 33(1); Fader & Hardie (2005), "A note on
deriving the Pareto/NBD model and related expressions". Where they write 2F1 we integrate the same race of
two clocks: no term ever cancels another.
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import exprel

from .btyd_arithmetic import (
    Floats,
    History,
    check_parameters,
    horizons,
    never_falling,
    stored_parameters,
    wins_race_probability,
)


@dataclass(frozen=True)
class ParetoNbd:
    """Pareto/NBD: buys and leaves by two independent personal clocks.

    Parameters
    ----------
    r, alpha_days : float
        Purchases per day while active vary as Gamma(shape r, rate alpha_days).
    s, beta_days : float
        Leaving rates per day vary as Gamma(shape s, rate beta_days). ``s = 0``: nobody leaves (plain NBD).

    Examples
    --------
    >>> model = ParetoNbd(r=0.553, alpha_days=74.0, s=0.606, beta_days=81.7)
    >>> history = dict(repeat_order_days=[3, 0], purchase_span_days=[200, 0], customer_age_days=[230, 230])
    >>> model.purchase_probability([28, 90], **history).round(3)
    array([[0.244, 0.524],
           [0.016, 0.042]])
    >>> ParetoNbd.from_json(model.to_json()) == model
    True
    """

    type: ClassVar[str] = "pareto_nbd"

    r: float
    alpha_days: float
    s: float
    beta_days: float

    def __post_init__(self) -> None:
        check_parameters(asdict(self), may_be_zero=("s",))

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain JSON, its time unit stated."""
        return {
            "type": self.type,
            "time_unit_days": 1.0,
            **{name: float(value) for name, value in asdict(self).items()},
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Rebuild the model from :meth:`to_json`."""
        return cls(**stored_parameters(stored, cls.type, ("r", "alpha_days", "s", "beta_days")))

    def alive_probability(
        self, *, repeat_order_days: ArrayLike, purchase_span_days: ArrayLike, customer_age_days: ArrayLike
    ) -> Floats:
        """Return P(has not left by the cutoff | history), shape (n,); NaN without a history."""
        history = History.of(repeat_order_days, purchase_span_days, customer_age_days)
        return history.blank(self._alive(history))

    def purchase_probability(
        self,
        horizon_days: ArrayLike,
        *,
        repeat_order_days: ArrayLike,
        purchase_span_days: ArrayLike,
        customer_age_days: ArrayLike,
    ) -> Floats:
        """Return P(at least one purchase in the next ``horizon_days`` | history).

        P(alive) times the probability that the purchase clock rings before the leaving clock and within the
        horizon.

        Returns
        -------
        array, shape (n,) for one horizon, (n, len(horizon_days)) for several
            In [0, 1], never falling in the horizon; NaN without a history.
        """
        history = History.of(repeat_order_days, purchase_span_days, customer_age_days)
        days, single = horizons(horizon_days)
        returns = self._alive(history)[:, None] * self._buys_if_alive(history, days)
        answer = history.blank(never_falling(returns, days))
        return answer[:, 0] if single else answer

    def expected_orders(
        self,
        horizon_days: ArrayLike,
        *,
        repeat_order_days: ArrayLike,
        purchase_span_days: ArrayLike,
        customer_age_days: ArrayLike,
    ) -> Floats:
        """Return the expected number of days with a purchase in the next ``horizon_days``, given the history.

        Returns
        -------
        array, shape (n,) for one horizon, (n, len(horizon_days)) for several; NaN without a history.
        """
        history = History.of(repeat_order_days, purchase_span_days, customer_age_days)
        days, single = horizons(horizon_days)
        left_rate = (self.beta_days + history.age_days)[:, None]
        log_growth = np.log1p(days / left_rate)
        active_days = left_rate * log_growth * exprel((1.0 - self.s) * log_growth)
        per_day = (self.r + history.repeats) / (self.alpha_days + history.age_days) * self._alive(history)
        answer = history.blank(never_falling(per_day[:, None] * active_days, days))
        return answer[:, 0] if single else answer

    def _alive(self, history: History) -> Floats:
        shape = self.r + history.repeats
        rate, left_rate = self.alpha_days + history.span_days, self.beta_days + history.span_days
        silence = history.age_days - history.span_days
        neither = np.exp(-shape * np.log1p(silence / rate) - self.s * np.log1p(silence / left_rate))
        left = wins_race_probability(
            shape=np.full_like(shape, self.s),
            rate=left_rate,
            rival_shape=shape,
            rival_rate=rate,
            until=silence,
        )
        total = neither + left
        return np.divide(neither, total, out=np.ones_like(total) * (self.s == 0), where=total > 0)

    def _buys_if_alive(self, history: History, days: Floats) -> Floats:
        groups, group_of = np.unique(history.repeats + 1j * history.age_days, return_inverse=True)
        shape, rate, left_rate = (
            self.r + groups.real,
            self.alpha_days + groups.imag,
            self.beta_days + groups.imag,
        )
        found = np.empty((len(groups), len(days)))
        for column, day in enumerate(days):
            found[:, column] = wins_race_probability(
                shape=shape,
                rate=rate,
                rival_shape=np.full_like(shape, self.s),
                rival_rate=left_rate,
                until=np.full_like(shape, day),
            )
        return found[group_of]
