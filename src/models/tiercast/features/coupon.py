"""Coupons: does this customer respond to them?"""

from tiercast.features.declare import Family, Feature, Seen, count, currency, ratio, total
from tiercast.serving.contract import FAMILIES


def declare(seen: Seen) -> list[Feature]:
    """Declare coupons redeemed, coupon discounts and the response to contacts."""
    found: list[Feature] = []
    if "coupon_redemption" in seen.kinds:
        redeemed = "kind = 'coupon_redemption'"
        found += [
            Feature(
                "coupons_redeemed", "touches", count(redeemed), "coupons", "coupons redeemed so far"
            ),
            Feature(
                "coupons_redeemed_91d",
                "touches",
                count(f"{redeemed} AND age_days <= 91"),
                "coupons",
                "coupons redeemed in 91 d",
            ),
            Feature(
                "days_since_coupon",
                "touches",
                f"MIN(CASE WHEN {redeemed} THEN age_days END)",
                "days",
                "days since the last coupon was redeemed",
                None,
            ),
        ]
        if seen.any_of(FAMILIES["reach"]):
            found.append(
                Feature(
                    "coupons_per_contact",
                    "derived",
                    ratio("coupons_redeemed", "contacts_sent"),
                    "coupons",
                    "coupons redeemed for each outbound contact",
                    None,
                )
            )
    if seen.coupons:
        found += [
            Feature(
                "coupon_lines",
                "orders",
                "SUM(coupon_lines)",
                "lines",
                "lines bought with a coupon",
            ),
            Feature(
                "coupon_lines_91d",
                "orders",
                total("coupon_lines", "age_days <= 91"),
                "lines",
                "lines bought with a coupon in 91 d",
            ),
            Feature(
                "coupon_discount_currency",
                "orders",
                currency("SUM(coupon_discount_minor)"),
                "currency",
                "coupon discount so far",
            ),
        ]
    return found


COUPON = Family("coupon", "Do they respond to coupons?", declare)
