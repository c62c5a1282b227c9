"""Timing: on which days of the week and at which hours do they buy?"""

from tiercast.features.declare import Family, Feature, Seen, count

WEEKDAY = "(local_day + 3) - FLOOR((local_day + 3) / 7e0) * 7"  # 0 is Monday: 1970-01-01 was a Thursday
NEWEST = "MAX(at_s * 24 + local_hour)"  # the newest second carries its own hour
PARTS = {"morning": (6, 11), "midday": (11, 14), "afternoon": (14, 18), "evening": (18, 22)}


def declare(seen: Seen) -> list[Feature]:
    """Declare local weekday and hour shares of orders."""
    if "purchase" not in seen.kinds:
        return []

    def share(condition: str) -> str:
        return f"CAST({count(f'{condition} AND is_new = 1')} AS DOUBLE) / SUM(is_new)"

    found = [
        Feature("weekend_share", "orders", share(f"{WEEKDAY} >= 5"), "share", "orders on Saturday or Sunday", None),
        Feature("last_order_hour", "orders", f"{NEWEST} - FLOOR({NEWEST} / 24e0) * 24", "hour",
                "local hour of the newest order", None),
        Feature("hour_mean", "orders", "CAST(SUM(CASE WHEN is_new = 1 THEN local_hour END) AS DOUBLE) / SUM(is_new)", "hour", "mean local hour", None),
    ]  # fmt: skip
    for part, (start, end) in PARTS.items():
        found.append(
            Feature(
                f"{part}_share",
                "orders",
                share(f"local_hour >= {start} AND local_hour < {end}"),
                "share",
                f"orders from {start}:00 to {end}:00 local time, end excluded",
                None,
            )
        )
    return found


TIMING = Family("timing", "On which days and at which hours do they buy?", declare)
