"""Run-out clock: when is what they bought used up, and have they bought it again?

A product whose dictionary says how many days one unit lasts runs out that many days after it was bought, times the units
of that day. Products of one category are one supply, for whoever changes the brand is not out of formula; a product without
a category is a supply of its own. A later purchase starts the clock anew; the clock that ends last is the supply's.
"""

from tiercast.features.declare import Family, Feature, Seen, count

HABIT_UNITS = 3
_SHIFT, _PLACES = 65_536, 131_072
_LAST = f"MAX(({_SHIFT} - last_age_days) * {_PLACES} + left_days + {_SHIFT})"


def declare(seen: Seen) -> list[Feature]:
    """Declare what runs out soon, what has run out and was not bought again, and how settled the habit is."""
    if "purchase" not in seen.kinds or not seen.run_out:
        return []

    def supply(name: str, sql: str, unit: str, meaning: str, absent: float | None = 0.0) -> Feature:
        return Feature(name, "supplies", sql, unit, meaning, absent)

    return [
        supply("days_until_run_out", "MIN(CASE WHEN left_days >= 0 THEN left_days END)", "days",
               "days until the first supply runs out that has not", None),
        supply("days_since_run_out", "MIN(CASE WHEN left_days < 0 THEN -left_days END)", "days",
               "days since the last supply ran out that was not bought again", None),
        supply("last_supply_left_days", f"{_LAST} - FLOOR({_LAST} / {_PLACES}e0) * {_PLACES} - {_SHIFT}", "days",
               "days until the supply bought last runs out; below 0, since it did", None),
        supply("supplies_due_7d", count("left_days >= 0 AND left_days < 7"), "supplies",
               "supplies that run out in the 7 days from the cutoff on"),
        supply("supplies_due_14d", count("left_days >= 0 AND left_days < 14"), "supplies",
               "supplies that run out in the 14 days from the cutoff on"),
        supply("supplies_run_out", count("left_days < 0"), "supplies", "supplies that ran out and were not bought again"),
        supply("top_supply_units", "CAST(MAX(quantity_milli) AS DOUBLE) / 1e3", "units",
               "units bought of the supply that they bought most of"),
        supply("habit_supplies", count(f"quantity_milli >= {HABIT_UNITS * 1000}"), "supplies",
               f"supplies of which they bought {HABIT_UNITS} units or more: a habit"),
    ]  # fmt: skip


RUN_OUT = Family("run_out", "When is what they bought used up, and have they bought it again?", declare)
