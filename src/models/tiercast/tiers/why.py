"""Why one customer is in a tier, what holds them there, how far the next one is, and what would change it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from tiercast.serving.conditions import Condition, met, numbers
from tiercast.serving.tier_distance import cuts_at
from tiercast.serving.tier_reasons import tell, why
from tiercast.serving.tiers import assign, first_match

Changes = list[tuple[str, float | str]]
_CLOCK = "days_since_"
_MOST_BROKEN_RULES = 4


@dataclass(frozen=True)
class Way:
    """One other class and the least that would have to be different.

    Parameters
    ----------
    tier : str
    changes : tuple of (str, float or str)
        Inputs and the values that would do.
    on : date, optional
        The day on which it comes by itself, where only time has to pass.
    said : str
        In words.
    """

    tier: str
    changes: tuple[tuple[str, float | str], ...]
    on: date | None
    said: str


@dataclass(frozen=True)
class Why:
    """One customer's tier, explained; ``holds`` are the brakes that act, ``ways`` other classes and what they need."""

    tier: str
    tier_by_rule: str
    basis: str
    reason_code: str
    reason: str
    rule: str
    since_on: date | None
    below_since_on: date | None
    next_tier: str | None
    distance: float | None
    distance_input: str | None
    holds: tuple[str, ...]
    ways: tuple[Way, ...]


def explain_tier(policy: Mapping[str, Any], row: pd.DataFrame, *, language: str = "en") -> Why:
    """Explain the tier of the one customer in ``row``.

    Parameters
    ----------
    policy : mapping
        A frozen policy.
    row : DataFrame
        One row of features, predictions and scores, with ``cutoff``, and what is remembered of the night before.
    language : str
        ``en`` or ``zh``.

    Examples
    --------
    >>> from tiercast.tiers.value_tiers import VALUE_TIERS
    >>> frozen = VALUE_TIERS.freeze(pd.DataFrame({"expected_value_currency": range(100)}))
    >>> told = explain_tier(frozen, pd.DataFrame({"expected_value_currency": [80.0], "cutoff": [date(2026, 3, 2)]}))
    >>> told.tier, told.next_tier, told.distance
    ('bronze', 'silver', 9.5)
    >>> [way.said for way in told.ways][1]
    'gold, if expected value ≥ 94.50 (best 5%) (now 80)'
    """
    answer = assign(policy, row, language=language).iloc[0].to_dict()
    rule = policy["rules"][int(first_match(policy, row, "value")[0])]
    cutoff = _day(row["cutoff"].iloc[0]) if "cutoff" in row else None
    since, below = (_day(answer[name]) for name in ("tier_since_on", "tier_below_since_on"))
    distance = answer["distance"]
    holds = _holds(policy, answer, cutoff, since, below, language)
    return Why(
        tier=answer["tier"],
        tier_by_rule=rule["class"],
        basis=answer["tier_basis"],
        reason_code=answer["tier_reason_code"],
        reason=answer["tier_reason"],
        rule=why(policy, language, rule),
        since_on=since,
        below_since_on=below,
        next_tier=answer["next_tier"],
        distance=float(distance) if distance == distance else None,
        distance_input=answer["distance_input"],
        holds=tuple(said for said, _ in holds),
        ways=tuple(_ways(policy, row, answer, cutoff, holds, language)),
    )


def _day(value: Any) -> date | None:
    found = pd.to_datetime(value, errors="coerce")
    return None if found is pd.NaT or found is None else found.date()


def _holds(
    policy: Mapping[str, Any],
    answer: Mapping[Any, Any],
    cutoff: date | None,
    since: date | None,
    below: date | None,
    language: str,
) -> list[tuple[str, date | None]]:
    """Return the brakes that act now, each with the day on which it lets go."""
    ranked = {each["key"] for each in policy["classes"] if each.get("ladder") is not None}
    if answer["tier"] not in ranked or cutoff is None or answer["tier_basis"] == "stateless":
        return []
    found: list[tuple[str, date | None]] = []
    if answer["tier_reason_code"] == "HELD_BY_BAND":
        band = f"{policy['band_share']:.0%}"
        text = {"en": f"band: within {band} of the cut", "zh": f"缓冲带：在分界线±{band}之内"}
        found.append((text[language], None))
    dwell, grace = policy["dwell_days"], policy.get("grace_days", 0)
    if since is not None and cutoff < (free := since + timedelta(days=dwell)):
        text = {"en": f"dwell: no move before {free}", "zh": f"停留期：{free}之前不变动"}
        found.append((text[language], free))
    if below is not None and cutoff < (free := below + timedelta(days=grace)):
        text = {
            "en": f"grace: below since {below}, no move down before {free}",
            "zh": f"宽限期：自{below}起低于分界线，{free}之前不降级",
        }
        found.append((text[language], free))
    return found


def _ways(
    policy: Mapping[str, Any],
    row: pd.DataFrame,
    answer: Mapping[Any, Any],
    cutoff: date | None,
    holds: list[tuple[str, date | None]],
    language: str,
) -> list[Way]:
    """Return, for every class but the present one, the fewest changes that lead there, where any do."""
    keys = [each["key"] for each in policy["classes"]]
    here = keys.index(answer["tier"])
    remembered = answer["tier_before"] is not None
    found = []
    for place, key in enumerate(keys):
        side = "value" if not remembered else "upper" if place < here else "lower"
        rules = [rule for rule in policy["rules"] if rule["class"] == key and rule["conditions"]]
        reached = (
            [] if place == here else [way for rule in rules if (way := _search(policy, rule, row, side))]
        )
        if reached:
            asked, changes = min(reached, key=lambda each: len(each[1]))
            if changes:
                found.append(_told(policy, row, key, asked, changes, cutoff, side, language))
            elif free := [day for _, day in holds if day is not None]:
                found.append(_when_free(policy, key, max(free), language))
    return found


