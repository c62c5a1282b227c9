"""Purchase rhythm: how long ago, how often and how regularly does this customer buy?"""

from tiercast.features.declare import WINDOWS_DAYS, Family, Feature, Seen, count, ratio

DAY = "(gap_days > 0 OR gap_days IS NULL)"
"""An order that is the first of its day: what follows it on the same day has a gap of 0."""


def declare(seen: Seen) -> list[Feature]:
    """Declare the rhythm of days with a purchase and of the gaps between them."""
    if "purchase" not in seen.kinds:
        return []
    gap = "CASE WHEN gap_days > 0 THEN gap_days END"
    gaps, spent, squares = "COUNT(CASE WHEN gap_days > 0 THEN 1 END)", "SUM(gap_days)", "SUM(gap_days * gap_days)"
    variance = (
        f"CAST({gaps} * {squares} - {spent} * {spent} AS DOUBLE) / (CAST({gaps} AS DOUBLE) * CAST({gaps} AS DOUBLE))"
    )
    recent, recently = "age_days <= 182 AND gap_days > 0", "SUM(CASE WHEN age_days <= 182 THEN gap_days END)"

    def order(name: str, sql: str, meaning: str, absent: float | None = None) -> Feature:
        return Feature(name, "orders", sql, "days", meaning, absent)

    found = [
        order("days_since_purchase", "MIN(age_days)", "days since the last purchase"),
        order("customer_age_days", "MAX(age_days)", "days since the first purchase"),
        order("purchase_span_days", "MAX(age_days) - MIN(age_days)", "first to last purchase"),
        order("order_days", count(DAY), "distinct days with a purchase", 0.0),
        order("gap_mean_days", f"CASE WHEN {gaps} > 0 THEN CAST({spent} AS DOUBLE) / {gaps} END", "mean gap"),
        order("gap_sd_days", f"CASE WHEN {gaps} > 1 THEN SQRT({variance}) END", "spread of gaps"),
        order("gap_median_days", f"MEDIAN({gap})", "median gap"),
        order("gap_max_days", f"MAX({gap})", "longest gap"),
        order(
            "gap_last_days",
            f"MAX(CASE WHEN gap_days > 0 THEN day * 65536 + gap_days END) - MAX(CASE WHEN gap_days > 0 THEN day END) * 65536",
            "gap before the last day with a purchase",
        ),
        order(
            "gap_recent_mean_days",
            f"CASE WHEN {count(recent)} > 0 THEN CAST({recently} AS DOUBLE) / {count(recent)} END",
            "mean of the gaps that ended in 182 d",
        ),
    ]
    found += [
        order(f"order_days_{w}d", count(f"age_days <= {w} AND {DAY}"), f"order days in {w} d", 0.0)
        for w in WINDOWS_DAYS
    ]

    def derived(name: str, sql: str, unit: str, meaning: str) -> Feature:
        return Feature(name, "derived", sql, unit, meaning, None)

    found += [
        derived("days_since_purchase_to_gap_ratio", ratio("days_since_purchase", "gap_mean_days"), "ratio",
                "silence in units of the customer's own mean gap"),
        derived("days_since_purchase_to_median_ratio", ratio("days_since_purchase", "gap_median_days"), "ratio",
                "silence in units of the customer's own median gap"),
        derived("gap_variation_ratio", ratio("gap_sd_days", "gap_mean_days"), "ratio",
                "coefficient of variation of the gaps: 0 is a clock"),
        derived("active_share", ratio("purchase_span_days", "customer_age_days"), "share",
                "share of the relationship before the last purchase"),
        derived("order_days_trend_ratio", ratio("order_days_28d * 13e0", "order_days_364d"), "ratio",
                "pace of the last 28 days against the last year's"),
        derived("order_days_quarter_trend_ratio", ratio("order_days_28d * 325e-2", "order_days_91d"), "ratio",
                "pace of the last 28 days against the last quarter's"),
    ]  # fmt: skip
    return found


RHYTHM = Family("rhythm", "How long ago, how often and how regularly do they buy?", declare)
