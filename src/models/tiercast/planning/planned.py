"""The whole way of a plan: a source or a scorecard becomes contacts, rules and assumptions are read, limits decide."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from tiercast.actions.assumptions import DEFAULT
from tiercast.actions.next_best import BadActionTable
from tiercast.actions.rules_file import read_rules
from tiercast.planning.allocate import Plan, allocate, require_one_contact
from tiercast.planning.asked import Asked, ask_scorecard, ask_source
from tiercast.planning.limits import BadLimits, Limits
from tiercast.planning.measured import read_uplift
from tiercast.planning.published import read_scorecard
from tiercast.registry import Store
from tiercast.schema import History


def plan(
    history: History | None,
    *,
    scorecard: str | Path | pd.DataFrame | None,
    cutoff: date | None,
    limits: Limits | None,
    days: int | None,
    rules: str | Path | None,
    uplift: str | Path | pd.DataFrame | None,
    channels: Sequence[str] | None,
    store: Store | None,
    scorecards: str | Path | None,
    model: str,
    policy: str,
    extensions: tuple[str, ...],
    engine: str,
    progress: Callable[[str], None],
) -> tuple[Plan, Asked]:
    """Return the plan, and everybody's contacts that it was chosen from; see :func:`tiercast.api.plan`."""
    table, assumed = (None, DEFAULT) if rules is None else read_rules(rules)
    measured = uplift if uplift is None or isinstance(uplift, pd.DataFrame) else read_uplift(uplift)
    ways = None if channels is None else tuple(channels)
    if measured is not None and limits is not None and limits.per_customer > 1:
        require_one_contact(limits.per_customer)
    if history is None or store is None:
        assert scorecard is not None  # the caller has seen to it
        cards = scorecard if isinstance(scorecard, pd.DataFrame) else read_scorecard(scorecard, cutoff=cutoff)
        if table is not None:
            raise BadActionTable(
                table=table.name,
                problem="its rules read features, which a published scorecard does not hold: give a source,"
                " or a file with [assumptions] alone",
            )
        asked = ask_scorecard(cards, assumptions=assumed, uplift=measured, ways=ways, extensions=extensions)
    else:
        asked = ask_source(
            history,
            cutoff=cutoff,
            store=store,
            model=model,
            policy=policy,
            scorecards=scorecards,
            assumptions=assumed,
            rules=table,
            uplift=measured,
            ways=ways,
            extensions=extensions,
            engine=engine,
            progress=progress,
        )
    progress("allocating")
    held = limits or Limits()
    unknown = sorted(set(held.per_channel) - set(asked.ways))
    if unknown:
        raise BadLimits(
            limit="of a channel", came=", ".join(unknown), needs=f"of one of {', '.join(asked.ways)}"
        )
    found = allocate(within(asked.options, days), held)
    return (replace(found, notes=(*found.notes, "NO_VALUE_KNOWN")) if asked.unvalued else found), asked


def within(options: pd.DataFrame, days: int | None) -> pd.DataFrame:
    """Return the contacts whose day lies in the first ``days`` from the cutoff on; ``None`` is all.

    Raises
    ------
    BadLimits
        Fewer than one day, or more than ten years.

    Examples
    --------
    >>> rows = pd.DataFrame({"cutoff": date(2026, 3, 2), "contact_on": [date(2026, 3, 8), date(2026, 3, 9)]})
    >>> len(within(rows, 7)), len(within(rows, None))
    (1, 2)
    """
    if days is None:
        return options
    if not 1 <= days <= 3650:
        raise BadLimits(limit="days", came=days, needs="from 1 to 3650")
    ahead = pd.to_datetime(options["contact_on"]) - pd.to_datetime(options["cutoff"])
    return options[(ahead < pd.Timedelta(days=days)).to_numpy(bool)].reset_index(drop=True)
