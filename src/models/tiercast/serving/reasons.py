"""Why a customer is likely to leave: what raises the risk most, told with the customer's own facts.

What the marketer did to the customer (the family ``campaign``) is never given as the customer's own cause,
however much it contributes: a coupon mailed is our act, not theirs.

Families that tell of one thing are added up before they are compared, and a reason is told only when it leads the next one
clearly: a refit on other customers would otherwise tell another story of the same one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .reason_templates import (
    BETWEEN,
    NEVER_BOUGHT,
    NO_SINGLE_REASON,
    OTHER_FAMILY,
    TEMPLATES,
    TEMPLATES_VERSION,
    TOLD_TOGETHER,
    Template,
)
from .refusals import UnknownChoice, WrongType

OUR_OWN_ACTS: tuple[str, ...] = ("campaign", "assignment")
_PLURALS: dict[str, str] = {
    "days": "day",
    "orders": "order",
    "categories": "category",
    "stores": "store",
    "coupons": "coupon",
    "channels": "channel",
    "contacts": "contact",
    "products": "product",
    "touchpoints": "touchpoint",
    "points": "point",
}
_ONE = re.compile(rf"(?<![\d.,])1 ({'|'.join(_PLURALS)})\b")


@dataclass(frozen=True)
class Telling:
    """When a reason is told; frozen with a version.

    Parameters
    ----------
    most : int
        Reasons told at most.
    least_contribution : float
        A reason contributes at least this much, in the unit of the contributions (log odds from our learners) …
    least_share : float
        … and at least this share of everything of the customer's own that raises the risk …
    least_lead : float
        … and leads the next strongest by this much. A reason after the first is told only when the one before it was.
        When nothing is told, the answer is "no single reason".
    templates_version : str
        Of the sentences.
    """

    most: int = 3
    least_contribution: float = 0.05
    least_share: float = 0.15
    least_lead: float = 0.1
    templates_version: str = TEMPLATES_VERSION

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"type": "telling", **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what was stored."""
        return cls(**{name: value for name, value in stored.items() if name != "type"})


TELLING = Telling()


def explain_rows(
    contributions_by_family: pd.DataFrame,
    features: pd.DataFrame,
    language: str = "en",
    *,
    telling: Telling = TELLING,
) -> list[str]:
    """Tell each customer's strongest reasons to leave, strongest first.

    Parameters
    ----------
    contributions_by_family : DataFrame
        One row a customer, one column a family, additive; above 0 raises the risk. Unknown counts as 0.
    features : DataFrame
        The same customers in the same order: the facts that are told.
    language : str
        ``en`` or ``zh``.
    telling : Telling

    Returns
    -------
    list of str, one per row
        Who never bought gets "has not bought yet".

    Raises
    ------
    UnknownChoice
        The language is not one of ours.
    WrongType
        The two frames differ in length.

    Examples
    --------
    >>> seen = pd.DataFrame({"days_since_purchase": [41.0, 3.0], "gap_mean_days": [9.0, 8.0]})
    >>> raised = pd.DataFrame({"rhythm": [1.4, -0.9], "campaign": [2.0, 0.2], "volume": [0.1, -0.4]})
    >>> explain_rows(raised, seen)
    ['no purchase for 41 days, usual gap 9 days', 'no single reason']
    >>> explain_rows(raised, seen, "zh")[0]
    '已41天未购买，通常间隔9天'
    >>> explain_rows(raised, seen, "fr")
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.UnknownChoice: the language must be one of en, zh
    >>> explain_rows(raised.iloc[:0], seen.iloc[:0])
    []
    """
    if language not in NO_SINGLE_REASON:
        raise UnknownChoice(
            f"the language must be one of {', '.join(NO_SINGLE_REASON)}", there_is=list(NO_SINGLE_REASON)
        )
    if len(contributions_by_family) != len(features):
        raise WrongType("contributions and features must have the same rows, in the same order")
    families, ranked, told = strongest(contributions_by_family, telling)
    sentences = np.full(len(features), "", dtype=object)
    for place in range(ranked.shape[1]):
        part = _tell_place(families, ranked[:, place], told[:, place], features, language)
        glue = np.where((sentences != "") & (part != ""), BETWEEN[language], "").astype(object)
        sentences = sentences + glue + part
    sentences[sentences == ""] = NO_SINGLE_REASON[language]
    if "days_since_purchase" in features:
        sentences[~np.isfinite(_fact(features, "days_since_purchase"))] = NEVER_BOUGHT[language]
    return [str(each) for each in sentences]


