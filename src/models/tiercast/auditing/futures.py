"""Other futures: the same touchpoints with what came after a cutoff rewritten, removed, added to or given to others.

Each takes events as :func:`tiercast.auditing.subject.read_events` returns them and returns a new frame. What was seen
before the cutoff stays as it was, so whatever describes the past must stay as it was too.
"""

from datetime import date

import numpy as np
import pandas as pd

LATE_SHARE = 0.2


def is_later(events: pd.DataFrame, cutoff: date) -> np.ndarray:
    """Return which events happened at or after midnight of ``cutoff``, or were known only then."""
    midnight = np.datetime64(cutoff, "us")
    later = events["occurred_at"].to_numpy() >= midnight
    if "known_at" in events:
        later |= events["known_at"].to_numpy() >= midnight  # an absent time compares as False
    return np.asarray(later)


def truncated(events: pd.DataFrame, cutoff: date) -> pd.DataFrame:
    """Return only what was seen before ``cutoff``.

    Examples
    --------
    >>> events = pd.DataFrame({"occurred_at": pd.to_datetime(["2025-01-01 23:59", "2025-01-02 00:00"])})
    >>> len(truncated(events, date(2025, 1, 2)))
    1
    """
    return events.loc[~is_later(events, cutoff)].reset_index(drop=True)


def rewritten(events: pd.DataFrame, cutoff: date, rng: np.random.Generator) -> pd.DataFrame:
    """Return events in which whatever was not seen before ``cutoff`` has changed hands, kind, amount and moment.

    Customers, kinds and every further column are dealt anew among the later events, amounts are multiplied by up to
    ten, and a third of what happened later is moved to the very instant of the cutoff, where an inclusive bound shows.
    """
    later = np.flatnonzero(is_later(events, cutoff))
    changed = events.copy()
    for name in events.columns:
        if name not in ("occurred_at", "known_at"):
            _put(changed, name, later, events[name].take(rng.permutation(later)))
    for name in ("amount", "discount"):
        if name in changed:
            raised = changed[name].to_numpy(float, copy=True)
            raised[later] = np.round(raised[later] * rng.integers(2, 11, len(later)), 2)
            changed[name] = raised
    midnight = np.datetime64(cutoff, "us")
    moments = changed["occurred_at"].to_numpy(copy=True)
    after = later[moments[later] >= midnight]
    moments[after[rng.random(len(after)) < 1 / 3]] = midnight
    changed["occurred_at"] = moments
    return changed


def backfilled(events: pd.DataFrame, cutoff: date, rng: np.random.Generator) -> pd.DataFrame:
    """Return events with late arrivals: things that happened before ``cutoff`` and were known only from then on.

    A fifth of the seen events come again a little earlier, with larger amounts, and half of them as another kind, with
    returns always among these. Half were known at the very instant of the cutoff, half up to 30 days later; half are
    further lines of the same order.
    """
    seen = np.flatnonzero(~is_later(events, cutoff))
    size = min(len(seen), max(200, int(LATE_SHARE * len(seen))))
    chosen = rng.choice(seen, size=size, replace=False) if size else seen
    late = events.take(chosen).reset_index(drop=True)
    known = np.full(size, np.datetime64(cutoff, "us"))
    known[::2] += rng.integers(1, 30 * 86_400, len(known[::2])).astype("timedelta64[s]")
    moved = late["occurred_at"].to_numpy() - rng.integers(0, 3 * 86_400, size).astype("timedelta64[s]")
    late["occurred_at"] = np.maximum(moved, np.datetime64("1970-01-01", "us"))
    late["known_at"] = known
    kinds = list(dict.fromkeys(["return", *events["kind"].dropna().unique()]))
    dealt = rng.integers(0, 2 * len(kinds), size)
    late["kind"] = np.where(
        dealt < len(kinds), np.asarray(kinds, dtype=object)[dealt % len(kinds)], late["kind"].astype(object)
    )
    if "amount" in late:
        late["amount"] = np.round(late["amount"].fillna(1.0).to_numpy(float) * 3 + 1, 2)
    if "order_id" in late:
        late["order_id"] = late["order_id"].where(np.arange(size) % 2 == 0)
    known_before = events if "known_at" in events else events.assign(known_at=np.datetime64("NaT", "us"))
    return pd.concat([known_before, late.astype({"kind": "str"})[known_before.columns]], ignore_index=True)


def renamed(events: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return events in which every history belongs to another customer, and who has whose: old name → new name."""
    customers = np.sort(events["customer_id"].unique().astype(object))
    order = rng.permutation(len(customers))
    to = {str(customers[a]): str(customers[b]) for a, b in zip(order, np.roll(order, 1), strict=True)}
    changed = events.copy()
    for name in ("customer_id", "referred_customer_id"):
        if name in changed:
            mapped = changed[name].map(to)
            changed[name] = mapped.where(mapped.notna(), changed[name])
    return changed, to


def _put(frame: pd.DataFrame, name: str, rows: np.ndarray, cells: pd.Series) -> None:
    column = frame[name].array.copy()
    column[rows] = cells.array
    frame[name] = column
