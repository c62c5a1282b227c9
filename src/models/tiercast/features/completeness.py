"""Completeness: which of the six kinds of customer data are there at all? Absence is told, not filled in."""

from tiercast.features.declare import Family, Feature, Seen
from tiercast.features.kinds import DATA

USER = "has_user_data"


def declare(seen: Seen) -> list[Feature]:
    """Declare for each kind of data that the touchpoints can bring whether it is there, and the share of all six.

    What the table of customers tells is user data too, and counts in the share.
    """
    found = [
        Feature(f"has_{data.word}_data", "touches",
                f"CASE WHEN (BIT_OR(data_bit) & {data.number}) > 0 THEN 1 ELSE 0 END", "0 or 1", data.name)
        for data in DATA
        if seen.any_of(data.kinds) and (data.word != "product_use" or seen.categories or seen.products)
    ]  # fmt: skip
    there = [feature.name for feature in found]
    if seen.attributes:
        known = Feature("attributes_known", "attributes", "COUNT(*)", "attributes", "attributes on record")
        found.append(known)
        told = f"{USER} + attributes_known" if USER in there else "attributes_known"
        there = [*(name for name in there if name != USER), f"LEAST({told}, 1)"]
    if there:
        share = f"({' + '.join(there)}) / {len(DATA)}e0"
        found.append(Feature("data_kinds_share", "derived", share, "share",
                             "share of the six kinds of customer data"))  # fmt: skip
    return found


COMPLETENESS = Family("completeness", "Which kinds of customer data are there at all?", declare)
