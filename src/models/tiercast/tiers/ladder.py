"""The loyalty ladder: prospect, ordinary customer, loyal customer, advocate, four rungs to climb.

*Loyal* is active, has bought on ``loyal_order_days`` days and been a customer for ``loyal_age_days``. An *advocate* is loyal and
either satisfied to ``advocate_satisfaction_share`` (a rating that counts as known) or influential: has brought a customer,
or as much by shares, reviews and co-creation. *Ordinary* has bought. A *prospect* was in touch and never bought. *Other*
was never seen.
"""

from tiercast.serving.conditions import Condition
from tiercast.tiers.declare import OTHER, Rule, TierClass
from tiercast.tiers.policy import Policy
from tiercast.tiers.terms import BOUGHT, CONTACTED, NEVER_BOUGHT, TERMS, Terms, inputs

_LADDER = "loyalty"
CLASSES: tuple[TierClass, ...] = (
    TierClass(
        "advocate", "advocate", "倡导者",
        "ask for their opinion, invite them to develop products with us | first in line, a person they know"
        " | thanks and access, never a discount for praise | the community manager",
        "征求意见，邀请参与产品开发 | 优先处理，固定联系人 | 致谢与专属权益，不以折扣换好评 | 社群经理", _LADDER,
    ),
    TierClass(
        "loyal", "loyal customer", "忠诚客户",
        "personal messages, a thank-you each year | priority service | a reason to recommend us, cross-sell by habit"
        " | the store's team",
        "个性化消息，每年致谢 | 优先服务 | 推荐有礼，按习惯交叉推荐 | 门店团队", _LADDER,
    ),
    TierClass(
        "ordinary", "ordinary customer", "普通客户",
        "an experience check after the purchase, then the second purchase | standard service"
        " | what goes with what they bought | marketing automation",
        "购买后回访，促成二次消费 | 标准服务 | 与已购商品相配的推荐 | 营销自动化", _LADDER,
    ),
    TierClass(
        "prospect", "prospect", "潜在客户",
        "answer what they looked for | information and advice | a trial, no price promotion | sales",
        "回应其所关注的内容 | 信息与咨询 | 提供试用，不做价格促销 | 销售",
    ),
    OTHER,
)  # fmt: skip


def ladder(terms: Terms = TERMS) -> Policy:
    """Return the ladder for one meaning of loyal and of advocate.

    Examples
    --------
    >>> [rule.tier for rule in ladder().rules]
    ['advocate', 'advocate', 'loyal', 'ordinary', 'prospect', 'other']
    """
    loyal = (
        terms.active,
        Condition("order_days", ">=", terms.loyal_order_days),
        Condition("customer_age_days", ">=", terms.loyal_age_days),
    )
    pleased = (Condition("satisfaction_share", ">=", terms.advocate_satisfaction_share), *terms.rated)
    return Policy(
        name="ladder",
        version="1",
        classes=CLASSES,
        inputs=inputs(
            "days_since_purchase", "order_days", "customer_age_days", "satisfaction_share",
            *(each.input for each in terms.rated), "influence_score", "touchpoints",
        ),
        rules=(
            Rule("advocate", (*loyal, Condition("influence_score", ">=", terms.advocate_influence))),
            Rule("advocate", (*loyal, *pleased)),
            Rule("loyal", loyal),
            Rule("ordinary", (BOUGHT,)),
            Rule("prospect", (NEVER_BOUGHT, *CONTACTED)),
            Rule("other"),
        ),
        band_share=terms.band_share,
        dwell_days=terms.dwell_days,
        grace_days=terms.grace_days,
    )  # fmt: skip


LADDER = ladder()
