"""One comparison of one column, as data: what the rules of tiers and of next actions are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .refusals import Refused

OPERATORS: tuple[str, ...] = (">=", ">", "<", "<=", "==", "is_unknown", "is_known")


class BadRule(Refused, ValueError):
    """A rule cannot be read: the operator, the threshold or the name of a cut is wrong."""

    code = "BAD_RULE"


@dataclass(frozen=True)
class Condition:
    """One comparison of one input, as data: ``expected_value_currency >= cut top``.

    Parameters
    ----------
    input : str
        Column that is compared.
    op : str
        ``>=`` and ``<`` (half-open intervals), ``>`` and ``<=``, ``==``, ``is_unknown``, ``is_known``.
    threshold : float or str, optional
        A fixed value to compare with (text only with ``==``).
    cut : str, optional
        The name of a frozen cut to compare with. Exactly one of ``threshold`` and ``cut`` for a comparison.

    Raises
    ------
    BadRule
        When the operator is unknown, or what it compares with is missing, doubled or of the wrong type.

    Notes
    -----
    An unknown input meets no comparison: neither ``>= 5`` nor ``< 5``.

    Examples
    --------
    >>> Condition("orders", ">=", 3).to_json()
    {'input': 'orders', 'op': '>=', 'threshold': 3, 'cut': None}
    >>> Condition("orders", "=>", 3)
    Traceback (most recent call last):
    ...
    tiercast.serving.conditions.BadRule: the operator '=>' is not known; there is: >=, >, <, <=, ==, is_unknown, is_known
    """

    input: str
    op: str
    threshold: float | str | None = None
    cut: str | None = None

    def __post_init__(self) -> None:
        if self.op not in OPERATORS:
            there_is = ", ".join(OPERATORS)
            raise BadRule(f"the operator {self.op!r} is not known; there is: {there_is}", input=self.input)
        given = (self.threshold is not None) + (self.cut is not None)
        if given != (0 if self.op.startswith("is_") else 1):
            raise BadRule(
                f"{self.input} {self.op} compares with exactly one threshold or cut, is_… with none",
                input=self.input,
                op=self.op,
            )
        if isinstance(self.threshold, str) and self.op != "==":
            raise BadRule(f"{self.input} {self.op} needs a number; text only goes with ==", input=self.input)
        if isinstance(self.threshold, float) and not np.isfinite(self.threshold):
            raise BadRule(f"{self.input} {self.op} needs a finite number", input=self.input)

    def to_json(self) -> dict[str, Any]:
        """Return the condition as plain JSON."""
        return {"input": self.input, "op": self.op, "threshold": self.threshold, "cut": self.cut}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(stored["input"], stored["op"], stored.get("threshold"), stored.get("cut"))


def matches(
    conditions: Sequence[Condition], frame: pd.DataFrame, cuts: Mapping[str, float | None]
) -> np.ndarray:
    """Whether each row meets all the conditions; an input that did not come is unknown.

    Parameters
    ----------
    conditions : sequence of Condition
        None at all are met by every row.
    frame : DataFrame
        One row a customer.
    cuts : mapping
        Value of each named cut; None is a cut that nobody reaches.

    Returns
    -------
    ndarray of bool, one per row

    Examples
    --------
    >>> seen = pd.DataFrame({"orders": [1.0, 5.0, None]})
    >>> matches([Condition("orders", ">=", 3)], seen, {}).tolist()
    [False, True, False]
    >>> matches([Condition("orders", "<", cut="many")], seen, {"many": None}).tolist()
    [True, True, False]
    """
    every = np.ones(len(frame), dtype=bool)
    for condition in conditions:
        every &= met(condition, frame, cuts)
    return every


def share_cut(values: np.ndarray, top_share: float) -> float | None:
    """Where to cut so that **at most** ``top_share`` of the values are at or above.

    The cut lies half-way between two neighbouring values, so that the last digit of a float decides nobody's
    class; equal values always stay together, on the lower side.

    Returns
    -------
    float or None
        None when no cut can do that: too few values, or all of them equal.

    Examples
    --------
    >>> share_cut(np.array([1.0, 2.0, 3.0, 4.0]), 0.25)
    3.5
    >>> share_cut(np.array([7.0, 7.0, 7.0, 7.0]), 0.25) is None
    True
    >>> share_cut(np.array([]), 0.25) is None
    True
    """
    ranked = np.sort(values[np.isfinite(values)])[::-1]
    room = int(np.floor(top_share * ranked.size + 1e-9))
    fit = int(np.searchsorted(-ranked, -ranked[room])) if 0 < room < ranked.size else min(room, ranked.size)
    if fit == 0:
        return None
    below = ranked[fit] if fit < ranked.size else ranked[-1]
    return float(below + (ranked[fit - 1] - below) / 2)


def take(names: Sequence[str | None], positions: np.ndarray) -> pd.Series:
    """Return the name at each position, as plain strings and None (position -1 is the last name).

    Examples
    --------
    >>> take(["low", "high", None], np.array([1, 0, -1])).tolist()
    ['high', 'low', None]
    """
    return pd.Series(np.array([*names], dtype=object)[positions], dtype=object)


def numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column as float64; what did not come, or is no number, is NaN."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def met(condition: Condition, frame: pd.DataFrame, cuts: Mapping[str, float | None]) -> np.ndarray:
    """Whether each row meets one condition."""
    if isinstance(condition.threshold, str):
        if condition.input not in frame:
            return np.zeros(len(frame), dtype=bool)
        return np.asarray(frame[condition.input].astype(object) == condition.threshold, dtype=bool)
    values = numbers(frame, condition.input)
    known = np.isfinite(values)
    if condition.op == "is_known":
        return np.asarray(known, dtype=bool)
    if condition.op == "is_unknown":
        return np.asarray(~known, dtype=bool)
    frozen = cuts[condition.cut] if condition.cut is not None else condition.threshold
    bound = np.inf if frozen is None else float(frozen)
    compared = _COMPARED[condition.op](values, bound)
    return np.asarray(known & compared, dtype=bool)


_COMPARED = {
    ">=": np.greater_equal,
    ">": np.greater,
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
}
