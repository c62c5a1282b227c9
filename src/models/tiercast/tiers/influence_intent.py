"""Quotas of attention: at most 15 % opinion leaders, at most 35 % with intent among the others, and the rest to nurture.

Quotas of all who were in touch. They are upper bounds: equal customers at the edge stay together below it, nobody without any
influence is a leader and nobody without any sign of intent has intent, and what a quota leaves unused is not handed on. How many
there really are is reported (``tiercast tiers concentration``). *Other* was never seen.
"""

from tiercast.serving.conditions import Condition
from tiercast.tiers.declare import OTHER, Cut, Rule, TierClass
from tiercast.tiers.policy import Policy
from tiercast.tiers.terms import CONTACTED, TERMS, Terms, inputs

_LADDER = "attention"
CLASSES: tuple[TierClass, ...] = (
    TierClass(
        "leader", "opinion leader", "意见领袖",
        "in person, early, with something to tell | an expert answers | previews and samples; no pay for praise"
        " | the public relations lead",
        "尽早当面沟通，提供谈资 | 专家答复 | 预览与样品，不付费换好评 | 公关负责人", _LADDER,
    ),
    TierClass(
        "intent", "customer with intent", "意向客户",
        "answer within the day, then follow up once | advice until the decision | what removes their last doubt"
        " | sales",
        "当日回复，并跟进一次 | 咨询直至决策 | 打消最后疑虑的方案 | 销售", _LADDER,
    ),
    TierClass(
        "nurture", "to nurture", "培育客户",
        "knowledge and stories, once a month at most | self-service | none until intent shows"
        " | marketing automation",
        "传递知识与故事，每月至多一次 | 自助服务 | 表现意向前不做优惠 | 营销自动化", _LADDER,
    ),
    OTHER,
)  # fmt: skip


def influence_intent(terms: Terms = TERMS) -> Policy:
    """Return the three quotas (``leader_share, intent_share, intent``).

    Examples
    --------
    >>> import pandas as pd
    >>> from tiercast.serving.tiers import assign
    >>> seen = pd.DataFrame({"touchpoints": 1.0, "influence_score": [9.0, 3.0, 1.0] + 17 * [0.0],
    ...                      "interest_touchpoints_28d": range(20)})
    >>> assign(influence_intent().freeze(seen), seen)["tier"].value_counts().to_dict()
    {'nurture': 10, 'intent': 7, 'leader': 3}
    """
    return Policy(
        name="influence_intent",
        version="1",
        classes=CLASSES,
        inputs=inputs("influence_score", terms.intent, "touchpoints"),
        rules=(
            Rule("leader", (Condition("influence_score", ">=", cut="leaders"),)),
            Rule("intent", (Condition(terms.intent, ">", 0), Condition(terms.intent, ">=", cut="intent"))),
            Rule("nurture", CONTACTED),
            Rule("other"),
        ),
        cuts=(
            Cut("leaders", "influence_score", terms.leader_share, share_of=CONTACTED),
            Cut(
                "intent",
                terms.intent,
                terms.intent_share,
                (Condition("influence_score", "<", cut="leaders"),),
                share_of=CONTACTED,
            ),
        ),
        band_share=terms.band_share,
        dwell_days=terms.dwell_days,
        grace_days=terms.grace_days,
    )


INFLUENCE_INTENT = influence_intent()
