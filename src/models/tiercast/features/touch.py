"""Touchpoints of every kind: how much contact is there, where, how lately, and is there interest?"""

from tiercast.features.declare import Family, Feature, Seen, count, one_of
from tiercast.serving.contract import FAMILIES


def declare(seen: Seen) -> list[Feature]:
    """Declare counts over all touchpoints, the channel mix, and signs of attention or intent."""
    interest = seen.any_of(FAMILIES["attention"] + FAMILIES["intent"])
    wanted = count(one_of(interest)) if interest else "SUM(0)"
    found = [
        Feature("touchpoints", "touches", "COUNT(*)", "touchpoints", "touchpoints so far"),
        Feature("touchpoints_28d", "touches", count("age_days <= 28"), "touchpoints", "in 28 d"),
        Feature(
            "days_since_touchpoint",
            "touches",
            "MIN(age_days)",
            "days",
            "days since the last touchpoint",
            None,
        ),
        Feature(
            "days_since_first_touchpoint",
            "touches",
            "MAX(age_days)",
            "days",
            "days since the first touchpoint",
            None,
        ),
        Feature("interest_touchpoints", "touches", wanted, "touchpoints", "attention or intent so far"),
    ]
    if interest:
        found.append(
            Feature(
                "interest_touchpoints_28d",
                "touches",
                count(f"{one_of(interest)} AND age_days <= 28"),
                "touchpoints",
                "attention or intent in 28 d",
            )
        )
    return found


TOUCH = Family("touch", "How much contact is there, and is there interest?", declare)
