"""Purchase rhythm: how long ago, how often and how regularly does this customer buy?"""

from tiercast.features.declare import WINDOWS_DAYS, Family, Feature, Seen, ratio


def declare(seen: Seen) -> list[Feature]:
    """Declare the rhythm of days with a purchase and of the gaps between them."""
    if "purchase" not in seen.kinds:
        return []
    gaps = "COUNT(gap_days)"
    mean = "CAST(SUM(gap_days) AS DOUBLE) / COUNT(gap_days)"
    variance = (
        "CAST(COUNT(gap_days) * SUM(gap_days * gap_days) - SUM(gap_days) * SUM(gap_days) AS DOUBLE)"
        " / (CAST(COUNT(gap_days) AS DOUBLE) * CAST(COUNT(gap_days) AS DOUBLE))"
    )
    found = [
        Feature("days_since_purchase", "days", "MIN(age_days)", "days", "days since the last purchase", None),
        Feature("customer_age_days", "days", "MAX(age_days)", "days", "days since the first purchase", None),
        Feature("purchase_span_days", "days", "MAX(day) - MIN(day)", "days", "first to last purchase", None),
        Feature("order_days", "days", "COUNT(*)", "days", "distinct days with a purchase"),
        Feature("gap_mean_days", "days", f"CASE WHEN {gaps} > 0 THEN {mean} END", "days", "mean gap", None),
        Feature(
            "gap_sd_days",
            "days",
            f"CASE WHEN {gaps} > 1 THEN SQRT({variance}) END",
            "days",
            "spread of gaps",
            None,
        ),
        Feature("gap_max_days", "days", "MAX(gap_days)", "days", "longest gap", None),
        Feature(
            "gap_last_days",
            "days",
            "MAX(CASE WHEN newest = 1 THEN gap_days END)",
            "days",
            "gap before the last",
            None,
        ),
        Feature(
            "gap_before_last_days",
            "days",
            "MAX(CASE WHEN newest = 2 THEN gap_days END)",
            "days",
            "gap before the one before the last purchase",
            None,
        ),
        Feature(
            "gap_recent_mean_days",
            "days",
            "CASE WHEN COUNT(CASE WHEN newest <= 5 THEN gap_days END) > 0 THEN"
            " CAST(SUM(CASE WHEN newest <= 5 THEN gap_days END) AS DOUBLE)"
            " / COUNT(CASE WHEN newest <= 5 THEN gap_days END) END",
            "days",
            "mean of the five newest gaps",
            None,
        ),
        Feature(
            "days_since_fifth_newest_purchase",
            "days",
            "MAX(CASE WHEN newest = 5 THEN age_days END)",
            "days",
            "days since the fifth newest day with a purchase",
            None,
        ),
    ]
    found += [
        Feature(
            f"order_days_{w}d",
            "days",
            f"COUNT(CASE WHEN age_days <= {w} THEN 1 END)",
            "days",
            f"order days in {w} d",
        )
        for w in WINDOWS_DAYS
    ]
    found += [
        Feature(
            "days_since_purchase_to_gap_ratio",
            "derived",
            ratio("days_since_purchase", "gap_mean_days"),
            "ratio",
            "silence in units of the customer's own mean gap",
            None,
        ),
        Feature(
            "gap_variation_ratio",
            "derived",
            ratio("gap_sd_days", "gap_mean_days"),
            "ratio",
            "coefficient of variation of the gaps: 0 is a clock",
            None,
        ),
        Feature(
            "active_share",
            "derived",
            ratio("purchase_span_days", "customer_age_days"),
            "share",
            "share of the relationship before the last purchase",
            None,
        ),
        Feature(
            "order_days_trend_ratio",
            "derived",
            ratio("order_days_28d * 13e0", "order_days_364d"),
            "ratio",
            "pace of the last 28 days against the last year's",
            None,
        ),
        Feature(
            "order_days_quarter_trend_ratio",
            "derived",
            ratio("order_days_28d * 325e-2", "order_days_91d"),
            "ratio",
            "pace of the last 28 days against the last quarter's",
            None,
        ),
    ]
    return found


RHYTHM = Family("rhythm", "How long ago, how often and how regularly do they buy?", declare)
