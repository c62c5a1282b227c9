"""Channels: where does the customer meet us, and where do they buy?"""

from tiercast.features.category import slugged
from tiercast.features.declare import Family, Feature, Seen


def declare(seen: Seen) -> list[Feature]:
    """Declare the number of channels and the share of each channel of the vocabulary."""
    found = [
        Feature("channels", "channels", "COUNT(*)", "channels", "distinct channels met"),
        Feature(
            "preferred_channel_code",
            "channels",
            "MIN(CASE WHEN own_rank = 1 AND own_lines > 0 THEN code END)",
            "code",
            "position in the channel vocabulary of the channel the customer most often came through",
            None,
        ),
    ]
    if len(seen.channels) > 1:
        found += [
            Feature(
                f"channel_{slugged(channel, code)}_share",
                "channels",
                f"CAST(SUM(CASE WHEN code = {code} THEN lines ELSE 0 END) AS DOUBLE) / SUM(lines)",
                "share",
                f"share of touchpoints in channel {channel!r}",
                None,
            )
            for code, channel in enumerate(seen.channels)
        ]
    return found


CHANNEL = Family("channel", "Where do they meet us, and where do they buy?", declare)
