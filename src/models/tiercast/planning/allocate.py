"""Allocation: from what each contact would earn and cost to who is contacted, under all limits at once."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from tiercast.planning.limits import BadLimits, Limits
from tiercast.planning.programme import Options, Shared, solve
from tiercast.planning.together import together
from tiercast.planning.whole import best_whole
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
    "NO_VALUE_KNOWN": (
        "something is due for customers of whom no value is known: no plan can hold them",
        "部分客户有待办事项但价值未知，无法列入计划",
    ),
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
        The optimum of the linear programme, which no plan of whole contacts can exceed; with several contacts of one
        customer, as if their effects added up.
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
        ``expected_gain_currency`` is net of ``cost_currency``. Where ``effect_share`` is among them, the second contact of
        a customer works on what the first has left (see :mod:`~.together`), and its gain is told so; without, gains of
        one customer add up.
    limits : Limits
        A limit of a channel that no option uses limits nothing.

    Raises
    ------
    MissingColumns
    WrongType
        A cost is negative, a number is not finite, or an option came twice.
    BadLimits
        Several contacts of one customer are allowed, and an option has no ``effect_share`` because its uplift was
        measured: that is the uplift of one contact, and nobody measured two.

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
    several = _shares_effects(options, limits)
    channel, channels = pd.factorize(options["channel"].astype(object), sort=True)
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
    if several:
        effect = options["effect_share"].to_numpy(dtype=float)[worth]
        found, told = together(held, effect, shared, customers=len(people), seed=seed)
        held = replace(held, gain=told)
    else:
        found = best_whole(held, shared, customers=len(people), seed=seed)
    rows = options.iloc[worth[found.taken]].assign(expected_gain_currency=held.gain[found.taken])
    rows = rows.sort_values(
        ["expected_gain_currency", "customer_id"], ascending=[False, True], kind="stable", ignore_index=True
    )
    earned, spent = float(held.gain[found.taken].sum()), float(held.cost[found.taken].sum())
    paying = held.take(held.gain > 0)
    lower = solve(paying, shared.a_little_less(), customers=len(people), seed=seed, start=found.start).price
    price = np.where(lower > 1e-9, lower, 0.0)
    notes = ["NO_BUDGET"] * (limits.budget_currency == 0)
    if np.isfinite(limits.budget_currency) and limits.budget_currency > 0 and price[0] == 0:
        notes.append("BUDGET_LEFT")
    return Plan(
        rows,
        earned,
        spent,
        max(found.bound, earned),
        float(price[0]),
        float(price[1]),
        {str(name): float(each) for name, each in zip(channels, price[2:], strict=True) if each > 0},
        found.plain_gain,
        found.by,
        tuple(notes),
    )


def _shares_effects(options: pd.DataFrame, limits: Limits) -> bool:
    """Whether contacts of one customer share an effect; refused where their effect was measured."""
    if limits.per_customer == 1 or "effect_share" not in options:
        return False
    effect = options["effect_share"].to_numpy(dtype=float)
    if not np.isfinite(effect).all():
        require_one_contact(limits.per_customer)
    if not ((effect >= 0) & (effect <= 1)).all():
        raise WrongType("a plan needs an effect_share from 0 to 1")
    return True


def require_one_contact(per_customer: int) -> None:
    """Refuse several contacts of one customer where an uplift was measured.

    Raises
    ------
    BadLimits
    """
    if per_customer > 1:
        raise BadLimits(
            limit="contacts per customer",
            came=per_customer,
            needs="1 where an uplift was measured (it is that of one contact, and nobody measured what a second one adds)",
        )


def _nothing(options: pd.DataFrame, gain: np.ndarray, limits: Limits) -> Plan:
    why = "NO_ELIGIBLE_CUSTOMERS" if not len(options) else "NO_POSITIVE_GAIN"
    if len(options) and (gain > 0).any():
        why = "NO_CONTACTS"
    return Plan(options.iloc[:0].reset_index(drop=True), 0.0, 0.0, 0.0, 0.0, 0.0, {}, 0.0, "gain", (why,))
