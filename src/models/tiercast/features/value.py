"""Value: what was spent, in all and lately, how large and how even are the baskets, and do they grow?"""

from tiercast.features.declare import WINDOWS_DAYS, Family, Feature, Seen, currency, ratio, total

BEYOND_MINOR = 10**18
"""More than any order amounts to: an order holds fewer lines than 10^9, and a line at most 10^9 minor units."""


def declare(seen: Seen) -> list[Feature]:
    """Declare spend (gross and net of returns), basket size and its spread, and trends."""
    if "purchase" not in seen.kinds:
        return []
    before = "(total_amount_minor - amount_minor)"
    square = (
        "SUM(CAST(total_amount_minor AS DECIMAL(19, 0)) * CAST(total_amount_minor AS DECIMAL(19, 0))"
        f" - CAST({before} AS DECIMAL(19, 0)) * CAST({before} AS DECIMAL(19, 0)))"
    )
    orders, spent = "SUM(is_new)", "CAST(SUM(amount_minor) AS DOUBLE)"
    spread = f"(CAST({square} AS DOUBLE) * {orders} - {spent} * {spent})"
    variance = f"({spread} / {orders} / {orders})"  # whole numbers cancel first: equal baskets have spread 0
    # a second and an amount in one number of 28 digits: of the orders of one second, the largest
    at, amount = "CAST(at_s AS DECIMAL(10, 0))", "CAST(total_amount_minor AS DECIMAL(18, 0))"
    last = f"(MAX({at} * {BEYOND_MINOR} + {amount}) - CAST(MAX(at_s) AS DECIMAL(10, 0)) * {BEYOND_MINOR})"
    first = f"(CAST(MIN(at_s) AS DECIMAL(10, 0)) * {BEYOND_MINOR} - MIN({at} * {BEYOND_MINOR} - {amount}))"
    ages, aged = "CAST(SUM(is_new * age_days) AS DOUBLE)", "CAST(SUM(is_new * age_days * age_days) AS DOUBLE)"
    slope = (  # least squares over time, which runs against age
        f"({ages} * {spent} - CAST(SUM(age_days * amount_minor) AS DOUBLE) * {orders}) / ({aged} * {orders} - {ages} * {ages})"
    )

    def money(name: str, grain: str, sql: str, meaning: str, absent: float | None = 0.0) -> Feature:
        return Feature(name, grain, sql, "currency", meaning, absent)  # type: ignore[arg-type]

    found = [
        money("spend_currency", "orders", currency("SUM(amount_minor)"), "gross spend so far"),
        money("returned_currency", "touches", currency(total("amount_minor", "kind = 'return'")),
              "value of returns so far"),
        money("basket_mean_currency", "orders", currency(f"({spent} / {orders})"), "mean basket", None),
        money("basket_sd_currency", "orders",
              currency(f"SQRT(CASE WHEN {variance} > 0 THEN {variance} ELSE 0 END)"), "spread of baskets", None),
        money("basket_max_currency", "orders", currency("MAX(total_amount_minor)"), "largest basket", None),
        money("basket_last_currency", "orders", currency(last),
              "newest basket", None),
        money("basket_first_currency", "orders", currency(first), "first basket", None),
        money("basket_slope_91d_currency", "orders",
              f"CASE WHEN MAX(age_days) > MIN(age_days) THEN {currency(f'({slope} * 91)')} END",
              "what baskets gain in 91 d: the slope of a line through all of them", None),
    ]  # fmt: skip
    found += [
        money(f"spend_{w}d_currency", "orders", currency(total("amount_minor", f"age_days <= {w}")),
              f"gross spend in {w} d")
        for w in WINDOWS_DAYS
    ]  # fmt: skip
    found += [
        money("net_spend_currency", "derived", "spend_currency - returned_currency", "spend net of returns"),
        money("order_day_spend_mean_currency", "derived",
              ratio("(spend_currency - returned_currency)", "order_days"), "net spend a day with a purchase", None),
        money("spend_per_day_currency", "derived", ratio("spend_currency", "customer_age_days"),
              "gross spend a day of relationship", None),
        money("spend_trend_difference_currency", "derived",
              "spend_28d_currency - (spend_91d_currency - spend_28d_currency) * 28e0 / 63e0",
              "spend of the last 28 days beyond the pace of the 63 before"),
        Feature("spend_quarter_share", "derived", ratio("spend_91d_currency", "spend_currency"), "share",
                "share of all spend in the last 91 days", None),
        Feature("spend_half_trend_ratio", "derived", ratio("spend_91d_currency * 2e0", "spend_182d_currency"), "ratio",
                "spend of the last quarter against the pace of the last half year", None),
        Feature("spend_year_trend_ratio", "derived", ratio("spend_182d_currency * 2e0", "spend_364d_currency"), "ratio",
                "spend of the last half year against the pace of the last year", None),
        money("basket_91d_mean_currency", "derived", ratio("spend_91d_currency", "orders_91d"),
              "mean basket, 91 d", None),
        Feature("basket_variation_ratio", "derived", ratio("basket_sd_currency", "basket_mean_currency"), "ratio",
                "coefficient of variation of baskets", None),
        Feature("basket_trend_ratio", "derived", ratio("spend_91d_currency * orders", "(orders_91d * spend_currency)"),
                "ratio", "mean basket of the last 91 days against that of all time", None),
        Feature("basket_max_share", "derived", ratio("basket_max_currency", "spend_currency"), "share",
                "share of all spend in the largest basket", None),
    ]  # fmt: skip
    return found


VALUE = Family("value", "What was spent, in all and lately, and how large are the baskets?", declare)
