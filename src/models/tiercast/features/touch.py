"""Touchpoints of every kind: how much contact is there, where, how lately, and is there interest?"""

from tiercast.features.declare import Family, Feature, Seen, count
from tiercast.serving.contract import FAMILIES


def declare(seen: Seen) -> list[Feature]:
    """Declare counts over all touchpoints, how lately they were, and signs of attention or intent."""

    def touch(name: str, sql: str, unit: str, meaning: str, absent: float | None = 0.0) -> Feature:
        return Feature(name, "touches", sql, unit, meaning, absent)

    interest = seen.any_of(FAMILIES["attention"] + FAMILIES["intent"])
    wanted = count("is_interest = 1") if interest else "SUM(0)"
    found = [
        touch("touchpoints", "COUNT(*)", "touchpoints", "touchpoints so far"),
        touch("touchpoints_28d", count("age_days <= 28"), "touchpoints", "touchpoints in 28 d"),
        touch("days_since_touchpoint", "MIN(age_days)", "days", "days since the last touchpoint", None),
        touch("days_since_first_touchpoint", "MAX(age_days)", "days", "days since the first one", None),
        touch("interest_touchpoints", wanted, "touchpoints", "attention or intent so far"),
    ]
    if interest:
        found.append(touch("interest_touchpoints_28d", count("is_interest = 1 AND age_days <= 28"), "touchpoints",
                           "attention or intent in 28 d"))  # fmt: skip
    return found


TOUCH = Family("touch", "How much contact is there, and is there interest?", declare)
