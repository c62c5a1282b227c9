"""Regions: where are the stores in which they buy?"""

from tiercast.features.category import slugged
from tiercast.features.declare import Family, Feature, Seen, count


def declare(seen: Seen) -> list[Feature]:
    """Declare the share of orders in each region of the store dictionary."""
    return [
        Feature(f"region_{slugged(region, code)}_share", "orders",
                f"CAST({count(f'region_code = {code} AND is_new = 1')} AS DOUBLE) / SUM(is_new)", "share",
                f"share of orders in region {region!r}", None)
        for code, region in enumerate(seen.regions)
    ]  # fmt: skip


REGION = Family("region", "Where are the stores in which they buy?", declare)
