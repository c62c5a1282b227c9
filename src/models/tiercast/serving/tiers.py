"""Which tier a customer is in, read from a frozen policy: the first rule that fits decides, and says so.

A policy is JSON made once at training by ``tiercast.tiers.policy.Policy.freeze``; this file only applies it.

**Moves.** When a frame brings ``tier_before`` (and, better, ``tier_since_on`` and ``cutoff``), two brakes act
between classes of the same *ladder* (``top, large, medium, small`` is one): every frozen cut ``c``, a share
of the ranked customers, becomes the band ``c × (1 ± band_share)`` that a customer must be *beyond* to move;
and a class is kept for at least ``dwell_days`` days (the day of the move included, ``dwell_days`` itself free
to move). Moves into, out of or between classes that are not on one ladder happen at once. The 60 days of
grace before a downgrade need the history of tiers, which one request does not carry: they are **not** applied
here. ``tier_basis`` says which it was:

* ``stateless``: no usable ``tier_before`` came, the tier is the raw class;
* ``moved``: the tier differs from ``tier_before``;
* ``held``: the tier is ``tier_before``, because nothing changed or because a brake held
  (``tier_reason_code``).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from .conditions import Condition, matches, met, numbers, take
from .refusals import MissingColumns, UnknownChoice

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
)


def assign(policy: Mapping[str, Any], frame: pd.DataFrame, *, language: str = "en") -> pd.DataFrame:
    """Say which tier each customer is in, why, and how far the next one is.

    Parameters
    ----------
    policy : mapping
        What ``Policy.freeze`` returned.
    frame : DataFrame
        Features and predictions side by side, one row a customer; optionally ``tier_before`` (class key),
        ``tier_since_on`` (ISO date) and ``cutoff`` (date).
    language : str
        ``en`` or ``zh``, for ``tier_reason``.

    Returns
    -------
    DataFrame
        Same index. ``tier``, ``tier_basis`` (see the module), ``tier_before``, ``tier_reason_code`` (RULE,
        SAME, HELD_BY_BAND, HELD_BY_DWELL, MOVED_UP, MOVED_DOWN, MOVED_AT_ONCE), ``tier_reason`` (one
        sentence), ``next_tier`` (the next better class of the ladder, or None), ``distance`` (float64: how
        much of ``distance_input`` is missing to get there, in the unit of that input; NaN when not one
        number) and ``distance_input``.

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
    (0, 8)
    """
    _check(policy, frame, language)
    keys = [each["key"] for each in policy["classes"]]
    ladders = [each.get("ladder") for each in policy["classes"]]
    raw_rule = _first_match(policy, frame, "value")
    of_rule = np.array([keys.index(rule["class"]) for rule in policy["rules"]])
    raw = of_rule[raw_rule]
    before = _before(frame, keys)
    tier, code = _move(policy, frame, raw, before, ladders, of_rule)
    basis = np.where(before < 0, 0, np.where(tier == before, 1, 2))
    next_tier, distance, wanted = _distance(policy, frame, tier, before, ladders)
    told = _told(raw_rule, tier, code, lambda *each: _sentence(policy, language, *each))
    return pd.DataFrame(
        {
            "tier": take(keys, tier),
            "tier_basis": take(["stateless", "held", "moved"], basis),
            "tier_before": take([*keys, None], before),
            "tier_reason_code": take(list(_SENTENCES), code),
            "tier_reason": pd.Series(told, dtype=object),
            "next_tier": take([*keys, None], next_tier),
            "distance": distance,
            "distance_input": pd.Series(wanted, dtype=object),
        }
    ).set_axis(frame.index)


_SENTENCES: dict[str, dict[str, str]] = {
    "RULE": {"en": "{tier}: {why}", "zh": "{tier}：{why}"},
    "SAME": {"en": "stays {tier}: {why}", "zh": "保持{tier}：{why}"},
    "HELD_BY_BAND": {
        "en": "stays {tier}: the rule alone says {raw}, but within {band:.0%} of the cut",
        "zh": "保持{tier}：按规则应为{raw}，但仍在分界线±{band:.0%}之内",
    },
    "HELD_BY_DWELL": {
        "en": "stays {tier}: the rule alone says {raw}, but fewer than {dwell} days in the class",
        "zh": "保持{tier}：按规则应为{raw}，但在当前级别不足{dwell}天",
    },
    "MOVED_UP": {"en": "moves up to {tier}: {why}", "zh": "升为{tier}：{why}"},
    "MOVED_DOWN": {"en": "moves down to {tier}: {why}", "zh": "降为{tier}：{why}"},
    "MOVED_AT_ONCE": {"en": "moves to {tier}: {why}", "zh": "转为{tier}：{why}"},
}
_RULE, _SAME, _BAND, _DWELL, _UP, _DOWN, _AT_ONCE = range(7)


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


def _conditions(rule: Mapping[str, Any]) -> list[Condition]:
    return [Condition.from_json(each) for each in rule["conditions"]]


def _cuts(policy: Mapping[str, Any], side: str) -> dict[str, float | None]:
    return {name: cut[side] for name, cut in policy["cuts"].items()}


def _first_match(policy: Mapping[str, Any], frame: pd.DataFrame, side: str) -> np.ndarray:
    found = np.full(len(frame), len(policy["rules"]) - 1)
    for position in range(len(policy["rules"]) - 1, -1, -1):
        found[matches(_conditions(policy["rules"][position]), frame, _cuts(policy, side))] = position
    return found


def _before(frame: pd.DataFrame, keys: list[str]) -> np.ndarray:
    """Position of the class before; -1 where none came, or one that this policy does not have."""
    if "tier_before" not in frame:
        return np.full(len(frame), -1)
    return pd.Index(keys).get_indexer(pd.Index(frame["tier_before"].astype(object)))


def _move(
    policy: Mapping[str, Any],
    frame: pd.DataFrame,
    raw: np.ndarray,
    before: np.ndarray,
    ladders: list[str | None],
    of_rule: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    if (before < 0).all():
        return raw, np.full(raw.size, _RULE)
    ladder = np.array([-1 if each is None else ladders.index(each) for each in ladders])
    same = (before >= 0) & (ladder[raw] >= 0) & (ladder[raw] == ladder[before])
    strict = of_rule[_first_match(policy, frame, "upper")]
    lenient = of_rule[_first_match(policy, frame, "lower")]
    up, down = same & (raw < before), same & (raw > before)
    beyond_up = up & (ladder[strict] == ladder[before]) & (strict < before)
    beyond_down = down & (ladder[lenient] == ladder[before]) & (lenient > before)
    tier = np.select([beyond_up, beyond_down, up | down], [strict, lenient, before], raw)
    too_soon = same & (tier != before) & _too_soon(frame, policy["dwell_days"])
    tier = np.where(too_soon, before, tier)
    code = np.select(
        [before < 0, too_soon, beyond_up, beyond_down, up | down, raw == before],
        [_RULE, _DWELL, _UP, _DOWN, _BAND, _SAME],
        _AT_ONCE,
    )
    return tier, code


def _too_soon(frame: pd.DataFrame, dwell_days: int) -> np.ndarray:
    """Whether fewer than ``dwell_days`` have passed in the class; a missing or future date holds nobody."""
    if "tier_since_on" not in frame or "cutoff" not in frame:
        return np.zeros(len(frame), dtype=bool)
    since = pd.to_datetime(frame["tier_since_on"].astype(object), errors="coerce", utc=True, format="ISO8601")
    cutoff = pd.to_datetime(frame["cutoff"].astype(object), errors="coerce", utc=True)
    stayed_days = ((cutoff - since) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
    return np.asarray((stayed_days >= 0) & (stayed_days < dwell_days), dtype=bool)


def _distance(
    policy: Mapping[str, Any],
    frame: pd.DataFrame,
    tier: np.ndarray,
    before: np.ndarray,
    ladders: list[str | None],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the next better class and what is missing to get there (beyond the band, if one applies)."""
    following = np.full(len(frame), -1)
    distance = np.full(len(frame), np.nan)
    wanted = np.full(len(frame), None, dtype=object)
    first_rule = {rule["class"]: rule for rule in reversed(policy["rules"])}
    for better, here in _rungs(ladders):
        rows = np.flatnonzero(tier == here)
        following[rows] = better
        part, stateful = frame.iloc[rows], before[rows] >= 0
        failing = np.zeros(rows.size, dtype=int)
        for condition in _conditions(first_rule[policy["classes"][better]["key"]]):
            failed, short = _shortfall(policy, condition, part, stateful)
            failing += failed
            distance[rows[failed]] = short[failed]
            wanted[rows[failed]] = condition.input
        unclear = rows[(failing != 1) | np.isnan(distance[rows])]
        distance[unclear], wanted[unclear] = np.nan, None
    return following, distance, wanted


