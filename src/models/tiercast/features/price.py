"""Price band: what does one unit cost that they buy, usually and at most?

The habitual price is the median over lines. From which price on somebody counts as insensitive to it, and up to which
as a buyer of offers, depends on the market: a family with other thresholds is ``price_family(low, high)``.
"""

from tiercast.features.declare import Family, Feature, Seen, count, ratio

LOW_CURRENCY, HIGH_CURRENCY = 200, 400


def price_family(low: int = LOW_CURRENCY, high: int = HIGH_CURRENCY) -> Family:
    """Return the family of unit prices, with the share of lines at ``low`` or less and at ``high`` or more.

    Both are in major currency units and included.

    Examples
    --------
    >>> from tiercast.features.declare import Seen
    >>> [feature.name for feature in price_family(20, 90).declare(Seen(frozenset({"purchase"})))][-3:]
    ['price_to_20_share', 'price_from_90_share', 'price_trend_ratio']
    """

    def declare(seen: Seen) -> list[Feature]:
        """Declare the usual, mean and highest unit price, the price bands, and where prices go."""
        if "purchase" not in seen.kinds:
            return []
        lines, recent = "COUNT(price_milli)", "CASE WHEN age_days <= 91 THEN price_milli END"

        def price(name: str, milli: str, meaning: str) -> Feature:
            major = f"CAST({milli} AS DOUBLE) / 1e3 / {{minor_per_major}}"
            return Feature(name, "touches", major, "currency", meaning, None)

        def mean(of: str) -> str:
            return f"CASE WHEN COUNT({of}) > 0 THEN CAST(SUM({of}) AS DOUBLE) / COUNT({of}) END"

        def share(name: str, condition: str, meaning: str) -> Feature:
            within = count(f"price_milli {condition} * 1000 * {{minor_per_major}}")
            sql = f"CASE WHEN {lines} > 0 THEN CAST({within} AS DOUBLE) / {lines} END"
            return Feature(name, "touches", sql, "share", meaning, None)

        return [
            price("price_median_currency", "MEDIAN(price_milli)", "habitual price: the median over lines of a unit's price"),
            price("price_mean_currency", mean("price_milli"), "mean price of a unit over lines"),
            price("price_max_currency", "MAX(price_milli)", "highest price paid for a unit"),
            price("price_91d_mean_currency", mean(recent), "mean price of a unit over lines, 91 d"),
            share(f"price_to_{low}_share", f"<= {low}", f"share of lines at a unit price of {low} or less"),
            share(f"price_from_{high}_share", f">= {high}", f"share of lines at a unit price of {high} or more"),
            Feature("price_trend_ratio", "derived", ratio("price_91d_mean_currency", "price_mean_currency"), "ratio",
                    "mean price of the last 91 days against that of all time: below 1, trading down", None),
        ]  # fmt: skip

    return Family("price", "What does one unit cost that they buy?", declare)


PRICE = price_family()
