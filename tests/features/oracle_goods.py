"""What was bought, where, what came back of it and when it runs out, told a second time in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import fmean
from typing import Any

from tiercast.features.declare import Seen

Row = Mapping[str, Any]
MOST = 36_500
DICTIONARY: list[dict[str, Any]] = [
    {"product_id": "p1", "days_per_unit": 7.0},
    {"product_id": "p2", "days_per_unit": 2.5, "unit_cost": 3.25, "valid_from": date(2023, 6, 1)},
    {"product_id": "p2", "days_per_unit": 4.0, "unit_cost": 3.5, "valid_from": date(2024, 1, 10), "known_at": date(2024, 2, 1)},
    {"product_id": "p3", "unit_cost": 1.0, "valid_until": date(2024, 2, 20)},
    {"product_id": "it's; DROP TABLE x --", "days_per_unit": 30.0},
]  # fmt: skip
"""A dictionary of products; no word of p4."""


def described(product: str | None, seen_on: date) -> Mapping[str, Any]:
    """Return what the dictionary said of a product on the day on which a touchpoint was seen."""

    def since(row: Mapping[str, Any]) -> date:
        return max(row.get("valid_from", date.min), row.get("known_at", date.min))

    rows = [row for row in DICTIONARY if row["product_id"] == product and since(row) <= seen_on]
    newest = max(rows, key=since, default={})
    return newest if newest.get("valid_until", date.max) > seen_on else {}


def goods(
    rows: Sequence[Row], bought: Sequence[Row], baskets: Sequence[Row], cutoff: date, seen: Seen
) -> dict[str, float | None]:
    """Return breadth and newness of what was bought, returns, and the run-out clock."""
    found: dict[str, float | None] = {}
    if seen.categories:
        ages = _ages(bought, "category")
        found["new_categories_91d"] = _new(ages)
        found["days_since_top_category"] = _since_top(ages)
    if seen.stores:
        ages = _ages([{"store": basket["store"], "age": _age(basket, cutoff)} for basket in baskets], "store")
        found["days_since_new_store"] = min((max(of) for of in ages.values()), default=None)
        found["days_since_top_store"] = _since_top(ages)
    if seen.products:
        found |= _products(_ages(bought, "product_id"))
    if {"purchase", "return"} <= seen.kinds:
        found |= _returns([row for row in rows if row["kind"] == "return"], baskets, cutoff, seen)
    if seen.run_out:
        found |= _run_out(bought, cutoff)
    return found


def _age(basket: Row, cutoff: date) -> int:
    return (cutoff - basket["at"].date()).days


def _ages(rows: Sequence[Row], by: str) -> dict[str, list[int]]:
    ages: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row[by] is not None:
            ages[row[by]].append(row["age"])
    return ages


def _new(ages: Mapping[str, Sequence[int]]) -> int:
    return sum(max(of) <= 91 for of in ages.values())


def _since_top(ages: Mapping[str, Sequence[int]]) -> int | None:
    return -max(((len(of), -min(of)) for of in ages.values()), default=(0, 0))[1] if ages else None


def _products(ages: Mapping[str, Sequence[int]]) -> dict[str, float | None]:
    lines = Counter({product: len(of) for product, of in ages.items()})
    total = lines.total()
    return {
        "products": len(lines),
        "products_91d": sum(min(of) <= 91 for of in ages.values()),
        "new_products_91d": _new(ages),
        "product_top_share": max(lines.values()) / total if total else None,
        "product_concentration_share": sum((count / total) ** 2 for count in lines.values())
        if total
        else None,
        "rebought_lines_share": sum(count - 1 for count in lines.values()) / total if total else None,
        "days_since_new_product": min((max(of) for of in ages.values()), default=None),
    }


def _returns(
    back: Sequence[Row], baskets: Sequence[Row], cutoff: date, seen: Seen
) -> dict[str, float | None]:
    recent = [row for row in back if row["age"] <= 91]
    value = sum(row["amount"] for row in recent)
    spent = sum(basket["amount"] for basket in baskets if _age(basket, cutoff) <= 91)
    found: dict[str, float | None] = {
        "returns_91d": len(recent),
        "returned_91d_currency": value / 100,
        "days_since_return": min((row["age"] for row in back), default=None),
        "returned_91d_share": value / spent if spent else None,
    }
    if not seen.returned_orders:
        return found
    kept: list[int] = []
    for basket in baskets:
        named = [row for row in back if row["order_id"] is not None and row["order_id"] == basket["order_id"]]
        if named:
            first = min(
                named, key=lambda row: (max(row["occurred_at"], row["known_at"]).date(), row["occurred_at"])
            )
            kept.append((first["occurred_at"].date() - basket["at"].date()).days)
    after = [days for days in kept if days >= 0]
    return found | {
        "orders_returned": len(kept),
        "orders_returned_share": len(kept) / len(baskets) if baskets else None,
        "kept_mean_days": fmean(after) if after else None,
    }


def _run_out(bought: Sequence[Row], cutoff: date) -> dict[str, float | None]:
    lasts: dict[tuple[str, date], int] = defaultdict(int)
    units: Counter[str] = Counter()
    for row in bought:
        told = described(row["product_id"], max(row["occurred_at"], row["known_at"]).date())
        lasting = told.get("days_per_unit")
        if lasting:
            supply = row["product_id"] if row["category"] is None else row["category"]
            lasts[supply, row["occurred_at"].date()] += min(
                row["quantity"] * round(lasting * 1000), MOST * 10**6
            )
            units[supply] += row["quantity"]
    left = {
        supply: max(
            (day + timedelta(days=min(last // 10**6, MOST)) - cutoff).days
            for (of, day), last in lasts.items()
            if of == supply
        )
        for supply in units
    }
    newest = max(
        ((max(day for of, day in lasts if of == supply), left[supply]) for supply in units), default=None
    )
    return {
        "days_until_run_out": min((days for days in left.values() if days >= 0), default=None),
        "days_since_run_out": min((-days for days in left.values() if days < 0), default=None),
        "last_supply_left_days": newest[1] if newest else None,
        "supplies_due_7d": sum(0 <= days < 7 for days in left.values()),
        "supplies_due_14d": sum(0 <= days < 14 for days in left.values()),
        "supplies_run_out": sum(days < 0 for days in left.values()),
        "top_supply_units": max(units.values(), default=0) / 1000,
        "habit_supplies": sum(count >= 3000 for count in units.values()),
    }
