"""The customer pyramid: the best 1, 4 and 15 % of active customers, the rest, and who does not buy (Curry).

*Active* means a purchase within the last ``active_days`` days before the cutoff (the day ``active_days``
before it included). *Inactive* bought before, not since. A *prospect* never bought and showed interest (a
kind of the families attention or intent). A *suspect* was only reached. *Other* is everybody else: nothing
seen, or an active customer without a prediction of value.
"""

from itertools import accumulate

from tiercast.serving.conditions import Condition
from tiercast.tiers.declare import OTHER, Cut, Rule, TierClass
from tiercast.tiers.policy import Policy
from tiercast.tiers.terms import NEVER_BOUGHT, TERMS, Terms, inputs

_LADDER = "value"
CLASSES: tuple[TierClass, ...] = (
    TierClass(
        "top", "top customer", "顶级客户",
        "a call every month, visits on request | every need handled first, one line for all of it"
        " | new products before anybody else, no discounts needed | a named account manager",
        "每月致电，应邀拜访 | 一切需求优先处理，专线受理 | 新品优先体验，无需折扣 | 专属客户经理", _LADDER,
    ),
    TierClass(
        "large", "large customer", "大客户",
        "a call every quarter, service by phone | a plan for the year, kept together"
        " | early access, terms for volume | a regional representative",
        "每季度致电，电话服务 | 共同维护年度计划 | 新品优先，量大优惠 | 区域代表", _LADDER,
    ),
    TierClass(
        "medium", "medium customer", "中客户",
        "personal e-mail and app messages, twice a month at most | the store's team knows their history"
        " | an offer for the next category | the store's team",
        "个性化邮件与应用消息，每月至多两次 | 门店团队了解购买历史 | 推荐新品类优惠 | 门店团队", _LADDER,
    ),
    TierClass(
        "small", "small customer", "小客户",
        "automated messages, and reminders when the product runs out | self-service"
        " | offers that everybody gets | marketing automation",
        "自动化消息，用完前提醒 | 自助服务 | 通用优惠 | 营销自动化", _LADDER,
    ),
    TierClass(
        "inactive", "inactive customer", "非积极客户",
        "ask once why they left, then let them rest | settle what went wrong"
        " | one reason to come back | customer service",
        "询问一次离开原因，之后不再打扰 | 解决遗留问题 | 一个回来的理由 | 客户服务",
    ),
    TierClass(
        "prospect", "prospect", "潜在客户",
        "answer the question they came with | information and advice | a trial, no price promotion | sales",
        "回答其关心的问题 | 信息与咨询 | 提供试用，不做价格促销 | 销售",
    ),
    TierClass(
        "suspect", "suspect", "怀疑者",
        "reach rarely and cheaply, until interest shows | none yet | none | media planning",
        "低频低成本触达，直至表现出兴趣 | 暂无 | 暂无 | 媒介策划",
    ),
    OTHER,
)  # fmt: skip


def pyramid(terms: Terms = TERMS) -> Policy:
    """Return the pyramid for one definition of active and one set of shares.

    Parameters
    ----------
    terms : Terms
        ``active_days`` and ``pyramid_shares``: of the *active* customers, those that are top, large and medium; the
        rest is small.

    Examples
    --------
    >>> [cut.top_share for cut in pyramid().cuts]
    [0.01, 0.05, 0.2]
    >>> pyramid(Terms(pyramid_shares=(0.5, 0.4, 0.3)))
    Traceback (most recent call last):
    ...
    tiercast.tiers.declare.BadPolicy: policy terms: pyramid_shares come to 120%: leave room for the last class
    """
    reached = [round(share, 12) for share in accumulate(terms.pyramid_shares)]
    ranks = ("top", "large", "medium")
    return Policy(
        name="pyramid",
        version="2",
        classes=CLASSES,
        inputs=inputs(
            "days_since_purchase", "expected_value_currency", "interest_touchpoints", "touchpoints"
        ),
        rules=(
            *(
                Rule(rank, (terms.active, Condition("expected_value_currency", ">=", cut=rank)))
                for rank in ranks
            ),
            Rule("small", (terms.active, Condition("expected_value_currency", "<", cut="medium"))),
            Rule("inactive", (Condition("days_since_purchase", ">=", terms.active_days + 1),)),
            Rule("prospect", (NEVER_BOUGHT, Condition("interest_touchpoints", ">=", 1))),
            Rule("suspect", (NEVER_BOUGHT, Condition("touchpoints", ">=", 1))),
            Rule("other"),
        ),
        cuts=tuple(
            Cut(rank, "expected_value_currency", share, (terms.active,))
            for rank, share in zip(ranks, reached, strict=True)
        ),
        band_share=terms.band_share,
        dwell_days=terms.dwell_days,
        grace_days=terms.grace_days,
    )


PYRAMID = pyramid()
