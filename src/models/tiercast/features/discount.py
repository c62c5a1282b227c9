"""Discounts: how much of what they buy is bought at a lower price, and how much lower?"""

from tiercast.features.declare import Family, Feature, Seen, currency, ratio, total


def declare(seen: Seen) -> list[Feature]:
    """Declare discount taken, its share of the full price, the discounted lines and how deep they were cut."""
    if not seen.discounts:
        return []
    recent = "age_days <= 91"
    taken, full = "CAST(SUM(discount_minor) AS DOUBLE)", "SUM(discount_minor + discounted_amount_minor)"
    lately = "discount_91d_currency / (spend_91d_currency + discount_91d_currency)"
    ever = "discount_currency / (spend_currency + discount_currency)"

    def order(name: str, sql: str, unit: str, meaning: str, absent: float | None = 0.0) -> Feature:
        return Feature(name, "orders", sql, unit, meaning, absent)

    def share(name: str, sql: str, meaning: str) -> Feature:
        return Feature(name, "derived", sql, "share", meaning, None)

    return [
        order("discount_currency", currency("SUM(discount_minor)"), "currency", "discount so far"),
        order("discount_91d_currency", currency(total("discount_minor", recent)), "currency", "discount in 91 d"),
        order("discounted_lines", "SUM(discounted_lines)", "lines", "lines bought at a discount"),
        order("discounted_lines_91d", total("discounted_lines", recent), "lines", "discounted lines in 91 d"),
        order("discount_depth_share", f"CASE WHEN {full} > 0 THEN {taken} / {full} END", "share",
              "discount as a share of the full price, over discounted lines alone", None),
        order("days_since_full_price", "MIN(CASE WHEN lines > discounted_lines THEN age_days END)", "days",
              "days since a line was bought at full price", None),
        share("discount_share", ratio("discount_currency", "(spend_currency + discount_currency)"),
              "discount as a share of the full price"),
        share("discount_91d_share", ratio("discount_91d_currency", "(spend_91d_currency + discount_91d_currency)"),
              "discount as a share of the full price, 91 d"),
        share("discounted_lines_share", ratio("discounted_lines", "lines"), "discounted lines"),
        share("discount_trend_difference",
              f"CASE WHEN spend_91d_currency + discount_91d_currency > 0 THEN {lately} - {ever} END",
              "share of the full price that came off in 91 d, beyond that of all time"),
    ]  # fmt: skip


DISCOUNT = Family("discount", "How much of what they buy is bought at a lower price?", declare)
