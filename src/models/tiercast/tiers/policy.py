"""What a tier policy is: a promise to customers, declared as classes, rules and shares, then frozen.

A policy is a declaration only. `Policy.freeze` computes its cut points on one frame of customers and returns
JSON that ships with the model; ``serving/tiers.py`` applies that JSON, in a batch and in a request alike.
"""

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from tiercast.errors import TiercastError
from tiercast.serving.conditions import Condition, matches, share_cut
from tiercast.serving.refusals import MissingColumns

EVERYBODY_ELSE = "other"


class BadPolicy(TiercastError, ValueError):
    """A tier policy contradicts itself; the message names the rule, the cut or the input.

    Examples
    --------
    >>> raise BadPolicy(policy="mine", problem="the cut best needs a share between 0 and 1", cut="best")
    Traceback (most recent call last):
    tiercast.tiers.policy.BadPolicy: policy mine: the cut best needs a share between 0 and 1
    """

    code = "BAD_POLICY"
    exit_code = 2

    def __init__(self, *, policy: str, problem: str, **details: Any) -> None:
        super().__init__(f"policy {policy}: {problem}", policy=policy, **details)


@dataclass(frozen=True)
class TierClass:
    """One class of a policy and what a customer in it gets.

    ``ladder`` names the ranking that the class is a rung of: only between rungs of one ladder do the band and
    the dwell time hold a customer back. None for classes that are entered and left at once (inactive,
    prospect).
    """

    key: str
    name_en: str
    name_zh: str
    playbook_en: str
    playbook_zh: str
    ladder: str | None = None


@dataclass(frozen=True)
class Input:
    """One column that the rules read. One that is not required counts as unknown when it does not come."""

    name: str
    meaning_en: str
    meaning_zh: str
    required: bool = True


@dataclass(frozen=True)
class Cut:
    """A value that at most ``top_share`` (0 to 1, both excluded) of the customers ``among`` reach."""

    name: str
    input: str
    top_share: float
    among: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Rule:
    """Customers who meet all the conditions are in the class ``tier``, unless an earlier rule took them."""

    tier: str
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Policy:
    """Who belongs in which tier: classes from best to worst, and the ordered rules that fill them.

    Parameters
    ----------
    name, version : str
        Stamped on every tier that it gives.
    classes : tuple of TierClass
        Best first. The last one is ``other``.
    inputs : tuple of Input
        Every column that a rule or a cut reads.
    rules : tuple of Rule
        The first that fits wins; they name the classes in their order, and end with ``other`` without a
        condition.
    cuts : tuple of Cut
        Named cut points, computed when the policy is frozen.
    band_share : float
        Half-width of the band around a cut, as a share of the cut's ``top_share``: 0.10 makes 5 % into
        4.5-5.5 %.
    dwell_days : int
        Days that a customer keeps a class of a ladder before the next move.

    Raises
    ------
    BadPolicy
        When it does not end with an unconditional ``other``, names a class, input or cut that is not
        declared, has a rule that no customer can reach, is not ordered best first, or asks for a share
        outside 0 to 1.

    Examples
    --------
    >>> active = (Condition("orders", ">=", 1),)
    >>> better = TierClass("regular", "regular", "常客", "thank them", "致谢", ladder="orders")
    >>> other = TierClass("other", "other", "其他", "nothing", "无")
    >>> orders = Input("orders", "orders", "订单数")
    >>> policy = Policy("mine", "1", (better, other), (orders,),
    ...                 (Rule("regular", (Condition("orders", ">=", cut="many"),)), Rule("other")),
    ...                 (Cut("many", "orders", 0.5, active),))
    >>> policy.freeze(pd.DataFrame({"orders": [0.0, 1.0, 2.0, 3.0, 9.0]}))["cuts"]["many"]["value"]
    2.5
    >>> Policy("mine", "1", (better, other), (orders,), (Rule("regular"),))
    Traceback (most recent call last):
    ...
    tiercast.tiers.policy.BadPolicy: policy mine: the last rule must be `other` without
    conditions, so that everybody has a tier
    """

    name: str
    version: str
    classes: tuple[TierClass, ...]
    inputs: tuple[Input, ...]
    rules: tuple[Rule, ...]
    cuts: tuple[Cut, ...] = ()
    band_share: float = 0.10
    dwell_days: int = 30

    def __post_init__(self) -> None:
        _check_names(self)
        _check_shares(self)
        _check_rules(self)
        _check_reach(self)

    def freeze(self, frame: pd.DataFrame) -> dict[str, Any]:
        """Measure the cuts on one frame of customers and return the policy as JSON.

        A cut holds **at most** its share: equal values stay together below it. One that nobody can reach,
        because there are too few customers or all are equal, is frozen as null, is said in ``notes``, and
        leaves its class empty: its customers go to the next rule that fits (with `pyramid`, to ``small``).

        Parameters
        ----------
        frame : DataFrame
            Features and predictions side by side, one row a customer.

        Returns
        -------
        dict
            ``policy, version, band_share, dwell_days, classes, inputs, rules, cuts, notes``. Each cut has
            ``value`` and the band ``upper`` and ``lower`` (values of the input, null when unreachable),
            ``share``, ``input`` and ``population`` (customers it was measured on).

        Raises
        ------
        MissingColumns
            A required input did not come.
        """
        missing = sorted(each.name for each in self.inputs if each.required and each.name not in frame)
        if missing:
            raise MissingColumns(
                f"the policy {self.name} needs {', '.join(missing)}, which did not come", missing=missing
            )
        cuts = {cut.name: self._measure(cut, frame) for cut in self.cuts}
        return {
            "type": "tier_policy",
            "policy": self.name,
            "version": self.version,
            "band_share": self.band_share,
            "dwell_days": self.dwell_days,
            "classes": [asdict(each) for each in self.classes],
            "inputs": [asdict(each) for each in self.inputs],
            "rules": [
                {"class": r.tier, "conditions": [c.to_json() for c in r.conditions]} for r in self.rules
            ],
            "cuts": cuts,
            "notes": [
                f"nobody reaches the cut {name}: {cut['population']} customers could be ranked"
                for name, cut in cuts.items()
                if cut["value"] is None
            ],
        }

    def _measure(self, cut: Cut, frame: pd.DataFrame) -> dict[str, Any]:
        ranked = frame.loc[matches((*cut.among, Condition(cut.input, "is_known")), frame, {})]
        found = (
            pd.to_numeric(ranked[cut.input]).to_numpy(dtype=float)
            if cut.input in ranked
            else pd.Series().to_numpy()
        )
        value = share_cut(found, cut.top_share)
        upper = share_cut(found, cut.top_share * (1 - self.band_share))
        lower = share_cut(found, min(cut.top_share * (1 + self.band_share), 1.0))
        return {
            "value": value,
            "upper": None if value is None else value if upper is None else upper,
            "lower": None if value is None else value if lower is None else lower,
            "share": cut.top_share,
            "input": cut.input,
            "population": len(ranked),
        }


