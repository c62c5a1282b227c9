"""Episodes: is the customer deciding about something now, since when, and how far have they come?"""

from tiercast.features.declare import Family, Feature, Seen, total
from tiercast.features.kinds import NOT_OWN, STAGES
from tiercast.market import EPISODE_DAYS

NOW = "in_episode = 1"


def declare(seen: Seen) -> list[Feature]:
    """Declare the current episode: touchpoints of the customer's own without a silence of ``seen.episode_gap_days``.

    Its stage is the furthest of search, evaluation and decision since the last purchase; post-purchase when there is
    none, after a purchase or another touchpoint that follows one; need recognition when there was attention only.
    """
    if not seen.kinds - set(NOT_OWN):
        return []
    began = {
        code: f"MIN(CASE WHEN {NOW} AND stage_{code}_s > last_bought_s THEN day END)" for code in (4, 3, 2)
    }
    bought_day = f"MAX(CASE WHEN {NOW} AND bought_s IS NOT NULL THEN day END)"
    began[5] = f"COALESCE({bought_day}, MIN(CASE WHEN {NOW} AND stage_5_acts > 0 THEN day END))"
    began[1] = f"MIN(CASE WHEN {NOW} AND stage_1_acts > 0 THEN day END)"
    code = " ".join(f"WHEN {day} IS NOT NULL THEN {stage}" for stage, day in began.items())
    since = f"cutoff_day - COALESCE({', '.join(began.values())})"

    def of(name: str, sql: str, unit: str, meaning: str, absent: float | None = 0.0) -> Feature:
        return Feature(name, "days", sql, unit, meaning, absent)

    limit = f"followed back {EPISODE_DAYS} d; a silence of {seen.episode_gap_days} d ends it"
    return [
        of("episode_age_days", f"cutoff_day - MIN(CASE WHEN {NOW} THEN day END)", "days",
           f"days since the current episode began ({limit})", None),
        of("episode_days", total("1", NOW), "days", "days with a touchpoint of their own in the current episode"),
        of("episode_touchpoints", total("acts", NOW), "touchpoints", "their own touchpoints in the current episode"),
        of("episode_channels", f"COALESCE(BIT_COUNT(BIT_OR(CASE WHEN {NOW} THEN channel_bits END)), 0)", "channels",
           "channels of the current episode; those beyond the vocabulary are one"),
        of("episode_stage_code", f"CASE {code} END", "code",
           "; ".join(f"{stage.number} {stage.name}" for stage in STAGES), None),
        of("episode_stage_age_days", since, "days", "days since the stage of the current episode began", None),
        *(of(f"episode_{stage.word}_touchpoints", total(f"stage_{stage.number}_acts", NOW), "touchpoints",
             f"touchpoints of {stage.name} in the current episode") for stage in STAGES),
    ]  # fmt: skip


EPISODE = Family("episode", "Are they deciding about something now, and how far have they come?", declare)
