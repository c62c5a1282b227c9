"""What describes touchpoints and customers: side tables made ready for the text, and the default channel dictionary."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tiercast.features.declare import Attribute
from tiercast.schema import History
from tiercast.serving.contract import CHANNELS
from tiercast.serving.tables import Tables, words_table
from tiercast.sides import ALWAYS, NEVER, SideTable, days_of, in_force
from tiercast.windows import day_number
from tiercast.zones import Zone

OFFLINE = frozenset(
    ("store", "pos", "direct_mail", "tv", "radio", "print", "outdoor", "exhibition", "distributor", "face_to_face", "magazine")
)  # fmt: skip
PAID = frozenset(
    ("marketplace", "search_ads", "display", "feed_ads", "tv", "radio", "print", "outdoor", "magazine", "exhibition", "livestream")
)  # fmt: skip
PUSH = frozenset(
    (
        "email",
        "sms",
        "call_center",
        "direct_mail",
        "display",
        "feed_ads",
        "tv",
        "radio",
        "print",
        "outdoor",
        "magazine",
    )
)
ATTRIBUTE_KINDS = {"birth_on_us": "time", "need_ends_on_us": "time"}
TOP_TERMS = 12
ADDRESSABLE = frozenset(("app", "email", "sms", "call_center", "direct_mail", "wechat", "face_to_face"))


def default_channels() -> dict[str, list[Any]]:
    """Return the dictionary of the channels that the contract knows; what a contact costs is not guessed.

    Examples
    --------
    >>> told = default_channels()
    >>> told["channel"][:3], told["is_online"][:3]
    (['store', 'pos', 'web'], [0, 0, 1])
    """
    return {
        "channel": list(CHANNELS),
        "from_day": [ALWAYS] * len(CHANNELS),
        "until_day": [NEVER] * len(CHANNELS),
        "is_online": [int(channel not in OFFLINE) for channel in CHANNELS],
        "is_push": [int(channel in PUSH) for channel in CHANNELS],
        "is_paid": [int(channel in PAID) for channel in CHANNELS],
        "is_addressable": [int(channel in ADDRESSABLE) for channel in CHANNELS],
        "cost_minor": [None] * len(CHANNELS),
    }


def tables_of(history: History, vocabulary: Sequence[tuple[str, str, int]]) -> Tables:
    """Return what the text joins for a history: its dictionaries, what is known of its people, its local calendars."""
    zones = [history.zone]
    held: dict[str, Any] = {"vocabulary": words_table(vocabulary), "channels": default_channels()}
    sides = history.sides
    if "channels" in sides:
        rows = in_force(sides["channels"], ["channel"])
        told = {
            name: rows[name].str.lower() for name in ("is_online", "ownership", "direction", "is_addressable")
        }
        held["channels"] = {
            **_when(rows, "channel"),
            "is_online": _yes(told["is_online"]),
            "is_push": told["direction"].map({"push": 1, "pull": 0}).astype("Int64"),
            "is_paid": told["ownership"].map({"paid": 1, "owned": 0, "earned": 0}).astype("Int64"),
            "is_addressable": _yes(told["is_addressable"]),
            "cost_minor": _whole(rows["cost_per_contact"], history.minor_per_major),
        }
    if "products" in sides:
        rows = in_force(sides["products"], ["product_id"])
        held["products"] = {
            **_when(rows, "product_id"),
            "category": rows["category"],
            "days_per_unit_milli": _whole(rows["days_per_unit"], 1000),
            "unit_cost_minor": _whole(rows["unit_cost"], history.minor_per_major),
        }
    if "stores" in sides:
        rows = in_force(sides["stores"], ["store_id"])
        zones += [zone for zone in sorted(rows["zone"].dropna().unique()) if zone != history.zone]
        codes = {zone: code for code, zone in enumerate(zones)}
        held["stores"] = {
            **_when(rows, "store_id"),
            "region": rows["region"],
            "zone_code": rows["zone"].map(codes).fillna(0).astype("Int64"),
        }
    held |= people(history)
    return Tables(held, tuple(Zone.named(zone).shifts for zone in zones))


def people(history: History) -> dict[str, Any]:
    """Return the tables about customers, which no version keeps: their attributes, and campaigns they were assigned to."""
    held: dict[str, Any] = {}
    if "customers" in history.sides:
        held["attributes"] = attribute_rows(history.sides["customers"])
    if "assignments" in history.sides:
        rows = history.sides["assignments"].frame
        day = days_of(rows["assigned_us"], ALWAYS)
        held["assignments"] = {
            "customer_id": rows["customer_id"],
            "campaign_id": rows["campaign_id"],
            "is_treated": (~rows["arm"].str.lower().isin(["control", "holdout", "none"])).astype("Int64"),
            "day": day,
            "seen_day": np.maximum(day, days_of(rows["known_us"], ALWAYS)),
            "probability_permille": _whole(rows["probability"].where(rows["probability"] <= 1), 1000),
        }
    return held


def attribute_rows(table: SideTable) -> pd.DataFrame:
    """Return the attributes of customers, one row for each that was told: dates as days, text as it came."""
    rows = in_force(table, ["customer_id"])
    kinds = ATTRIBUTE_KINDS | dict(table.attributes)
    parts = []
    for name, kind in kinds.items():
        told = rows.loc[rows[name].notna(), ["customer_id", "from_day", "until_day", name]]
        numbers = told[name].astype("float64") if kind == "number" else pd.Series(np.nan, index=told.index)
        if kind == "time":
            numbers = pd.Series(days_of(told[name], 0).astype("float64"), index=told.index)
        parts.append(
            pd.DataFrame(
                {
                    "customer_id": told["customer_id"],
                    "attribute": name.removesuffix("_us") if kind == "time" else name,
                    "from_day": told["from_day"],
                    "until_day": told["until_day"],
                    "number": numbers,
                    "term": told[name] if kind == "text" else None,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def beside(history: History, cutoff: date) -> dict[str, Any]:
    """Return what the side tables can feed, as known before ``cutoff``: fields of :class:`Seen`."""
    found: dict[str, Any] = {"assignments": "assignments" in history.sides}
    if "stores" in history.sides:
        stores = in_force(history.sides["stores"], ["store_id"])
        stores = stores[stores["from_day"] < day_number(cutoff)]
        found |= {"regions": _top(stores["region"]), "store_zones": bool(stores["zone"].notna().any())}
    if "customers" in history.sides:
        rows = attribute_rows(history.sides["customers"])
        rows = rows[rows["from_day"] < day_number(cutoff)]
        kinds = ATTRIBUTE_KINDS | dict(history.sides["customers"].attributes)
        found["attributes"] = tuple(
            Attribute(str(name), kinds.get(str(name), kinds.get(f"{name}_us", "time")), _top(part["term"]))
            for name, part in rows.groupby("attribute", sort=True)
        )
    return found


def _top(terms: pd.Series, most: int = TOP_TERMS) -> tuple[str, ...]:
    counted = terms.dropna().value_counts().rename_axis("term").reset_index(name="rows")
    return tuple(counted.sort_values(["rows", "term"], ascending=[False, True])["term"][:most])


def _when(rows: pd.DataFrame, key: str) -> dict[str, pd.Series]:
    return {name: rows[name] for name in (key, "from_day", "until_day")}


def _yes(told: pd.Series) -> pd.Series:
    return told.map({"true": 1, "yes": 1, "1": 1, "t": 1, "false": 0, "no": 0, "0": 0, "f": 0}).astype(
        "Int64"
    )


def _whole(numbers: pd.Series, scale: int) -> pd.Series:
    scaled = np.floor(numbers.astype("float64") * scale + 0.5)
    return scaled.where(scaled.abs() < 2**53).astype("Int64")
