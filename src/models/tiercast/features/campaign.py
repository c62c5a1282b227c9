"""Campaigns: how much was this customer contacted, and when last? (What the marketer did, not what they did.)"""

from tiercast.features.declare import Family, Feature, Seen, count, one_of
from tiercast.serving.contract import FAMILIES


def declare(seen: Seen) -> list[Feature]:
    """Declare outbound pressure over windows and by kind of contact."""
    sent = seen.any_of(FAMILIES["reach"])
    if not sent:
        return []
    condition = one_of(sent)
    found = [
        Feature(
            "contacts_sent", "touches", count(condition), "contacts", "outbound contacts so far"
        ),
        Feature(
            "days_since_contact",
            "touches",
            f"MIN(CASE WHEN {condition} THEN age_days END)",
            "days",
            "days since the last outbound contact",
            None,
        ),
        Feature(
            "orders_after_contact_days",
            "touches",
            f"MAX(CASE WHEN kind = 'purchase' THEN day END) - MAX(CASE WHEN {condition} THEN day END)",
            "days",
            "last purchase minus last contact: negative means silence since the contact",
            None,
        ),
    ]
    for w in (28, 91, 182):
        found.append(
            Feature(
                f"contacts_sent_{w}d",
                "touches",
                count(f"{condition} AND age_days <= {w}"),
                "contacts",
                f"outbound contacts in {w} d",
            )
        )
    if len(sent) > 1:
        found += [
            Feature(f"{kind}_contacts_91d", "touches", count(f"kind = '{kind}' AND age_days <= 91"), "contacts",
                    f"{kind} contacts in 91 d")
            for kind in sent
        ]  # fmt: skip
    return found


CAMPAIGN = Family("campaign", "How much were they contacted, and when last?", declare, marketer_did=True)
