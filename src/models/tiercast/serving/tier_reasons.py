"""The sentence behind a tier, in English and Chinese: which rule fits, and which brake holds."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .conditions import Condition
from .tier_moves import CODES

SENTENCES: dict[str, dict[str, str]] = {
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
    "HELD_BY_GRACE": {
        "en": "stays {tier}: the rule alone says {raw}, but below for fewer than {grace} days",
        "zh": "保持{tier}：按规则应为{raw}，但低于分界线不足{grace}天",
    },
    "MOVED_UP": {"en": "moves up to {tier}: {why}", "zh": "升为{tier}：{why}"},
    "MOVED_DOWN": {"en": "moves down to {tier}: {why}", "zh": "降为{tier}：{why}"},
    "MOVED_AT_ONCE": {"en": "moves to {tier}: {why}", "zh": "转为{tier}：{why}"},
}
_SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "="}
_KNOWN = {"is_known": {"en": " known", "zh": "已知"}, "is_unknown": {"en": " unknown", "zh": "未知"}}


def told(
    policy: Mapping[str, Any], language: str, *, rule: np.ndarray, tier: np.ndarray, code: np.ndarray
) -> np.ndarray:
    """Write each *distinct* sentence once and hand it to all whom it fits."""

    def sentence(rule: int, tier: int, code: int) -> str:
        return _sentence(policy, language, rule, tier, code)

    return _each_once(sentence, np.column_stack([rule, tier, code]))


def _each_once(sentence: Callable[[int, int, int], str], said: np.ndarray) -> np.ndarray:
    if not len(said):
        return np.array([], dtype=object)
    bases = said.max(axis=0) + 1
    packed = (said[:, 0] * bases[1] + said[:, 1]) * bases[2] + said[:, 2]
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    written = np.array([sentence(*(int(each) for each in said[row])) for row in first], dtype=object)
    return np.asarray(written[which.reshape(-1)])


def _sentence(policy: Mapping[str, Any], language: str, rule: int, tier: int, code: int) -> str:
    classes = policy["classes"]
    raw = next(each for each in classes if each["key"] == policy["rules"][rule]["class"])
    return SENTENCES[CODES[code]][language].format(
        tier=classes[tier][f"name_{language}"],
        raw=raw[f"name_{language}"],
        band=policy["band_share"],
        dwell=policy["dwell_days"],
        grace=policy.get("grace_days", 0),
        why=why(policy, language, policy["rules"][rule]),
    )


def why(policy: Mapping[str, Any], language: str, rule: Mapping[str, Any]) -> str:
    """Return the conditions of a rule in words."""
    said = [tell(policy, language, Condition.from_json(each)) for each in rule["conditions"]]
    if not said:
        return {"en": "no other rule fits", "zh": "不符合其他规则"}[language]
    return {"en": ", ", "zh": "，"}[language].join(said)


def tell(policy: Mapping[str, Any], language: str, condition: Condition, *, side: str = "value") -> str:
    """Return one condition in words; ``side`` is the cut itself or an edge of its band (``upper``, ``lower``)."""
    name = next(each[f"meaning_{language}"] for each in policy["inputs"] if each["name"] == condition.input)
    if condition.op in _KNOWN:
        return f"{name}{_KNOWN[condition.op][language]}"
    sign = _SIGNS[condition.op]
    if condition.cut is None:
        bound = condition.threshold if isinstance(condition.threshold, str) else f"{condition.threshold:,g}"
        return f"{name} {sign} {bound}"
    cut = policy["cuts"][condition.cut]
    bound = "∞" if cut[side] is None else format(cut[side], ",.2f")
    if cut.get("how", "share") == "value":
        return f"{name} {sign} {bound}"
    best = {"en": f"best {100 * cut['share']:.3g}%", "zh": f"前{100 * cut['share']:.3g}%"}[language]
    return f"{name} {sign} {bound} ({best})"
