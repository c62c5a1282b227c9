"""Campaigns: how much was this customer contacted, and when last? (What the marketer did, not what they did.)"""

from tiercast.features.declare import Family, Feature, GrainName, Seen, count, currency, ratio, since
from tiercast.features.kinds import is_kind
from tiercast.serving.contract import FAMILIES


def declare(seen: Seen) -> list[Feature]:
    """Declare outbound pressure over windows and by kind of contact, and what it cost where channels have a price."""
    sent = seen.any_of(FAMILIES["reach"])
    if not sent:
        return []
    of_all = "is_contact = 1"

    def contacts(name: str, condition: str, meaning: str) -> Feature:
        return Feature(name, "touches", count(condition), "contacts", meaning)

    def of(name: str, grain: GrainName, sql: str, unit: str, meaning: str) -> Feature:
        return Feature(name, grain, sql, unit, meaning, None)

    found = [
        contacts("contacts_sent", of_all, "outbound contacts so far"),
        of("days_since_contact", "touches", since(of_all), "days", "days since the last outbound contact"),
        of("orders_after_contact_days", "touches",
           f"MAX(CASE WHEN {is_kind('purchase')} THEN day END) - MAX(CASE WHEN {of_all} THEN day END)", "days",
           "last purchase minus last contact: negative means silence since the contact"),
        *(contacts(f"contacts_sent_{w}d", f"{of_all} AND age_days <= {w}", f"outbound contacts in {w} d")
          for w in (28, 91, 182)),
    ]  # fmt: skip
    if len(sent) > 1:
        found += [
            contacts(
                f"{kind}_contacts_91d", f"{is_kind(kind)} AND age_days <= 91", f"{kind} contacts in 91 d"
            )
            for kind in sent
        ]
    for name, when, told in (("", "", "so far"), ("_91d", " AND age_days <= 91", "in 91 d")):
        condition = f"{of_all}{when}"
        priced = f"SUM(CASE WHEN {condition} THEN contact_cost_minor END)"
        cost = f"CASE WHEN {count(condition)} = 0 THEN 0 ELSE {priced} END"
        found.append(of(f"contact_cost{name}_currency", "touches", currency(f"({cost})"), "currency",
                        f"cost of the contacts {told} whose channel has a price"))  # fmt: skip
    if "purchase" in seen.kinds:
        found.append(of("contact_cost_share", "derived", ratio("contact_cost_currency", "spend_currency"), "share",
                        "cost of contacts as a share of what was spent"))  # fmt: skip
    return found


CAMPAIGN = Family("campaign", "How much were they contacted, and when last?", declare, marketer_did=True)
