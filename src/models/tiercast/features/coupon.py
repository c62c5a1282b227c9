"""Coupons: does this customer claim and redeem them?"""

from tiercast.features.declare import Family, Feature, Seen, count, currency, ratio, since, total
from tiercast.features.kinds import is_kind
from tiercast.serving.contract import FAMILIES


def declare(seen: Seen) -> list[Feature]:
    """Declare coupons claimed and redeemed, each for what brought them, and what was bought with one."""
    found: list[Feature] = []
    for kind, done in (("coupon_redemption", "redeemed"), ("coupon_claim", "claimed")):
        if kind in seen.kinds:
            one = is_kind(kind)
            found += [
                Feature(f"coupons_{done}", "service", count(one), "coupons", f"coupons {done} so far"),
                Feature(f"coupons_{done}_91d", "service", count(f"{one} AND age_days <= 91"), "coupons",
                        f"coupons {done} in 91 d"),
            ]  # fmt: skip
    if "coupon_redemption" in seen.kinds:
        found.append(Feature("days_since_coupon", "service", since(is_kind("coupon_redemption")), "days",
                             "days since the last coupon was redeemed", None))  # fmt: skip
        if seen.any_of(FAMILIES["reach"]):
            found.append(Feature("coupons_per_contact", "derived", ratio("coupons_redeemed", "contacts_sent"), "coupons",
                                 "coupons redeemed for each outbound contact", None))  # fmt: skip
        if "coupon_claim" in seen.kinds:
            found.append(Feature("coupons_redeemed_per_claim", "derived", ratio("coupons_redeemed", "coupons_claimed"),
                                 "coupons", "coupons redeemed for each that was claimed", None))  # fmt: skip
    if seen.coupons:
        found += [
            Feature("coupon_lines", "orders", "SUM(coupon_lines)", "lines", "lines bought with a coupon"),
            Feature("coupon_lines_91d", "orders", total("coupon_lines", "age_days <= 91"), "lines",
                    "lines bought with a coupon in 91 d"),
            Feature("coupon_discount_currency", "orders", currency("SUM(coupon_discount_minor)"), "currency",
                    "coupon discount so far"),
        ]  # fmt: skip
    return found


COUPON = Family("coupon", "Do they claim and redeem coupons?", declare)
