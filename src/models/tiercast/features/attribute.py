"""Attributes: what is on record about the customer, as it stood at the cutoff."""

from tiercast.features.category import slugged
from tiercast.features.declare import Attribute, Family, Feature, Seen

YEAR_DAYS = "36525e-2"


def declare(seen: Seen) -> list[Feature]:
    """Declare one feature for each attribute: numbers as they are, dates as days, words as their place in the vocabulary."""
    return [_feature(attribute, code) for code, attribute in enumerate(seen.attributes)]


def _feature(attribute: Attribute, code: int) -> Feature:
    number = f"MAX(CASE WHEN attribute_code = {code} THEN number END)"
    if attribute.name == "birth_on":
        return Feature(
            "age_years", "attributes", f"(MAX(cutoff_day) - {number}) / {YEAR_DAYS}", "years", "age", None
        )
    if attribute.name == "need_ends_on":
        return Feature("days_until_need_ends", "attributes", f"{number} - MAX(cutoff_day)", "days",
                       "days until the need is expected to end; negative once it has", None)  # fmt: skip
    slug = slugged(attribute.name, code)
    if attribute.kind == "time":
        return Feature(f"days_since_attribute_{slug}", "attributes", f"MAX(cutoff_day) - {number}", "days",
                       f"days since {attribute.name!r}", None)  # fmt: skip
    if attribute.kind == "text":
        return Feature(f"attribute_{slug}_code", "attributes",
                       f"MAX(CASE WHEN attribute_code = {code} THEN term_code END)", "code",
                       f"position of {attribute.name!r} in its vocabulary", None)  # fmt: skip
    return Feature(
        f"attribute_{slug}", "attributes", number, "as given", f"attribute {attribute.name!r}", None
    )


ATTRIBUTE = Family("attribute", "What is on record about them?", declare)
