"""Voice: what did they say, how satisfied are they, and have they said anything at all? Unknown is never middling."""

from tiercast.features.declare import Family, Feature, Seen, count, ratio, rest, since
from tiercast.features.kinds import is_kind
from tiercast.serving.contract import FAMILIES

RATED = f"{is_kind('review', 'survey')} AND rating_permille IS NOT NULL"
PROMOTER_PERMILLE, PASSIVE_PERMILLE = 900, 700


def declare(seen: Seen) -> list[Feature]:
    """Declare the newest and the mean normalised rating, CSAT and NPS apart, and who has said nothing."""

    def voice(name: str, sql: str, unit: str, meaning: str, absent: float | None = None) -> Feature:
        return Feature(name, "service" if said else "touches", sql, unit, meaning, absent)

    said = seen.any_of(FAMILIES["voice"])
    newest = f"{_newest(RATED)} / 1e3"
    found = [voice("satisfaction_share", newest, "share", "newest rating as a share of its scale")]
    if not said:
        return found
    found.append(voice("has_voice", f"MAX(CASE WHEN {is_kind(*said)} THEN 1 ELSE 0 END)", "0 or 1",
                       "whether they ever reviewed, answered a survey or took part in a product", 0.0))  # fmt: skip
    if seen.any_of(("review", "survey")):
        mean = f"CAST(SUM(CASE WHEN {RATED} THEN rating_permille END) AS DOUBLE)"
        found += [
            voice("ratings", count(RATED), "ratings", "ratings given so far", 0.0),
            voice("rating_mean_share", f"({ratio(mean, count(RATED))}) / 1e3", "share", "mean rating as a share of its scale"),
            voice("days_since_rating", since(RATED), "days", "days since the newest rating"),
        ]  # fmt: skip
        found.append(Feature("rating_difference_share", "derived", "satisfaction_share - rating_mean_share", "share",
                             "newest rating beyond their mean: below 0, satisfaction falls", None))  # fmt: skip
    for kind, plural, told in (
        ("review", "reviews", "reviews written"),
        ("co_creation", "co_creations", "co-creations"),
    ):
        if kind in seen.kinds:
            found.append(voice(plural, count(is_kind(kind)), plural, f"{told} so far", 0.0))
    if "csat" in seen.surveys:
        csat = _newest(f"{is_kind('survey')} AND survey_type = 'csat'")
        found.append(voice("csat_share", f"{csat} / 1e3", "share", "newest satisfaction (CSAT) answer"))
    if "nps" in seen.surveys:
        nps = _newest(f"{is_kind('survey')} AND survey_type = 'nps'")
        code = f"WHEN {nps} >= {PROMOTER_PERMILLE} THEN 1 WHEN {nps} >= {PASSIVE_PERMILLE} THEN 0 WHEN {nps} >= 0 THEN -1"
        found += [
            voice("nps_share", f"{nps} / 1e3", "share", "newest likelihood to recommend (NPS answer), of its scale"),
            voice("nps_code", f"CASE {code} END", "code",
                  "newest NPS answer: 1 promoter (9-10 of 10), 0 passive (7-8), -1 detractor"),
        ]  # fmt: skip
    return found


def _newest(condition: str) -> str:
    """Return the newest rating in thousandths of its scale; of those of one second, the highest."""
    return rest(f"MAX(CASE WHEN {condition} THEN occurred_s * 1001 + rating_permille END)", 1001)


VOICE = Family("voice", "What did they say, and how satisfied are they?", declare)
