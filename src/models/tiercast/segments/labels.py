"""The labels of a fit: those of an older fit where the customers are the same, else a name by rule."""

from dataclasses import replace

import pandas as pd

from tiercast.segments.matching import Match, match
from tiercast.segments.naming import ALL, names_of
from tiercast.segments.profiles import indexes_of
from tiercast.serving.behaviour import Behaviour
from tiercast.serving.segments import Segments


def named(
    part: Segments, buyers: pd.DataFrame, told: tuple[Behaviour, ...], previous: Segments | None
) -> tuple[Segments, Match | None]:
    """Return the segments with the labels of the previous ones where these hold the same customers, else by rule."""
    matched = None if previous is None else match(previous, part, buyers)
    if len(part.centres) == 1 and matched is None:
        return replace(part, names_en=ALL[:1], names_zh=ALL[1:]), None
    long = indexes_of(part, buyers, told)
    index = long.pivot_table(index="segment", columns="behaviour", values="index", sort=False, dropna=False)
    order = [each.name for each in told]
    table = index.reindex(index=list(part.names_en), columns=order).to_numpy(dtype=float)
    kept: dict[int, tuple[str, str]] = {}
    if previous is not None and matched is not None:
        pairs = [(new, old) for new, old in enumerate(matched.old_of) if old is not None]
        kept = {new: (previous.names_en[old], previous.names_zh[old]) for new, old in pairs}
    if len(part.centres) == 1 and not kept:
        return replace(part, names_en=ALL[:1], names_zh=ALL[1:]), matched
    fresh = [each for each in range(len(part.centres)) if each not in kept]
    taken = set(previous.names_en) if previous is not None else set()
    by_rule = dict(zip(fresh, names_of(order, table[fresh], taken=taken), strict=True))
    names = [kept.get(each) or by_rule[each] for each in range(len(part.centres))]
    return replace(
        part, names_en=tuple(en for en, _ in names), names_zh=tuple(zh for _, zh in names)
    ), matched
