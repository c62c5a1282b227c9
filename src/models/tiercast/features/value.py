"""Value: what was spent, in all and lately, and how large and how even are the baskets?"""

from tiercast.features.declare import WINDOWS_DAYS, Family, Feature, Seen, currency, ratio, total
from tiercast.features.rollup import MOST_MINOR


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
    newest = f"MAX(at_s * {MOST_MINOR + 1} + LEAST(total_amount_minor, {MOST_MINOR}))"

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
        money("basket_last_currency", "orders", currency(f"({newest} - MAX(at_s) * {MOST_MINOR + 1})"),
              "newest basket", None),
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
        money("basket_91d_mean_currency", "derived", ratio("spend_91d_currency", "orders_91d"),
              "mean basket, 91 d", None),
        Feature("basket_variation_ratio", "derived", ratio("basket_sd_currency", "basket_mean_currency"), "ratio",
                "coefficient of variation of baskets", None),
    ]  # fmt: skip
    return found


VALUE = Family("value", "What was spent, in all and lately, and how large are the baskets?", declare)
