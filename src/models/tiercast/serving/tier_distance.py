"""How far the next better class of the ladder is: what is missing, of which input, beyond the band if one applies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .conditions import Condition, met, numbers


@dataclass(frozen=True)
class Distance:
    """Position of the next better class (-1 without one), what is missing, and of which input."""

    following: np.ndarray
    missing: np.ndarray
    wanted: np.ndarray


def distance_to_next(
    policy: Mapping[str, Any], frame: pd.DataFrame, tier: np.ndarray, before: np.ndarray
) -> Distance:
    """Return what is missing to the next better class; NaN where it is not one number of one input."""
    following = np.full(len(frame), -1)
    missing = np.full(len(frame), np.nan)
    wanted = np.full(len(frame), None, dtype=object)
    first_rule = {rule["class"]: rule for rule in reversed(policy["rules"])}
    for better, here in rungs([each.get("ladder") for each in policy["classes"]]):
        rows = np.flatnonzero(tier == here)
        following[rows] = better
        part, stateful = frame.iloc[rows], before[rows] >= 0
        failing = np.zeros(rows.size, dtype=int)
        for stored in first_rule[policy["classes"][better]["key"]]["conditions"]:
            condition = Condition.from_json(stored)
            failed, short = _shortfall(policy, condition, part, stateful)
            failing += failed
            missing[rows[failed]] = short[failed]
            wanted[rows[failed]] = condition.input
        unclear = rows[(failing != 1) | np.isnan(missing[rows])]
        missing[unclear], wanted[unclear] = np.nan, None
    return Distance(following, missing, wanted)


def rungs(ladders: list[str | None]) -> list[tuple[int, int]]:
    """Return every (better, worse) pair of neighbours on one ladder, by position.

    Examples
    --------
    >>> rungs(["value", "value", None, "price", "value"])
    [(0, 1), (1, 4)]
    """
    last: dict[str, int] = {}
    pairs = []
    for position, ladder in enumerate(ladders):
        if ladder is None:
            continue
        if ladder in last:
            pairs.append((last[ladder], position))
        last[ladder] = position
    return pairs


def cuts_at(policy: Mapping[str, Any], side: str) -> dict[str, float | None]:
    """Return each cut's ``value``, or the ``upper`` or ``lower`` edge of its band."""
    return {name: cut[side] for name, cut in policy["cuts"].items()}


def _shortfall(
    policy: Mapping[str, Any], condition: Condition, frame: pd.DataFrame, stateful: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Whether a condition fails and by how much (beyond the band where a tier before came)."""
    on_cut, on_band = (met(condition, frame, cuts_at(policy, side)) for side in ("value", "upper"))
    failed = ~np.where(stateful, on_band, on_cut)
    if condition.op not in (">=", ">", "<", "<=") or isinstance(condition.threshold, str):
        return failed, np.full(len(frame), np.nan)
    bounds: list[float] = []
    for side in ("value", "upper"):
        frozen = condition.threshold if condition.cut is None else policy["cuts"][condition.cut][side]
        bounds.append(np.nan if frozen is None else float(frozen))
    short = np.where(stateful, bounds[1], bounds[0]) - numbers(frame, condition.input)
    return failed, short if condition.op in (">=", ">") else -short
