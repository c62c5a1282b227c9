"""Declared features become one SQL text: contract view, roll-up, finalise; the text is what a model is frozen with."""

import re
from collections.abc import Iterable, Sequence

from tiercast.features.contract import contract
from tiercast.features.decision import GAP
from tiercast.features.declare import Feature
from tiercast.features.relations import CUTOFF, resolve, words
from tiercast.features.rollup import ROLL_UP
from tiercast.features.seen import FINALISE, GRAINS
from tiercast.market import EPISODE_GAP_DAYS
from tiercast.serving.stages import split

_CUTOFF = re.compile(r"(?<![\w:.])(?:\w+\.)?cutoff_day\b")
SAID = {
    "contract": "every row made plain, with a verdict",
    "roll-up": "additive rows that no cutoff changes",
    "finalise": "one row per customer, as known at the cutoff",
}


def compile_features(
    features: Sequence[Feature],
    *,
    currency: str = "USD",
    minor_per_major: int = 100,
    described: Sequence[str] = (),
    episode_gap_days: int = EPISODE_GAP_DAYS,
) -> str:
    """Return the SQL text of ``features``: one row per customer with seen history.

    The text has one parameter, the cutoff. It reads ``touchpoints`` (as read), ``clock``, ``cutoffs`` (what the calendar
    says of the cutoff) and what :class:`~tiercast.serving.tables.Tables` holds. It carries no value that came from
    anyone's data: open vocabularies are joined, never written into the text. Relations and columns that no feature
    reads are not in it.

    Parameters
    ----------
    described : sequence of str
        What dictionaries tell of a touchpoint that it does not say itself, as in :attr:`~.declare.Seen.described`.
    episode_gap_days : int
        So many days of the customer's silence end an episode.

    Returns
    -------
    str
        Columns ``customer_id, cutoff_day``, then one DOUBLE per feature in the given order.

    Raises
    ------
    ValueError
        Two features share a name, or one names a grain that there is not.

    Examples
    --------
    >>> recent = Feature("touchpoints", "touches", "COUNT(*)", "touchpoints", "all touchpoints seen")
    >>> text = compile_features([recent])
    >>> [line.partition(":")[0] for line in text.splitlines() if line.startswith("--")]
    ['-- contract', '-- roll-up', '-- finalise']
    """
    names = [feature.name for feature in features]
    made_of = [*features, *dict.fromkeys(part for feature in features for part in feature.parts)]
    told = [feature.name for feature in made_of]
    if len(set(told)) != len(told):
        twice = sorted({name for name in told if told.count(name) > 1})
        raise ValueError(f"two features share a name: {', '.join(twice)}")
    by_grain: dict[str, list[Feature]] = {"touches": []}
    for feature in made_of:
        by_grain.setdefault(feature.grain, []).append(feature)
    derived, of_cutoffs = by_grain.pop("derived", []), by_grain.pop("cutoffs", [])
    unknown = sorted(set(by_grain) - set(GRAINS))
    if unknown:
        raise ValueError(
            f"no such grain: {', '.join(unknown)}; there is: derived, cutoffs, {', '.join(GRAINS)}"
        )
    grains = [grain for grain in GRAINS if grain in by_grain]
    view = contract(currency=currency, minor_per_major=minor_per_major)
    relations = [each.told(described) for each in (view, *ROLL_UP, *FINALISE)]
    asked = {GRAINS[grain]: words(feature.sql for feature in by_grain[grain]) for grain in grains}
    spoken = words(feature.sql for feature in made_of)
    for relation in relations:
        if (
            relation.name in spoken and relation.name not in names
        ):  # a feature of one's own may read any of them
            asked[relation.name] = asked.get(relation.name, set()) | spoken
    parts = [
        (relation.stage, relation.name, select.replace(GAP, str(episode_gap_days)))
        for relation, select in resolve(relations, asked)
    ]
    for grain in grains:
        columns = [f"{_double(feature, minor_per_major)} AS {feature.name}" for feature in by_grain[grain]]
        selected = ",\n    ".join(["customer_id", *columns])
        select = f"SELECT {selected}\n  FROM {GRAINS[grain]} GROUP BY customer_id"
        parts.append(("finalise", f"of_{grain}", select))
    base = [feature for grain in grains for feature in by_grain[grain]] + of_cutoffs
    held = ",\n    ".join(
        ["of_touches.customer_id", *(f"{_held(feature)} AS {feature.name}" for feature in base)]
    )
    joins = "".join(
        f"\n    LEFT JOIN of_{grain} ON of_{grain}.customer_id = of_touches.customer_id"
        for grain in grains
        if grain != "touches"
    )
    if of_cutoffs:
        joins += f"\n    INNER JOIN cutoffs ON cutoffs.cutoff_day = {CUTOFF}"
    parts.append(("finalise", "held", f"SELECT {held}\n  FROM of_touches{joins}"))
    made = {feature.name: feature.name for feature in base}
    for feature in derived:
        made[feature.name] = f"{_double(feature, minor_per_major)} AS {feature.name}"
    columns = ["customer_id", f"CAST({CUTOFF} AS BIGINT) AS cutoff_day", *(made[name] for name in names)]
    final = ",\n  ".join(columns)
    return write(parts, f"SELECT {final}\nFROM held")