def _rungs(ladders: list[str | None]) -> list[tuple[int, int]]:
    """Every (better, worse) pair of neighbours on one ladder, by position."""
    last: dict[str, int] = {}
    pairs = []
    for position, ladder in enumerate(ladders):
        if ladder is None:
            continue
        if ladder in last:
            pairs.append((last[ladder], position))
        last[ladder] = position
    return pairs


def _shortfall(
    policy: Mapping[str, Any], condition: Condition, frame: pd.DataFrame, stateful: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Whether a condition fails and by how much (beyond the band where a tier before came)."""
    on_cut, on_band = (met(condition, frame, _cuts(policy, side)) for side in ("value", "upper"))
    failed = ~np.where(stateful, on_band, on_cut)
    if condition.op not in (">=", "<") or isinstance(condition.threshold, str):
        return failed, np.full(len(frame), np.nan)
    bounds: list[float] = []
    for side in ("value", "upper"):
        frozen = condition.threshold if condition.cut is None else policy["cuts"][condition.cut][side]
        bounds.append(np.nan if frozen is None else float(frozen))
    short = np.where(stateful, bounds[1], bounds[0]) - numbers(frame, condition.input)
    return failed, short if condition.op == ">=" else -short


def _told(
    rule: np.ndarray, tier: np.ndarray, code: np.ndarray, sentence: Callable[[int, int, int], str]
) -> np.ndarray:
    """Write each *distinct* sentence once and hand it to all whom it fits."""
    said = np.column_stack([rule, tier, code])
    distinct, which = np.unique(said, axis=0, return_inverse=True)
    written = np.array([sentence(*(int(each) for each in row)) for row in distinct], dtype=object)
    return written[which.reshape(-1)] if distinct.size else np.array([], dtype=object)


def _sentence(policy: Mapping[str, Any], language: str, rule: int, tier: int, code: int) -> str:
    classes = policy["classes"]
    raw = next(each for each in classes if each["key"] == policy["rules"][rule]["class"])
    return _SENTENCES[list(_SENTENCES)[code]][language].format(
        tier=classes[tier][f"name_{language}"],
        raw=raw[f"name_{language}"],
        band=policy["band_share"],
        dwell=policy["dwell_days"],
        why=_why(policy, language, policy["rules"][rule]),
    )


def _why(policy: Mapping[str, Any], language: str, rule: Mapping[str, Any]) -> str:
    told = [_tell(policy, language, condition) for condition in _conditions(rule)]
    if not told:
        return {"en": "no other rule fits", "zh": "不符合其他规则"}[language]
    return {"en": ", ", "zh": "，"}[language].join(told)


def _tell(policy: Mapping[str, Any], language: str, condition: Condition) -> str:
    name = next(each[f"meaning_{language}"] for each in policy["inputs"] if each["name"] == condition.input)
    if condition.op.startswith("is_"):
        known = {"is_known": {"en": "known", "zh": "已知"}, "is_unknown": {"en": "unknown", "zh": "未知"}}
        return (
            f"{name} {known[condition.op][language]}"
            if language == "en"
            else name + known[condition.op][language]
        )
    sign = {">=": "≥", "<": "<", "==": "="}[condition.op]
    if condition.cut is None:
        bound = condition.threshold if isinstance(condition.threshold, str) else f"{condition.threshold:,g}"
        return f"{name} {sign} {bound}"
    cut = policy["cuts"][condition.cut]
    best = {"en": f"best {100 * cut['share']:.3g}%", "zh": f"前{100 * cut['share']:.3g}%"}[language]
    return f"{name} {sign} {'∞' if cut['value'] is None else format(cut['value'], ',.2f')} ({best})"
