"""Returns: how much of what they buy comes back, and how lately?"""

from tiercast.features.declare import Family, Feature, Seen, count, ratio


def declare(seen: Seen) -> list[Feature]:
    """Declare returned lines and the share of the value that came back."""
    if not {"purchase", "return"} <= seen.kinds:
        return []
    back = "kind = 'return'"
    return [
        Feature("returns", "touches", count(back), "lines", "returned lines so far"),
        Feature("returned_share", "derived", ratio("returned_currency", "spend_currency"), "share", "share returned", None),
    ]  # fmt: skip


RETURNS = Family("returns", "How much of what they buy comes back, and how lately?", declare)
