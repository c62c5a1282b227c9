"""What each kind of touchpoint means: a stage of a decision, an effort of the customer's, a kind of customer data.

Each is declared once, here. The text joins them to the touches as one small table of our own words.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tiercast.features.declare import one_of
from tiercast.serving.contract import FAMILIES, KINDS

CONTACTS: tuple[str, ...] = FAMILIES["reach"]
"""What we send to a customer."""
DONE_TO_THEM: tuple[str, ...] = ("delivery", "delivery_failure", "follow_up", "complaint_resolved")
"""What we do to a customer without contacting them for a sale."""
NOT_OWN: tuple[str, ...] = (*CONTACTS, *DONE_TO_THEM)
"""All other kinds, and those that we do not know, are the customer's own."""


@dataclass(frozen=True)
class Meaning:
    """A name for kinds of touchpoints that mean the same; ``number`` is what the text calls it."""

    number: int
    name: str
    word: str
    kinds: tuple[str, ...]


STAGES: tuple[Meaning, ...] = (
    Meaning(1, "need recognition", "need", (
        "visit", "email_open", "email_click", "social_engagement", "event_attendance", "check_in", "enrol")),
    Meaning(2, "information search", "search", ("view", "search", "enquiry")),
    Meaning(3, "evaluation", "evaluation", ("cart", "quote", "wishlist", "coupon_claim")),
    Meaning(4, "purchase decision", "decision", ("checkout", "contract", "coupon_redemption", "points_redemption")),
    Meaning(5, "post-purchase", "after", (
        "purchase", "payment", "return", "support", "complaint", "review", "survey", "co_creation", "referral", "share")),
)  # fmt: skip
"""The five stages of a decision. Consent, what we do and kinds that we do not know speak of none."""

EFFORTS: tuple[Meaning, ...] = (
    Meaning(1, "attention", "", ("visit", "view", "search", "email_open", "email_click", "social_engagement", "check_in")),
    Meaning(2, "intent", "", (
        "enquiry", "cart", "checkout", "quote", "wishlist", "coupon_claim", "coupon_redemption", "points_redemption")),
    Meaning(4, "coming forward", "", ("event_attendance", "review", "survey", "share", "enrol")),
    Meaning(5, "buying and bringing others", "", ("purchase", "referral", "co_creation")),
)  # fmt: skip
"""Points for one touchpoint by what it costs the customer; what happens *to* them (a delivery, a case) gives none.

Order lines are many: a day on which they buy counts as one purchase.
"""

DATA: tuple[Meaning, ...] = (
    Meaning(1, "who they are: they joined or showed themselves", "user", ("enrol", "check_in", "event_attendance")),
    Meaning(2, "what binds them to us: programme, contract, referral or consent", "relationship", (
        "contract", "coupon_claim", "coupon_redemption", "points_redemption", "referral", "consent_granted",
        "consent_withdrawn")),
    Meaning(4, "what they think: ratings, surveys, social acts, wishes", "attitude", (
        "review", "survey", "social_engagement", "share", "wishlist")),
    Meaning(8, "what they told us: enquiries, cases, returns, ideas", "feedback", (
        "enquiry", "support", "complaint", "complaint_resolved", "return", "follow_up", "co_creation")),
    Meaning(16, "what they use: a purchase that names its product or category", "product_use", ("purchase",)),
    Meaning(32, "how they pay", "credit", ("payment",)),
)  # fmt: skip
"""The six kinds of customer data, as bits."""

_INTEREST = Meaning(1, "attention or intent", "", (*FAMILIES["attention"], *FAMILIES["intent"]))
_SERVICE = Meaning(1, "what there are few of", "", (
    *FAMILIES["after_sales"], *FAMILIES["voice"], *FAMILIES["relationship"], "coupon_claim"))  # fmt: skip
_COLUMNS: Mapping[str, tuple[Meaning, ...]] = {
    "stage_code": STAGES,
    "effort_points": EFFORTS,
    "data_bit": DATA,
    "is_interest": (_INTEREST,),
    "is_service": (_SERVICE,),
}


def is_kind(*kinds: str) -> str:
    """Return an SQL condition for kinds of the contract.

    Examples
    --------
    >>> is_kind("exposure"), is_kind("cart", "checkout")
    ("kind = 'exposure'", "kind IN ('cart', 'checkout')")
    """
    return f"kind = '{kinds[0]}'" if len(kinds) == 1 else one_of(kinds)


def _numbers(kind: str) -> str:
    told = [sum(each.number for each in meanings if kind in each.kinds) for meanings in _COLUMNS.values()]
    return ", ".join([f"'{kind}'", *map(str, told)])


MEANS = (
    f"LEFT JOIN (VALUES {', '.join(f'({_numbers(kind)})' for kind in KINDS)})"
    f" AS means(word, {', '.join(_COLUMNS)}) ON means.word = contract.kind"
)
MEANT = {name: f"COALESCE(means.{name}, 0)" for name in _COLUMNS} | {
    "data_bit": "CASE WHEN kind = 'purchase' AND contract.product_id IS NULL AND contract.category IS NULL THEN 0"
    " ELSE COALESCE(means.data_bit, 0) END"
}
"""Columns of the roll-up's touches, and the join that they speak of; 0 is none."""