def contributions_from_facts(features: pd.DataFrame) -> pd.DataFrame:
    """Return contributions by family made of facts alone, for answers that come from a rule or a BTYD model.

    Every one is a plain comparison of a customer with their own past, in log ratios limited to ±2: silence
    against the usual gap (``rhythm``), orders and spend of the last 91 days against the 91 before
    (``volume``, ``value``), returns against spend (``returns``), and a rating against 60 % (``voice``).
    Unknown facts contribute 0.

    Returns
    -------
    DataFrame of float64
        Same index, columns ``rhythm, volume, value, returns, voice``.

    Examples
    --------
    >>> facts = {"days_since_purchase": 41.0, "gap_mean_days": 9.0, "orders_91d": 2.0, "orders_182d": 4.0}
    >>> seen = pd.DataFrame([facts])
    >>> contributions_from_facts(seen).round(2).to_dict("records")
    [{'rhythm': 1.52, 'volume': 0.0, 'value': 0.0, 'returns': 0.0, 'voice': 0.0}]
    """
    silence, gap = _fact(features, "days_since_purchase"), _fact(features, "gap_mean_days")
    ratio = np.where(
        gap > 0, silence / np.where(gap > 0, gap, 1.0), _fact(features, "days_since_purchase_to_gap_ratio")
    )
    orders, orders_182d = _fact(features, "orders_91d"), _fact(features, "orders_182d")
    spend, spend_182d = _fact(features, "spend_91d_currency"), _fact(features, "spend_182d_currency")
    spent, returned = _fact(features, "spend_currency"), _fact(features, "returned_currency")
    returned_share = np.where(spent > 0, returned / np.where(spent > 0, spent, 1.0), np.nan)
    columns = {
        "rhythm": _log_ratio(ratio, np.ones(len(features))),
        "volume": _log_ratio(orders_182d - orders + 1, orders + 1),
        "value": 0.5 * _log_ratio(spend_182d - spend + 1, spend + 1),
        "returns": np.clip(np.nan_to_num(returned_share), 0.0, 2.0),
        "voice": np.nan_to_num(2 * (0.6 - _fact(features, "satisfaction_share"))),
    }
    return pd.DataFrame(columns, index=features.index, dtype=np.float64)


def own_causes(contributions: pd.DataFrame) -> pd.DataFrame:
    """Return contributions by cause: our own acts left out, families that tell of one thing added up, in order.

    Examples
    --------
    >>> own_causes(pd.DataFrame({"btyd": [0.5], "rhythm": [0.25], "campaign": [9.0]})).to_dict("records")
    [{'rhythm': 0.75}]
    """
    families = sorted(str(each) for each in contributions.columns if each not in OUR_OWN_ACTS)
    causes = sorted({TOLD_TOGETHER.get(family, family) for family in families})
    total = np.zeros((len(contributions), len(causes)))
    for family in families:
        raised = np.nan_to_num(contributions[family].to_numpy(dtype=np.float64, na_value=0.0))
        total[:, causes.index(TOLD_TOGETHER.get(family, family))] += raised
    return pd.DataFrame(total, columns=causes, index=contributions.index)


def strongest(
    contributions: pd.DataFrame, telling: Telling = TELLING
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return the causes, the positions of each row's strongest, and which of them are told.

    Examples
    --------
    >>> causes, ranked, told = strongest(pd.DataFrame({"voice": [0.4, 0.4], "store": [0.1, 0.35]}))
    >>> [causes[place] for place in ranked[:, 0]], told.tolist()
    (['voice', 'voice'], [[True, True], [False, False]])
    """
    causes = own_causes(contributions)
    raised = causes.to_numpy()
    own = np.clip(raised, 0.0, None).sum(axis=1)
    ranked = np.argsort(-raised, axis=1, kind="stable")[:, : telling.most + 1]
    amount = np.take_along_axis(raised, ranked, axis=1)
    following = np.clip(np.column_stack([amount[:, 1:], np.zeros(len(amount))]), 0.0, None)
    told = (
        (amount >= telling.least_contribution)
        & (amount >= telling.least_share * own[:, None])
        & (amount - following >= telling.least_lead)
    )
    return (
        list(causes.columns),
        ranked[:, : telling.most],
        np.logical_and.accumulate(told, axis=1)[:, : telling.most],
    )


def _tell_place(
    families: Sequence[str], ranked: np.ndarray, told: np.ndarray, features: pd.DataFrame, language: str
) -> np.ndarray:
    part = np.full(len(features), "", dtype=object)
    for position, family in enumerate(families):
        rows = np.flatnonzero(told & (ranked == position))
        for template in _templates(family):
            if rows.size == 0:
                break
            facts = np.column_stack(
                [_fact(features, name)[rows] for name in template.facts] or [np.zeros(rows.size)]
            )
            known = np.isfinite(facts).all(axis=1)
            part[rows[known]] = _write(template, family, facts[known], language)
            rows = rows[~known]
    return part


def _templates(family: str) -> list[Template]:
    return [each for each in TEMPLATES if each.family == family] or [OTHER_FAMILY]


def _write(template: Template, family: str, facts: np.ndarray, language: str) -> np.ndarray:
    """Write each *distinct* combination of shown facts once; money and counts repeat after rounding."""
    text = template.en if language == "en" else template.zh
    steps = np.array([0.01 if name.endswith("_share") else 1.0 for name in template.facts] or [1.0])
    distinct, which = np.unique(np.rint(facts / steps), axis=0, return_inverse=True)
    distinct = distinct * steps + 0.0
    readable = family.replace("_", " ")
    told = [_ONE.sub(_singular, text.format(*row, family=readable)) for row in distinct.tolist()]
    written = np.array(told, dtype=object)
    return written[which.reshape(-1)] if written.size else np.array([], dtype=object)


def _singular(met: re.Match[str]) -> str:
    return f"1 {_PLURALS[met[1]]}"


def _fact(features: pd.DataFrame, column: str) -> np.ndarray:
    if column not in features:
        return np.full(len(features), np.nan)
    found = features[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def _log_ratio(amount: np.ndarray, against: np.ndarray) -> np.ndarray:
    usable = (amount > 0) & (against > 0)
    ratio = np.where(usable, amount, 1.0) / np.where(usable, against, 1.0)
    return np.clip(np.log(ratio), -2.0, 2.0)
