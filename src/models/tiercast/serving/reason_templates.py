"""How each family of causes is told, in English and Chinese, with the customer's own facts.

A family has one or more templates; the first whose facts are all known is used. Changing a sentence changes
``TEMPLATES_VERSION``, which a bundle's manifest and every explanation carry.
"""

from dataclasses import dataclass

TEMPLATES_VERSION = "3"
TOLD_TOGETHER: dict[str, str] = {"btyd": "rhythm"}
"""Families that tell of one thing are added up and told as one: the purchase process *is* silence against rhythm, and which
of the two a model leans on changes with the customers that it happened to be fitted on."""


@dataclass(frozen=True)
class Template:
    """One sentence about one family; ``facts`` are feature columns, shown where the braces are."""

    family: str
    en: str
    zh: str
    facts: tuple[str, ...] = ()


TEMPLATES: tuple[Template, ...] = (
    Template(
        "rhythm",
        "no purchase for {0:.0f} days, usual gap {1:.0f} days",
        "已{0:.0f}天未购买，通常间隔{1:.0f}天",
        ("days_since_purchase", "gap_mean_days"),
    ),
    Template("rhythm", "no purchase for {0:.0f} days", "已{0:.0f}天未购买", ("days_since_purchase",)),
    Template("rhythm", "the rhythm of their purchases", "购买节奏"),
    Template(
        "volume",
        "{0:.0f} orders in the last 91 days, {1:.0f} in the last 182",
        "近91天{0:.0f}单，近182天{1:.0f}单",
        ("orders_91d", "orders_182d"),
    ),
    Template("volume", "{0:.0f} orders in the last 91 days", "近91天{0:.0f}单", ("orders_91d",)),
    Template("volume", "{0:.0f} orders so far", "累计{0:.0f}单", ("orders",)),
    Template("volume", "how often they buy", "购买次数"),
    Template(
        "value",
        "spent {0:,.0f} in the last 91 days, {1:,.0f} in the last 182",
        "近91天消费{0:,.0f}，近182天消费{1:,.0f}",
        ("spend_91d_currency", "spend_182d_currency"),
    ),
    Template("value", "spent {0:,.0f} in the last 91 days", "近91天消费{0:,.0f}", ("spend_91d_currency",)),
    Template("value", "how much they spend", "消费金额"),
    Template(
        "discount", "{0:.0%} of the price came off as discount", "享受折扣占{0:.0%}", ("discount_share",)
    ),
    Template("discount", "their use of discounts", "折扣使用情况"),
    Template(
        "category",
        "buys from {0:.0f} categories, {1:.0%} in one of them",
        "购买过{0:.0f}个品类，其中一个占{1:.0%}",
        ("categories", "category_top_share"),
    ),
    Template("category", "buys from {0:.0f} categories", "购买过{0:.0f}个品类", ("categories",)),
    Template("category", "what they buy", "购买的品类"),
    Template(
        "store",
        "buys in {0:.0f} stores, {1:.0%} in one of them",
        "在{0:.0f}家门店购买，其中一家占{1:.0%}",
        ("stores", "store_top_share"),
    ),
    Template("store", "buys in {0:.0f} stores", "在{0:.0f}家门店购买", ("stores",)),
    Template("store", "where they buy", "购买的门店"),
    Template(
        "timing",
        "{0:.0%} of their orders fall on one weekday, {1:.0%} on a weekend",
        "{0:.0%}的订单集中在一周中的同一天，{1:.0%}在周末",
        ("weekday_top_share", "weekend_share"),
    ),
    Template(
        "timing", "{0:.0%} of their orders fall on a weekend", "{0:.0%}的订单在周末", ("weekend_share",)
    ),
    Template("timing", "when they buy, and the time of the year", "购买时间与季节"),
    Template(
        "season", "{0:.0f} orders at this season a year ago", "去年同期{0:.0f}单", ("orders_same_season",)
    ),
    Template(
        "season",
        "{0:.0%} of their orders of a year fall into this season",
        "全年订单的{0:.0%}在本季",
        ("season_share",),
    ),
    Template("season", "what they bought at this season a year ago", "去年同期的购买"),
    Template(
        "calendar",
        "{0:.0f} days until the next peak of the year",
        "距下一个消费高峰{0:.0f}天",
        ("days_until_peak",),
    ),
    Template("calendar", "the time of the year", "所处时节"),
    Template(
        "tenure",
        "first bought {0:.0f} days ago, active in {1:.0%} of the months since",
        "首次购买于{0:.0f}天前，其后{1:.0%}的月份有购买",
        ("customer_age_days", "active_periods_share"),
    ),
    Template("tenure", "first bought {0:.0f} days ago", "首次购买于{0:.0f}天前", ("customer_age_days",)),
    Template("tenure", "how long they have been with us", "与我们相处的时间"),
    Template("price", "usually pays {0:,.0f} a unit", "通常单价{0:,.0f}", ("price_median_currency",)),
    Template("price", "the prices they pay", "购买的价位"),
    Template("margin", "a margin of {0:.0%} on what they buy", "所购商品毛利率{0:.0%}", ("margin_share",)),
    Template("margin", "the margin on what they buy", "所购商品的毛利"),
    Template(
        "product",
        "buys {0:.0f} products, {1:.0%} of the lines again",
        "购买过{0:.0f}种商品，其中{1:.0%}为回购",
        ("products", "rebought_lines_share"),
    ),
    Template("product", "buys {0:.0f} products", "购买过{0:.0f}种商品", ("products",)),
    Template("product", "which products they buy", "购买的商品"),
    Template(
        "run_out",
        "what they bought ran out {0:.0f} days ago and was not bought again",
        "所购商品{0:.0f}天前已用完，尚未回购",
        ("days_since_run_out",),
    ),
    Template(
        "run_out",
        "what they bought lasts another {0:.0f} days",
        "所购商品还可使用{0:.0f}天",
        ("days_until_run_out",),
    ),
    Template("run_out", "when what they bought runs out", "所购商品用完的时间"),
    Template("returns", "returned {0:.0%} of what they bought", "退货占消费的{0:.0%}", ("returned_share",)),
    Template("returns", "returned goods worth {0:,.0f}", "退货金额{0:,.0f}", ("returned_currency",)),
    Template("returns", "what they send back", "退货情况"),
    Template(
        "coupon",
        "{0:.0f} coupons redeemed, {1:.0f} of them in the last 91 days",
        "已使用{0:.0f}张优惠券，其中近91天{1:.0f}张",
        ("coupons_redeemed", "coupons_redeemed_91d"),
    ),
    Template("coupon", "{0:.0f} coupons redeemed", "已使用{0:.0f}张优惠券", ("coupons_redeemed",)),
    Template("coupon", "their use of coupons", "优惠券使用情况"),
    Template(
        "channel",
        "met through {0:.0f} channels, {1:.0%} online",
        "通过{0:.0f}个渠道接触，线上占{1:.0%}",
        ("channels", "online_share"),
    ),
    Template("channel", "met through {0:.0f} channels", "通过{0:.0f}个渠道接触", ("channels",)),
    Template("channel", "the channels they use", "使用的渠道"),
    Template("after_sales", "complained {0:.0f} days ago", "{0:.0f}天前投诉过", ("days_since_complaint",)),
    Template(
        "after_sales",
        "a delivery failed {0:.0f} days ago",
        "{0:.0f}天前配送失败",
        ("days_since_delivery_failure",),
    ),
    Template("after_sales", "what happened after the sale", "售后情况"),
    Template(
        "response",
        "{0:.0f} contacts without an answer",
        "连续{0:.0f}次触达未回应",
        ("contacts_since_answer",),
    ),
    Template(
        "response",
        "last opened an email {0:.0f} days ago",
        "{0:.0f}天前打开过邮件",
        ("days_since_email_open",),
    ),
    Template("response", "how they answer what is sent to them", "对触达的回应"),
    Template(
        "intent", "last sign of intent {0:.0f} days ago", "距上次购买意向{0:.0f}天", ("days_since_intent",)
    ),
    Template("intent", "last looked around {0:.0f} days ago", "距上次浏览{0:.0f}天", ("days_since_browse",)),
    Template("intent", "what they look for", "浏览与购买意向"),
    Template(
        "episode", "{0:.0f} days into their current decision", "本轮决策已{0:.0f}天", ("episode_age_days",)
    ),
    Template("episode", "whether they are deciding about something", "是否处于购买决策中"),
    Template(
        "engagement", "active on {0:.0f} of the last 91 days", "近91天有{0:.0f}天主动互动", ("own_days_91d",)
    ),
    Template("engagement", "how much they do by themselves", "主动互动情况"),
    Template("relationship", "a member for {0:.0f} days", "入会{0:.0f}天", ("days_since_enrolment",)),
    Template(
        "relationship", "{0:,.0f} points not yet redeemed", "尚有{0:,.0f}积分未兑换", ("points_balance",)
    ),
    Template("relationship", "what binds them to us", "会员、积分与推荐情况"),
    Template(
        "completeness",
        "{0:.0%} of the kinds of customer data are there",
        "已有{0:.0%}类别的客户资料",
        ("data_kinds_share",),
    ),
    Template("completeness", "how much is known of them", "客户资料的完整程度"),
    Template("attribute", "what is on record about them", "客户档案信息"),
    Template("region", "the regions they buy in", "购买所在地区"),
    Template(
        "voice",
        "latest rating {0:.0%} of the best possible",
        "最近评分为满分的{0:.0%}",
        ("satisfaction_share",),
    ),
    Template("voice", "what they said, or did not say", "评价与反馈情况"),
    Template(
        "touch",
        "{0:.0f} touchpoints in the last 28 days, the last {1:.0f} days ago",
        "近28天{0:.0f}次接触，最近一次在{1:.0f}天前",
        ("touchpoints_28d", "days_since_touchpoint"),
    ),
    Template(
        "touch", "{0:.0f} days since the last touchpoint", "距上次接触{0:.0f}天", ("days_since_touchpoint",)
    ),
    Template("touch", "how much contact there is", "接触频率"),
)
OTHER_FAMILY = Template("", "{family}", "{family}相关情况")
NO_SINGLE_REASON: dict[str, str] = {"en": "no single reason", "zh": "没有单一原因"}
NEVER_BOUGHT: dict[str, str] = {"en": "has not bought yet", "zh": "尚未购买"}
BETWEEN: dict[str, str] = {"en": "; ", "zh": "；"}
