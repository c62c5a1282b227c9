"""Tenure: how long have they been with us, how fast did they come, and since when are they where they are?

A life stage here is one that the history tells exactly: has not bought, bought on one day, bought again, silent for half
a year, come back after that. The stages that depend on a customer's own pace are told from these by the scorecard.
"""

from tiercast.features.declare import Family, Feature, Seen, count

PERIOD_DAYS = 28
SILENT_DAYS = 182
NEW_DAYS = 91


def declare(seen: Seen) -> list[Feature]:
    """Declare the speed of the first and second purchase, how steadily they were active, and the days in a life stage."""
    if "purchase" not in seen.kinds:
        return []
    back = f"gap_days > {SILENT_DAYS}"

    def period(age: str) -> str:
        return f"FLOOR(({age} - 1) / {PERIOD_DAYS}e0)"

    first_of_period = f"gap_days IS NULL OR {period('age_days')} < {period('age_days + gap_days')}"

    def order(name: str, sql: str, unit: str, meaning: str, absent: float | None = None) -> Feature:
        return Feature(name, "orders", sql, unit, meaning, absent)

    def derived(name: str, sql: str, unit: str, meaning: str, absent: float | None = None) -> Feature:
        return Feature(name, "derived", sql, unit, meaning, absent)

    return [
        order("days_since_second_purchase", "MAX(CASE WHEN gap_days > 0 THEN age_days END)", "days",
              "days since the second day with a purchase"),
        order("comebacks", count(back), "purchases", f"purchases after more than {SILENT_DAYS} days of silence", 0.0),
        order("days_since_comeback", f"MIN(CASE WHEN {back} THEN age_days END)", "days",
              f"days since the last purchase that ended more than {SILENT_DAYS} days of silence"),
        order("active_periods", count(first_of_period), "periods",
              f"periods of {PERIOD_DAYS} days, counted back from the cutoff, with a purchase", 0.0),
        order("active_periods_share",
              f"CAST({count(first_of_period)} AS DOUBLE) / ({period('MAX(age_days)')} + 1)", "share",
              f"share of the periods of {PERIOD_DAYS} days since the first purchase in which they bought"),
        derived("days_to_first_purchase", "days_since_first_touchpoint - customer_age_days", "days",
                "from the first touchpoint to the first purchase"),
        derived("days_to_second_purchase", "customer_age_days - days_since_second_purchase", "days",
                "from the first day with a purchase to the second"),
        derived("one_time_flag", "CASE WHEN order_days = 1 THEN 1 ELSE 0 END", "flag", "1 if they bought on one day only", 0.0),
        derived("new_flag", f"CASE WHEN customer_age_days <= {NEW_DAYS} THEN 1 ELSE 0 END", "flag",
                f"1 if their first purchase is at most {NEW_DAYS} days ago", 0.0),
        derived("life_stage_code",
                f"CASE WHEN order_days = 0 THEN 1 WHEN days_since_purchase > {SILENT_DAYS} THEN 4"
                " WHEN comebacks > 0 THEN 5 WHEN order_days = 1 THEN 2 ELSE 3 END", "code",
                f"1 has not bought, 2 bought on one day, 3 bought again, 4 silent for {SILENT_DAYS} days, 5 came back from that"),
        derived("days_in_stage",
                "CASE WHEN order_days = 0 THEN days_since_first_touchpoint"
                f" WHEN days_since_purchase > {SILENT_DAYS} THEN days_since_purchase - {SILENT_DAYS}"
                " WHEN comebacks > 0 THEN days_since_comeback WHEN order_days = 1 THEN customer_age_days"
                " ELSE days_since_second_purchase END", "days",
                f"days since they came, first bought, bought again, fell silent for {SILENT_DAYS} days or came back from that"),
    ]  # fmt: skip


TENURE = Family("tenure", "How long are they with us, and since when are they where they are?", declare)