def write(parts: Sequence[tuple[str, str, str]], final: str) -> str:
    """Return (stage, name, SELECT) and a last SELECT as one text that :func:`tiercast.serving.stages.split` can part."""
    told: set[str] = set()
    lines = []
    for stage, name, select in parts:
        heading = "" if stage in told else f"-- {stage}: {SAID[stage]}\n"
        told.add(stage)
        lines.append(f"{heading}{name} AS (\n  {select}\n)")
    return "WITH\n" + ",\n".join(lines) + f"\n{final}"


def needed(features: Sequence[Feature], wanted: Iterable[str]) -> list[Feature]:
    """Return the wanted features and those that their derived expressions read, in catalogue order.

    Raises
    ------
    ValueError
        There is no such feature.

    Examples
    --------
    >>> a = Feature("a_days", "orders", "MAX(day)", "days", "…")
    >>> b = Feature("b_days", "derived", "a_days + 1", "days", "…")
    >>> [feature.name for feature in needed([a, b], ["b_days"])]
    ['a_days', 'b_days']
    """
    by_name = {feature.name: feature for feature in features}
    keep = set(wanted)
    for name in list(keep):
        if name not in by_name:
            raise ValueError(f"no such feature: {name}")
        if by_name[name].grain == "derived":
            keep |= words([by_name[name].sql]) & set(by_name)
    return [feature for feature in features if feature.name in keep]


def reads(features: Sequence[Feature], name: str) -> tuple[str, ...]:
    """Return the relations that a text of one feature alone is made of, which is what it costs: most share nearly all.

    Examples
    --------
    >>> reads([Feature("touchpoints", "touches", "COUNT(*)", "touchpoints", "…")], "touchpoints")
    ('contract', 'touches', 'touches_seen', 'of_touches', 'held')
    """
    return tuple(part for _, part, _ in split(compile_features(needed(features, [name]))).parts)


def _double(feature: Feature, minor_per_major: int) -> str:
    sql = _CUTOFF.sub(CUTOFF, feature.sql.replace("{minor_per_major}", f"{minor_per_major}e0"))
    return f"CAST({sql} AS DOUBLE)"


def _held(feature: Feature) -> str:
    if feature.grain == "cutoffs":
        return f"CAST(cutoffs.{feature.sql} AS DOUBLE)"
    column = f"of_{feature.grain}.{feature.name}"
    return column if feature.absent is None else f"COALESCE({column}, {feature.absent!r}e0)"
