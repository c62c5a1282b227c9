"""What is refused of a tier policy before anybody gets a tier: contradictions, gaps, overlaps and dead rules, by name."""

from typing import TYPE_CHECKING, Any

from tiercast.serving.conditions import Condition
from tiercast.tiers.boxes import Axes, Box, holds_all_of, is_empty, meet
from tiercast.tiers.declare import EVERYBODY_ELSE, FIRST_WINS, REFUSED, BadPolicy, Cut, Rule

if TYPE_CHECKING:
    from tiercast.tiers.policy import Policy


def check_policy(policy: "Policy") -> None:
    """Refuse a policy that contradicts itself.

    Raises
    ------
    BadPolicy
    """
    _check_names(policy)
    _check_shares(policy)
    _check_rules(policy)
    _check_reach(policy)


def _refuse(policy: "Policy", sentence: str, **details: Any) -> BadPolicy:
    return BadPolicy(policy=policy.name, problem=sentence, **details)


def _check_names(policy: "Policy") -> None:
    for what, names in (
        ("class", [each.key for each in policy.classes]),
        ("input", [each.name for each in policy.inputs]),
        ("cut", [each.name for each in policy.cuts]),
    ):
        twice = sorted({each for each in names if names.count(each) > 1})
        if twice:
            raise _refuse(policy, f"the {what} {twice[0]} is declared twice", twice=twice)


def _check_shares(policy: "Policy") -> None:
    for cut in policy.cuts:
        if not 0 < cut.top_share < 1:
            raise _refuse(policy, f"the cut {cut.name} needs a share between 0 and 1", cut=cut.name)
        if any(value <= 0 for _, value in cut.value_in):
            raise _refuse(policy, f"the cut {cut.name} needs values above 0", cut=cut.name)
    _check_values(policy)
    if not 0 <= policy.band_share < 1 or policy.dwell_days < 0 or policy.grace_days < 0:
        raise _refuse(
            policy, "the band needs a share from 0 to below 1, the dwell and the grace 0 days or more"
        )
    if policy.overlaps not in (FIRST_WINS, REFUSED):
        raise _refuse(policy, f"overlaps is first_wins or refused, not {policy.overlaps!r}")


def _check_values(policy: "Policy") -> None:
    """Of two cuts of one population, the one with the smaller share must have the higher value, in every currency."""
    for cut in policy.cuts:
        for other in policy.cuts:
            if _population(cut) == _population(other) and cut.top_share < other.top_share:
                values, others = dict(cut.value_in), dict(other.value_in)
                for currency in values.keys() & others.keys():
                    if values[currency] <= others[currency]:
                        raise _refuse(
                            policy,
                            f"the cut {cut.name} must be above the cut {other.name} in {currency}",
                            cut=cut.name,
                        )


def _population(cut: Cut) -> tuple[Any, ...]:
    return (cut.input, cut.among, cut.share_of)


def _check_rules(policy: "Policy") -> None:
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
    for place, cut in enumerate(policy.cuts):
        before = {each.name: each for each in policy.cuts[:place]}
        asked = (*cut.among, *(cut.share_of or ()), Condition(cut.input, "is_known"))
        _check_conditions(policy, f"the cut {cut.name}", asked, inputs, before)
    if list(dict.fromkeys(rule.tier for rule in policy.rules)) != keys:
        raise _refuse(
            policy,
            "the rules must fill the classes in their order, best first, and leave none without a rule",
        )


def _check_conditions(
    policy: "Policy", where: str, conditions: tuple[Condition, ...], inputs: set[str], cuts: dict[str, Cut]
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


def _check_reach(policy: "Policy") -> None:
    rules = policy.rules[:-1]  # `other` takes whoever is left, be it nobody
    axes = Axes(
        [condition for rule in rules for condition in rule.conditions],
        {cut.name: (_population(cut), cut.top_share) for cut in policy.cuts},
    )
    boxes = [axes.box(rule.conditions) for rule in rules]
    for place, (rule, box) in enumerate(zip(rules, boxes, strict=True)):
        if is_empty(box):
            raise _refuse(
                policy,
                f"the rule {rule.tier} can never be reached: its conditions contradict each other",
                rule=rule.tier,
            )
        left: list[Box] = [box]
        for earlier in boxes[:place]:
            left = axes.without(left, earlier)
        if not left:
            before = " and ".join(
                dict.fromkeys(
                    other.tier
                    for other, earlier in zip(rules[:place], boxes[:place], strict=True)
                    if not is_empty(meet(box, earlier))
                )
            )
            takes = "takes" if " and " not in before else "take"
            raise _refuse(
                policy,
                f"the rule {rule.tier} can never be reached: {before} {takes} all its customers",
                rule=rule.tier,
                earlier=before,
            )
        if policy.overlaps == REFUSED:
            _check_overlap(policy, place, boxes)


def _check_overlap(policy: "Policy", place: int, boxes: list[Box]) -> None:
    rule = policy.rules[place]
    for earlier, box in zip(policy.rules[:place], boxes[:place], strict=True):
        nested = holds_all_of(boxes[place], box) or rule.tier == earlier.tier
        if not nested and not is_empty(meet(box, boxes[place])):
            raise _refuse(
                policy,
                f"the rules {earlier.tier} and {rule.tier} overlap: some customers meet both, and neither holds all of the "
                'other; make them exclude each other, or say overlaps = "first_wins"',
                rule=rule.tier,
                earlier=earlier.tier,
            )
