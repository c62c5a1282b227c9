"""Season: what did they buy at this time of the year, a year ago?"""

from tiercast.features.declare import Family, Feature, Seen, count, currency, ratio, total

YEAR_DAYS = 364
"""Whole weeks, as in every window."""


def declare(seen: Seen) -> list[Feature]:
    """Declare what was bought in the days after the cutoff's date, one year earlier."""
    if "purchase" not in seen.kinds or seen.years < 1:
        return []

    def ahead(days: int) -> str:
        return f"age_days > {YEAR_DAYS - days} AND age_days <= {YEAR_DAYS}"

    return [
        Feature("orders_same_month", "orders", count(f"{ahead(28)} AND is_new = 1"), "orders",
                "orders in the 28 days that begin 52 weeks before the cutoff"),
        Feature("orders_same_season", "orders", count(f"{ahead(91)} AND is_new = 1"), "orders",
                "orders in the 91 days that begin 52 weeks before the cutoff"),
        Feature("spend_same_season_currency", "orders", currency(total("amount_minor", ahead(91))), "currency",
                "gross spend in the 91 days that begin 52 weeks before the cutoff"),
        Feature("season_share", "derived", ratio("orders_same_season", "orders_364d"), "share",
                "share of the last year's orders that fell in the season ahead", None),
    ]  # fmt: skip


SEASON = Family("season", "What did they buy at this time of the year, a year ago?", declare)
