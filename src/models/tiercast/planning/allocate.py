"""Allocation: from what each contact would earn and cost to who is contacted, under all limits at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tiercast.planning.greedy import best_greedy, greedy
from tiercast.planning.limits import BadLimits, Limits
from tiercast.planning.programme import Options, Shared, solve
from tiercast.serving.refusals import MissingColumns, WrongType

NEEDED: tuple[str, ...] = ("customer_id", "channel", "expected_gain_currency", "cost_currency")
NOTES: dict[str, tuple[str, str]] = {
    "NO_ELIGIBLE_CUSTOMERS": ("nobody may or should be contacted", "没有可联系的客户"),
    "NO_POSITIVE_GAIN": ("no contact earns more than it costs", "没有联系能带来正收益"),
    "NO_BUDGET": (
        "the budget is 0: only contacts that cost nothing are planned",
        "预算为0：仅安排零成本联系",
    ),
    "NO_CONTACTS": ("0 contacts are allowed", "允许的联系次数为0"),
    "BUDGET_LEFT": ("money is left: more of it would earn nothing", "预算有剩余：增加预算不再带来收益"),
}
"""What a plan says about itself, in both languages."""


@dataclass(frozen=True)
class Plan:
    """Who is contacted through which channel, what it earns, and what the last unit of each limit earned.

    Parameters
    ----------
    contacts : DataFrame
        The rows of the options that were taken, as they came, best first.
    gain_currency, cost_currency : float
        Expected gain (net of what contacts cost) and cost of the plan.
    bound_currency : float
        The optimum of the linear programme, which no plan of whole contacts can exceed.
    last_budget_currency : float
        What the last unit of budget earned (0 where money is left): the price at a little less than the limit, since
        exactly at a whole number of contacts the last and the next one are worth different amounts.
    last_contact_currency : float
        What the last contact earned, likewise.
    last_of_channel_currency : mapping
        What the last contact through a channel that is full earned, likewise.
    greedy_currency : float
        Gain of the better greedy plan, ``greedy_by`` says by what.
    notes : tuple of str
        Codes of :data:`NOTES`.
    """

    contacts: pd.DataFrame
    gain_currency: float
    cost_currency: float
    bound_currency: float
    last_budget_currency: float
    last_contact_currency: float
    last_of_channel_currency: dict[str, float]
    greedy_currency: float
    greedy_by: str
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what the plan amounts to as plain JSON, without its rows."""
        return {
            "contacts": len(self.contacts),
            "customers": int(self.contacts["customer_id"].nunique()),
            "gain_currency": self.gain_currency,
            "cost_currency": self.cost_currency,
            "bound_currency": self.bound_currency,
            "last_budget_currency": self.last_budget_currency,
            "last_contact_currency": self.last_contact_currency,
            "last_of_channel_currency": self.last_of_channel_currency,
            "greedy_currency": self.greedy_currency,
            "greedy_by": self.greedy_by,
            "notes": list(self.notes),
        }


def allocate(options: pd.DataFrame, limits: Limits, *, seed: int = 7) -> Plan:
    """Return the plan that earns most within the limits.

    The linear programme decides; the few contacts that it would make in part are left out, and what that frees goes to
    the best options that fit. Gains of 0 and below are never planned.

    Parameters
    ----------
    options : DataFrame
        One row for each customer and channel: :data:`NEEDED`, and whatever else is to be told with a contact.
        ``expected_gain_currency`` is net of ``cost_currency``.
    limits : Limits

    Raises
    ------
    MissingColumns
    WrongType
        A cost is negative, a number is not finite, or an option came twice.
    BadLimits
        A channel has a limit that no option uses.

    Examples
    --------
    >>> asked = pd.DataFrame({"customer_id": ["a", "b", "c"], "channel": "email",
    ...                       "expected_gain_currency": [4.0, 2.0, -1.0], "cost_currency": 1.0})
    >>> plan = allocate(asked, Limits(budget_currency=1.0))
    >>> plan.contacts["customer_id"].tolist(), plan.last_budget_currency
    (['a'], 4.0)
    >>> allocate(asked.iloc[:0], Limits()).notes
    ('NO_ELIGIBLE_CUSTOMERS',)
    """
    missing = [name for name in NEEDED if name not in options]
    if missing:
        raise MissingColumns(f"a plan needs {', '.join(missing)}, which did not come", missing=missing)
    gain, cost = (options[name].to_numpy(dtype=float) for name in NEEDED[2:])
    if not (np.isfinite(gain).all() and np.isfinite(cost).all() and (cost >= 0).all()):
        raise WrongType("a plan needs finite gains, and finite costs of 0 or more")
    if options.duplicated(["customer_id", "channel"]).any():
        raise WrongType("a plan needs one row for each customer and channel, some came twice")
    channel, channels = pd.factorize(options["channel"].astype(object), sort=True)
    unknown = sorted(set(limits.per_channel) - set(channels))
    if len(options) and unknown:
        raise BadLimits(limit="of a channel", came=", ".join(unknown), needs=f"one of {', '.join(channels)}")
    customer, people = pd.factorize(options["customer_id"].astype(object), sort=True)
    worth = np.flatnonzero(gain > 0)
    held = Options(customer[worth], channel[worth], gain[worth], cost[worth])
    most = np.array([float(limits.per_channel.get(name, np.inf)) for name in channels])
    shared = Shared(float(limits.budget_currency), float(limits.contacts), most, limits.per_customer)
    if not len(held) or limits.contacts < 1:
        return _nothing(options, gain, limits)
    if limits.budget_currency == 0:
        free = held.cost == 0
        worth, held = worth[free], held.take(free)
    found = solve(held, shared, customers=len(people), seed=seed)
    whole = found.share > 1 - 1e-6
    chosen = greedy(held, shared, customers=len(people), taken=whole)
    plain, by = best_greedy(held, shared, customers=len(people))
    plain_gain = float(held.gain[plain].sum())
    if plain_gain > float(
        held.gain[chosen].sum()
    ):  # possible where limits are so small that rounding decides
        chosen = plain
    rows = options.iloc[worth[chosen]]
    rows = rows.sort_values(
        ["expected_gain_currency", "customer_id"], ascending=[False, True], kind="stable", ignore_index=True
    )
    spent = float(held.cost[chosen].sum())
    lower = solve(held, shared.a_little_less(), customers=len(people), seed=seed, start=found.price).price
    price = np.where(lower > 1e-9, lower, 0.0)
    notes = ["NO_BUDGET"] * (limits.budget_currency == 0)
    if np.isfinite(limits.budget_currency) and limits.budget_currency > 0 and price[0] == 0:
        notes.append("BUDGET_LEFT")
    return Plan(
        rows,
        float(held.gain[chosen].sum()),
        spent,
        max(found.optimum, float(held.gain[chosen].sum())),
        float(price[0]),
        float(price[1]),
        {str(name): float(each) for name, each in zip(channels, price[2:], strict=True) if each > 0},
        plain_gain,
        by,
        tuple(notes),
    )


def _nothing(options: pd.DataFrame, gain: np.ndarray, limits: Limits) -> Plan:
    why = "NO_ELIGIBLE_CUSTOMERS" if not len(options) else "NO_POSITIVE_GAIN"
    if len(options) and (gain > 0).any():
        why = "NO_CONTACTS"
    return Plan(options.iloc[:0].reset_index(drop=True), 0.0, 0.0, 0.0, 0.0, 0.0, {}, 0.0, "gain", (why,))
