"""Declared features become one SQL text: contract view, roll-up, finalise; the text is what a model is frozen with."""

from collections.abc import Iterable, Sequence

from tiercast.features.contract import Zone, contract_sql
from tiercast.features.declare import Feature
from tiercast.features.grains import GRAINS, ROLLUPS, SEEN


def compile_features(
    features: Sequence[Feature], *, currency: str = "USD", minor_per_major: int = 100, zone: str = "UTC"
) -> str:
    """Return the SQL text of ``features``: one row per customer with seen history and cutoff.

    The text reads four relations: ``touchpoints`` (as read), ``cutoffs`` (``cutoff_day`` BIGINT, days since 1970),
    ``vocabulary`` (``field, term, code``) and ``clock`` (``now_s``). It holds no value that came from anyone's data:
    open vocabularies are joined, never written into the text.

    Returns
    -------
    str
        Columns ``customer_id, cutoff_day``, then one DOUBLE per feature in the given order.

    Raises
    ------
    ValueError
        Two features share a name, or a derived feature names one that is not there.

    Examples
    --------
    >>> recent = Feature("touchpoints", "touches", "SUM(lines)", "touchpoints", "all touchpoints seen")
    >>> text = compile_features([recent])
    >>> [stage for stage in ("contract AS", "daily AS", "touches_seen AS", "of_touches AS") if stage in text]
    ['contract AS', 'daily AS', 'touches_seen AS', 'of_touches AS']
    """
    names = [feature.name for feature in features]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"two features share a name: {', '.join(twice)}")
    by_grain: dict[str, list[Feature]] = {"touches": []}
    for feature in features:
        by_grain.setdefault(feature.grain, []).append(feature)
    derived = by_grain.pop("derived", [])
    parts = [
        ("contract", contract_sql(currency=currency, minor_per_major=minor_per_major, zone=Zone.named(zone)))
    ]
    grains = [GRAINS[name] for name in GRAINS if name in by_grain]
    for key in _once(key for grain in grains for key in grain.rollups):
        parts.append((key, ROLLUPS[key]))
    for key in _once(key for grain in grains for key in grain.rows):
        parts.append((key, SEEN[key]))
    for grain in grains:
        columns = [
            f"{_double(feature, minor_per_major)} AS {feature.name}" for feature in by_grain[grain.name]
        ]
        selected = ",\n    ".join(["customer_id", "cutoff_day", *columns])
        parts.append(
            (
                f"of_{grain.name}",
                f"SELECT {selected}\n  FROM {grain.relation} GROUP BY customer_id, cutoff_day",
            )
        )
    base = [feature for grain in grains for feature in by_grain[grain.name]]
    held = ",\n    ".join(
        ["of_touches.customer_id", "of_touches.cutoff_day", *(_held(feature) for feature in base)]
    )
    joins = "".join(
        f"\n    LEFT JOIN of_{grain.name} ON of_{grain.name}.customer_id = of_touches.customer_id"
        f" AND of_{grain.name}.cutoff_day = of_touches.cutoff_day"
        for grain in grains
        if grain.name != "touches"
    )
    parts.append(("held", f"SELECT {held}\n  FROM of_touches{joins}"))
    expressions = {feature.name: feature.name for feature in base}
    for feature in derived:
        expressions[feature.name] = f"{_double(feature, minor_per_major)} AS {feature.name}"
    final = ",\n  ".join(["customer_id", "cutoff_day", *(expressions[name] for name in names)])
    ctes = ",\n".join(f"{name} AS (\n  {sql}\n)" for name, sql in parts)
    return f"WITH {ctes}\nSELECT {final}\nFROM held"


def needed(features: Sequence[Feature], wanted: Iterable[str]) -> list[Feature]:
    """Return the wanted features and those that their derived expressions read, in catalogue order.

    Examples
    --------
    >>> a = Feature("a_days", "days", "MAX(day)", "days", "…")
    >>> b = Feature("b_days", "derived", "a_days + 1", "days", "…")
    >>> [feature.name for feature in needed([a, b], ["b_days"])]
    ['a_days', 'b_days']
    """
    import re

    by_name = {feature.name: feature for feature in features}
    keep = set(wanted)
    for name in list(keep):
        if name not in by_name:
            raise ValueError(f"no such feature: {name}")
        if by_name[name].grain == "derived":
            keep |= {word for word in re.findall(r"[a-z_][a-z0-9_]*", by_name[name].sql) if word in by_name}
    return [feature for feature in features if feature.name in keep]


def _double(feature: Feature, minor_per_major: int) -> str:
    sql = feature.sql.replace("{minor_per_major}", f"{minor_per_major}e0")
    return f"CAST({sql} AS DOUBLE)"


def _held(feature: Feature) -> str:
    column = f"of_{feature.grain}.{feature.name}"
    if feature.absent is None:
        return f"{column} AS {feature.name}"
    return f"COALESCE({column}, {feature.absent!r}e0) AS {feature.name}"


def _once(keys: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(keys))
