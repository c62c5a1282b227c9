"""Value: what was spent, in all and lately, and how large and how even are the baskets?"""

from tiercast.features.declare import WINDOWS_DAYS, Family, Feature, Seen, currency, ratio, total


def declare(seen: Seen) -> list[Feature]:
    """Declare spend (gross and net of returns), basket size and its spread, and trends."""
    if "purchase" not in seen.kinds:
        return []
    square = "SUM(CAST(amount_minor AS DECIMAL(19, 0)) * CAST(amount_minor AS DECIMAL(19, 0)))"
    mean = "(CAST(SUM(amount_minor) AS DOUBLE) / COUNT(*))"
    spread = f"(CAST({square} AS DOUBLE) * COUNT(*) - CAST(SUM(amount_minor) AS DOUBLE) * CAST(SUM(amount_minor) AS DOUBLE))"
    variance = f"({spread} / COUNT(*) / COUNT(*))"  # whole numbers cancel first: equal baskets have spread 0
    bought = "kind = 'purchase'"
    found = [
        Feature(
            "spend_currency",
            "touches",
            currency(total("amount_minor", bought)),
            "currency",
            "gross spend so far",
        ),
        Feature(
            "returned_currency",
            "touches",
            currency(total("amount_minor", "kind = 'return'")),
            "currency",
            "value of returns so far",
        ),
        Feature(
            "largest_day_spend_currency",
            "days",
            currency("MAX(amount_minor)"),
            "currency",
            "spend of the largest order day",
            None,
        ),
        Feature(
            "last_day_spend_currency",
            "days",
            currency("MAX(CASE WHEN newest = 1 THEN amount_minor END)"),
            "currency",
            "spend of the newest order day",
            None,
        ),
        Feature("basket_mean_currency", "baskets", currency(mean), "currency", "mean basket", None),
        Feature(
            "basket_sd_currency",
            "baskets",
            currency(f"SQRT(CASE WHEN {variance} > 0 THEN {variance} ELSE 0 END)"),
            "currency",
            "spread of baskets",
            None,
        ),
        Feature(
            "basket_max_currency",
            "baskets",
            currency("MAX(amount_minor)"),
            "currency",
            "largest basket",
            None,
        ),
    ]
    for w in WINDOWS_DAYS:
        found.append(
            Feature(
                f"spend_{w}d_currency",
                "touches",
                currency(total("amount_minor", f"{bought} AND age_days <= {w}")),
                "currency",
                f"gross spend in {w} d",
            )
        )
    found += [
        Feature(
            "net_spend_currency",
            "derived",
            "spend_currency - returned_currency",
            "currency",
            "spend net of returns",
        ),
        Feature(
            "order_day_spend_mean_currency",
            "derived",
            ratio("(spend_currency - returned_currency)", "order_days"),
            "currency",
            "net spend a day with a purchase",
            None,
        ),
        Feature(
            "spend_per_day_currency",
            "derived",
            ratio("spend_currency", "customer_age_days"),
            "currency",
            "gross spend a day of relationship",
            None,
        ),
        Feature(
            "spend_trend_difference_currency",
            "derived",
            "spend_28d_currency - (spend_91d_currency - spend_28d_currency) * 28e0 / 63e0",
            "currency",
            "spend of the last 28 days beyond the pace of the 63 before",
        ),
        Feature(
            "spend_quarter_share",
            "derived",
            ratio("spend_91d_currency", "spend_currency"),
            "share",
            "share of all spend in the last 91 days",
            None,
        ),
        Feature(
            "basket_91d_mean_currency",
            "derived",
            ratio("spend_91d_currency", "orders_91d"),
            "currency",
            "mean basket, 91 d",
            None,
        ),
        Feature(
            "basket_variation_ratio",
            "derived",
            ratio("basket_sd_currency", "basket_mean_currency"),
            "ratio",
            "coefficient of variation of baskets",
            None,
        ),
    ]
    if "return" in seen.kinds:
        found += [
            Feature(
                "returns", "touches", total("lines", "kind = 'return'"), "lines", "returned lines so far"
            ),
            Feature(
                "returned_share",
                "derived",
                ratio("returned_currency", "spend_currency"),
                "share",
                "share returned",
                None,
            ),
        ]
    return found


VALUE = Family("value", "What was spent, in all and lately, and how large are the baskets?", declare)
