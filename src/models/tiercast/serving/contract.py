"""The touchpoint contract: which columns a history may have, and what each of them means."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column of the touchpoints table.

    ``kind`` is ``text``, ``number`` or ``time``; ``required`` columns must come, all others may be absent; where
    ``truths`` are welcome, true and false are text.
    """

    name: str
    kind: str
    meaning: str
    required: bool = False
    truths: bool = False


TOUCHPOINTS: tuple[Column, ...] = (
    Column("customer_id", "text", "pseudonymous customer; a row without one is unresolved", required=True),
    Column("occurred_at", "time", "when it happened, UTC", required=True),
    Column("kind", "text", "what happened: purchase, return, visit, email_send, …", required=True),
    Column("channel", "text", "where it happened: store, web, email, …", required=True),
    Column("event_id", "text", "identifies the row; a second row with the same one is a duplicate"),
    Column("known_at", "time", "when it could have been known, UTC; default occurred_at"),
    Column("order_id", "text", "groups the lines of one order; default is customer and second"),
    Column("case_id", "text", "groups the steps of one after-sales case"),
    Column("store_id", "text", "where, offline"),
    Column("product_id", "text", "what"),
    Column("category", "text", "kind of product"),
    Column("quantity", "number", "units, 0 or more"),
    Column("amount", "number", "line total charged after discount, major currency units, 0 or more"),
    Column("discount", "number", "taken off the line, major currency units, 0 or more"),
    Column("discount_type", "text", "loyalty, coupon, …"),
    Column("unit_cost", "number", "cost of one unit, major currency units"),
    Column("currency", "text", "ISO 4217; default is the source's"),
    Column("rating", "number", "a review's or survey's score"),
    Column("rating_scale", "number", "the best score possible"),
    Column("survey_type", "text", "csat, nps, …"),
    Column("points", "number", "loyalty points earned or spent"),
    Column("campaign_id", "text", "which campaign"),
    Column("purpose", "text", "consent purpose"),
    Column(
        "identity",
        "text",
        "an id of the channel's own, where the customer is not known: card, phone hash, cookie",
    ),
    Column("identity_kind", "text", "what kind of id: pos_card, phone_hash, openid, app_id, cookie, …"),
    Column("referred_customer_id", "text", "whom the customer referred"),
    Column("staff_assisted", "text", "true when a person helped", truths=True),
)

NAMES: tuple[str, ...] = tuple(column.name for column in TOUCHPOINTS)
REQUIRED: tuple[str, ...] = tuple(column.name for column in TOUCHPOINTS if column.required)
KIND_OF: dict[str, str] = {column.name: column.kind for column in TOUCHPOINTS}

PER_CUSTOMER: tuple[str, ...] = ("tier_before", "tier_since_on", "tier_below_since_on")
"""Optional columns of a request that hold one value per customer, not per touchpoint."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "reach": ("exposure", "email_send", "sms_send", "call_out", "mailing", "app_push"),
    "attention": (
        "email_open", "email_click", "visit", "view", "search", "social_engagement", "event_attendance", "check_in",
    ),
    "intent": ("enquiry", "cart", "checkout", "quote", "wishlist", "coupon_claim"),
    "purchase": ("purchase", "payment", "contract"),
    "after_sales": (
        "return", "follow_up", "delivery", "delivery_failure", "support", "complaint", "complaint_resolved",
    ),
    "voice": ("review", "survey", "co_creation"),
    "relationship": (
        "enrol", "coupon_redemption", "points_redemption", "referral", "share", "consent_granted",
        "consent_withdrawn",
    ),
}  # fmt: skip
KINDS: tuple[str, ...] = tuple(kind for kinds in FAMILIES.values() for kind in kinds)

CHANNELS: tuple[str, ...] = (
    "store", "pos", "web", "app", "email", "sms", "call_center", "direct_mail", "marketplace", "search_ads", "seo",
    "display", "feed_ads", "social", "wechat", "weibo", "douyin", "livestream", "forum", "tv", "radio", "print",
    "outdoor", "exhibition", "distributor", "face_to_face", "magazine", "community",
)  # fmt: skip

REJECTIONS: dict[str, str] = {
    "NULL_CUSTOMER": "no customer_id: kept as unresolved",
    "NULL_TIME": "occurred_at is empty",
    "BAD_TIME": "occurred_at or known_at is not an ISO 8601 time",
    "TIME_OUT_OF_RANGE": "before 1970 or after 2100",
    "FUTURE_TIME": "occurs later than now",
    "NULL_KIND": "kind is empty",
    "NULL_CHANNEL": "channel is empty",
    "BAD_NUMBER": "a numeric column holds text or a number that is not finite",
    "NEGATIVE_NUMBER": "amount, discount or quantity is below zero (a return is kind return with a positive amount)",
    "ABSURD_AMOUNT": "amount, discount or unit cost is above a billion minor units (ten million of what has cents),"
    " or quantity above a billion",
    "UNKNOWN_CURRENCY": "currency differs from the source's currency",
    "DUPLICATE_EVENT": "event_id came before",
}
