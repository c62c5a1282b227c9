"""Engagement: how much do they do by themselves, in all channels, lately and before?

These are parts, for models and marketers: counts of their own acts, weighted by what an act costs the customer
(:data:`~tiercast.features.kinds.EFFORTS`). The score *engagement* of a scorecard is made of more, by
:class:`tiercast.serving.scores.Engagement`: how recently and broadly they buy, and what they say.
"""

from tiercast.features.declare import Family, Feature, Seen, count, total
from tiercast.features.kinds import NOT_OWN

HALF_POINTS = 20
"""So many points in 91 days, as of four orders, are half of the most that can be told."""


def declare(seen: Seen) -> list[Feature]:
    """Declare active days and a saturating score of weighted acts, now and a quarter before."""
    if not seen.kinds - set(NOT_OWN):
        return []
    now, before = (_score(when) for when in ("age_days <= 91", "age_days > 91"))

    def of(name: str, sql: str, unit: str, meaning: str) -> Feature:
        return Feature(name, "days", sql, unit, meaning)

    return [
        of("own_days_28d", count("age_days <= 28"), "days", "days with a touchpoint of their own, 28 d"),
        of("own_days_91d", count("age_days <= 91"), "days", "days with a touchpoint of their own, 91 d"),
        of("effort_91d_score", now, "0 to 100", "what they do by themselves, weighted; half of the most at 4 orders, 91 d"),
        of("effort_difference_score", f"({now}) - ({before})", "-100 to 100", "the same beyond that of the 91 days before"),
    ]  # fmt: skip


def _score(when: str) -> str:
    points = f"CAST({total('effort', when)} AS DOUBLE)"
    return f"1e2 * {points} / ({points} + {HALF_POINTS})"


ENGAGEMENT = Family("engagement", "How much do they do by themselves?", declare)
