"""The customer pyramid: the best 1, 4 and 15 % of active customers, the rest, and who does not buy (Curry).

*Active* means a purchase within the last ``active_days`` days before the cutoff (the day ``active_days``
before it included). *Inactive* bought before, not since. A *prospect* never bought and showed interest (a
kind of the families attention or intent). A *suspect* was only reached. *Other* is everybody else: nothing
seen, or an active customer without a prediction of value.
"""

from itertools import accumulate

from tiercast.serving.conditions import Condition
from tiercast.tiers.policy import BadPolicy, Cut, Input, Policy, Rule, TierClass

_LADDER = "value"
CLASSES: tuple[TierClass, ...] = (
    TierClass(
        "top",
        "top customer",
        "顶级客户",
        "a named account manager calls every month; every need handled first; no discounts needed",
        "专属客户经理每月联系；需求优先处理；无需折扣",
        _LADDER,
    ),
    TierClass(
        "large",
        "large customer",
        "大客户",
        "a regional representative keeps a yearly plan; early access; service by phone",
        "区域代表制定年度计划；新品优先；电话服务",
        _LADDER,
    ),
    TierClass(
        "medium",
        "medium customer",
        "中客户",
        "personal e-mail and app messages from the store team; offers for the next category",
        "门店团队发送个性化邮件与消息；推荐新品类",
        _LADDER,
    ),
    TierClass(
        "small",
        "small customer",
        "小客户",
        "automated messages and self-service; reminders when the product runs out",
        "自动化消息与自助服务；用完前提醒",
        _LADDER,
    ),
    TierClass(
        "inactive",
        "inactive customer",
        "非积极客户",
        "ask once why they left; one reason to come back; then let them rest",
        "询问一次离开原因；给出一个回来的理由；之后不再打扰",
    ),
    TierClass(
        "prospect",
        "prospect",
        "潜在客户",
        "answer the question they came with; information and trial, no price promotion",
        "回答其关心的问题；提供信息与试用，不做价格促销",
    ),
    TierClass(
        "suspect",
        "suspect",
        "怀疑者",
        "reach rarely and cheaply, until interest shows",
        "低频低成本触达，直至表现出兴趣",
    ),
    TierClass("other", "other", "其他", "no contact planned", "暂无联系计划"),
)
INPUTS: tuple[Input, ...] = (
    Input("days_since_purchase", "days since purchase", "距上次购买天数"),
    Input("expected_value_currency", "expected value", "预期价值"),
    Input("interest_touchpoints", "touchpoints of interest", "兴趣接触次数"),
    Input("touchpoints", "touchpoints", "接触次数"),
)


def pyramid(*, active_days: int = 365, shares: tuple[float, float, float] = (0.01, 0.04, 0.15)) -> Policy:
    """Return the pyramid for one definition of active and one set of shares.

    Parameters
    ----------
    active_days : int
        A customer is active when the last purchase is at most this many days before the cutoff.
    shares : tuple of float
        Shares of the *active* customers that are top, large and medium; the rest is small.

    Raises
    ------
    BadPolicy
        When the days are below 1, or a share is not above 0, or the shares reach 100 %.

    Examples
    --------
    >>> [cut.top_share for cut in pyramid().cuts]
    [0.01, 0.05, 0.2]
    >>> pyramid(shares=(0.5, 0.4, 0.3))
    Traceback (most recent call last):
    ...
    tiercast.tiers.policy.BadPolicy: policy pyramid: the shares of top, large and medium must be
    above 0 and leave room for small
    """
    if active_days < 1:
        raise BadPolicy(policy="pyramid", problem="active_days must be at least 1")
    if min(shares) <= 0 or sum(shares) >= 1:
        raise BadPolicy(
            policy="pyramid",
            problem="the shares of top, large and medium must be above 0 and leave room for small",
        )
    active = Condition("days_since_purchase", "<", active_days + 1)
    never = Condition("days_since_purchase", "is_unknown")
    reached = [round(share, 12) for share in accumulate(shares)]
    ranks = ("top", "large", "medium")
    return Policy(
        name="pyramid",
        version="1",
        classes=CLASSES,
        inputs=INPUTS,
        rules=(
            *(Rule(rank, (active, Condition("expected_value_currency", ">=", cut=rank))) for rank in ranks),
            Rule("small", (active, Condition("expected_value_currency", "<", cut="medium"))),
            Rule("inactive", (Condition("days_since_purchase", ">=", active_days + 1),)),
            Rule("prospect", (never, Condition("interest_touchpoints", ">=", 1))),
            Rule("suspect", (never, Condition("touchpoints", ">=", 1))),
            Rule("other"),
        ),
        cuts=tuple(
            Cut(rank, "expected_value_currency", share, (active,))
            for rank, share in zip(ranks, reached, strict=True)
        ),
    )


PYRAMID = pyramid()
