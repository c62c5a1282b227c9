"""A tiny world of six customers, whose every number can be worked out by hand.

The shop opened on 2024-01-01; the world is looked at on CUTOFF, 2024-03-01, a day after a leap day. Times are UTC.

====  ==================  =================================================================================
ann   the regular         six orders, each second Tuesday at 10:00 from 2 January (the fifth on 27 February;
                          the sixth, on 12 March, lies after the cutoff), two lines of 10.00 and 5.50, in store s1
ben   sends things back   one order of 100.00 on 10 January; returns 40.00 on 15 January, known the day after, and
                          30.00 on 20 February, which became known only on 5 March
cai   only looks          three visits on the web and an enquiry in the app; never bought
dot   has no order ids    three lines on the leap day: two in the same second (one order), one a second later
eve   is only reached     a mailing and two emails; never answered
fay   has gone quiet      four orders in 2023 with coupons, two channels and three categories; then a bad review, a
                          complaint and a coupon that was mailed and redeemed without a purchase on record
====  ==================  =================================================================================
"""

from datetime import date
from typing import Any

import pandas as pd

CUTOFF = date(2024, 3, 1)
CUSTOMERS = ("ann", "ben", "cai", "dot", "eve", "fay")


def touchpoints() -> pd.DataFrame:
    """Return a fresh copy of all that ever happened in the world, as naive UTC times and text.

    Examples
    --------
    >>> told = touchpoints()
    >>> told.groupby("customer_id").size().to_dict()
    {'ann': 12, 'ben': 3, 'cai': 4, 'dot': 3, 'eve': 3, 'fay': 8}
    """
    rows: list[dict[str, Any]] = []

    def add(customer: str, at: str, kind: str, channel: str, **more: Any) -> None:
        rows.append({"customer_id": customer, "occurred_at": at, "kind": kind, "channel": channel} | more)

    for number, day in enumerate(("01-02", "01-16", "01-30", "02-13", "02-27", "03-12")):
        for category, amount in (("milk", 10.0), ("bread", 5.5)):
            add("ann", f"2024-{day} 10:00:00", "purchase", "store", order_id=f"a{number}", store_id="s1",
                category=category, amount=amount)  # fmt: skip
    add("ben", "2024-01-10 18:30:00", "purchase", "web", order_id="b0", category="shoes", amount=100.0)
    add(
        "ben",
        "2024-01-15 09:00:00",
        "return",
        "web",
        order_id="b0",
        amount=40.0,
        known_at="2024-01-16 00:00:00",
    )
    add(
        "ben",
        "2024-02-20 09:00:00",
        "return",
        "web",
        order_id="b0",
        amount=30.0,
        known_at="2024-03-05 00:00:00",
    )
    for at in ("2024-02-01 20:00:00", "2024-02-10 21:00:00", "2024-02-29 23:59:59"):
        add("cai", at, "visit", "web")
    add("cai", "2024-02-11 12:00:00", "enquiry", "app")
    for at, amount in (("12:00:00", 1.0), ("12:00:00", 2.0), ("12:00:01", 4.0)):
        add("dot", f"2024-02-29 {at}", "purchase", "store", store_id="s2", category="milk", amount=amount)
    add("eve", "2024-02-02 06:00:00", "mailing", "direct_mail", campaign_id="k1")
    add("eve", "2024-02-03 06:00:00", "email_send", "email", campaign_id="k2")
    add("eve", "2024-03-01 00:00:00", "email_send", "email", campaign_id="k3")
    for number, (day, category, channel) in enumerate(
        (
            ("03-04", "milk", "store"),
            ("04-01", "bread", "store"),
            ("06-03", "milk", "web"),
            ("07-01", "wine", "web"),
        )
    ):
        add("fay", f"2023-{day} 16:00:00", "purchase", channel, order_id=f"f{number}", category=category,
            amount=20.0, discount=5.0, discount_type="coupon" if number < 3 else "loyalty")  # fmt: skip
    add("fay", "2023-07-03 08:00:00", "review", "web", rating=1.0, rating_scale=5.0)
    add("fay", "2023-07-04 08:00:00", "complaint", "call_center")
    add("fay", "2024-01-08 08:00:00", "mailing", "direct_mail", campaign_id="k1")
    add("fay", "2024-01-20 08:00:00", "coupon_redemption", "store", campaign_id="k1")
    return pd.DataFrame(rows)
