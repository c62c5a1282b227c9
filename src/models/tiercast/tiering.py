"""Questions about tiers, answered with a served version's own features, scores and frozen policies.

Who would move under another policy or another share? Why is this customer here, and what would change it? How uneven is
value, and did the quotas come out? What the mover remembers is read from the tier history of a folder of scorecards, where
one is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from tiercast.engines.opening import open_engine
from tiercast.errors import UnknownCustomer
from tiercast.frozen import features_of
from tiercast.registry import Store, bundle_folder, open_served
from tiercast.schema import History
from tiercast.serving.influence import fit_influence
from tiercast.serving.refusals import UnknownChoice
from tiercast.serving.tiers import assign
from tiercast.tiers.concentration import Concentration, concentration, quotas
from tiercast.tiers.declared import policy_named
from tiercast.tiers.files import is_file
from tiercast.tiers.history import night_before, with_past
from tiercast.tiers.policy import Policy, thaw
from tiercast.tiers.simulate import Simulation, simulate, with_shares
from tiercast.tiers.why import Why, explain_tier

QUOTA_POLICY = "influence_intent"


@dataclass(frozen=True)
class Customers:
    """Everybody seen before a cutoff, as a served version sees them: features, predictions and scores side by side."""

    frame: pd.DataFrame
    cutoff: date
    bundle: Any

    @property
    def currency(self) -> str:
        """The currency of the version."""
        return str(self.bundle.manifest["currency"])

    def frozen(self, name: str = "") -> Mapping[str, Any]:
        """Return a policy as it is in force in the version."""
        found: Mapping[str, Any] = self.bundle.policies.get(name or self.bundle.manifest["default_policy"])
        if found is None:
            raise UnknownChoice(
                f"this version has no such policy; there is: {', '.join(sorted(self.bundle.policies))}",
                there_is=sorted(self.bundle.policies),
            )
        return found


@dataclass(frozen=True)
class WhatIf:
    """A simulation, the two policies behind it, and how many would move by measuring the cuts anew alone."""

    simulation: Simulation
    now: str
    then: str
    cutoff: date
    moved_by_new_cuts: int


@dataclass(frozen=True)
class Shares:
    """How uneven value is, by each column that was asked for, and what came of quotas."""

    concentrations: dict[str, Concentration]
    policy: str
    quotas: pd.DataFrame | None
    cutoff: date | None


def customers_at(
    history: History,
    *,
    cutoff: date | None,
    store: Store,
    model: str = "champion",
    engine: str = "duckdb",
    only: str | None = None,
) -> Customers:
    """Return everybody seen before a cutoff with all that a policy may read; None is the last day of the data.

    Parameters
    ----------
    only : str, optional
        This customer alone: nobody else is predicted.

    Raises
    ------
    NoChampion, SourceError, ContractError, StaleHistory, UnknownCustomer
    """
    bundle: Any = open_served(bundle_folder(store, model))
    with open_engine(engine) as runs:
        seen = features_of(bundle, history, cutoff, runs)
    rows, many = seen.features, len(seen.features)
    if only is not None:
        rows = rows[(rows["customer_id"] == only).to_numpy()].reset_index(drop=True)
        if rows.empty:
            raise UnknownCustomer(customer_id=only, cutoff=seen.cutoff, customers=many)
    frame = bundle.enriched(rows)
    if "influence_score" not in frame:  # a version from before there was one
        everybody = fit_influence(seen.features)
        frame = pd.concat([frame, everybody.assign(frame)], axis=1)
    return Customers(frame, seen.cutoff, bundle)


def what_if(
    customers: Customers,
    to: str = "",
    *,
    now: str = "",
    shares: Mapping[str, float] | None = None,
    scorecards: str | Path | None = None,
    extensions: tuple[str, ...] = (),
) -> WhatIf:
    """Return how many customers would move under another policy, or other shares.

    Parameters
    ----------
    customers : Customers
        See :func:`customers_at`.
    to : str
        A policy's name or TOML file; default: the one in force, with other ``shares``.
    now : str
        The policy in force; default: the version's default.
    shares : mapping, optional
        New shares of cuts of ``to``, from the top.
    scorecards : path, optional
        A folder of scorecards: then *from* is the class in force by its history at or before the cutoff.

    Raises
    ------
    UnknownName, UnknownChoice, BadPolicy
    """
    in_force = customers.frozen(now)
    policy = _declared(customers, to or in_force["policy"], extensions)
    policy = with_shares(policy, shares) if shares else policy
    then = policy.freeze(customers.frame, currency=customers.currency, absent_is_unknown=True)
    tiers_now = None
    if scorecards is not None:
        tiers_now = assign(in_force, remembered(customers, in_force["policy"], scorecards))["tier"]
    tried = simulate(customers.frame, in_force, then, tiers_now=tiers_now)
    anew = thaw(dict(in_force)).freeze(customers.frame, currency=customers.currency, absent_is_unknown=True)
    return WhatIf(
        tried,
        in_force["policy"],
        policy.name,
        customers.cutoff,
        simulate(customers.frame, in_force, anew).moved,
    )


def _declared(customers: Customers, name: str, extensions: tuple[str, ...]) -> Policy:
    """Return a policy by file, as it is declared, or as the version holds it."""
    if not is_file(name) and name in customers.bundle.policies:
        return thaw(dict(customers.bundle.policies[name]))
    return policy_named(name, extensions)[0]


def remembered(customers: Customers, policy: str, scorecards: str | Path) -> pd.DataFrame:
    """Return the customers with what the newest tier history before their cutoff remembers of them."""
    night = night_before(scorecards, cutoff=customers.cutoff, policy=policy, version=customers.bundle.version)
    return with_past(customers.frame, night)


def explain_customer(
    customers: Customers,
    customer_id: str,
    *,
    policy: str = "",
    scorecards: str | Path | None = None,
    language: str = "en",
) -> Why:
    """Return why one customer is in a tier, what holds them, and what would change it.

    Raises
    ------
    UnknownCustomer, UnknownChoice
    """
    frozen = customers.frozen(policy)
    frame = customers.frame
    if scorecards is not None:
        frame = remembered(customers, frozen["policy"], scorecards)
    row = frame[frame["customer_id"] == customer_id].reset_index(drop=True)
    if row.empty:
        raise UnknownCustomer(customer_id=customer_id, cutoff=customers.cutoff, customers=len(frame))
    return explain_tier(frozen, row, language=language)


def shares_of(customers: Customers, *, policy: str = QUOTA_POLICY, top_share: float = 0.20) -> Shares:
    """Return how uneven past and expected value are, and how a policy's quotas came out.

    Raises
    ------
    NothingToShare, UnknownChoice
    """
    frozen = customers.frozen(policy)
    tiers = assign(frozen, customers.frame)["tier"]
    by = ("net_spend_currency", "expected_value_currency")
    told = {
        name: concentration(customers.frame[name], top_share=top_share)
        for name in by
        if name in customers.frame
    }
    return Shares(told, frozen["policy"], quotas(frozen, tiers), customers.cutoff)


def shares_of_scorecard(
    cards: pd.DataFrame, *, extensions: tuple[str, ...] = (), top_share: float = 0.20
) -> Shares:
    """Return how uneven the expected value of a published scorecard is, and how its policy's quotas came out.

    The quotas are told where the scorecard's policy is still declared, in the version that the scorecard names.

    Parameters
    ----------
    cards : DataFrame
        As :func:`tiercast.planning.published.read_scorecard` reads it.

    Raises
    ------
    NothingToShare
    """
    told = {"expected_value_currency": concentration(cards["expected_value_currency"], top_share=top_share)}
    name, version = str(cards["policy"].iloc[0]), str(cards["policy_version"].iloc[0])
    declared = policy_named("pyramid", extensions)[1].get(name)
    counted = None
    if declared is not None and declared.version == version:
        empty = pd.DataFrame({each.name: pd.Series(dtype=float) for each in declared.inputs})
        counted = quotas(declared.freeze(empty), cards["tier"].dropna())
    day = pd.to_datetime(cards["cutoff"].iloc[0]).date()
    return Shares(told, name, counted, day)


__all__ = [
    "Customers",
    "Shares",
    "WhatIf",
    "customers_at",
    "explain_customer",
    "shares_of",
    "shares_of_scorecard",
    "what_if",
]
