"""Baskets over time, prices, margins, discounts and units, told a second time in plain Python."""

from collections.abc import Mapping, Sequence
from datetime import date
from statistics import fmean, linear_regression, median
from typing import Any

from tiercast.features.declare import Seen

Row = Mapping[str, Any]


def money(bought: Sequence[Row], baskets: Sequence[Row], cutoff: date, seen: Seen) -> dict[str, float | None]:
    """Return how baskets go, what a unit costs, and what is left of it."""
    if "purchase" not in seen.kinds:
        return {}
    aged = [((cutoff - basket["at"].date()).days, basket) for basket in baskets]
    recent = [basket for age, basket in aged if age <= 91]
    found = _baskets(aged, recent) | _prices(bought)
    if seen.quantities:
        units, lately = (sum(sum(basket["quantities"]) for basket in of) / 1000 for of in (baskets, recent))
        found |= {"units": units, "units_91d": lately, "basket_units_mean": _over(units, len(baskets))}
    if seen.costs or seen.product_costs:
        left, lately = (sum(basket["margin"] for basket in of) / 100 for of in (baskets, recent))
        found |= {"margin_currency": left, "margin_91d_currency": lately}
        found["margin_share"] = _over(left, sum(basket["costed"] for basket in baskets) / 100)
    if seen.discounts:
        found |= _discounts(aged, recent)
    return found


def _baskets(aged: Sequence[tuple[int, Row]], recent: Sequence[Row]) -> dict[str, float | None]:
    amounts = [basket["amount"] / 100 for _, basket in aged]
    oldest = min(
        (basket for _, basket in aged), key=lambda basket: (basket["at"], -basket["amount"]), default=None
    )
    spent = {days: sum(basket["amount"] for age, basket in aged if age <= days) for days in (91, 182, 364)}
    slope = None
    if len({age for age, _ in aged}) > 1:
        slope = linear_regression([-age for age, _ in aged], amounts).slope * 91
    return {
        "basket_first_currency": oldest["amount"] / 100 if oldest else None,
        "basket_slope_91d_currency": slope,
        "spend_half_trend_ratio": _over(spent[91] * 2, spent[182]),
        "spend_year_trend_ratio": _over(spent[182] * 2, spent[364]),
        "basket_trend_ratio": _over(fmean(basket["amount"] for basket in recent) / 100, fmean(amounts)) if recent else None,
        "basket_max_share": _over(max(amounts, default=None), sum(amounts)),
    }  # fmt: skip


def _prices(bought: Sequence[Row]) -> dict[str, float | None]:
    def of(rows: Sequence[Row]) -> list[float]:
        """Prices are whole thousandths of a cent; what is free or has no units has none, nor what is beyond all reason."""
        told = [(row["amount"] * 10**6, row["quantity"]) for row in rows if row["amount"] and row["quantity"]]
        return [(2 * top + units) // (2 * units) / 100_000 for top, units in told if top / units <= 10**12]

    ever, recent = of(bought), of([row for row in bought if row["age"] <= 91])
    return {
        "price_median_currency": median(ever) if ever else None,
        "price_mean_currency": fmean(ever) if ever else None,
        "price_max_currency": max(ever, default=None),
        "price_91d_mean_currency": fmean(recent) if recent else None,
        "price_to_200_share": fmean(price <= 200 for price in ever) if ever else None,
        "price_from_400_share": fmean(price >= 400 for price in ever) if ever else None,
        "price_trend_ratio": _over(fmean(recent), fmean(ever)) if recent else None,
    }


def _discounts(aged: Sequence[tuple[int, Row]], recent: Sequence[Row]) -> dict[str, float | None]:
    def share(of: Sequence[Row]) -> float | None:
        taken = sum(basket["discount"] for basket in of)
        return _over(taken, taken + sum(basket["amount"] for basket in of))

    baskets = [basket for _, basket in aged]
    taken = sum(basket["discount"] for basket in baskets)
    ever, lately = share(baskets), share(recent)
    return {
        "discount_depth_share": _over(taken, taken + sum(basket["discounted_amount"] for basket in baskets)),
        "days_since_full_price": min(
            (age for age, basket in aged if basket["discounted"] < basket["lines"]), default=None
        ),
        "discount_trend_difference": None if lately is None or ever is None else lately - ever,
    }


def _over(top: float | None, bottom: float) -> float | None:
    return None if top is None or bottom <= 0 else top / bottom
