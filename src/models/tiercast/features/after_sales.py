"""After-sales: what was delivered, what went wrong, and was it put right?"""

from tiercast.features.dealings import MOST_DAYS
from tiercast.features.declare import Family, Feature, Seen, count, ratio, rest, since
from tiercast.features.kinds import is_kind

PLURALS = {
    "delivery": "deliveries", "delivery_failure": "delivery_failures", "support": "support_cases",
    "complaint": "complaints", "follow_up": "follow_ups",
}  # fmt: skip
TROUBLE = ("delivery_failure", "support", "complaint")


def declare(seen: Seen) -> list[Feature]:
    """Declare deliveries, support and complaints, and for complaints with a case whether and how fast they were resolved."""

    def service(name: str, sql: str, unit: str, meaning: str, absent: float | None = 0.0) -> Feature:
        return Feature(name, "service", sql, unit, meaning, absent)

    plurals = {kind: plural for kind, plural in PLURALS.items() if kind in seen.kinds}
    told = {kind: plural.replace("_", " ") for kind, plural in plurals.items()}
    found = [
        service(name, count(is_kind(kind)), name, f"{told[kind]} so far") for kind, name in plurals.items()
    ]
    found += [
        service(f"{plurals[kind]}_91d", count(f"{is_kind(kind)} AND age_days <= 91"), plurals[kind], f"{told[kind]} in 91 d")
        for kind in seen.any_of(TROUBLE)
    ]  # fmt: skip
    found += [
        service(f"days_since_{kind}", since(is_kind(kind)), "days", f"days since the last of their {told[kind]}", None)
        for kind in plurals
        if kind != "delivery"
    ]  # fmt: skip
    if {"delivery", "delivery_failure"} <= seen.kinds:
        tried = "(deliveries + delivery_failures)"
        found.append(Feature("delivery_failure_share", "derived", ratio("delivery_failures", tried), "share",
                             "share of deliveries that failed", None))  # fmt: skip
    if {"complaint", "purchase"} <= seen.kinds:
        found.append(Feature("complaints_per_order", "derived", ratio("complaints", "orders"), "complaints",
                             "complaints for each order", None))  # fmt: skip
    return found + (_cases() if seen.cases else [])


def _cases() -> list[Feature]:
    """Return how complaints with a case went; one that was resolved before it was made has no duration."""
    opened, timed, took = "opened_day IS NOT NULL", "opened_day <= resolved_day", "resolved_day - opened_day"
    waiting = f"{opened} AND resolved_day IS NULL"
    closed = f"CAST({count(f'{opened} AND resolved_day IS NOT NULL')} AS DOUBLE)"
    days = f"CAST(SUM(CASE WHEN {timed} THEN {took} END) AS DOUBLE)"
    newest = rest(f"MAX(CASE WHEN {timed} THEN resolved_day * {MOST_DAYS} + {took} END)", MOST_DAYS)
    return [
        Feature("complaints_open", "cases", count(waiting), "complaints", "complaint cases without a resolution so far"),
        Feature("complaint_open_days", "cases", f"cutoff_day - MIN(CASE WHEN {waiting} THEN opened_day END)", "days",
                "days for which the oldest open complaint has waited", None),
        Feature("complaints_resolved_share", "cases", ratio(closed, "COUNT(opened_day)"), "share",
                "share of complaint cases that were resolved", None),
        Feature("complaint_resolution_mean_days", "cases", ratio(days, count(timed)), "days",
                "mean days from a complaint to its resolution", None),
        Feature("complaint_resolution_last_days", "cases", newest, "days",
                "days from a complaint to its resolution, the newest; of one day, the longest", None),
    ]  # fmt: skip


AFTER_SALES = Family("after_sales", "What was delivered, what went wrong, and was it put right?", declare)
