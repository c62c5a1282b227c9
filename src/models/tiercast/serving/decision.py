"""How far a customer is in the decision they are in, with probabilities, and in what style they decide.

*Stage.* The five stages of a decision are told by what customers do next: within ``window_days`` somebody who buys or
goes to the checkout was at the purchase decision, somebody who puts things into a cart at evaluation, somebody who views,
searches or asks at information search; who comes back with what was bought, or rests after buying, is in post-purchase;
who does none of this has recognised a need at most. A multinomial regression learns that from the current episode.

*Style.* Rational customers look, ask and wait before they buy; impulsive ones do not. See :class:`DecisionStyle`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .columns import counted, seen
from .conditions import take

DECISION_STAGES: tuple[tuple[str, str, str], ...] = (
    ("need recognition", "需求识别", "need"),
    ("information search", "信息搜索", "search"),
    ("evaluation", "方案评估", "evaluation"),
    ("purchase decision", "购买决策", "purchase"),
    ("post-purchase", "购后", "after"),
)
"""English name, Chinese name and word of each stage, 1 to 5."""
OBSERVED = "episode_stage_code"
READ: tuple[str, ...] = (
    "episode_stage_age_days", "episode_age_days", "episode_days", "episode_touchpoints", "episode_search_touchpoints",
    "episode_evaluation_touchpoints", "episode_decision_touchpoints", "days_since_purchase", "gap_mean_days",
    "days_since_purchase_to_gap_ratio", "order_days",
)  # fmt: skip
"""What is read beside the observed stage, where it is there."""
PROBABILITIES: tuple[str, ...] = tuple(f"decision_{word}_probability" for _, _, word in DECISION_STAGES)


@dataclass(frozen=True)
class DecisionStages:
    """P(each of the five stages) of a customer who is in an episode, by frozen coefficients.

    Parameters
    ----------
    basis : str
        ``model``; or ``rule`` where too little was seen to learn from: then the observed stage is told, and
        probabilities are unknown.
    columns, centres, scales : tuple
        What is read, and how its logarithm (of 1 + x) is centred and scaled; an unknown value counts as its centre.
    coefficients : tuple of tuple of float
        One row a stage: five for the observed stage, then one a column.
    intercepts : tuple of float
    window_days : int
        What "next" means.

    Examples
    --------
    >>> rule = DecisionStages()
    >>> rule.assign(pd.DataFrame({"episode_stage_code": [3.0, None]}))["decision_stage"].tolist()
    ['evaluation', None]
    >>> rows = tuple(tuple(2.0 if at == each else 0.0 for at in range(5)) for each in range(5))
    >>> learned = DecisionStages("model", coefficients=rows, intercepts=(0.0,) * 5)
    >>> told = learned.assign(pd.DataFrame({"episode_stage_code": [2.0]}))
    >>> told["decision_stage"][0], float(told["decision_search_probability"][0].round(3))
    ('information search', 0.649)
    >>> rule.assign(pd.DataFrame({"orders": []})).shape
    (0, 8)
    """

    basis: str = "rule"
    columns: tuple[str, ...] = ()
    centres: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    coefficients: tuple[tuple[float, ...], ...] = ()
    intercepts: tuple[float, ...] = ()
    window_days: int = 14

    def assign(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the likeliest stage of each customer's current episode, and the probability of each.

        Returns
        -------
        DataFrame
            ``decision_stage``, ``decision_stage_zh`` (None without a current episode), ``decision_basis`` (``model``,
            ``rule``, ``none``), and five probabilities that add up to 1 (NaN without an episode, or by rule).
        """
        observed = seen(features, OBSERVED)
        there = np.isin(observed, [1.0, 2.0, 3.0, 4.0, 5.0])
        said = np.full((len(features), len(DECISION_STAGES)), np.nan)
        place = np.where(there, np.nan_to_num(observed) - 1.0, -1.0).astype(np.int64)
        if self.basis == "model" and there.any():
            said[there] = self.probabilities(features.loc[there])
            place[there] = said[there].argmax(axis=1)
        made = pd.DataFrame(
            {
                "decision_stage": take([*(en for en, _, _ in DECISION_STAGES), None], place),
                "decision_stage_zh": take([*(zh for _, zh, _ in DECISION_STAGES), None], place),
                "decision_basis": take([self.basis, "none"], np.where(there, 0, 1)),
            }
        ).set_axis(features.index)
        return made.assign(**{name: said[:, at] for at, name in enumerate(PROBABILITIES)})

    def probabilities(self, features: pd.DataFrame) -> np.ndarray:
        """Return P(stage), shape (n, 5), of customers who are in an episode."""
        observed = seen(features, OBSERVED)
        logits = np.tile(np.asarray(self.intercepts, dtype=np.float64), (len(features), 1))
        inputs = [np.where(observed == code, 1.0, 0.0) for code in range(1, 6)]
        inputs += list(self.squeezed(features).T)
        for number, values in enumerate(inputs):  # one order of adding up, whoever is scored beside
            for stage, row in enumerate(self.coefficients):
                logits[:, stage] += row[number] * values if number < len(row) else 0.0
        raised = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def squeezed(self, features: pd.DataFrame) -> np.ndarray:
        """Return the columns as logarithms, centred and scaled, unknown ones 0."""
        found = np.zeros((len(features), len(self.columns)))
        for at, (name, centre, scale) in enumerate(zip(self.columns, self.centres, self.scales, strict=True)):
            logs = (np.log1p(np.clip(seen(features, name), 0.0, None)) - centre) / scale
            found[:, at] = np.where(np.isnan(logs), 0.0, np.clip(logs, -5.0, 5.0))
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON, ``type`` included."""
        return {"type": "decision_stages", **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        held = {name: _tuples(value) for name, value in stored.items() if name != "type"}
        return cls(**held)


@dataclass(frozen=True)
class DecisionStyle:
    """Whether a customer thinks before buying or buys at once, from three signs; unknown where nothing can be seen.

    *Looking*: touchpoints of attention or intent for each day with a purchase, one half at ``half_touchpoints``.
    *Waiting*: days from the first touchpoint to the first purchase, one half at ``half_days``. *Full price*: the share of
    the full price that was charged counts against impulse, as offers are what impulses answer to (weight
    ``weight_full_price``, little). ``deliberation_share`` is their weighted mean, 0 to 1: at least ``rational_from`` is
    ``rational``, below ``impulsive_below`` is ``impulsive``, between them ``mixed``. Somebody who never bought, or of
    whom no touchpoint but purchases was ever seen, is ``unknown``: without a till we cannot tell who thought at home.

    Examples
    --------
    >>> seen = pd.DataFrame({"order_days": [2.0, 9.0, 3.0, 0.0], "interest_touchpoints": [30.0, 1.0, 0.0, 5.0],
    ...                      "days_to_first_purchase": [60.0, 0.0, 0.0, None], "discount_share": [0.0, 0.6, 0.1, None]})
    >>> DecisionStyle().assign(seen)["decision_style"].tolist()
    ['rational', 'impulsive', 'unknown', 'unknown']
    """

    half_touchpoints: float = 2.0
    half_days: float = 7.0
    weight_looking: float = 0.5
    weight_waiting: float = 0.4
    weight_full_price: float = 0.1
    rational_from: float = 0.6
    impulsive_below: float = 0.35

    def assign(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``decision_style`` (rational, impulsive, mixed, unknown) and ``deliberation_share`` (NaN: unknown)."""
        bought, looked = counted(features, "order_days"), counted(features, "interest_touchpoints")
        waited = seen(features, "days_to_first_purchase")
        signs = (
            (1.0 - 0.5 ** (looked / np.maximum(bought, 1.0) / self.half_touchpoints), self.weight_looking),
            (1.0 - 0.5 ** (np.clip(waited, 0.0, None) / self.half_days), self.weight_waiting),
            (1.0 - np.clip(seen(features, "discount_share"), 0.0, 1.0), self.weight_full_price),
        )
        heft = sum(np.where(np.isnan(sign), 0.0, weight) for sign, weight in signs)
        total = sum(np.where(np.isnan(sign), 0.0, sign) * weight for sign, weight in signs)
        known = (bought > 0) & (looked > 0) & (heft > 0)
        share = np.where(known, total / np.where(heft > 0, heft, 1.0), np.nan)
        place = np.select([~known, share >= self.rational_from, share < self.impulsive_below], [3, 0, 1], 2)
        style = take(["rational", "impulsive", "mixed", "unknown"], place)
        return pd.DataFrame({"decision_style": style, "deliberation_share": share}).set_axis(features.index)

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON, ``type`` included."""
        return {"type": "decision_style", **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{name: value for name, value in stored.items() if name != "type"})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list | tuple) else value
