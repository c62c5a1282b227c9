"""Dealings: service, complaint cases, referrals, and what came after the last answer, as rows that features are made from."""

from tiercast.features.declare import rest
from tiercast.features.kinds import is_kind
from tiercast.features.relations import CUTOFF, Relation, same

ANSWERS = ("email_open", "email_click", "coupon_claim", "coupon_redemption", "purchase")
"""What counts as an answer to a contact."""
BASKETS = ("cart", "checkout")
_SEEN = f"seen_day < {CUTOFF}"
MOST_DAYS = 65_536
"""More than the days until 2100: two days share one whole number."""


def _first_known(kind: str) -> str:
    """Return the day of the row of a kind that was known first; of those, the earliest."""
    day = rest(f"MIN(CASE WHEN {is_kind(kind)} THEN seen_day * {MOST_DAYS} + day END)", MOST_DAYS)
    return f"CAST({day} AS BIGINT)"


CASES_SEEN = Relation(
    "cases_seen",
    "finalise",
    same("customer_id", "case_id"),
    {"opened_day": _first_known("complaint"), "resolved_day": _first_known("complaint_resolved")},
    f"FROM touches WHERE {_SEEN} AND {is_kind('complaint', 'complaint_resolved')} AND case_id IS NOT NULL\n"
    "  GROUP BY customer_id, case_id",
)
SERVICE_SEEN = Relation(
    "service_seen",
    "finalise",
    same("customer_id"),
    same(
        "kind",
        "day",
        "seen_day",
        "occurred_s",
        "channel_code",
        "rating_permille",
        "survey_type",
        "amount_minor",
    )
    | {
        "age_days": f"{CUTOFF} - day",
        "purpose_code": "asked.code",
        "consent_word": f"CASE WHEN {is_kind('consent_granted')} THEN occurred_s * 2"
        f" WHEN {is_kind('consent_withdrawn')} THEN occurred_s * 2 + 1 END",
    },
    f"FROM touches{{joins}} WHERE {_SEEN} AND is_service = 1",
    {"asked": "LEFT JOIN vocabulary AS asked ON asked.field = 'purpose' AND asked.term = purpose"},
)
"""What there are few of: after-sales, voice, relationship. Counting them apart costs less than among all touches."""

REFERRED_SEEN = Relation(
    "referred_seen",
    "finalise",
    same("customer_id", "referred_customer_id"),
    {},
    f"FROM touches WHERE {_SEEN} AND {is_kind('referral')} AND referred_customer_id IS NOT NULL\n"
    "  GROUP BY customer_id, referred_customer_id",
)
LAST_SEEN = Relation(
    "last_seen",
    "finalise",
    same("customer_id"),
    {"answered_s": "MAX(occurred_s)", "paid_s": f"MAX(CASE WHEN {is_kind('purchase')} THEN occurred_s END)"},
    f"FROM touches WHERE {_SEEN} AND {is_kind(*ANSWERS)}\n  GROUP BY customer_id",
)
AFTER_SEEN = Relation(
    "after_seen",
    "finalise",
    {"customer_id": "touches.customer_id"},
    {
        "is_contact": "is_contact",
        "is_after_answer": "CASE WHEN occurred_s > COALESCE(answered_s, -1) THEN 1 ELSE 0 END",
        "is_after_purchase": "CASE WHEN occurred_s > COALESCE(paid_s, -1) THEN 1 ELSE 0 END",
    },
    "FROM touches LEFT JOIN last_seen ON last_seen.customer_id = touches.customer_id"
    f" WHERE {_SEEN} AND (is_contact = 1 OR {is_kind(*BASKETS)})",
)
"""Contacts, carts and checkouts, each with whether it came after the last answer and the last purchase."""

DEALINGS = (SERVICE_SEEN, CASES_SEEN, REFERRED_SEEN, LAST_SEEN, AFTER_SEEN)
