"""Six tiers by predicted value alone: the best 1 %, 1-5 %, 5-10 %, 10-25 %, 25-50 % and the lower half.

Everybody with a prediction of value is ranked, active or not: what they are worth from here already holds whether they will
come back. *Other* has no prediction: nobody who never bought has one.
"""

from itertools import accumulate

from tiercast.serving.conditions import Condition
from tiercast.tiers.declare import OTHER, Cut, Rule, TierClass
from tiercast.tiers.policy import Policy
from tiercast.tiers.terms import TERMS, Terms, inputs

_LADDER = "value"
CLASSES: tuple[TierClass, ...] = (
    TierClass(
        "platinum", "platinum", "铂金客户",
        "in person, at their pace | everything at once, no queue | invitations, nothing that is for sale"
        " | a named account manager",
        "当面沟通，随客户节奏 | 一切即办，无需排队 | 专属邀请，不做促销 | 专属客户经理", _LADDER,
    ),
    TierClass(
        "gold", "gold", "黄金客户",
        "a call every quarter | priority on every line | early access, free extras | a senior representative",
        "每季度致电 | 各渠道优先 | 新品优先，免费增值服务 | 资深代表", _LADDER,
    ),
    TierClass(
        "silver", "silver", "白银客户",
        "personal messages, calls when something changes | priority by phone | free delivery, birthday gift"
        " | the store's team",
        "个性化消息，有变化时致电 | 电话优先 | 免运费，生日礼 | 门店团队", _LADDER,
    ),
    TierClass(
        "bronze", "bronze", "青铜客户",
        "personal messages | standard service | points that count twice in their category | the store's team",
        "个性化消息 | 标准服务 | 常购品类双倍积分 | 门店团队", _LADDER,
    ),
    TierClass(
        "medium", "medium", "普通会员",
        "automated messages by behaviour | self-service first | the offer for a second category"
        " | marketing automation",
        "按行为自动发送消息 | 优先自助服务 | 第二品类优惠 | 营销自动化", _LADDER,
    ),
    TierClass(
        "low", "low", "基础会员",
        "automated messages, once a month at most | self-service | offers that everybody gets"
        " | marketing automation",
        "自动消息，每月至多一次 | 自助服务 | 通用优惠 | 营销自动化", _LADDER,
    ),
    OTHER,
)  # fmt: skip


def value_tiers(terms: Terms = TERMS) -> Policy:
    """Return the six tiers for one set of shares (``value_shares``; the rest is low).

    Examples
    --------
    >>> [round(cut.top_share, 2) for cut in value_tiers().cuts]
    [0.01, 0.05, 0.1, 0.25, 0.5]
    """
    ranks = tuple(each.key for each in CLASSES[:5])
    value = "expected_value_currency"
    return Policy(
        name="value_tiers",
        version="1",
        classes=CLASSES,
        inputs=inputs(value),
        rules=(
            *(Rule(rank, (Condition(value, ">=", cut=rank),)) for rank in ranks),
            Rule("low", (Condition(value, "is_known"),)),
            Rule("other"),
        ),
        cuts=tuple(
            Cut(rank, value, round(share, 12))
            for rank, share in zip(ranks, accumulate(terms.value_shares), strict=True)
        ),
        band_share=terms.band_share,
        dwell_days=terms.dwell_days,
        grace_days=terms.grace_days,
    )


VALUE_TIERS = value_tiers()
