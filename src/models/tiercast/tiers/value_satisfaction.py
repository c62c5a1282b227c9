"""How much a customer buys against how satisfied they are: nine cells A to I, and unknown satisfaction.

*Volume* decides how we speak: high one-to-one, medium one-to-many, low via the retailer. It is net spend over
the whole history by default (``orders`` on request), cut so that the best 20 % of buyers are high, the next
30 % medium and 50 % low. *Satisfaction* is the latest rating as a share of its scale: high from 0.8 (a
partner to keep), middle from 0.5 (improve), low below (correct first, sell later). Unknown satisfaction is
never guessed: it has its own column ``U_high, U_medium, U_low``. Who never bought is ``other``.
"""

from tiercast.serving.conditions import Condition
from tiercast.tiers.policy import BadPolicy, Cut, Input, Policy, Rule, TierClass

VOLUMES: dict[str, tuple[str, str]] = {
    "net_spend_currency": ("net spend", "净消费额"),
    "orders": ("orders", "订单数"),
}
CELLS: tuple[tuple[str, str, str, str, str], ...] = (
    ("A", "partner", "high", "account manager; every need handled; watch for any sign of leaving",
     "客户经理一对一；满足一切需求；留意流失信号"),
    ("B", "partner", "medium", "regional representative, long-term plan, calls", "区域代表；长期计划；电话"),
    ("C", "partner", "low", "served via the retailer; invite to review", "通过零售商维护；邀请评价"),
    ("D", "improve", "high", "contact in person, solve fast, offers without lowering quality",
     "主动联系，快速解决，优惠但不降低质量"),
    ("E", "improve", "medium", "ask what is missing; mend it for the group", "了解不足并整体改进"),
    ("F", "improve", "low", "short survey; improve via the retailer", "简短调查；通过零售商改进"),
    ("G", "correct", "high", "a manager calls within a day; mend first", "一天内经理致电；先纠正"),
    ("H", "correct", "medium", "apologise, settle the case, pause promotions", "致歉并处理投诉，暂停促销"),
    ("I", "correct", "low", "settle the case by self-service; learn the cause", "自助解决问题；查明原因"),
    ("U_high", "unknown", "high", "ask in person how satisfied they are", "当面了解满意度"),
    ("U_medium", "unknown", "medium", "ask by survey after the next purchase", "下次购买后发送满意度调查"),
    ("U_low", "unknown", "low", "one question in the next automated message", "在下次自动消息中询问一个问题"),
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


def value_satisfaction(
    *,
    volume: str = "net_spend_currency",
    shares: tuple[float, float] = (0.20, 0.30),
    high_from: float = 0.8,
    middle_from: float = 0.5,
) -> Policy:
    """Return the grid for one measure of volume and one scale of satisfaction.

    Parameters
    ----------
    volume : str
        ``net_spend_currency`` or ``orders``, both over the whole history.
    shares : tuple of float
        Shares of buyers whose volume is high and medium; the rest is low.
    high_from, middle_from : float
        Satisfaction shares from which (included) satisfaction is high, and middle.

    Raises
    ------
    BadPolicy
        When the volume is unknown, the shares reach 100 %, or the satisfaction bounds are out of order.

    Examples
    --------
    >>> [each.key for each in value_satisfaction().classes]
    ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'U_high', 'U_medium', 'U_low', 'other']
    >>> value_satisfaction(volume="smiles")
    Traceback (most recent call last):
    ...
    tiercast.tiers.policy.BadPolicy: policy value_satisfaction: volume must be one of net_spend_currency,
    orders
    """
    if volume not in VOLUMES:
        raise _bad(f"volume must be one of {', '.join(VOLUMES)}")
    if min(shares) <= 0 or sum(shares) >= 1:
        raise _bad("the shares of high and medium must be above 0 and leave room for low")
    if not 0 < middle_from < high_from <= 1:
        raise _bad("satisfaction needs 0 < middle_from < high_from <= 1")
    bought = Condition("days_since_purchase", "is_known")
    volumes = {
        "high": (Condition(volume, ">=", cut="high"),),
        "medium": (Condition(volume, "<", cut="high"), Condition(volume, ">=", cut="medium")),
        "low": (Condition(volume, "<", cut="medium"),),
    }
    satisfactions = {
        "partner": (Condition("satisfaction_share", ">=", high_from),),
        "improve": (
            Condition("satisfaction_share", "<", high_from),
            Condition("satisfaction_share", ">=", middle_from),
        ),
        "correct": (Condition("satisfaction_share", "<", middle_from),),
        "unknown": (Condition("satisfaction_share", "is_unknown"),),
    }
    return Policy(
        name="value_satisfaction",
        version="1",
        classes=(
            *(_cell(*cell) for cell in CELLS),
            TierClass("other", "other", "其他", "no contact planned", "暂无联系计划"),
        ),
        inputs=(
            Input("days_since_purchase", "days since purchase", "距上次购买天数"),
            Input(volume, *VOLUMES[volume]),
            Input("satisfaction_share", "satisfaction", "满意度", required=False),
        ),
        rules=(
            *(
                Rule(key, (bought, *volumes[size], *satisfactions[feeling]))
                for key, feeling, size, _, _ in CELLS
            ),
            Rule("other"),
        ),
        cuts=(
            Cut("high", volume, shares[0], (bought,)),
            Cut("medium", volume, round(sum(shares), 12), (bought,)),
        ),
    )


def _bad(problem: str) -> BadPolicy:
    return BadPolicy(policy="value_satisfaction", problem=problem)


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
