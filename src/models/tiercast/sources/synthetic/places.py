"""What the synthetic world sells, where, and through which channels: its products, stores and channel dictionary."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from tiercast.serving.contract import CHANNELS
from tiercast.sources.synthetic.arrays import Floats, Ints
from tiercast.sources.synthetic.cells import codes_of, moments

if TYPE_CHECKING:
    import pyarrow as pa

RUNGS = 24
STEP = 1.25
STORES_PER_REGION = 8


@dataclass(frozen=True)
class Category:
    """A kind of product: a ladder of ``RUNGS`` list prices, each ``STEP`` times the one before."""

    name: str
    share: float
    lowest_price: float
    margin_share: float


@dataclass(frozen=True)
class Consumable:
    """A product that runs out: one unit lasts ``days_per_unit`` days."""

    days_per_unit: float
    price: float
    unit_cost: float


CATEGORIES: tuple[Category, ...] = (
    Category("grocery", 0.24, 0.40, 0.25),
    Category("household", 0.18, 0.60, 0.30),
    Category("clothing", 0.16, 1.00, 0.50),
    Category("beauty", 0.13, 0.80, 0.55),
    Category("toys", 0.09, 0.70, 0.40),
    Category("books", 0.08, 0.50, 0.35),
    Category("electronics", 0.07, 1.50, 0.18),
    Category("home", 0.05, 1.20, 0.45),
)
CONSUMABLE_CATEGORY = "infant_formula"
CONSUMABLES: tuple[Consumable, ...] = (
    Consumable(7.0, 24.90, 17.40),
    Consumable(7.0, 31.50, 20.10),
    Consumable(5.0, 18.50, 13.60),
    Consumable(10.0, 39.00, 24.80),
)
REGIONS: tuple[tuple[str, str], ...] = (
    ("north", "Europe/Stockholm"),
    ("west", "Europe/London"),
    ("centre", "Europe/Berlin"),
    ("south", "Europe/Madrid"),
    ("east", "Europe/Warsaw"),
)

ALL_CATEGORIES: tuple[str, ...] = (*(category.name for category in CATEGORIES), CONSUMABLE_CATEGORY)
PRODUCTS = len(CATEGORIES) * RUNGS + len(CONSUMABLES)
FIRST_CONSUMABLE = len(CATEGORIES) * RUNGS
STORES = len(REGIONS) * STORES_PER_REGION

_OFFLINE = {
    "store", "pos", "call_center", "direct_mail", "tv", "radio", "print", "outdoor", "exhibition", "distributor",
    "face_to_face", "magazine",
}  # fmt: skip
_PAID = {
    "marketplace", "search_ads", "display", "feed_ads", "douyin", "livestream", "tv", "radio", "print", "outdoor",
    "exhibition", "magazine",
}  # fmt: skip
_EARNED = {"seo", "social", "weibo", "forum", "community"}
_PUSH = {
    "email", "sms", "call_center", "direct_mail", "display", "feed_ads", "tv", "radio", "print", "outdoor", "magazine",
}  # fmt: skip
_ADDRESSABLE = {"app", "email", "sms", "call_center", "direct_mail", "wechat", "face_to_face"}
_COST = {
    "app": 0.001, "email": 0.002, "sms": 0.04, "call_center": 3.0, "direct_mail": 0.75, "wechat": 0.01,
    "search_ads": 0.6, "display": 0.004, "feed_ads": 0.008, "douyin": 0.01, "livestream": 0.05, "face_to_face": 12.0,
}  # fmt: skip


def category_of() -> Ints:
    """Return the category code of each product, by product code."""
    return np.append(np.repeat(np.arange(len(CATEGORIES)), RUNGS), np.full(len(CONSUMABLES), len(CATEGORIES)))


def unit_costs() -> Floats:
    """Return what one unit of each product costs, in currency units to the cent, by product code."""
    lowest = np.array([each.lowest_price * (1 - each.margin_share) for each in CATEGORIES])
    ladders: Floats = lowest[:, None] * np.geomspace(1.0, STEP ** (RUNGS - 1), RUNGS)
    consumables = np.array([each.unit_cost for each in CONSUMABLES])
    return np.concatenate([ladders.ravel(), consumables]).round(2)


def product_at(category: Ints, unit_price: Floats) -> Ints:
    """Return the product of a category whose list price is nearest to a price, on a logarithmic scale."""
    lowest = np.array([each.lowest_price for each in CATEGORIES])[category]
    rung = np.rint(np.log(unit_price / lowest) / np.log(STEP)).astype(np.int64)
    return category * RUNGS + np.clip(rung, 0, RUNGS - 1)


def products_table(start: date) -> "pa.Table":
    """Return the products, known from the first day on."""
    import pyarrow as pa

    lasts: list[float | None] = [None] * FIRST_CONSUMABLE + [each.days_per_unit for each in CONSUMABLES]
    return pa.table(
        {
            "product_id": codes_of([f"p{code:04d}" for code in range(PRODUCTS)], np.arange(PRODUCTS)),
            "category": codes_of(ALL_CATEGORIES, category_of()),
            "days_per_unit": pa.array(lasts, pa.float64()),
            "unit_cost": unit_costs(),
            "valid_from": moments(np.zeros(PRODUCTS), start),
            "known_at": moments(np.zeros(PRODUCTS), start),
        }
    )


def stores_table() -> "pa.Table":
    """Return the stores with their time zones and regions."""
    import pyarrow as pa

    regions = [region for region in REGIONS for _ in range(STORES_PER_REGION)]
    return pa.table(
        {
            "store_id": store_names(),
            "zone": [zone for _, zone in regions],
            "region": [region for region, _ in regions],
        }
    )


def store_names() -> list[str]:
    """Return the store ids, by store code."""
    return [f"s{code:03d}" for code in range(STORES)]


def channels_table() -> "pa.Table":
    """Return the channel dictionary: every channel of the contract."""
    import pyarrow as pa

    return pa.table(
        {
            "channel": list(CHANNELS),
            "is_online": [name not in _OFFLINE for name in CHANNELS],
            "ownership": [
                "paid" if name in _PAID else "earned" if name in _EARNED else "owned" for name in CHANNELS
            ],
            "direction": ["push" if name in _PUSH else "pull" for name in CHANNELS],
            "is_addressable": [name in _ADDRESSABLE for name in CHANNELS],
            "cost_per_contact": pa.array([_COST.get(name) for name in CHANNELS], pa.float64()),
        }
    )
