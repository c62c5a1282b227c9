"""What describes touchpoints and customers: side tables made ready for the text, and the default channel dictionary."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tiercast.attribute_kinds import seen_kinds
from tiercast.features.declare import Attribute
from tiercast.schema import History
from tiercast.serving.attributes import facts_of
from tiercast.serving.contract import CHANNELS
from tiercast.serving.tables import ALWAYS, NEVER, Tables, words_table
from tiercast.sides import WORDS
from tiercast.sidetable import SideTable, days_of, in_force
from tiercast.windows import day_number
from tiercast.zones import Zone

OFFLINE = frozenset(
    ("store", "pos", "call_center", "direct_mail", "tv", "radio", "print", "outdoor", "exhibition", "distributor",
     "face_to_face", "magazine")
)  # fmt: skip
PAID = frozenset(
    ("marketplace", "search_ads", "display", "feed_ads", "tv", "radio", "print", "outdoor", "magazine", "exhibition",
     "livestream")
)  # fmt: skip
PUSH = frozenset(
    ("email", "sms", "call_center", "direct_mail", "display", "feed_ads", "tv", "radio", "print", "outdoor", "magazine")
)  # fmt: skip
ADDRESSABLE = frozenset(("app", "email", "sms", "call_center", "direct_mail", "wechat", "face_to_face"))
LEFT_ALONE = frozenset(("control", "holdout", "none"))
TOP_TERMS = 12
LEAST_PEOPLE = 5
"""A word on record of fewer people is never kept: a version must not carry anybody's name or address."""


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
    return dictionaries_of(history, vocabulary).with_(**people_of(history))


def dictionaries_of(history: History, vocabulary: Sequence[tuple[str, str, int]] = ()) -> Tables:
    """Return what a version keeps: vocabularies, the dictionaries of a history, its local calendars."""
    zones = [history.zone]
    held: dict[str, Any] = {"vocabulary": words_table(vocabulary), "channels": default_channels()}
    sides = history.sides
    if "channels" in sides:
        held["channels"] = _channels(sides["channels"], history.minor_per_major)
    if "products" in sides:
        rows = in_force(sides["products"], ["product_id"])
        held["products"] = {
            **_when(rows, "product_id"),
            "category": rows["category"],
            "days_per_unit_milli": _whole(rows["days_per_unit"], 1000),
            "unit_cost_milli": _whole(rows["unit_cost"], 1000 * history.minor_per_major),
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
    return Tables(held, tuple(Zone.named(zone).shifts for zone in zones), history.peaks)


def people_of(history: History) -> dict[str, Any]:
    """Return the tables about customers, which no version keeps: their attributes, and campaigns they were assigned to."""
    held: dict[str, Any] = {}
    if "customers" in history.sides:
        held["attributes"] = _attributes(history.sides["customers"])
    if "assignments" in history.sides:
        held["assignments"] = _assignments(history.sides["assignments"])
    return held


def _assignments(table: SideTable) -> dict[str, Any]:
    rows = table.frame
    day = days_of(rows["assigned_us"], ALWAYS)
    return {
        "customer_id": rows["customer_id"],
        "campaign_id": rows["campaign_id"],
        "is_treated": (~rows["arm"].str.lower().isin(LEFT_ALONE)).astype("Int64"),
        "day": day,
        "seen_day": np.maximum(day, days_of(rows["known_us"], ALWAYS)),
        "probability_permille": _whole(rows["probability"], 1000),
    }


def _attributes(table: SideTable) -> pd.DataFrame:
    return facts_of(in_force(table, ["customer_id"]), table.told)


def _channels(table: SideTable, minor_per_major: int) -> pd.DataFrame:
    """Return the channels of a dictionary, completed from the default one: what it does not say, and what before it."""
    rows = in_force(table, ["channel"])
    default = pd.DataFrame(default_channels()).set_index("channel")
    told = {
        "is_online": rows["is_online"].map(WORDS["is_online"]),
        "is_push": rows["direction"].map(WORDS["direction"]),
        "is_paid": rows["ownership"].map(WORDS["ownership"]),
        "is_addressable": rows["is_addressable"].map(WORDS["is_addressable"]),
    }
    found = pd.DataFrame(
        _when(rows, "channel")
        | {name: cells.fillna(rows["channel"].map(default[name])) for name, cells in told.items()}
        | {"cost_minor": _whole(rows["cost_per_contact"], minor_per_major)}
    )
    first = rows.groupby("channel")["from_day"].min()
    before = default.assign(until_day=first.reindex(default.index).fillna(NEVER)).reset_index()
    return pd.concat([found, before[before["until_day"] > ALWAYS]], ignore_index=True).astype(
        {name: "Int64" for name in found if name != "channel"}
    )


def beside(history: History, cutoff: date) -> dict[str, Any]:
    """Return what the side tables can feed, as known before ``cutoff``: fields of :class:`Seen`."""
    end = day_number(cutoff)
    found: dict[str, Any] = {}
    if "assignments" in history.sides:
        drawn = _assignments(history.sides["assignments"])
        found["assignments"] = bool((drawn["seen_day"] < end).any())
    if "products" in history.sides:
        products = in_force(history.sides["products"], ["product_id"])
        products = products[products["from_day"] < end]
        found |= {
            "product_categories": bool(products["category"].notna().any()),
            "run_out": bool((products["days_per_unit"] > 0).any()),
            "product_costs": bool(products["unit_cost"].notna().any()),
        }
    if "stores" in history.sides:
        stores = in_force(history.sides["stores"], ["store_id"])
        stores = stores[stores["from_day"] < end]
        found |= {"regions": _top(stores["region"]), "store_zones": bool(stores["zone"].notna().any())}
    if "customers" in history.sides:
        table = seen_kinds(history.sides["customers"], end)
        facts = _attributes(table)
        facts = facts[facts["from_day"] < end]
        shared = facts.drop_duplicates(["customer_id", "attribute", "term"])
        listed = [
            Attribute(str(name), table.told[str(name)][1], _top(part["term"], least=LEAST_PEOPLE))
            for name, part in shared.groupby("attribute", sort=True)
        ]
        found["attributes"] = tuple(each for each in listed if each.terms or each.kind != "text")
    return found


def _top(terms: pd.Series, least: int = 1) -> tuple[str, ...]:
    counted = terms.dropna().value_counts().rename_axis("term").reset_index(name="rows")
    ranked = counted[counted["rows"] >= least].sort_values(["rows", "term"], ascending=[False, True])
    return tuple(ranked["term"][:TOP_TERMS])


def _when(rows: pd.DataFrame, key: str) -> dict[str, pd.Series]:
    return {name: rows[name] for name in (key, "from_day", "until_day")}


def _whole(numbers: pd.Series, scale: int) -> pd.Series:
    scaled = pd.Series(np.floor(numbers.astype("float64") * scale + 0.5), index=numbers.index)
    return scaled.where(scaled.abs() < 2**53).astype("Int64")
