"""Side tables drawn at random, crowded around the moments at which something could go wrong, and a catalogue that reads all."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest

from tests.features.drawn import CUTOFFS, HOSTILE, moment
from tiercast.features.catalogue import Catalogue, build_catalogue
from tiercast.features.declare import Attribute, Seen
from tiercast.panels import features_at
from tiercast.schema import History
from tiercast.sidetable import SideTable
from tiercast.sources import siding

DAY = 86_400
CUSTOMERS = ("a", "b", "ünï; --", HOSTILE[0])
NUMBERS = ('x"; DROP TABLE whose; --', "orders", "known_us", "N" * 200)
WORDS = ("select", "🍎", "attribute_0")
TIMES = ("signup_at",)
TERMS = ("Rome", *HOSTILE[:5])
ZONES = ("Asia/Tokyo", "America/New_York", "Pacific/Chatham")
ATTRIBUTES = (
    Attribute("birth_on", "time"),
    Attribute("need_ends_on", "time"),
    *(Attribute(name, "number") for name in NUMBERS),
    *(Attribute(name, "text", TERMS) for name in WORDS),
    *(Attribute(name, "time") for name in TIMES),
)
SEEN = Seen(
    frozenset({"purchase", "visit"}),
    channels=("store", "web"),
    categories=("milk", "bread", HOSTILE[0]),
    stores=True,
    products=True,
    regions=("north", HOSTILE[1]),
    store_zones=True,
    attributes=ATTRIBUTES,
    assignments=True,
    product_categories=True,
    product_costs=True,
)
CATALOGUE: Catalogue = build_catalogue(SEEN)
READ = [
    name for name, family in CATALOGUE.families.items()
    if family in ("attribute", "assignment", "region", "timing", "category", "margin", "completeness")
]  # fmt: skip
"""The features that read a side table; the others are the matter of other tests."""

_SHIFTS = [-400 * DAY, -62 * DAY, -61 * DAY - 1, -61 * DAY, -2 * DAY, -DAY - 1, -DAY, -1, 0, 1, DAY]
_shift = st.sampled_from(_SHIFTS) | st.integers(-500 * DAY, 10 * DAY)
_maybe = st.none() | _shift


def some_of(*choices: Any) -> st.SearchStrategy[Any]:
    """Draw one of the choices, which may be longer than hypothesis likes to print."""
    return st.integers(0, len(choices) - 1).map(choices.__getitem__)


_word = some_of(None, "Rome", " Rome", "Oslo", *HOSTILE)


@st.composite
def _valid(draw: st.DrawFn) -> dict[str, Any]:
    """Draw when a row holds and when that was known."""
    since, lasts, known = draw(_maybe), draw(st.sampled_from([None, None, 1, DAY, 30 * DAY])), draw(_maybe)
    until = None if lasts is None else (since or -100 * DAY) + lasts
    return {
        "valid_from": None if since is None else moment(since),
        "valid_until": None if until is None else moment(until),
        "known_at": None if known is None else moment(known),
    }


def _rows(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.tuples(st.fixed_dictionaries(columns), _valid()).map(lambda parts: parts[0] | parts[1])
    return st.lists(row, max_size=10)


_CUSTOMERS = _rows(
    customer_id=some_of(*CUSTOMERS),
    birth_on=st.sampled_from([None, "1990-02-28", "2024-03-01"]),
    need_ends_on=st.sampled_from([None, "2024-02-29", "2024-03-01", "2030-01-01"]),
    **{name: st.sampled_from([None, -0.0, 1.5, 1e300, -7.0]) for name in NUMBERS},
    **dict.fromkeys(WORDS, _word),
    **{name: st.sampled_from([None, "2024-02-29T23:59:59", "1969-12-31T00:00:00"]) for name in TIMES},
)
_PRODUCTS = _rows(
    product_id=some_of("p1", "p2", HOSTILE[2]),
    category=some_of(None, "milk", "wine", HOSTILE[0]),
    unit_cost=st.sampled_from([None, 0.0, 1.005, 3.0, 10_000_000.0]),
)
_STORES = _rows(
    store_id=some_of("s1", "s2", HOSTILE[3]),
    zone=st.sampled_from([None, *ZONES]),
    region=some_of(None, "north", "south", HOSTILE[1]),
)


@st.composite
def _assignment(draw: st.DrawFn) -> dict[str, Any]:
    at, late = draw(_shift), draw(st.sampled_from([None, 0, 1, DAY, 40 * DAY]))
    return {
        "customer_id": draw(some_of(*CUSTOMERS)),
        "campaign_id": draw(some_of(None, "k1", "k2", HOSTILE[0])),
        "arm": draw(some_of("control", "Treatment", "HOLDOUT", "none", HOSTILE[1])),
        "assigned_at": moment(at),
        "probability": draw(st.sampled_from([None, 0.0, 0.5, 1.0])),
        "known_at": None if late is None else moment(at + late),
    }


beside = st.fixed_dictionaries(
    {
        "customers": _CUSTOMERS,
        "products": _PRODUCTS,
        "stores": _STORES,
        "assignments": st.lists(_assignment(), max_size=10),
    }
)
COLUMNS: dict[str, list[str]] = {
    "customers": ["customer_id", "birth_on", "need_ends_on", *NUMBERS, *WORDS, *TIMES, "valid_from", "valid_until", "known_at"],
    "products": ["product_id", "category", "unit_cost", "valid_from", "valid_until", "known_at"],
    "stores": ["store_id", "zone", "region", "valid_from", "valid_until", "known_at"],
    "assignments": ["customer_id", "campaign_id", "arm", "assigned_at", "probability", "known_at"],
}  # fmt: skip


def tables(drawn: Mapping[str, list[dict[str, Any]]]) -> dict[str, pd.DataFrame]:
    """Return drawn rows as frames, with every column typed also where it is empty."""
    made = {}
    for name, rows in drawn.items():
        frame = pd.DataFrame(rows, columns=COLUMNS[name])
        for column in frame.columns:
            if column in ("valid_from", "valid_until", "known_at", "assigned_at"):
                frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
            elif column in ("birth_on", "need_ends_on", *TIMES):
                frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
            elif column in ("unit_cost", "probability", *NUMBERS):
                frame[column] = frame[column].astype("float64")
            else:
                frame[column] = frame[column].astype("str")
        made[name] = frame
    return made


def read(given: Mapping[str, pd.DataFrame]) -> dict[str, SideTable]:
    """Return frames as side tables, whatever share of their rows is rejected."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(siding, "MOST_REJECTED_SHARE", 1.0)
        return siding.read_sides(given)


