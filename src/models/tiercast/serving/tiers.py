"""Which tier a customer is in, read from a frozen policy: the first rule that fits decides, and says so.

A policy is JSON made once at training by ``tiercast.tiers.policy.Policy.freeze``; this file only applies it.

When a frame brings ``tier_before`` (and, better, ``tier_since_on``, ``tier_below_since_on`` and ``cutoff``), the brakes of
:mod:`.tier_moves` act between classes of one ladder: the band, the dwell and, where first days below are remembered (the column
``tier_below_since_on`` is there, be it null), the grace before a move down. ``tier_basis`` says which it was:

* ``stateless``: no usable ``tier_before`` came, the tier is the raw class;
* ``moved``: the tier differs from ``tier_before``;
* ``held``: the tier is ``tier_before``, because nothing changed or because a brake held
  (``tier_reason_code``).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from .conditions import Condition, matches, take
from .refusals import MissingColumns, UnknownChoice
from .tier_distance import cuts_at, distance_to_next
from .tier_moves import CODES, move, past_of
from .tier_reasons import told

LANGUAGES: tuple[str, ...] = ("en", "zh")
COLUMNS: tuple[str, ...] = (
    "tier",
    "tier_basis",
    "tier_before",
    "tier_reason_code",
    "tier_reason",
    "next_tier",
    "distance",
    "distance_input",
    "tier_since_on",
    "tier_below_since_on",
)


def assign(policy: Mapping[str, Any], frame: pd.DataFrame, *, language: str = "en") -> pd.DataFrame:
    """Say which tier each customer is in, why, and how far the next one is.

    Parameters
    ----------
    policy : mapping
        What ``Policy.freeze`` returned.
    frame : DataFrame
        Features and predictions side by side, one row a customer; optionally ``tier_before`` (class key),
        ``tier_since_on`` and ``tier_below_since_on`` (ISO dates) and ``cutoff`` (date).
    language : str
        ``en`` or ``zh``, for ``tier_reason``.

    Returns
    -------
    DataFrame
        Same index. ``tier``, ``tier_basis`` (see the module), ``tier_before``, ``tier_reason_code`` (RULE,
        SAME, HELD_BY_BAND, HELD_BY_DWELL, HELD_BY_GRACE, MOVED_UP, MOVED_DOWN, MOVED_AT_ONCE), ``tier_reason``
        (one sentence), ``next_tier`` (the next better class of the ladder, or None), ``distance`` (float64: how
        much of ``distance_input`` is missing to get there, in the unit of that input; NaN when not one
        number), ``distance_input``, ``tier_since_on`` (the day of the move into the class) and
        ``tier_below_since_on`` (the first day below, for who is below now); both ``datetime64[s]``.

    Raises
    ------
    MissingColumns
        An input that the policy requires did not come.
    UnknownChoice
        The language is not one of ours.

    Examples
    --------
    >>> from tiercast.tiers.pyramid import PYRAMID
    >>> seen = pd.DataFrame({"days_since_purchase": [3.0] * 10, "expected_value_currency": range(10),
    ...                      "interest_touchpoints": 0.0, "touchpoints": 5.0})
    >>> assign(PYRAMID.freeze(seen), seen)["tier"].value_counts().to_dict()
    {'small': 8, 'medium': 2}
    >>> assign(PYRAMID.freeze(seen), seen.drop(columns="touchpoints"))
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.MissingColumns: the policy pyramid needs touchpoints, which did not come
    >>> assign(PYRAMID.freeze(seen), seen.iloc[:0]).shape
    (0, 10)
    """
    _check(policy, frame, language)
    keys = [each["key"] for each in policy["classes"]]
    rule = first_match(policy, frame, "value")
    of_rule = np.array([keys.index(each["class"]) for each in policy["rules"]])
    past = past_of(frame, keys)
    raw = strict = lenient = of_rule[rule]
    if (past.before >= 0).any():
        strict, lenient = (of_rule[first_match(policy, frame, side)] for side in ("upper", "lower"))
    moved = move(policy, past, raw=raw, strict=strict, lenient=lenient)
    basis = np.where(past.before < 0, 0, np.where(moved.tier == past.before, 1, 2))
    next_one = distance_to_next(policy, frame, moved.tier, past.before)
    reasons = told(policy, language, rule=rule, tier=moved.tier, code=moved.code)
    return pd.DataFrame(
        {
            "tier": take(keys, moved.tier),
            "tier_basis": take(["stateless", "held", "moved"], basis),
            "tier_before": take([*keys, None], past.before),
            "tier_reason_code": take(CODES, moved.code),
            "tier_reason": pd.Series(reasons, dtype=object),
            "next_tier": take([*keys, None], next_one.following),
            "distance": next_one.missing,
            "distance_input": pd.Series(next_one.wanted, dtype=object),
            "tier_since_on": moved.since.astype("datetime64[s]"),
            "tier_below_since_on": moved.below.astype("datetime64[s]"),
        }
    ).set_axis(frame.index)


def _check(policy: Mapping[str, Any], frame: pd.DataFrame, language: str) -> None:
    if language not in LANGUAGES:
        raise UnknownChoice(f"the language must be one of {', '.join(LANGUAGES)}", there_is=list(LANGUAGES))
    missing = sorted(
        each["name"] for each in policy["inputs"] if each["required"] and each["name"] not in frame
    )
    if missing:
        raise MissingColumns(
            f"the policy {policy['policy']} needs {', '.join(missing)}, which did not come", missing=missing
        )


def first_match(policy: Mapping[str, Any], frame: pd.DataFrame, side: str) -> np.ndarray:
    """Return the position of the first rule that each customer meets, by the cuts or by an edge of their bands."""
    found = np.full(len(frame), len(policy["rules"]) - 1)
    cuts = cuts_at(policy, side)
    for position in range(len(policy["rules"]) - 1, -1, -1):
        conditions = [Condition.from_json(each) for each in policy["rules"][position]["conditions"]]
        found[matches(conditions, frame, cuts)] = position
    return found
