"""Categories: how broad is what they buy, how concentrated, and which categories matter?"""

import re

from tiercast.features.declare import Family, Feature, Seen, count, currency, ratio, total


def declare(seen: Seen) -> list[Feature]:
    """Declare breadth, concentration (Simpson / Herfindahl index) and the spend of the vocabulary's categories."""
    if not seen.categories:
        return []
    found = [
        Feature("categories", "categories", "COUNT(*)", "categories", "distinct categories bought"),
        Feature(
            "categories_91d",
            "categories",
            count("recent_size > 0"),
            "categories",
            "distinct categories bought in 91 d",
        ),
        Feature(
            "category_top_share",
            "categories",
            "CAST(MAX(size) AS DOUBLE) / SUM(size)",
            "share",
            "share of lines in the largest category",
            None,
        ),
        Feature(
            "category_concentration_share",
            "categories",
            "CAST(SUM(size * size) AS DOUBLE) / (CAST(SUM(size) AS DOUBLE) * CAST(SUM(size) AS DOUBLE))",
            "share",
            "Simpson index: chance that two lines are of one category",
            None,
        ),
        Feature(
            "days_since_new_category",
            "categories",
            "MIN(first_age_days)",
            "days",
            "days since a category was bought for the first time",
            None,
        ),
    ]
    for code, category in enumerate(seen.categories):
        slug = slugged(category, code)
        found += [
            Feature(
                f"spend_on_{slug}_currency",
                "categories",
                currency(total("amount_minor", f"code = {code}")),
                "currency",
                f"spend on category {category!r}",
            ),
            Feature(
                f"spend_on_{slug}_91d_currency",
                "categories",
                currency(total("recent_amount_minor", f"code = {code}")),
                "currency",
                f"spend on category {category!r} in 91 d",
            ),
        ]
    found.append(
        Feature(
            "categories_kept_share",
            "derived",
            ratio("categories_91d", "categories"),
            "share",
            "share of the categories ever bought that were bought in 91 d",
            None,
        )
    )
    return found


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
