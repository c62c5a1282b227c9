"""What segments are called: their strongest traits, by rule, in two languages, no two alike."""

from collections.abc import Collection, Sequence
from itertools import chain, count

import numpy as np

from tiercast.segments.traits import phrase, theme_of

SPEAKING_INDEX = 0.35
"""So many robust standard units from the mean of all make a trait worth telling."""
Name = tuple[str, str]
ALL: Name = ("all customers", "全部客户")
AVERAGE: Name = ("average customers", "普通客户")


def names_of(traits: Sequence[str], index: np.ndarray, *, taken: Collection[str] = ()) -> list[Name]:
    """Return one name a segment: its two strongest traits of different themes, and more where a name is taken.

    Parameters
    ----------
    traits : sequence of str
        Names of the traits, the columns of ``index``.
    index : array, shape (segments, traits)
        Distance of each segment's mean from the mean of all, in robust standard units.
    taken : collection of str
        English names that may not be given again.

    Examples
    --------
    >>> names_of(["discount_share", "categories"], np.array([[0.9, -0.1], [0.8, 0.7], [0.0, 0.1]]))
    [('discount seeking', '偏好折扣'), ('discount seeking, broad range', '偏好折扣、品类广'), ('average customers', '普通客户')]
    >>> names_of(["discount_share"], np.array([[0.9]]), taken=["discount seeking"])
    [('discount seeking 2', '偏好折扣2')]
    """
    names: list[Name] = []
    for row in np.nan_to_num(index):
        ranked = _one_a_theme(traits, np.argsort(-np.abs(row), kind="stable"))
        said = [phrase(traits[at], row[at]) for at in ranked]
        strong = int((np.abs(row[ranked]) >= SPEAKING_INDEX).sum())
        tried = [_joined(said[:length]) for length in range(min(2, strong), len(said) + 1)] or [AVERAGE]
        short_en, short_zh = tried[0]
        numbered = ((f"{short_en} {number}", f"{short_zh}{number}") for number in count(2))
        used = {*taken, *(en for en, _ in names)}
        names.append(next(name for name in chain(tried[: strong + 1], numbered) if name[0] not in used))
    return names


def _one_a_theme(traits: Sequence[str], ranked: np.ndarray) -> list[int]:
    strongest: dict[str, int] = {}
    for at in map(int, ranked):
        strongest.setdefault(theme_of(traits[at]), at)
    return list(strongest.values())


def _joined(phrases: Sequence[Name]) -> Name:
    if not phrases:
        return AVERAGE
    return ", ".join(en for en, _ in phrases), "、".join(zh for _, zh in phrases)