def _when_free(policy: Mapping[str, Any], key: str, free: date, language: str) -> Way:
    """Return the way of somebody whom only a brake holds back."""
    name = next(each[f"name_{language}"] for each in policy["classes"] if each["key"] == key)
    said = {"en": f"{name}: without any change, from {free} on", "zh": f"{name}：若无变化，自{free}起转入"}
    return Way(key, (), free, said[language])


def _search(
    policy: Mapping[str, Any], rule: Mapping[str, Any], row: pd.DataFrame, side: str
) -> tuple[list[Condition], Changes] | None:
    """Return conditions and values that lead to a rule: its own, and the opposite of one of each rule that comes before it."""
    waiting = [[Condition.from_json(each) for each in rule["conditions"]]]
    for _ in range(_MOST_BROKEN_RULES):
        following = []
        for asked in waiting:
            changes = _changes(policy, asked, row, side)
            if changes is None:
                continue
            first = policy["rules"][_taken_by(policy, row, dict(changes), side)]
            if first["class"] == rule["class"]:
                return asked, changes
            against = [opposite(Condition.from_json(each)) for each in first["conditions"]]
            following += [[*asked, each] for each in against if each is not None]
        waiting = following
    return None


def opposite(condition: Condition) -> Condition | None:
    """Return what holds of a known value where a condition does not; None where that is not one comparison.

    Examples
    --------
    >>> opposite(Condition("orders", ">=", 3)).op
    '<'
    """
    other = {">=": "<", "<": ">=", ">": "<=", "<=": ">", "is_unknown": "is_known"}.get(condition.op)
    return None if other is None else replace(condition, op=other)


def _changes(
    policy: Mapping[str, Any], conditions: list[Condition], row: pd.DataFrame, side: str
) -> Changes | None:
    """Return the values that would meet the conditions that fail; None where none would."""
    cuts = cuts_at(policy, side)
    found: Changes = []
    for name in dict.fromkeys(each.input for each in conditions):
        asked = [each for each in conditions if each.input == name]
        if all(bool(met(each, row, cuts)[0]) for each in asked):
            continue
        wanted = _value(name, asked, row, cuts)
        if wanted is None:
            return None
        found.append((name, wanted))
    return found


def _value(
    name: str, asked: list[Condition], row: pd.DataFrame, cuts: Mapping[str, float | None]
) -> float | str | None:
    """Return the nearest value of one input that meets its conditions; None where nothing that can happen does."""
    if any(each.op == "is_unknown" for each in asked):
        return None  # what is known does not become unknown
    texts = [each.threshold for each in asked if isinstance(each.threshold, str)]
    if texts:
        return texts[0]
    low, high = -math.inf, math.inf
    for each in asked:
        if each.op == "is_known":
            continue
        bound = cuts[each.cut] if each.cut is not None else each.threshold
        at = math.inf if bound is None else float(bound)
        if each.op in (">=", ">", "=="):
            low = max(low, at if each.op != ">" else math.nextafter(at, math.inf))
        if each.op in ("<", "<=", "=="):
            high = min(high, at if each.op != "<" else math.nextafter(at, -math.inf))
    if low > high or low == math.inf or high == -math.inf:
        return None
    now = float(numbers(row, name)[0])
    if name.startswith(_CLOCK) and not (now < low):
        return max(low, 0.0)  # a clock does not run back: it starts anew
    if math.isnan(now):
        return low if math.isfinite(low) else high if math.isfinite(high) else 0.0
    return min(max(now, low), high)


def _taken_by(
    policy: Mapping[str, Any], row: pd.DataFrame, changes: Mapping[str, float | str], side: str
) -> int:
    """Return the position of the rule that takes the customer when the changes are made together."""
    changed = row.assign(**{name: pd.Series([value], index=row.index) for name, value in changes.items()})
    return int(first_match(policy, changed, side)[0])


def _told(
    policy: Mapping[str, Any],
    row: pd.DataFrame,
    key: str,
    asked: list[Condition],
    changes: Changes,
    cutoff: date | None,
    side: str,
    language: str,
) -> Way:
    cuts = cuts_at(policy, side)
    failing = [condition for condition in asked if not met(condition, row, cuts)[0]]
    parts = []
    for condition in failing:
        now = numbers(row, condition.input)[0] if condition.input in row else math.nan
        known = "" if not math.isfinite(now) else f"{now:,.6g}"
        shown = {"en": f" (now {known or 'unknown'})", "zh": f"（现为{known or '未知'}）"}[language]
        parts.append(tell(policy, language, condition, side=side) + shown)
    on = _waited(row, changes, cutoff)
    name = next(each[f"name_{language}"] for each in policy["classes"] if each["key"] == key)
    said = {"en": f"{name}, if {' and '.join(parts)}", "zh": f"{name}：若{'，且'.join(parts)}"}[language]
    if on is not None:
        said += {"en": f": by itself on {on}", "zh": f"：若无新动作，于{on}自然转入"}[language]
    return Way(key, tuple(changes), on, said)


def _waited(row: pd.DataFrame, changes: Changes, cutoff: date | None) -> date | None:
    """Return the day on which the changes come by themselves: all are clocks that have not yet run long enough."""
    waits = []
    for name, wanted in changes:
        now = numbers(row, name)[0]
        if not name.startswith(_CLOCK) or not isinstance(wanted, float) or not wanted > now:
            return None
        waits.append(math.ceil(wanted - now))
    return cutoff + timedelta(days=max(waits)) if cutoff is not None and waits else None
