"""Decision: the customer's own days up to now, and which of them belong to the current episode of deciding."""

from tiercast.features.kinds import STAGES, is_kind
from tiercast.features.relations import CUTOFF, Relation, same
from tiercast.market import EPISODE_DAYS

GAP = "{episode_gap_days}"
"""So many days without a touchpoint of the customer's own end an episode: what the history says, written when compiled."""

BUYING = is_kind("purchase")
_PER_DAY = {
    "acts": "COUNT(*)",
    "channel_bits": "BIT_OR(channel_bit)",
    "effort": f"SUM(CASE WHEN {BUYING} THEN 0 ELSE effort_points END)"
    f" + MAX(CASE WHEN {BUYING} THEN effort_points ELSE 0 END)",
    "bought_s": f"MAX(CASE WHEN {BUYING} THEN occurred_s END)",
    **{
        f"stage_{stage.number}_acts": f"COUNT(CASE WHEN stage_code = {stage.number} THEN 1 END)"
        for stage in STAGES
    },
    **{f"stage_{code}_s": f"MAX(CASE WHEN stage_code = {code} THEN occurred_s END)" for code in (2, 3, 4)},
}
_OF_ONE = "PARTITION BY customer_id"

OWN_DAYS = Relation(
    "own_days",
    "finalise",
    same("customer_id", "day"),
    _PER_DAY,
    f"FROM touches WHERE seen_day < {CUTOFF} AND is_own = 1 AND {CUTOFF} - day <= {EPISODE_DAYS}\n  GROUP BY customer_id, day",
)
"""One row per day with a touchpoint of the customer's own."""

OWN_SILENCES = Relation(
    "own_silences",
    "finalise",
    same("customer_id", "day"),
    same(*_PER_DAY) | {"silence_days": f"LEAD(day, 1, {CUTOFF}) OVER ({_OF_ONE} ORDER BY day) - day"},
    "FROM own_days",
)

DAYS_SEEN = Relation(
    "days_seen",
    "finalise",
    same("customer_id", "day"),
    same(*_PER_DAY)
    | {
        "age_days": f"{CUTOFF} - day",
        "in_episode": f"CASE WHEN day > COALESCE(MAX(CASE WHEN silence_days >= {GAP} THEN day END)"
        f" OVER ({_OF_ONE}), -1) THEN 1 ELSE 0 END",
        "last_bought_s": f"COALESCE(MAX(bought_s) OVER ({_OF_ONE}), -1)",
    },
    "FROM own_silences",
)
"""The same, with whether no silence has ended the episode since, and the second of the last purchase."""

DECIDING = (OWN_DAYS, OWN_SILENCES, DAYS_SEEN)
