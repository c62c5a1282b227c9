"""What side tables feed, told a second time in plain Python, customer by customer: it shares no line with the package.

A row says from when it holds and since when that is known. What is in force on a day is, of the rows that had begun to
hold and were known by then, the one that began last (of equal ones the one known last), unless that one has ended.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

Row = Mapping[str, Any]
LONG_AGO, FAR_OFF = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as Python's own values, absent cells as None, each row once."""
    rows = []
    for row in frame.to_dict("records"):
        told = {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for name, value in told.items():
            if isinstance(value, pd.Timestamp):
                told[name] = (value if value.tzinfo else value.tz_localize("UTC")).to_pydatetime()
            if isinstance(value, str):
                told[name] = value.strip(" ") or None
        if told not in rows:
            rows.append(told)
    return rows


def _when(row: Row) -> tuple[datetime, datetime]:
    since = row.get("valid_from") or LONG_AGO
    return since, row.get("known_at") or since


def usable(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Return the rows that end after they begin and that no other row contradicts."""

    def contradicts(one: Row, other: Row) -> bool:
        return one is not other and one[key] == other[key] and _when(one) == _when(other) and (
            (one.get("valid_from") is None) == (other.get("valid_from") is None)
        )  # fmt: skip

    sound = [
        row for row in rows
        if row["valid_until"] is None or row["valid_from"] is None or row["valid_until"] > row["valid_from"]
    ]  # fmt: skip
    return [row for row in sound if not any(contradicts(row, other) for other in sound)]


def in_force(rows: Sequence[Row], key: str, value: Any, day: date) -> Row | None:
    """Return the row of a key that was in force on a day, as known by the end of it."""
    begun = [row for row in rows if row[key] == value and max(_when(row)).date() <= day]
    newest = max(begun, key=_when, default=None)
    if newest is None or (newest["valid_until"] or FAR_OFF).date() <= day:
        return None
    return newest


def attributes(rows: Sequence[Row], customer: str, cutoff: date, listed: Sequence[Any]) -> dict[str, Any]:
    """Return what was on record of a customer the day before the cutoff, by feature."""
    record = in_force(rows, "customer_id", customer, cutoff - timedelta(days=1)) or {}
    told = {each.name: record.get(each.name) for each in listed}
    found: dict[str, Any] = {"attributes_known": sum(value is not None for value in told.values())}
    for code, each in enumerate(listed):
        value = told[each.name]
        if each.name == "birth_on":
            found["age_years"] = None if value is None else (cutoff - value.date()).days / 365.25
        elif each.name == "need_ends_on":
            found["days_until_need_ends"] = None if value is None else (value.date() - cutoff).days
        elif each.kind == "time":
            found[f"days_since_attribute_c{code}"] = None if value is None else (cutoff - value.date()).days
        elif each.kind == "number":
            found[f"attribute_c{code}"] = value
        elif value is None:
            found[f"attribute_c{code}"] = None
        else:
            found[f"attribute_c{code}"] = each.terms.index(value) if value in each.terms else len(each.terms)
    return found


def assignments(rows: Iterable[Row], customer: str, cutoff: date) -> dict[str, Any]:
    """Return the campaigns that a customer was known to be drawn for, or kept out of."""
    seen = [
        row for row in rows
        if row["customer_id"] == customer and max(row["assigned_at"], row["known_at"] or row["assigned_at"]).date() < cutoff
    ]  # fmt: skip
    ages = [(cutoff - row["assigned_at"].date()).days for row in seen]
    left = [row["arm"].lower() in ("control", "holdout", "none") for row in seen]
    treated = [age for age, alone in zip(ages, left, strict=True) if not alone]
    return {
        "treatments_182d": sum(age <= 182 for age in treated),
        "holdouts_182d": sum(age <= 182 for age, alone in zip(ages, left, strict=True) if alone),
        "days_since_treatment": min(treated, default=None),
    }


def places(orders: Sequence[Row], stores: Sequence[Row], regions: Sequence[str], home: str) -> dict[str, Any]:
    """Return where and at which local hours the orders of a customer were placed; each row is an order of its own."""
    found: dict[str, Any] = {}
    met = [in_force(stores, "store_id", row["store_id"], row["seen_on"]) or {} for row in orders]
    for code, region in enumerate(regions):
        share = sum(store.get("region") == region for store in met)
        found[f"region_c{code}"] = share / len(orders) if orders else None
    local = [
        row["occurred_at"].astimezone(ZoneInfo(store.get("zone") or home))
        for row, store in zip(orders, met, strict=True)
    ]
    found["weekend_share"] = sum(at.weekday() >= 5 for at in local) / len(local) if local else None
    found["hour_mean"] = sum(at.hour for at in local) / len(local) if local else None
    return found


def spend_by_category(
    orders: Sequence[Row], products: Sequence[Row], categories: Sequence[str]
) -> dict[str, Any]:
    """Return what was spent on each category, as the touchpoint says or, where it does not, the dictionary."""

    def category(row: Row) -> str | None:
        told = in_force(products, "product_id", row["product_id"], row["seen_on"]) or {}
        return row["category"] or told.get("category")

    return {
        f"spend_on_c{code}_currency": sum(row["amount"] for row in orders if category(row) == term)
        for code, term in enumerate(categories)
    }
