"""Categories: how broad is what they buy, how concentrated, and which categories matter?"""

import re

from tiercast.features.declare import Family, Feature, Seen, count, currency, ratio, total


def declare(seen: Seen) -> list[Feature]:
    """Declare breadth, concentration (Simpson / Herfindahl index) and the spend of the vocabulary's categories."""
    if not seen.categories:
        return []

    def category(name: str, sql: str, unit: str, meaning: str, absent: float | None = None) -> Feature:
        return Feature(name, "categories", sql, unit, meaning, absent)

    found = [
        category("categories", "COUNT(*)", "categories", "distinct categories bought", 0.0),
        category("categories_91d", count("recent_size > 0"), "categories", "distinct categories bought in 91 d", 0.0),
        category("new_categories_91d", count("first_age_days <= 91"), "categories",
                 "categories bought for the first time in 91 d", 0.0),
        category("category_top_share", "CAST(MAX(size) AS DOUBLE) / SUM(size)", "share",
                 "share of lines in the largest category"),
        category("category_concentration_share",
                 "CAST(SUM(size * size) AS DOUBLE) / (CAST(SUM(size) AS DOUBLE) * CAST(SUM(size) AS DOUBLE))", "share",
                 "Simpson index: chance that two lines are of one category"),
        category("days_since_new_category", "MIN(first_age_days)", "days",
                 "days since a category was bought for the first time"),
        category("days_since_top_category", days_since_top(), "days",
                 "days since the largest category was bought; of equal ones, the one bought last"),
    ]  # fmt: skip
    for code, term in enumerate(seen.categories):
        slug, of_it = slugged(term, code), f"code = {code}"
        found += [
            category(f"spend_on_{slug}_currency", currency(total("amount_minor", of_it)), "currency",
                     f"spend on category {term!r}", 0.0),
            category(f"spend_on_{slug}_91d_currency", currency(total("recent_amount_minor", of_it)), "currency",
                     f"spend on category {term!r} in 91 d", 0.0),
        ]  # fmt: skip
    found.append(Feature("categories_kept_share", "derived", ratio("categories_91d", "categories"), "share",
                         "share of the categories ever bought that were bought in 91 d", None))  # fmt: skip
    return found


def days_since_top() -> str:
    """Return the days since the largest term of a customer was last met; of equally large ones, the newest."""
    top = "MAX(size * 65536 + 65535 - last_age_days)"
    return f"65535 - ({top} - FLOOR({top} / 6.5536e4) * 65536)"


def slugged(term: str, code: int) -> str:
    """Return a safe, readable and unique piece of a column name for a term that may be anything.

    Examples
    --------
    >>> slugged("MEAT-PCKGD", 3)
    'c3_meat_pckgd'
    >>> slugged("x'; DROP TABLE y; 🍎", 7)
    'c7_x_drop_table_y'
    """
    words = re.sub(r"[^a-z0-9]+", "_", term.lower()).strip("_")[:24].strip("_")
    return f"c{code}_{words}" if words else f"c{code}"


CATEGORY = Family("category", "How broad is what they buy, and what is it?", declare)
