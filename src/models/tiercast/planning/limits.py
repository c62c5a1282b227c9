"""What a plan must keep to: money, contacts, contacts for each customer, and what each channel can carry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

from tiercast.errors import TiercastError

MOST = 1e12
"""A budget or a number of contacts above a million millions was not meant."""


class BadLimits(TiercastError, ValueError):
    """A limit of a plan cannot be used.

    Examples
    --------
    >>> raise BadLimits(limit="budget", came=-5.0, needs="0 or more")
    Traceback (most recent call last):
    tiercast.planning.limits.BadLimits: the limit budget must be 0 or more, not -5
    """

    code = "BAD_LIMITS"
    exit_code = 2

    def __init__(self, *, limit: str, came: Any, needs: str) -> None:
        told = f"{came:g}" if isinstance(came, float) else str(came)
        super().__init__(f"the limit {limit} must be {needs}, not {told}", limit=limit, came=told)


@dataclass(frozen=True)
class Limits:
    """The limits of one plan; what is left out is not limited.

    Parameters
    ----------
    budget_currency : float
        Most that all contacts together may cost, major currency units.
    contacts : float
        Most contacts of all customers together.
    per_customer : int
        Most contacts of one customer, each through another channel.
    per_channel : mapping of str to float
        Most contacts through a channel.

    Raises
    ------
    BadLimits
        A limit is below 0, is not a number, or is above a million millions (infinite means none).

    Examples
    --------
    >>> Limits(budget_currency=500.0, contacts=100).per_customer
    1
    >>> Limits(contacts=float("nan"))
    Traceback (most recent call last):
    ...
    tiercast.planning.limits.BadLimits: the limit contacts must be 0 or more, at most 1e+12, not nan
    """

    budget_currency: float = inf
    contacts: float = inf
    per_customer: int = 1
    per_channel: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named = {"budget": self.budget_currency, "contacts": self.contacts}
        named |= {f"of channel {channel}": most for channel, most in self.per_channel.items()}
        for name, most in named.items():
            number = float(most)
            if number != inf and not (isfinite(number) and 0 <= number <= MOST):
                raise BadLimits(limit=name, came=number, needs=f"0 or more, at most {MOST:g}")
        each = self.per_customer
        if isinstance(each, bool) or not 1 <= each <= 100 or int(each) != each:
            raise BadLimits(limit="contacts per customer", came=each, needs="a whole number from 1 to 100")
