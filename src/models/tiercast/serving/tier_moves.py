"""When a customer may move between the classes of one ladder: beyond the band, after the dwell, after the grace.

Three brakes act between classes of one *ladder* (``top, large, medium, small`` is one). All other moves, into, out of or
between classes that are not on one ladder, happen at once.

* **Band.** A cut ``c``, a share of the ranked customers, is the band ``c × (1 ± band_share)``: only who is *beyond* it moves.
* **Dwell.** A class is kept for ``dwell_days`` days: moved on day 0, free to move on day ``dwell_days``.
* **Grace.** A move *down* waits until the customer was below the band at every scoring since a first day, and that day is
  ``grace_days`` days ago. One scoring within or above the band starts the count anew. A move up needs none.

What must be remembered between two scorings is the class, the day of the move into it and the first day below. Where no first
day below can come, because the column is not there at all, nobody counts it: then the grace is not applied, else a caller
without memory could never move anybody down. A null in the column says "not below at the last scoring".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

CODES: tuple[str, ...] = (
    "RULE", "SAME", "HELD_BY_BAND", "HELD_BY_DWELL", "HELD_BY_GRACE", "MOVED_UP", "MOVED_DOWN", "MOVED_AT_ONCE",
)  # fmt: skip
_RULE, _SAME, _BAND, _DWELL, _GRACE, _UP, _DOWN, _AT_ONCE = range(len(CODES))
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Past:
    """What is remembered of each customer: the class (position, -1 unknown), since when, and since when below.

    Days are ``datetime64[D]``, NaT where unknown; ``counts_below`` says whether anybody remembers first days below.
    """

    before: np.ndarray
    since: np.ndarray
    below: np.ndarray
    cutoff: np.ndarray
    counts_below: bool


@dataclass(frozen=True)
class Moved:
    """The class of each customer after the brakes, the code of what happened, and what is to be remembered."""

    tier: np.ndarray
    code: np.ndarray
    since: np.ndarray
    below: np.ndarray


def past_of(frame: pd.DataFrame, keys: list[str]) -> Past:
    """Read ``tier_before, tier_since_on, tier_below_since_on, cutoff`` where they came.

    A class that the policy does not have, and a day that cannot be read or lies after the cutoff, are unknown.
    """
    before = np.full(len(frame), -1)
    if "tier_before" in frame:
        before = pd.Index(keys).get_indexer(pd.Index(frame["tier_before"].astype(object)))
    cutoff = days_of(frame, "cutoff")
    since, below = (
        _not_after(days_of(frame, f"tier_{name}_on"), cutoff) for name in ("since", "below_since")
    )
    below = np.where(below < since, since, below)  # the count starts anew with each move
    return Past(before, since, below, cutoff, "tier_below_since_on" in frame)


def days_of(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column of dates as ``datetime64[D]``, NaT where it did not come or cannot be read.

    Examples
    --------
    >>> days_of(pd.DataFrame({"since": ["2026-03-02", "soon", None]}), "since").astype(str).tolist()
    ['2026-03-02', 'NaT', 'NaT']
    """
    if name not in frame:
        return np.full(len(frame), NEVER)
    column = frame[name]
    if getattr(column.dtype, "kind", "O") == "M":
        read = (
            column
            if getattr(column.dt, "tz", None) is None
            else column.dt.tz_convert("UTC").dt.tz_localize(None)
        )
    else:
        read = pd.to_datetime(
            column.astype(object), errors="coerce", utc=True, format="ISO8601"
        ).dt.tz_localize(None)
    return np.asarray(read.to_numpy().astype("datetime64[D]"))


def _not_after(day: np.ndarray, cutoff: np.ndarray) -> np.ndarray:
    return np.where(day > cutoff, NEVER, day)


def move(
    policy: Mapping[str, Any], past: Past, *, raw: np.ndarray, strict: np.ndarray, lenient: np.ndarray
) -> Moved:
    """Hold back whom the brakes hold, and say what happened.

    Parameters
    ----------
    policy : mapping
        A frozen policy: ``classes`` with their ladders, ``dwell_days``, ``grace_days``.
    past : Past
    raw, strict, lenient : ndarray of int
        Position of the class by the cuts themselves, and by the upper and the lower edges of their bands.

    Returns
    -------
    Moved
        ``since`` is the cutoff where the class is new, ``below`` the first day below where the customer still is.
    """
    ladders = [each.get("ladder") for each in policy["classes"]]
    ladder = np.array([-1 if each is None else ladders.index(each) for each in ladders])
    before, cutoff = past.before, past.cutoff
    known = before >= 0
    same = known & (ladder[raw] >= 0) & (ladder[raw] == ladder[before])
    up, down = same & (raw < before), same & (raw > before)
    beyond_up = up & (ladder[strict] == ladder[before]) & (strict < before)
    beyond_down = down & (ladder[lenient] == ladder[before]) & (lenient > before)
    beyond = beyond_up | beyond_down
    too_soon = beyond & younger(past.since, cutoff, policy["dwell_days"])
    below = np.where(beyond_down, np.where(np.isnat(past.below), cutoff, past.below), NEVER)
    in_grace = beyond_down & past.counts_below & younger(below, cutoff, policy.get("grace_days", 0))
    held = too_soon | in_grace
    tier = np.select([held, beyond_up, beyond_down, up | down], [before, strict, lenient, before], raw)
    code = np.select(
        [~known, too_soon, in_grace, beyond_up, beyond_down, up | down, raw == before],
        [_RULE, _DWELL, _GRACE, _UP, _DOWN, _BAND, _SAME],
        _AT_ONCE,
    )
    stays = known & (tier == before)
    return Moved(tier, code, np.where(stays, past.since, cutoff), np.where(stays, below, NEVER))


def younger(since: np.ndarray, cutoff: np.ndarray, days: int) -> np.ndarray:
    """Whether fewer than ``days`` days have passed; an unknown day is long ago.

    Examples
    --------
    >>> day = np.array(["2026-01-01", "2026-01-02", "NaT"], dtype="datetime64[D]")
    >>> younger(day, np.full(3, np.datetime64("2026-01-31")), 30).tolist()
    [False, True, False]
    """
    return np.asarray(cutoff - since < np.timedelta64(days, "D"), dtype=bool)
