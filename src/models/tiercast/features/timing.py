"""Timing: on which days of the week and at which hours do they buy?"""

from tiercast.features.declare import Family, Feature, Seen, count

WEEKDAY = "(local_day + 3) - FLOOR((local_day + 3) / 7e0) * 7"  # 0 is Monday: 1970-01-01 was a Thursday
NEWEST = "MAX(at_s * 24 + local_hour)"  # the newest second carries its own hour
PARTS = {"morning": (6, 11), "midday": (11, 14), "afternoon": (14, 18), "evening": (18, 22)}


def declare(seen: Seen) -> list[Feature]:
    """Declare local weekday and hour shares of orders, and the weekday they prefer."""
    if "purchase" not in seen.kinds:
        return []

    def share(condition: str) -> str:
        return f"CAST({count(f'{condition} AND is_new = 1')} AS DOUBLE) / SUM(is_new)"

    by_day = [f"{count(f'{WEEKDAY} = {day} AND is_new = 1')} * 8 + {7 - day}" for day in range(7)]
    largest = f"GREATEST({', '.join(by_day)})"

    def order(name: str, sql: str, unit: str, meaning: str) -> Feature:
        return Feature(name, "orders", sql, unit, meaning, None)

    return [
        order("preferred_weekday_code", f"7 - ({largest} - FLOOR({largest} / 8e0) * 8)", "weekday",
              "local weekday of most orders, 0 is Monday; of equal ones, the earliest"),
        order("weekday_top_share", f"FLOOR({largest} / 8e0) / SUM(is_new)", "share",
              "share of orders on the preferred weekday"),
        order("weekend_share", share(f"{WEEKDAY} >= 5"), "share", "orders on Saturday or Sunday"),
        order("last_order_hour", f"{NEWEST} - FLOOR({NEWEST} / 24e0) * 24", "hour", "local hour of the newest order"),
        order("hour_mean", "CAST(SUM(CASE WHEN is_new = 1 THEN local_hour END) AS DOUBLE) / SUM(is_new)", "hour",
              "mean local hour"),
        *(
            order(f"{part}_share", share(f"local_hour >= {start} AND local_hour < {end}"), "share",
                  f"orders from {start}:00 to {end}:00 local time, end excluded")
            for part, (start, end) in PARTS.items()
        ),
    ]  # fmt: skip


TIMING = Family("timing", "On which days and at which hours do they buy?", declare)
