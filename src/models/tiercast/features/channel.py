"""Channels: where does the customer meet us, where do they buy, and do they move between channels?"""

from tiercast.features.category import slugged
from tiercast.features.declare import Family, Feature, Seen, count, ratio, rest
from tiercast.features.kinds import NOT_OWN
from tiercast.features.switching import OTHER, PLACES


def declare(seen: Seen) -> list[Feature]:
    """Declare the mix of channels (those beyond the vocabulary count as one), and the online part of touches and orders."""
    if not seen.channels:
        return []

    def touch(name: str, sql: str, unit: str, meaning: str, absent: float | None = None) -> Feature:
        return Feature(name, "touches", sql, unit, meaning, absent)

    codes = range(len(seen.channels))
    found = [
        touch("channels", "BIT_COUNT(BIT_OR(channel_bit))", "channels",
              "distinct channels met; those beyond the vocabulary are one", 0.0),
        _preferred(seen),
    ]  # fmt: skip
    if len(seen.channels) == 1:
        return found
    counts = [count(f"channel_code = {code}") for code in codes]
    squares = " + ".join(f"{each} * {each}" for each in (*counts, count("channel_code IS NULL")))
    concentration = f"CAST({squares} AS DOUBLE) / (CAST(COUNT(*) AS DOUBLE) * CAST(COUNT(*) AS DOUBLE))"
    first = f"MIN(CASE WHEN is_own = 1 THEN occurred_s * {PLACES} + COALESCE(channel_code, {OTHER}) END)"
    last = f"MAX(CASE WHEN is_own = 1 THEN occurred_s * {PLACES} + {OTHER} - COALESCE(channel_code, {OTHER}) END)"
    found += [
        *(touch(f"channel_{slugged(channel, code)}_share", f"CAST({counts[code]} AS DOUBLE) / COUNT(*)", "share",
                f"share of touchpoints in channel {channel!r}") for code, channel in enumerate(seen.channels)),
        touch("channel_concentration_share", concentration, "share",
              "Simpson index: chance that two touchpoints are of one channel"),
        touch("first_channel_code", f"NULLIF({rest(first, PLACES)}, {OTHER})", "code",
              "position of the channel through which the customer first came"),
        touch("last_channel_code", f"NULLIF({OTHER} - {rest(last, PLACES)}, {OTHER})", "code",
              "position of the channel through which the customer last came"),
    ]  # fmt: skip
    if seen.kinds - set(NOT_OWN):
        online, known = (count(f"is_own = 1 AND is_online {test}") for test in ("= 1", "IS NOT NULL"))
        found.append(touch("online_share", ratio(f"CAST({online} AS DOUBLE)", known), "share",
                           "share of their own touchpoints that were online"))  # fmt: skip
    return found + (_of_orders() if "purchase" in seen.kinds else [])


def _preferred(seen: Seen) -> Feature:
    """Return the channel of most orders and other acts of the customer's own; an order counts once, whatever its lines."""
    codes = range(len(seen.channels))
    came = [Feature(f"came_through_{code}", "touches", count(f"came_code = {code}"), "acts", "acts but order lines")
            for code in codes]  # fmt: skip
    ordered = [Feature(f"ordered_through_{code}", "orders", count(f"is_new = 1 AND channel_code = {code}"), "orders",
                       "orders") for code in codes if "purchase" in seen.kinds]  # fmt: skip
    acts = [
        f"({' + '.join(part.name for part in of)})"
        for of in zip(came, *([ordered] if ordered else []), strict=True)
    ]
    most = f"GREATEST(0e0, {', '.join(f'{times} * {PLACES} + {OTHER - code}' for code, times in enumerate(acts))})"
    return Feature(
        "preferred_channel_code", "derived", f"CASE WHEN {most} >= {PLACES} THEN {OTHER} - {rest(most, PLACES)} END", "code",
        "position in the channel vocabulary of the channel the customer most often came through; an order counts once",
        None, (*came, *ordered),
    )  # fmt: skip


def _of_orders() -> list[Feature]:
    online, offline = (count(f"is_new = 1 AND is_online = {yes}") for yes in (1, 0))
    switched, moves = count("from_code <> via_code"), count("from_code IS NOT NULL")
    return [
        Feature("order_online_share", "orders", ratio(f"CAST({online} AS DOUBLE)", f"({online} + {offline})"), "share",
                "share of orders that were placed online", None),
        Feature("is_omnichannel", "orders", f"CASE WHEN {online} > 0 AND {offline} > 0 THEN 1 ELSE 0 END", "0 or 1",
                "whether they bought both online and offline"),
        Feature("order_channel_switches", "switches", switched, "orders",
                "orders through another channel than the order before"),
        Feature("order_channel_switches_share", "switches", ratio(f"CAST({switched} AS DOUBLE)", moves), "share",
                "share of orders after the first that came through another channel than the one before", None),
    ]  # fmt: skip


CHANNEL = Family("channel", "Where do they meet us, and where do they come from themselves?", declare)
