"""Three kinds of customers that anybody would tell apart, with every behaviour that segments are made of."""

import numpy as np
import pandas as pd

KINDS = {  # orders a quarter, spend a day, silence, gap, categories, discount, coupons
    "regulars": (30.0, 60.0, 4.0, 4.0, 14.0, 0.15, 0.3),
    "deal seekers": (10.0, 20.0, 12.0, 12.0, 7.0, 0.50, 6.0),
    "strays": (1.5, 15.0, 80.0, 50.0, 2.0, 0.10, 0.0),
}


def customers(each: int = 120, seed: int = 5) -> pd.DataFrame:
    """Return ``each`` customers of each kind, in the order of ``KINDS``, a year after their first purchase."""
    chance = np.random.default_rng(seed)
    parts = []
    for orders, day_spend, silence, gap, categories, discount, coupons in KINDS.values():
        many = chance.poisson(orders, each)
        so_far = 1.0 + chance.poisson(4 * orders, each)
        parts.append(
            pd.DataFrame(
                {
                    "customer_age_days": 365.0 + chance.integers(-30, 30, each),
                    "orders": so_far,
                    "net_spend_currency": so_far * day_spend * chance.lognormal(0, 0.1, each),
                    "days_since_purchase": 1.0 + chance.poisson(silence, each),
                    "orders_91d": many,
                    "order_day_spend_mean_currency": day_spend * chance.lognormal(0, 0.2, each),
                    "spend_91d_currency": many * day_spend * chance.lognormal(0, 0.1, each),
                    "categories": 1.0 + chance.poisson(categories, each),
                    "discount_share": np.clip(chance.normal(discount, 0.04, each), 0, 1),
                    "gap_mean_days": gap * chance.lognormal(0, 0.2, each),
                    "coupons_redeemed": chance.poisson(coupons, each),
                }
            )
        )
    made = pd.concat(parts, ignore_index=True).astype(float)
    made.insert(0, "customer_id", [f"c{number:05d}" for number in range(len(made))])
    return made
