"""Products: how many different ones, how concentrated, and do they buy the same again?"""

from tiercast.features.declare import Family, Feature, Seen, count


def declare(seen: Seen) -> list[Feature]:
    """Declare the breadth and concentration of products, how new they are to the customer, and what is bought again."""
    if not seen.products:
        return []

    def product(name: str, sql: str, unit: str, meaning: str, absent: float | None = None) -> Feature:
        return Feature(name, "products", sql, unit, meaning, absent)

    return [
        product("products", "COUNT(*)", "products", "distinct products bought", 0.0),
        product("products_91d", count("recent_size > 0"), "products", "distinct products bought in 91 d", 0.0),
        product("new_products_91d", count("first_age_days <= 91"), "products",
                "products bought for the first time in 91 d", 0.0),
        product("product_top_share", "CAST(MAX(size) AS DOUBLE) / SUM(size)", "share",
                "share of lines of the product bought most"),
        product("product_concentration_share",
                "CAST(SUM(size * size) AS DOUBLE) / (CAST(SUM(size) AS DOUBLE) * CAST(SUM(size) AS DOUBLE))", "share",
                "Simpson index: chance that two lines are of one product"),
        product("rebought_lines_share", "CAST(SUM(size) - COUNT(*) AS DOUBLE) / SUM(size)", "share",
                "share of lines of a product that they had bought before"),
        product("days_since_new_product", "MIN(first_age_days)", "days",
                "days since a product was bought for the first time"),
    ]  # fmt: skip


PRODUCT = Family("product", "How many different products, and do they buy the same again?", declare)
