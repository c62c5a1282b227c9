"""Discounts: how much of what they buy is bought at a lower price?"""

from tiercast.features.declare import Family, Feature, Seen, currency, ratio, total


def declare(seen: Seen) -> list[Feature]:
    """Declare discount taken, its share of the full price, and the share of discounted lines."""
    if not seen.discounts:
        return []
    recent = "age_days <= 91"
    found = [
        Feature(
            "discount_currency",
            "orders",
            currency("SUM(discount_minor)"),
            "currency",
            "discount so far",
        ),
        Feature(
            "discount_91d_currency",
            "orders",
            currency(total("discount_minor", recent)),
            "currency",
            "discount in 91 d",
        ),
        Feature(
            "discounted_lines",
            "orders",
            "SUM(discounted_lines)",
            "lines",
            "lines bought at a discount",
        ),
        Feature(
            "discounted_lines_91d",
            "orders",
            total("discounted_lines", recent),
            "lines",
            "discounted lines in 91 d",
        ),
        Feature(
            "discount_share",
            "derived",
            ratio("discount_currency", "(spend_currency + discount_currency)"),
            "share",
            "discount as a share of the full price",
            None,
        ),
        Feature(
            "discount_91d_share",
            "derived",
            ratio("discount_91d_currency", "(spend_91d_currency + discount_91d_currency)"),
            "share",
            "discount as a share of the full price, 91 d",
            None,
        ),
        Feature(
            "discounted_lines_share",
            "derived",
            ratio("discounted_lines", "lines"),
            "share",
            "discounted lines",
            None,
        ),
    ]
    return found


DISCOUNT = Family("discount", "How much of what they buy is bought at a lower price?", declare)