def _refuse(policy: Policy, sentence: str, **details: Any) -> BadPolicy:
    return BadPolicy(policy=policy.name, problem=sentence, **details)


def _check_names(policy: Policy) -> None:
    for what, names in (
        ("class", [each.key for each in policy.classes]),
        ("input", [each.name for each in policy.inputs]),
        ("cut", [each.name for each in policy.cuts]),
    ):
        twice = sorted({each for each in names if names.count(each) > 1})
        if twice:
            raise _refuse(policy, f"the {what} {twice[0]} is declared twice", twice=twice)


def _check_shares(policy: Policy) -> None:
    for cut in policy.cuts:
        if not 0 < cut.top_share < 1:
            raise _refuse(policy, f"the cut {cut.name} needs a share between 0 and 1", cut=cut.name)
    if not 0 <= policy.band_share < 1 or policy.dwell_days < 0:
        raise _refuse(policy, "the band needs a share from 0 to below 1, the dwell time 0 days or more")


def _check_rules(policy: Policy) -> None:
    keys = [each.key for each in policy.classes]
    inputs, cuts = {each.name for each in policy.inputs}, {each.name: each for each in policy.cuts}
    if not policy.rules or policy.rules[-1] != Rule(EVERYBODY_ELSE):
        raise _refuse(
            policy, "the last rule must be `other` without conditions, so that everybody has a tier"
        )
    for rule in policy.rules:
        if rule.tier not in keys:
            raise _refuse(
                policy, f"the rule {rule.tier} names no class; there is: {', '.join(keys)}", rule=rule.tier
            )
        _check_conditions(policy, f"the rule {rule.tier}", rule.conditions, inputs, cuts)
    for cut in policy.cuts:
        _check_conditions(
            policy, f"the cut {cut.name}", (*cut.among, Condition(cut.input, "is_known")), inputs, {}
        )
    if list(dict.fromkeys(rule.tier for rule in policy.rules)) != keys:
        raise _refuse(
            policy,
            "the rules must fill the classes in their order, best first, and leave none without a rule",
        )


def _check_conditions(
    policy: Policy, where: str, conditions: tuple[Condition, ...], inputs: set[str], cuts: dict[str, Cut]
) -> None:
    for condition in conditions:
        if condition.input not in inputs:
            there_is = ", ".join(sorted(inputs))
            raise _refuse(
                policy, f"{where} reads {condition.input}, which is not an input; there is: {there_is}"
            )
        if condition.cut is not None and condition.cut not in cuts:
            raise _refuse(policy, f"{where} compares with the cut {condition.cut}, which is not declared")
        if condition.cut is not None and cuts[condition.cut].input != condition.input:
            raise _refuse(
                policy, f"{where} compares {condition.input} with a cut of {cuts[condition.cut].input}"
            )


def _check_reach(policy: Policy) -> None:
    for position, rule in enumerate(policy.rules):
        for earlier in policy.rules[:position]:
            if all(
                any(_implies(policy, given, asked) for given in rule.conditions)
                for asked in earlier.conditions
            ):
                raise _refuse(
                    policy,
                    f"the rule {rule.tier} can never be reached: {earlier.tier} takes all its customers",
                    rule=rule.tier,
                    earlier=earlier.tier,
                )


def _implies(policy: Policy, given: Condition, asked: Condition) -> bool:
    """Whether whoever meets ``given`` must also meet ``asked``."""
    if given == asked:
        return True
    if given.input != asked.input or given.op == "is_unknown":
        return False
    if asked.op == "is_known":
        return True
    if given.op != asked.op or given.op not in (">=", "<"):
        return False
    cuts = {cut.name: cut for cut in policy.cuts}
    if (given.cut is None) != (asked.cut is None):
        return False
    tight, loose = given.threshold, asked.threshold
    if given.cut is not None and asked.cut is not None:
        if cuts[given.cut].among != cuts[asked.cut].among:
            return False
        tight, loose = -cuts[given.cut].top_share, -cuts[asked.cut].top_share
    if not isinstance(tight, int | float) or not isinstance(loose, int | float):
        return False
    return tight >= loose if given.op == ">=" else tight <= loose
