"""Five base types by influence, value and intent: opinion leader, premium large, small-medium, intent, potential.

Asked in this order; the first that fits holds. *Opinion leaders* are the most influential ``leader_share`` of all who were
in touch, whatever they buy. *Premium large* customers are the best ``premium_share`` by expected value among the active,
*small-medium* the other active ones. With *intent* is who does not buy at present and showed interest lately. *Potential*
is everybody else with a touchpoint, *other* was never seen.
"""

from tiercast.serving.conditions import Condition
from tiercast.tiers.declare import OTHER, Cut, Rule, TierClass
from tiercast.tiers.policy import Policy
from tiercast.tiers.terms import CONTACTED, TERMS, Terms, inputs

_LADDER = "worth"
CLASSES: tuple[TierClass, ...] = (
    TierClass(
        "opinion_leader", "opinion leader", "意见领袖",
        "in person, before the public hears | their cases first, answered by an expert"
        " | samples, previews, a stage; no pay for praise | the public relations lead",
        "先于公众，当面沟通 | 专家优先处理 | 样品、预览与展示机会，不付费换好评 | 公关负责人", _LADDER,
    ),
    TierClass(
        "premium_large", "premium large customer", "优质大客户",
        "one-to-one, every month | every need handled | better terms, never lower quality"
        " | a named account manager",
        "一对一，每月联系 | 满足一切需求 | 更优条件，绝不降低质量 | 专属客户经理", _LADDER,
    ),
    TierClass(
        "small_medium", "small-medium customer", "中小客户",
        "one-to-many, by behaviour | standard service, self-service where it is faster"
        " | the next category, bundles | the store's team",
        "一对多，按行为触达 | 标准服务，自助更快时自助 | 新品类与组合 | 门店团队", _LADDER,
    ),
    TierClass(
        "intent", "customer with intent", "意向客户",
        "answer within the day, through the channel they came by | advice until the decision"
        " | a trial or a comparison, a price offer last | sales",
        "当日通过其来源渠道回复 | 咨询直至决策 | 试用或对比，最后才谈价格 | 销售",
    ),
    TierClass(
        "potential", "potential customer", "潜在客户",
        "stories and knowledge, rarely | none yet | none until interest shows | media planning",
        "低频传递故事与知识 | 暂无 | 表现兴趣前不做优惠 | 媒介策划",
    ),
    OTHER,
)  # fmt: skip


def base_types(terms: Terms = TERMS) -> Policy:
    """Return the five types (``leader_share, premium_share, active_days, intent``).

    Examples
    --------
    >>> [(cut.input, cut.top_share) for cut in base_types().cuts]
    [('influence_score', 0.15), ('expected_value_currency', 0.2)]
    """
    return Policy(
        name="base_types",
        version="1",
        classes=CLASSES,
        inputs=inputs(
            "influence_score", "days_since_purchase", "expected_value_currency", terms.intent, "touchpoints"
        ),
        rules=(
            Rule("opinion_leader", (Condition("influence_score", ">=", cut="leaders"),)),
            Rule("premium_large", (terms.active, Condition("expected_value_currency", ">=", cut="premium"))),
            Rule("small_medium", (terms.active,)),
            Rule("intent", (Condition(terms.intent, ">=", 1),)),
            Rule("potential", CONTACTED),
            Rule("other"),
        ),
        cuts=(
            Cut("leaders", "influence_score", terms.leader_share, share_of=CONTACTED),
            Cut("premium", "expected_value_currency", terms.premium_share, (terms.active,)),
        ),
        band_share=terms.band_share,
        dwell_days=terms.dwell_days,
        grace_days=terms.grace_days,
    )


BASE_TYPES = base_types()
