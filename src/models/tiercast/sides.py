"""Side tables: what is known besides the touchpoints of customers, products, channels, stores, campaigns and identities.

Each is optional, and each row says from when it holds and since when that is known. A dictionary (products, channels,
stores) describes a touchpoint as it stood on the day on which the touchpoint was seen; it is frozen with a version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tiercast.serving.contract import Column

DAY_US = 86_400_000_000
ALWAYS, NEVER = -(2**40), 2**40
"""Days: before and after everything."""

VALIDITY = (
    Column("valid_from", "time", "from when it holds, UTC; default: always"),
    Column("valid_until", "time", "until when, excluded; default: until the next row of the same key"),
    Column("known_at", "time", "when it could have been known, UTC; default valid_from"),
)


@dataclass(frozen=True)
class Side:
    """One side table: its key, its columns, and whether further columns are welcome.

    ``attributes`` means that every other column is an attribute of the key, to be learned from.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    meaning: str
    attributes: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that the contract of this table names."""
        return tuple(column.name for column in self.columns)


def _key(name: str, meaning: str) -> Column:
    return Column(name, "text", meaning, required=True)


SIDES: dict[str, Side] = {
    side.name: side
    for side in (
        Side(
            "customers",
            ("customer_id",),
            (
                _key("customer_id", "pseudonymous customer"),
                Column("birth_on", "time", "date of birth"),
                Column(
                    "need_ends_on",
                    "time",
                    "when the need is expected to end, such as a child's third birthday",
                ),
                *VALIDITY,
            ),
            "attributes of customers, one row for each time they changed",
            attributes=True,
        ),
        Side(
            "products",
            ("product_id",),
            (
                _key("product_id", "what"),
                Column("category", "text", "kind of product, where the touchpoint does not say"),
                Column("days_per_unit", "number", "days that one unit lasts: the run-out clock"),
                Column(
                    "unit_cost",
                    "number",
                    "cost of one unit, major currency units, where the touchpoint does not say",
                ),
                *VALIDITY,
            ),
            "the product dictionary",
        ),
        Side(
            "channels",
            ("channel",),
            (
                _key("channel", "as in the touchpoints"),
                Column("is_online", "text", "true or false"),
                Column("ownership", "text", "paid, owned or earned"),
                Column("direction", "text", "push or pull"),
                Column("is_addressable", "text", "true if one customer can be spoken to"),
                Column("cost_per_contact", "number", "major currency units"),
                *VALIDITY,
            ),
            "the channel dictionary; without it the default one",
        ),
        Side(
            "stores",
            ("store_id",),
            (
                _key("store_id", "where, offline"),
                Column("zone", "text", "IANA time zone, where it is not the source's"),
                Column("region", "text", "which region it belongs to"),
                *VALIDITY,
            ),
            "the store dictionary",
        ),
        Side(
            "assignments",
            ("customer_id", "campaign_id"),
            (
                _key("customer_id", "who was assigned"),
                Column("campaign_id", "text", "to which campaign"),
                _key("arm", "treatment, control, or the arm's name"),
                Column("assigned_at", "time", "when, UTC", required=True),
                Column("probability", "number", "of this arm when it was drawn, 0 to 1"),
                Column("known_at", "time", "when it could have been known, UTC; default assigned_at"),
            ),
            "randomised or logged contacts",
        ),
        Side(
            "identities",
            ("identity_kind", "identity"),
            (
                Column(
                    "identity_kind", "text", "kind of id: pos_card, phone_hash, openid, app_id, cookie, …"
                ),
                _key("identity", "the channel's own id"),
                _key("customer_id", "whose it is"),
                *VALIDITY,
            ),
            "which customer an id of a channel's own belongs to",
        ),
    )
}


@dataclass(frozen=True)
class SideTable:
    """A side table that was read: its rows, and what became of every row that came.

    Parameters
    ----------
    name : str
    frame : pandas.DataFrame
        Typed and plain: days and microseconds since 1970, money in major units.
    attributes : mapping of str to str
        Further columns, with their kind: ``text``, ``number`` or ``time``.
    rows_read, rows_rejected : int
    rejected : mapping of str to int
        Rows by code.
    """

    name: str
    frame: pd.DataFrame
    attributes: Mapping[str, str] = field(default_factory=dict)
    rows_read: int = 0
    rows_rejected: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)


def in_force(table: SideTable, key: list[str]) -> pd.DataFrame:
    """Return the rows of a dictionary with the days on which each was in force, one row a key and day.

    A row is in force from the later of when it holds and when that was known, until the next row of the same key is,
    or until it ends. ``from_day`` is included, ``until_day`` excluded.

    Examples
    --------
    >>> told = pd.DataFrame({"store_id": ["s", "s"], "region": ["north", "south"], "valid_from_us": [None, 864e8 * 5],
    ...                      "valid_until_us": [None, None], "known_us": [None, 864e8 * 9]})
    >>> in_force(SideTable("stores", told), ["store_id"])[["region", "from_day", "until_day"]].values.tolist()
    [['north', -1099511627776, 9], ['south', 9, 1099511627776]]
    """
    rows = table.frame.copy()
    start = days_of(rows["valid_from_us"], ALWAYS)
    rows["from_day"] = np.maximum(start, days_of(rows["known_us"], ALWAYS))
    rows["_starts"] = start
    rows = rows.sort_values([*key, "from_day", "_starts"], kind="stable", ignore_index=True)
    rows = rows.drop_duplicates([*key, "from_day"], keep="last", ignore_index=True)
    following = rows.groupby(key, sort=False, dropna=False)["from_day"].shift(-1)
    ends = days_of(rows["valid_until_us"], NEVER)
    rows["until_day"] = np.minimum(following.fillna(NEVER).astype("int64"), ends)
    return rows[rows["until_day"] > rows["from_day"]].drop(columns="_starts").reset_index(drop=True)


def days_of(micros: pd.Series, absent: int) -> np.ndarray:
    """Return whole days since 1970 of microseconds, ``absent`` where there are none."""
    known = micros.notna().to_numpy()
    whole = np.floor_divide(micros.fillna(0).to_numpy("float64").astype("int64"), DAY_US)
    return np.where(known, whole, absent)
