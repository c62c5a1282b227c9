"""Attributes: what is on record about the customer, as it stood at the cutoff."""

from collections.abc import Collection

from tiercast.features.category import slugged
from tiercast.features.declare import Attribute, Family, Feature, Seen

YEAR_DAYS = "36525e-2"
MOST_SHOWN = 40


def declare(seen: Seen) -> list[Feature]:
    """Declare one feature for each attribute: numbers as they are, dates as days, words as their place in the vocabulary."""
    return [_feature(attribute, code) for code, attribute in enumerate(seen.attributes)]


def attributes_of(seen: Seen, wanted: Collection[str]) -> list[Attribute]:
    """Return the attributes that the ``wanted`` features read."""
    listed = enumerate(seen.attributes)
    return [attribute for code, attribute in listed if _feature(attribute, code).name in wanted]


def _feature(attribute: Attribute, code: int) -> Feature:
    own = f"attribute_code = {code}"
    number = f"MAX(CASE WHEN {own} THEN number END)"
    slug, said = slugged(attribute.name, code), repr(attribute.name[:MOST_SHOWN])

    def feature(name: str, sql: str, unit: str, meaning: str) -> Feature:
        return Feature(name, "attributes", sql, unit, meaning, None)

    if attribute.name == "birth_on":
        return feature("age_years", f"(MAX(cutoff_day) - {number}) / {YEAR_DAYS}", "years", "age")
    if attribute.name == "need_ends_on":
        return feature("days_until_need_ends", f"{number} - MAX(cutoff_day)", "days",
                       "days until the need is expected to end; negative once it has")  # fmt: skip
    if attribute.kind == "time":
        return feature(
            f"days_since_attribute_{slug}", f"MAX(cutoff_day) - {number}", "days", f"days since {said}"
        )
    if attribute.kind == "number":
        return feature(f"attribute_{slug}", number, "as given", f"attribute {said}")
    others = len(attribute.terms)
    return feature(f"attribute_{slug}_code", f"MAX(CASE WHEN {own} THEN COALESCE(term_code, {others}) END)", "code",
                   f"position of {said} in its vocabulary; {others} is any other word")  # fmt: skip


ATTRIBUTE = Family("attribute", "What is on record about them?", declare)
