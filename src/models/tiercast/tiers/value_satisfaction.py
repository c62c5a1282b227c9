"""How much a customer buys against how satisfied they are: nine cells A to I, and unknown satisfaction.

*Volume* decides how we speak: high one-to-one, medium one-to-many, low via the retailer. It is net spend over
the whole history by default (``orders`` or ``units`` on request), cut so that the best 20 % of buyers are high, the next
30 % medium and 50 % low. *Satisfaction* is the newest rating as a share of its scale: high from 0.8 (a
partner to keep), middle from 0.5 (improve), low below (correct first, sell later). Unknown satisfaction, which is no rating,
one older than ``satisfaction_age_days`` or fewer than ``satisfaction_ratings``, is never guessed: it has its own column
``U_high, U_medium, U_low``. Who never bought is ``other``.
"""

from tiercast.serving.conditions import Condition
from tiercast.tiers.declare import OTHER, Cut, Rule, TierClass
from tiercast.tiers.policy import Policy
from tiercast.tiers.terms import BOUGHT, TERMS, Terms, inputs

CELLS: tuple[tuple[str, str, str, str, str], ...] = (
    ("A", "partner", "high",
     "one-to-one, at any sign of leaving | every need handled; hold churn at 1-2 % | what they ask for | account manager",
     "一对一，一有流失迹象即联系 | 满足一切需求，流失率控制在1-2% | 按需提供 | 客户经理"),
    ("B", "partner", "medium",
     "one-to-many, and calls | a long-term plan | terms that grow with volume | regional representative",
     "一对多，并致电 | 长期计划 | 随量增长的条件 | 区域代表"),
    ("C", "partner", "low",
     "through the retailer; invite to review | served by the retailer | the retailer's offers | retailers",
     "通过零售商联系，邀请评价 | 由零售商服务 | 零售商优惠 | 零售商"),
    ("D", "improve", "high",
     "contact in person | solve fast | offers without lowering quality | account manager",
     "主动当面联系 | 快速解决 | 优惠但不降低质量 | 客户经理"),
    ("E", "improve", "medium",
     "ask what is missing | mend it for the whole group | a second chance at what disappointed | regional representative",
     "了解不足之处 | 整体改进 | 对不满之处给予第二次机会 | 区域代表"),
    ("F", "improve", "low",
     "a short survey | improve through the retailer | the retailer's offers | retailers",
     "简短调查 | 通过零售商改进 | 零售商优惠 | 零售商"),
    ("G", "correct", "high",
     "a manager calls within a day | mend first, sell later | none before it is mended | account manager's manager",
     "经理一天内致电 | 先纠正，后销售 | 纠正前不做优惠 | 客户经理的上级"),
    ("H", "correct", "medium",
     "apologise | settle the case | pause promotions | customer service",
     "致歉 | 处理投诉 | 暂停促销 | 客户服务"),
    ("I", "correct", "low",
     "automated, once | settle by self-service; learn the cause | pause promotions | customer service",
     "自动联系一次 | 自助解决问题，查明原因 | 暂停促销 | 客户服务"),
    ("U_high", "unknown", "high",
     "ask in person how satisfied they are | as for A until they answer | what they ask for | account manager",
     "当面了解满意度 | 答复前按A类服务 | 按需提供 | 客户经理"),
    ("U_medium", "unknown", "medium",
     "a survey after the next purchase | standard service | terms that grow with volume | regional representative",
     "下次购买后发送满意度调查 | 标准服务 | 随量增长的条件 | 区域代表"),
    ("U_low", "unknown", "low",
     "one question in the next automated message | self-service | the retailer's offers | marketing automation",
     "在下次自动消息中询问一个问题 | 自助服务 | 零售商优惠 | 营销自动化"),
)  # fmt: skip
_SATISFACTION_NAMES: dict[str, tuple[str, str]] = {
    "partner": ("satisfied", "伙伴"),
    "improve": ("half satisfied", "改良"),
    "correct": ("dissatisfied", "纠正"),
    "unknown": ("satisfaction unknown", "满意度未知"),
}
_VOLUME_NAMES: dict[str, tuple[str, str]] = {
    "high": ("high volume", "一对一"),
    "medium": ("medium volume", "一对多"),
    "low": ("low volume", "零售商管理"),
}


def value_satisfaction(terms: Terms = TERMS) -> Policy:
    """Return the grid for one measure of volume and one meaning of satisfaction.

    Parameters
    ----------
    terms : Terms
        ``volume`` and ``volume_shares`` (of the buyers, those whose volume is high and medium; the rest is low),
        ``satisfaction_high_from, satisfaction_middle_from, satisfaction_age_days, satisfaction_ratings``.

    Examples
    --------
    >>> [each.key for each in value_satisfaction().classes]
    ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'U_high', 'U_medium', 'U_low', 'other']
    >>> value_satisfaction(Terms(volume="smiles"))
    Traceback (most recent call last):
    ...
    tiercast.tiers.declare.BadPolicy: policy terms: volume must be one of net_spend_currency, orders, units
    """
    volumes = {
        "high": (Condition(terms.volume, ">=", cut="high"),),
        "medium": (Condition(terms.volume, "<", cut="high"), Condition(terms.volume, ">=", cut="medium")),
        "low": (Condition(terms.volume, "<", cut="medium"),),
    }
    high, middle = terms.satisfaction_high_from, terms.satisfaction_middle_from
    satisfactions = {
        "partner": (Condition("satisfaction_share", ">=", high), *terms.rated),
        "improve": (
            Condition("satisfaction_share", "<", high),
            Condition("satisfaction_share", ">=", middle),
            *terms.rated,
        ),
        "correct": (Condition("satisfaction_share", "<", middle), *terms.rated),
        "unknown": (),  # whom no cell before took: no rating, too old a one, or too few
    }
    return Policy(
        name="value_satisfaction",
        version="2",
        classes=(*(_cell(*cell) for cell in CELLS), OTHER),
        inputs=inputs(
            "days_since_purchase", terms.volume, "satisfaction_share", *(each.input for each in terms.rated)
        ),
        rules=(
            *(
                Rule(key, (BOUGHT, *volumes[size], *satisfactions[feeling]))
                for key, feeling, size, _, _ in CELLS
            ),
            Rule("other"),
        ),
        cuts=(
            Cut("high", terms.volume, terms.volume_shares[0], (BOUGHT,)),
            Cut("medium", terms.volume, round(sum(terms.volume_shares), 12), (BOUGHT,)),
        ),
        band_share=terms.band_share,
        dwell_days=terms.dwell_days,
        grace_days=terms.grace_days,
    )


def _cell(key: str, feeling: str, size: str, playbook_en: str, playbook_zh: str) -> TierClass:
    names = [f"{a}, {b}" for a, b in zip(_VOLUME_NAMES[size], _SATISFACTION_NAMES[feeling], strict=True)]
    return TierClass(
        key,
        f"{key} ({names[0]})",
        f"{key}（{names[1].replace(', ', '·')}）",
        playbook_en,
        playbook_zh,
        feeling,
    )


VALUE_SATISFACTION = value_satisfaction()
