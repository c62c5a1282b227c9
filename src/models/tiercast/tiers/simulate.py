"""What if: how many customers another policy, another share or another cut would put into another tier."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from tiercast.serving.tiers import assign
from tiercast.tiers.declare import BadPolicy
from tiercast.tiers.policy import Policy

_STATE = ("tier_before", "tier_since_on", "tier_below_since_on")


@dataclass(frozen=True)
class Simulation:
    """Who is where now, and who would be where.

    Parameters
    ----------
    customers, moved : int
    counts, shares : DataFrame
        From (rows) to (columns), best first; shares are of each row.
    notes : tuple of str
        What the policy that is tried says about its cuts.
    same_classes : bool
        Whether both have the same classes; only then does a move mean one.
    """

    customers: int
    moved: int
    counts: pd.DataFrame
    shares: pd.DataFrame
    notes: tuple[str, ...] = ()
    same_classes: bool = True

    @property
    def moved_share(self) -> float:
        """Moved customers among all; NaN without any."""
        return self.moved / self.customers if self.customers else float("nan")


def with_shares(policy: Policy, shares: Mapping[str, float]) -> Policy:
    """Return a policy with other shares of its cuts (each counts from the top: ``medium=0.25`` is the best quarter).

    Raises
    ------
    BadPolicy

    Examples
    --------
    >>> from tiercast.tiers.pyramid import PYRAMID
    >>> [cut.top_share for cut in with_shares(PYRAMID, {"top": 0.02}).cuts]
    [0.02, 0.05, 0.2]
    >>> with_shares(PYRAMID, {"best": 0.02})
    Traceback (most recent call last):
    ...
    tiercast.tiers.declare.BadPolicy: policy pyramid: there is no cut best; there is: large, medium, top
    """
    known = {cut.name for cut in policy.cuts}
    for name in shares:
        if name not in known:
            raise BadPolicy(
                policy=policy.name,
                problem=f"there is no cut {name}; there is: {', '.join(sorted(known)) or 'none'}",
            )
    cuts = tuple(
        replace(cut, top_share=shares[cut.name], value_in=()) if cut.name in shares else cut
        for cut in policy.cuts
    )
    return replace(policy, cuts=cuts)


def simulate(
    frame: pd.DataFrame,
    now: Mapping[str, Any],
    then: Mapping[str, Any],
    *,
    tiers_now: pd.Series | None = None,
) -> Simulation:
    """Return how the customers of a frame would move from one frozen policy to another.

    Both are taken without brakes, as if each were new: what is asked is whom the rules mean, not when the mover lets them go.

    Parameters
    ----------
    frame : DataFrame
        Features, predictions and scores, one row a customer.
    now, then : mapping
        Frozen policies.
    tiers_now : Series, optional
        The classes that are in force, by the mover, instead of those that ``now`` would give.

    Examples
    --------
    >>> from tiercast.tiers.value_tiers import VALUE_TIERS
    >>> seen = pd.DataFrame({"expected_value_currency": np.arange(100.0)})
    >>> wider = with_shares(VALUE_TIERS, {"platinum": 0.04}).freeze(seen)
    >>> tried = simulate(seen, VALUE_TIERS.freeze(seen), wider)
    >>> tried.moved, int(tried.counts.loc["gold", "platinum"])
    (3, 3)
    """
    plain = frame.drop(columns=[name for name in _STATE if name in frame])
    given = assign(now, plain)["tier"] if tiers_now is None else tiers_now
    tried = assign(then, plain)["tier"]
    before, after = (given.to_numpy(object), tried.to_numpy(object))
    rows = [each["key"] for each in now["classes"]]
    columns = [each["key"] for each in then["classes"]]
    counts = pd.crosstab(pd.Series(before, name="from"), pd.Series(after, name="to")).reindex(
        index=rows, columns=columns, fill_value=0
    )
    totals = counts.sum(axis=1)
    return Simulation(
        customers=len(frame),
        moved=int(np.sum(before != after)),
        counts=counts,
        shares=counts.div(totals.where(totals > 0), axis=0),
        notes=tuple(then.get("notes", ())),
        same_classes=rows == columns,
    )
