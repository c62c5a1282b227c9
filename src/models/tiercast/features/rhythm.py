"""Purchase rhythm: how long ago, how often and how regularly does this customer buy?

Regularity is the coefficient of variation of the gaps, from exact sums: for gamma gaps it is one over the square root of
their shape, which is what Wheat and Morrison (1990, Journal of Marketing Research 27, 87-93) estimate from pairs of
successive gaps; their ratios of pairs are not exact in whole numbers, and no ratio would be missed for one customer.

Clumpiness is the second-moment measure of Zhang, Bradlow and Small (2015, Marketing Science 34, 195-208): the days from
the first purchase to the cutoff are parted by the later days with a purchase into n spacings that sum to 1, the silence
at the end among them; the sum of their squares, from 1 / n (a clock) to 1 (all at once), is stretched to 0 … 1.
"""

from tiercast.features.declare import WINDOWS_DAYS, Family, Feature, Seen, count, ratio

DAY = "(gap_days > 0 OR gap_days IS NULL)"
"""An order that is the first of its day: what follows it on the same day has a gap of 0."""
LOG_MILLIONTHS = "CAST(FLOOR(LN(GREATEST(gap_days, 1)) * 1e6 + 5e-1) AS BIGINT)"
"""The logarithm of a gap in whole millionths, 0 without one.

Engines disagree about the last bit of a logarithm, and sums of doubles about their order. But no number of days up to
65,535 has a logarithm within 1e-5 millionths of where it would be rounded the other way, and the last bits are a thousand
times less: whole millionths are the same on every engine, and so are their sums.
"""


def declare(seen: Seen) -> list[Feature]:
    """Declare the rhythm of days with a purchase and of the gaps between them."""
    if "purchase" not in seen.kinds:
        return []
    gap = "CASE WHEN gap_days > 0 THEN gap_days END"
    gaps, spent, squares = (
        "COUNT(CASE WHEN gap_days > 0 THEN 1 END)",
        "SUM(gap_days)",
        "SUM(gap_days * gap_days)",
    )
    logs = f"SUM({LOG_MILLIONTHS})"
    variance = f"CAST({gaps} * {squares} - {spent} * {spent} AS DOUBLE) / (CAST({gaps} AS DOUBLE) * CAST({gaps} AS DOUBLE))"
    recent, recently = "age_days <= 182 AND gap_days > 0", "SUM(CASE WHEN age_days <= 182 THEN gap_days END)"
    days, age, silence = count(DAY), "MAX(age_days)", "MIN(age_days)"
    clumps = f"CAST({days} * ({squares} + {silence} * {silence}) - {age} * {age} AS DOUBLE)"

    def order(name: str, sql: str, meaning: str, absent: float | None = None, unit: str = "days") -> Feature:
        return Feature(name, "orders", sql, unit, meaning, absent)

    found = [
        order("days_since_purchase", silence, "days since the last purchase"),
        order("customer_age_days", age, "days since the first purchase"),
        order("purchase_span_days", f"{age} - {silence}", "first to last purchase"),
        order("order_days", days, "distinct days with a purchase", 0.0),
        order("gap_mean_days", f"CASE WHEN {gaps} > 0 THEN CAST({spent} AS DOUBLE) / {gaps} END", "mean gap"),
        order("gap_sd_days", f"CASE WHEN {gaps} > 1 THEN SQRT({variance}) END", "spread of gaps"),
        order("gap_median_days", f"MEDIAN({gap})", "median gap"),
        order("gap_log_mean", f"CASE WHEN {gaps} > 0 THEN CAST({logs} AS DOUBLE) / ({gaps} * 1e6) END",
              "mean natural logarithm of a gap in days, each rounded to a millionth", unit="ln"),
        order("gap_max_days", f"MAX({gap})", "longest gap"),
        order("gap_last_days", "MAX(CASE WHEN gap_days > 0 THEN day * 65536 + gap_days END)"
              " - MAX(CASE WHEN gap_days > 0 THEN day END) * 65536", "gap before the last day with a purchase"),
        order("gap_recent_mean_days", f"CASE WHEN {count(recent)} > 0 THEN CAST({recently} AS DOUBLE) / {count(recent)} END",
              "mean of the gaps that ended in 182 d"),
        order("purchase_clumpiness_share",
              f"CASE WHEN {days} > 1 THEN {clumps} / (CAST({days} - 1 AS DOUBLE) * CAST({age} * {age} AS DOUBLE)) END",
              "clumpiness of days with a purchase and the silence since: 0 is a clock, 1 is all at once", unit="share"),
    ]  # fmt: skip
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
        derived("days_since_purchase_to_longest_ratio", ratio("days_since_purchase", "gap_max_days"), "ratio",
                "silence in units of the customer's own longest gap: above 1, never so long before"),
        derived("overdue_days", "CASE WHEN gap_median_days > 0 THEN"
                " GREATEST(days_since_purchase - gap_median_days, 0e0) END", "days",
                "days of silence beyond the customer's own median gap"),
        derived("gap_variation_ratio", ratio("gap_sd_days", "gap_mean_days"), "ratio",
                "coefficient of variation of the gaps: 0 is a clock"),
        derived("gap_trend_ratio", ratio("gap_recent_mean_days", "gap_mean_days"), "ratio",
                "mean gap of the last half year against that of all time: above 1, slowing down"),
        derived("active_share", ratio("purchase_span_days", "customer_age_days"), "share",
                "share of the relationship before the last purchase"),
        derived("order_days_trend_ratio", ratio("order_days_28d * 13e0", "order_days_364d"), "ratio",
                "pace of the last 28 days against the last year's"),
        derived("order_days_quarter_trend_ratio", ratio("order_days_28d * 325e-2", "order_days_91d"), "ratio",
                "pace of the last 28 days against the last quarter's"),
        derived("order_days_half_trend_ratio", ratio("order_days_91d * 2e0", "order_days_182d"), "ratio",
                "pace of the last quarter against the last half year's"),
        derived("order_days_year_trend_ratio", ratio("order_days_182d * 2e0", "order_days_364d"), "ratio",
                "pace of the last half year against the last year's"),
    ]  # fmt: skip
    return found


RHYTHM = Family("rhythm", "How long ago, how often and how regularly do they buy?", declare)
