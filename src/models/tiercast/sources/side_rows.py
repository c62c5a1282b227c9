"""What becomes of each row of a side table: accepted, or rejected by the first code that holds."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from tiercast.serving.reading import output_name
from tiercast.sides import CEILINGS, WORDS, Side


def verdicts(rows: pd.DataFrame, side: Side) -> np.ndarray:
    """Return ``ACCEPTED`` or the first code that holds, row by row."""
    numbers = rows[[column.name for column in side.columns if column.kind == "number"]]
    required = [output_name(column) for column in side.columns if column.required]
    unheard = [rows[name].notna() & ~rows[name].isin(list(WORDS[name])) for name in WORDS if name in rows]
    never = pd.Series(False, index=rows.index)
    holds = rows.reindex(columns=["valid_from_us", "valid_until_us"])
    faults: dict[str, pd.Series] = {
        "BAD_TIME": rows["bad_time"],
        "BAD_NUMBER": rows["bad_number"],
        "NULL_KEY": rows[required].isna().any(axis=1),
        "NEGATIVE_NUMBER": (numbers < 0).any(axis=1),
        "ABSURD_NUMBER": (numbers > pd.Series(CEILINGS).reindex(numbers.columns)).any(axis=1),
        "UNKNOWN_VALUE": pd.concat([never, *unheard], axis=1).any(axis=1),
        "UNKNOWN_ZONE": _no_zone(rows["zone"]) if "zone" in rows else never,
        "EMPTY_VALIDITY": holds["valid_until_us"] <= holds["valid_from_us"],
    }
    found = np.full(len(rows), "ACCEPTED", dtype=object)
    for code, fault in reversed(faults.items()):
        found[fault.to_numpy(bool)] = code
    standing = np.flatnonzero(found == "ACCEPTED")
    of_one_id = side.name == "identities"
    conflict = _conflicts(
        rows.iloc[standing], side, says=["customer_id"] if of_one_id else [str(name) for name in rows]
    )
    found[standing[conflict]] = "AMBIGUOUS_IDENTITY" if of_one_id else "CONFLICTING_ROW"
    return found


def _conflicts(rows: pd.DataFrame, side: Side, says: list[str]) -> np.ndarray:
    """Return which rows another of the same key and times contradicts: none of them can be told to be right."""
    same = [*side.key, *(name for name in ("valid_from_us", "assigned_us", "known_us") if name in rows)]
    first = ~rows.duplicated(list(dict.fromkeys([*same, *says])))
    return (first.groupby([rows[name] for name in same], dropna=False).transform("sum") > 1).to_numpy(bool)


def _no_zone(zones: pd.Series) -> pd.Series:
    unknown = [zone for zone in zones.dropna().unique() if not _is_zone(zone)]
    return zones.isin(unknown)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True
