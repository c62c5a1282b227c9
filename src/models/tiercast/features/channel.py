"""Channels: where does the customer meet us, and where do they come from themselves?"""

from tiercast.features.category import slugged
from tiercast.features.declare import Family, Feature, Seen, count

PLACES = 64
"""More than any vocabulary of channels holds: a count and a position share one whole number."""


def declare(seen: Seen) -> list[Feature]:
    """Declare how many channels of the vocabulary were met (all others count as one), their shares, and the preferred."""
    if not seen.channels:
        return []
    codes = range(len(seen.channels))
    met = [*(f"MAX(CASE WHEN channel_code = {code} THEN 1 ELSE 0 END)" for code in codes),
           "MAX(CASE WHEN channel_code IS NULL THEN 1 ELSE 0 END)"]  # fmt: skip
    own = ", ".join(
        f"{count(f'channel_code = {code} AND is_own = 1')} * {PLACES} + {PLACES - 1 - code}" for code in codes
    )
    largest = f"GREATEST(0, {own})"
    preferred = (
        f"CASE WHEN {largest} >= {PLACES} THEN"
        f" {PLACES - 1} - ({largest} - FLOOR({largest} / {PLACES}e0) * {PLACES}) END"
    )
    found = [
        Feature("channels", "touches", " + ".join(met), "channels", "distinct channels met; those beyond the vocabulary are one"),
        Feature("preferred_channel_code", "touches", preferred, "code",
                "position in the channel vocabulary of the channel the customer most often came through", None),
    ]  # fmt: skip
    if len(seen.channels) > 1:
        found += [
            Feature(f"channel_{slugged(channel, code)}_share", "touches",
                    f"CAST({count(f'channel_code = {code}')} AS DOUBLE) / COUNT(*)", "share",
                    f"share of touchpoints in channel {channel!r}", None)
            for code, channel in enumerate(seen.channels)
        ]  # fmt: skip
    return found


CHANNEL = Family("channel", "Where do they meet us, and where do they come from themselves?", declare)
