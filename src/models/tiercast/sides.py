"""Side tables: what is known besides the touchpoints of customers, products, channels, stores, campaigns and identities.

Each is optional, and each row says from when it holds and since when that is known. A dictionary (products, channels,
stores) describes a touchpoint as it stood on the day on which the touchpoint was seen; it is frozen with a version.
This file only declares: nothing heavy is imported to tell that a name is misspelt.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tiercast.collect import choose
from tiercast.errors import SourceError
from tiercast.serving.contract import Column

VALIDITY = (
    Column("valid_from", "time", "from when it holds, UTC; default: always"),
    Column("valid_until", "time", "until when, excluded; default: until the next row of the same key"),
    Column("known_at", "time", "when it could have been known, UTC; default valid_from"),
)
_YES_NO = {"true": 1, "yes": 1, "t": 1, "y": 1, "1": 1, "false": 0, "no": 0, "f": 0, "n": 0, "0": 0}
WORDS: dict[str, dict[str, int]] = {
    "is_online": _YES_NO,
    "is_addressable": _YES_NO,
    "direction": {"push": 1, "pull": 0},
    "ownership": {"paid": 1, "owned": 0, "earned": 0},
}
"""What a column of few words may say, and whether that means yes."""
CEILINGS = {
    "unit_cost": 1_000_000_000.0,
    "cost_per_contact": 1_000_000_000.0,
    "days_per_unit": 36_500.0,
    "probability": 1.0,
}
REJECTIONS: dict[str, str] = {
    "BAD_TIME": "a time is not an ISO 8601 time",
    "BAD_NUMBER": "a number is text, or is not finite",
    "NULL_KEY": "a required column is empty",
    "NEGATIVE_NUMBER": "a cost, a duration or a probability is below zero",
    "ABSURD_NUMBER": "a cost above a billion, a unit that lasts a century, or a probability above one",
    "UNKNOWN_VALUE": "a word that the column does not know, such as neither true nor false",
    "UNKNOWN_ZONE": "zone is no IANA time zone",
    "EMPTY_VALIDITY": "valid_until is not after valid_from",
    "CONFLICTING_ROW": "another row says otherwise of the same key, valid from and known at the same time",
    "AMBIGUOUS_IDENTITY": "an id that belongs to two customers from the same time on, known at the same time",
}


@dataclass(frozen=True)
class Side:
    """One side table: its key, its columns, and whether further columns are welcome.

    Parameters
    ----------
    describes : str
        The touchpoint's column that its key describes.
    attributes : bool
        Every other column is an attribute of the key, to be learned from.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    meaning: str
    describes: str = ""
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
                Column("need_ends_on", "time", "when the need is expected to end, as a child's third birthday"),
                *VALIDITY,
            ),
            "attributes of customers, one row for each time they changed",
            describes="customer_id",
            attributes=True,
        ),
        Side(
            "products",
            ("product_id",),
            (
                _key("product_id", "what"),
                Column("category", "text", "kind of product, where the touchpoint does not say"),
                Column("days_per_unit", "number", "days that one unit lasts: the run-out clock"),
                Column("unit_cost", "number", "cost of one unit, major currency units, where the touchpoint does not say"),
                *VALIDITY,
            ),
            "the product dictionary",
            describes="product_id",
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
            "the channel dictionary; what it does not say is taken from the default one",
            describes="channel",
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
            describes="store_id",
        ),
        Side(
            "assignments",
            ("customer_id", "campaign_id"),
            (
                _key("customer_id", "who was assigned"),
                Column("campaign_id", "text", "to which campaign"),
                _key("arm", "treatment or the arm's name; control, holdout or none for who is left alone"),
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
                Column("identity_kind", "text", "as in the touchpoints: pos_card, phone_hash, openid, app_id, cookie, …"),
                _key("identity", "the channel's own id"),
                _key("customer_id", "whose it is"),
                *VALIDITY,
            ),
            "which customer an id of a channel's own belongs to",
        ),
    )
}  # fmt: skip


def spoken_sides(told: Iterable[str]) -> dict[str, str]:
    """Return side tables by name from texts such as ``products=csv:products.csv``.

    Raises
    ------
    UnknownName
        There is no such side table.
    SourceError
        A text is not of that form, or a table is given twice.

    Examples
    --------
    >>> spoken_sides(["products=csv:products.csv", "stores=stores.parquet"])
    {'products': 'csv:products.csv', 'stores': 'stores.parquet'}
    >>> spoken_sides(["product=csv:products.csv"])
    Traceback (most recent call last):
    ...
    tiercast.errors.UnknownName: no side table is named 'product'; did you mean 'products'? there is: assignments, ...
    """
    found: dict[str, str] = {}
    for text in told:
        name, equals, source = text.partition("=")
        if not equals or not source:
            raise SourceError(
                source=f"side table {text!r}", problem="it is not of the form NAME=SOURCE", fix="as in products=csv:products.csv"
            )  # fmt: skip
        choose(SIDES, name, what="side table")
        if name in found:
            raise SourceError(source=f"side table {name}", problem="it is given twice", fix="give it once")
        found[name] = source
    return found
