"""Assignments: which campaigns was this customer drawn for, or kept out of? (What the marketer did, not what they did.)"""

from tiercast.features.declare import Family, Feature, Seen, count


def declare(seen: Seen) -> list[Feature]:
    """Declare treatments and holdouts of logged or randomised contacts."""
    if not seen.assignments:
        return []
    return [
        Feature("treatments_182d", "assignments", count("is_treated = 1 AND age_days <= 182"), "assignments",
                "campaigns assigned to a treatment in 182 d"),
        Feature("holdouts_182d", "assignments", count("is_treated = 0 AND age_days <= 182"), "assignments",
                "campaigns assigned to a control group in 182 d"),
        Feature("days_since_treatment", "assignments", "MIN(CASE WHEN is_treated = 1 THEN age_days END)", "days",
                "days since the last treatment", None),
    ]  # fmt: skip


ASSIGNMENT = Family("assignment", "What were they drawn for, or kept out of?", declare, marketer_did=True)
