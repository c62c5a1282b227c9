"""A condition as a person writes it: ``orders >= 3``, ``satisfaction_share is unknown``, ``lifecycle_stage == "loyal"``."""

import re

from tiercast.serving.conditions import Condition

_KNOWN = re.compile(r"\s*([a-z][a-z0-9_]*)\s+is\s+(known|unknown)\s*")
_COMPARED = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(>=|<=|==|>|<)\s*(.+?)\s*")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
FORM = 'write orders >= 3, orders < 10, satisfaction_share is unknown, or lifecycle_stage == "loyal"'


def condition_of(phrase: str) -> Condition:
    """Return the condition that a phrase says.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> condition_of("orders >= 3").to_json()
    {'input': 'orders', 'op': '>=', 'threshold': 3.0, 'cut': None}
    >>> condition_of('lifecycle_stage == "loyal"').threshold
    'loyal'
    >>> condition_of("many orders")
    Traceback (most recent call last):
    ...
    ValueError: 'many orders' is no condition; write orders >= 3, orders < 10, satisfaction_share is unknown, or
    lifecycle_stage == "loyal"
    """
    if known := _KNOWN.fullmatch(phrase):
        return Condition(known[1], f"is_{known[2]}")
    compared = _COMPARED.fullmatch(phrase)
    if compared:
        name, op, bound = compared.groups()
        if _NUMBER.fullmatch(bound):
            return Condition(name, op, float(bound))
        if op == "==" and len(bound) > 2 and bound[0] == bound[-1] and bound[0] in "\"'":
            return Condition(name, op, bound[1:-1])
    raise ValueError(f"{phrase!r} is no condition; {FORM}")


def phrase_of(condition: Condition) -> str:
    """Return how a person would write a condition.

    Examples
    --------
    >>> [phrase_of(condition_of(each)) for each in ("orders>=3", "orders is known", "churn_band == 'low'")]
    ['orders >= 3', 'orders is known', 'churn_band == "low"']
    """
    if condition.op.startswith("is_"):
        return f"{condition.input} {condition.op.replace('_', ' ')}"
    if condition.cut is not None:
        return f"{condition.input} {condition.op} cut {condition.cut}"
    bound = f'"{condition.threshold}"' if isinstance(condition.threshold, str) else f"{condition.threshold:g}"
    return f"{condition.input} {condition.op} {bound}"