def history_of(frame: pd.DataFrame, sides: Mapping[str, SideTable], zone: str = "UTC") -> History:
    """Return touchpoints with side tables."""
    return replace(History("drawn", frame=frame, zone=zone), sides=sides)


def told(
    engine: Any,
    frame: pd.DataFrame,
    sides: Mapping[str, SideTable],
    *,
    zone: str = "UTC",
    cutoffs: tuple[date, ...] = CUTOFFS,
) -> pd.DataFrame:
    """Return what a drawn history tells with what was drawn beside it."""
    history = history_of(frame, sides, zone)
    engine.attach(history)
    return features_at(engine, history, CATALOGUE, cutoffs, wanted=READ)


def many(customers: int, seed: int) -> dict[str, pd.DataFrame]:
    """Return side tables of the customers, products and stores of :func:`tests.features.drawn.many`, at random."""
    rng = np.random.default_rng(seed)
    newest = np.datetime64(moment(0).replace(tzinfo=None), "us")

    def some(choices: list[Any], count: int) -> np.ndarray:
        return np.array(choices, dtype=object)[rng.integers(0, len(choices), count)]

    def whens(count: int) -> dict[str, Any]:
        since = newest + rng.integers(-600 * DAY, 10 * DAY, count).astype("timedelta64[s]")
        never = np.datetime64("NaT", "us")
        late = rng.choice([0, 0, DAY, 45 * DAY], count).astype("timedelta64[s]")
        return {
            "valid_from": np.where(rng.random(count) < 0.3, never, since),
            "valid_until": np.where(rng.random(count) < 0.8, never, since + np.timedelta64(50 * DAY, "s")),
            "known_at": np.where(rng.random(count) < 0.5, never, since + late),
        }

    people, goods, places, drawn = customers * 2, 40, 12, customers
    names = [f"c{number:05d}" for number in range(customers - 1)] + ["ünï'; --"]
    return {
        "customers": pd.DataFrame(
            {
                "customer_id": some(names, people),
                "birth_on": newest.astype("datetime64[D]") - rng.integers(0, 30_000, people).astype("timedelta64[D]"),
                **{name: np.where(rng.random(people) < 0.2, np.nan, rng.normal(0, 1e6, people)) for name in NUMBERS},
                **{name: some([None, "Rome", "Oslo", *HOSTILE], people) for name in WORDS},
            }
            | whens(people)
        ),
        "products": pd.DataFrame(
            {
                "product_id": some(["p1", "p2", "p3", *HOSTILE], goods),
                "category": some([None, "milk", "wine", *HOSTILE], goods),
                "unit_cost": rng.choice([np.nan, 0, 1.005, 60, 9_999_999.99], goods),
            }
            | whens(goods)
        ),
        "stores": pd.DataFrame(
            {
                "store_id": some(["s1", "s2", "s3", HOSTILE[1]], places),
                "zone": some([None, *ZONES], places),
                "region": some([None, "north", "south", HOSTILE[1]], places),
            }
            | whens(places)
        ),
        "assignments": pd.DataFrame(
            {
                "customer_id": some(names, drawn),
                "campaign_id": some([None, "k1", "k2", HOSTILE[0]], drawn),
                "arm": some(["control", "treatment", HOSTILE[0]], drawn),
                "assigned_at": newest + rng.integers(-400 * DAY, 10 * DAY, drawn).astype("timedelta64[s]"),
                "probability": rng.choice([np.nan, 0.5, 0.1], drawn),
            }
        ),
    }  # fmt: skip
