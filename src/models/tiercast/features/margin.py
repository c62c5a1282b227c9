"""Margin: what is left of their spend after what the goods cost us?"""

from tiercast.features.declare import Family, Feature, Seen, currency, total


def declare(seen: Seen) -> list[Feature]:
    """Declare the gross margin over lines whose cost is known, before returns."""
    if "purchase" not in seen.kinds or not (seen.costs or seen.product_costs):
        return []
    left, of = "CAST(SUM(margin_minor) AS DOUBLE)", "SUM(costed_amount_minor)"
    return [
        Feature("margin_currency", "orders", currency("SUM(margin_minor)"), "currency", "gross margin so far"),
        Feature("margin_91d_currency", "orders", currency(total("margin_minor", "age_days <= 91")), "currency",
                "gross margin in 91 d"),
        Feature("margin_share", "orders", f"CASE WHEN {of} > 0 THEN {left} / {of} END", "share",
                "gross margin as a share of the spend whose cost is known", None),
    ]  # fmt: skip


MARGIN = Family("margin", "What is left of their spend after what the goods cost us?", declare)
