"""Who buys dear and who buys offers: the habitual price of a unit decides what to send.

The habitual price is the median over basket lines. From ``price_high`` on (included) a customer is insensitive to price: service
information. Up to ``price_low`` (included) they live on offers: price offers. Between: a little of both. The thresholds are given
by currency, and the source gives them for one: 400 and 200 yuan. A currency that is not listed has no threshold that anybody
vouched for: there the best ``price_shares`` of those with a habitual price are taken instead, and the frozen policy says so in
its notes. *Other* has no habitual price: no line said what a unit costs.
"""

from tiercast.serving.conditions import Condition
from tiercast.tiers.declare import OTHER, Cut, Rule, TierClass
from tiercast.tiers.policy import Policy
from tiercast.tiers.terms import TERMS, Terms, inputs

_LADDER = "price"
CLASSES: tuple[TierClass, ...] = (
    TierClass(
        "service", "insensitive to price", "价格不敏感",
        "information about service and quality | advice, assembly, delivery at their hour"
        " | no price offers: better, not cheaper | customer advisers",
        "发送服务与品质信息 | 咨询、安装、定时送达 | 不发价格优惠，提供更好而非更便宜 | 客户顾问", _LADDER,
    ),
    TierClass(
        "middle", "between service and price", "价格适中",
        "information first, an offer when they hesitate | standard service | bundles rather than discounts"
        " | the store's team",
        "先发信息，犹豫时发优惠 | 标准服务 | 组合优于折扣 | 门店团队", _LADDER,
    ),
    TierClass(
        "discount", "buys offers", "价格敏感",
        "price offers in their categories | self-service | discounts and coupons, within the cap"
        " | marketing automation",
        "发送常购品类的价格优惠 | 自助服务 | 限额内的折扣与优惠券 | 营销自动化", _LADDER,
    ),
    OTHER,
)  # fmt: skip


def price_band(terms: Terms = TERMS) -> Policy:
    """Return the three bands for one set of thresholds (``price_high, price_low``, else ``price_shares``).

    Examples
    --------
    >>> import pandas as pd
    >>> seen = pd.DataFrame({"price_median_currency": [10.0, 200.0, 399.0, 400.0]})
    >>> [cut["value"] for cut in price_band().freeze(seen, currency="CNY")["cuts"].values()]
    [400.0, 200.0]
    >>> price_band().freeze(seen, currency="EUR")["notes"]
    ['nobody reaches the cut high: 4 customers could be ranked',
    'the cut low has no value in EUR: it takes the best 50% instead']
    """
    price = "price_median_currency"
    share, more = terms.price_shares
    return Policy(
        name="price_band",
        version="1",
        classes=CLASSES,
        inputs=inputs(price),
        rules=(
            Rule("service", (Condition(price, ">=", cut="high"),)),
            Rule("middle", (Condition(price, ">", cut="low"),)),
            Rule("discount", (Condition(price, "<=", cut="low"),)),
            Rule("other"),
        ),
        cuts=(
            Cut("high", price, share, value_in=tuple(terms.price_high.items())),
            Cut("low", price, round(share + more, 12), value_in=tuple(terms.price_low.items())),
        ),
        band_share=terms.band_share,
        dwell_days=terms.dwell_days,
        grace_days=terms.grace_days,
    )


PRICE_BAND = price_band()
