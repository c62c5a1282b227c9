"""The next best action: an ordered table of what to do for whom, as data a marketer can read and argue with.

A price promotion is only ever given to somebody who shows a sign of need; a table that breaks this is refused
when it is made. Consent (``contact_allowed`` of the request, ``consent_last_given`` of the history) and the cap on contacts
come first. What a contact would earn is in ``assumptions.py``; who is contacted under a budget, in ``tiercast.planning``.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from tiercast.errors import TiercastError
from tiercast.serving.actions import DATES
from tiercast.serving.conditions import Condition, matches, share_cut

SIGNS_OF_NEED: dict[str, tuple[str, float]] = {
    "next_purchase_median_days": ("<", 60.0),
    "days_until_run_out": ("<", 60.0),
    "supplies_due_7d": (">=", 1.0),
    "supplies_due_14d": (">=", 1.0),
    "interest_touchpoints_28d": (">=", 1.0),
    "episode_stage_code": (">=", 2.0),
}
"""Inputs of which a bound shows that the customer needs something now, and how loose the bound may be: the next purchase
within 60 days, a product that runs out, interest in 28 days, or an episode beyond need recognition (stage 1)."""


class BadActionTable(TiercastError, ValueError):
    """A table of actions contradicts itself; the message names the rule."""

    code = "BAD_ACTIONS"
    exit_code = 2

    def __init__(self, *, table: str, problem: str) -> None:
        super().__init__(f"actions {table}: {problem}", table=table)


@dataclass(frozen=True)
class Action:
    """Something to do for a customer. ``price_promotion`` marks the ones that give money away."""

    code: str
    name_en: str
    name_zh: str
    price_promotion: bool = False


@dataclass(frozen=True)
class ActionCut:
    """A value that at most ``top_share`` of those reach who have the input and meet ``among``."""

    name: str
    input: str
    top_share: float
    among: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class ActionRule:
    """Whoever meets all the conditions, and no earlier rule, gets the action on that day (see ``DATES``)."""

    name: str
    action: str
    when: tuple[Condition, ...]
    on: str
    reason_en: str
    reason_zh: str


@dataclass(frozen=True)
class ActionTable:
    """Actions, and the ordered rules that give them.

    Raises
    ------
    BadActionTable
        When a rule names an action, cut or day that does not exist, a price promotion asks for no sign of
        need, two rules share a name, or the table does not end with an unconditional rule for the action
        ``none``.

    Examples
    --------
    >>> none = Action("none", "nothing", "无")
    >>> offer = Action("offer", "send an offer", "发送优惠", price_promotion=True)
    >>> rest = ActionRule("rest", "none", (), "never", "nothing is due", "暂无需要")
    >>> always = ActionRule("always", "offer", (Condition("orders", ">=", 1),), "now", "because", "因为")
    >>> ActionTable("mine", "1", (offer, none), (always, rest))
    Traceback (most recent call last):
    ...
    tiercast.actions.next_best.BadActionTable: actions mine: the rule always gives a price
    promotion without a sign of need (a bound on one of next_purchase_median_days < 60, ...)
    """

    name: str
    version: str
    actions: tuple[Action, ...]
    rules: tuple[ActionRule, ...]
    cuts: tuple[ActionCut, ...] = ()

    def __post_init__(self) -> None:
        actions = {each.code: each for each in self.actions}
        names = [each.name for each in self.rules]
        if len(set(names)) < len(names):
            raise self._bad("two rules share a name")
        last = self.rules[-1] if self.rules else None
        if last is None or last.when or last.action != "none" or last.on != "never":
            raise self._bad(
                "the last rule must give `none`, `never`, without conditions, so that everybody has an answer"
            )
        for cut in self.cuts:
            if not 0 < cut.top_share < 1:
                raise self._bad(f"the cut {cut.name} needs a share between 0 and 1")
        for rule in self.rules:
            self._check(rule, actions.get(rule.action))

    def _check(self, rule: ActionRule, action: Action | None) -> None:
        cuts = {each.name: each.input for each in self.cuts}
        if action is None:
            raise self._bad(f"the rule {rule.name} gives {rule.action}, which is not an action")
        if rule.on not in DATES:
            raise self._bad(f"the rule {rule.name} names the day {rule.on}; there is: {', '.join(DATES)}")
        for each in rule.when:
            if each.cut is not None and cuts.get(each.cut) != each.input:
                raise self._bad(
                    f"the rule {rule.name} compares {each.input} with {each.cut}, which is not a cut of it"
                )
        if action.price_promotion and not any(_shows_need(each) for each in rule.when):
            signs = ", ".join(f"{name} {op} {bound:g}" for name, (op, bound) in SIGNS_OF_NEED.items())
            raise self._bad(
                f"the rule {rule.name} gives a price promotion without a sign of need"
                f" (a bound on one of {signs})"
            )

    def _bad(self, problem: str) -> BadActionTable:
        return BadActionTable(table=self.name, problem=problem)

    @property
    def inputs(self) -> set[str]:
        """Every column that a rule or a cut reads."""
        conditions = [each for rule in self.rules for each in rule.when]
        conditions += [each for cut in self.cuts for each in cut.among]
        return {each.input for each in conditions} | {cut.input for cut in self.cuts}

    def freeze(self, frame: pd.DataFrame) -> dict[str, Any]:
        """Measure the cuts on one frame of customers (features and predictions) and return the table as JSON.

        A cut that cannot be measured, because its input is absent or equal for all, is null: nobody reaches
        it.
        """
        return {
            "type": "actions",
            "actions_table": self.name,
            "version": self.version,
            "actions": [asdict(each) for each in self.actions],
            "rules": [
                {
                    "name": rule.name,
                    "action": rule.action,
                    "when": [each.to_json() for each in rule.when],
                    "on": rule.on,
                    "reason_en": rule.reason_en,
                    "reason_zh": rule.reason_zh,
                }
                for rule in self.rules
            ],
            "cuts": {
                cut.name: {"value": _measured(cut, frame), "share": cut.top_share, "input": cut.input}
                for cut in self.cuts
            },
        }


def _shows_need(condition: Condition) -> bool:
    op, loosest = SIGNS_OF_NEED.get(condition.input, ("", 0.0))
    if condition.op != op or not isinstance(condition.threshold, int | float):
        return False
    return condition.threshold <= loosest if op == "<" else condition.threshold >= loosest


def _measured(cut: ActionCut, frame: pd.DataFrame) -> float | None:
    if cut.input not in frame:
        return None
    ranked = frame.loc[matches((*cut.among, Condition(cut.input, "is_known")), frame, {}), cut.input]
    return share_cut(ranked.to_numpy(dtype=np.float64), cut.top_share)


def next_best(
    *,
    high_churn_probability: float = 0.6,
    valuable_share: float = 0.30,
    due_within_days: int = 7,
    deal_discount_share: float = 0.20,
    low_satisfaction_share: float = 0.5,
    contacts_at_most_91d: int = 12,
) -> ActionTable:
    """Return the default table for one set of thresholds.

    Parameters
    ----------
    high_churn_probability : float
        From here (included) a customer is likely to leave.
    valuable_share : float
        The share of buyers, by net spend so far, who are worth winning back in person.
    due_within_days : int
        The next purchase is due when its median lies within this many days of the cutoff.
    deal_discount_share : float
        From here (included) a customer buys by price, and a due purchase may come with an offer.
    low_satisfaction_share : float
        Below, we mend first and sell later.
    contacts_at_most_91d : int
        From this many contacts in 91 days on, nobody is contacted again.

    Examples
    --------
    >>> [rule.name for rule in next_best().rules][:4]
    ['no_consent', 'consent_withdrawn', 'contact_cap', 'dissatisfied']
    """
    due = Condition("next_purchase_median_days", "<", due_within_days + 1)
    valuable = Condition("net_spend_currency", ">=", cut="valuable")
    leaving = Condition("churn_probability", ">=", high_churn_probability)
    bought = Condition("days_since_purchase", "is_known")
    capped = Condition("contacts_sent_91d", ">=", contacts_at_most_91d)
    displeased = Condition("satisfaction_share", "<", low_satisfaction_share)
    by_price = Condition("discount_share", ">=", deal_discount_share)
    interested = Condition("interest_touchpoints", ">=", 1)

    def stage(name: str) -> Condition:
        return Condition("lifecycle_stage", "==", name)

    return ActionTable(
        name="next_best",
        version="2",
        actions=ACTIONS,
        rules=(
            ActionRule("no_consent", "none", (Condition("contact_allowed", "==", 0),), "never",
                       "does not want to be contacted", "客户不同意被联系"),
            ActionRule("consent_withdrawn", "none", (Condition("consent_last_given", "==", 0),), "never",
                       "withdrew consent to be contacted", "客户已撤回联系同意"),
            ActionRule("contact_cap", "none", (capped,), "never",
                       "was contacted often enough in the last 91 days", "近91天联系次数已达上限"),
            ActionRule("dissatisfied", "mend", (bought, displeased), "now",
                       "the latest rating is low: mend first, sell later", "最近评分偏低：先解决问题"),
            ActionRule("graduated", "ask_referral", (stage("graduated"),), "now",
                       "the need has ended: no offer brings it back, their word to others may", "需求已结束：不再促销，邀请推荐"),
            ActionRule("leaving_and_valuable", "win_back", (leaving, valuable), "now",
                       "likely to leave, and among the most valuable", "流失可能性高，且属于高价值客户"),
            ActionRule("dormant_and_valuable", "win_back", (stage("dormant"), valuable), "now",
                       "silent for long, and among the most valuable", "久未购买，且属于高价值客户"),
            ActionRule("first_purchase_made", "second_purchase", (stage("new"),), "day_before_next_purchase",
                       "bought once: a second purchase makes the habit", "仅购买一次：二次消费形成习惯"),
            ActionRule("due_and_deal_seeking", "remind_with_offer",
                       (due, by_price), "day_before_next_purchase",
                       "the next purchase is due, and price matters to them", "即将再次购买，且对价格敏感"),
            ActionRule("running_out", "remind", (Condition("supplies_due_7d", ">=", 1),), "now",
                       "what they bought runs out within the week", "所购产品将在一周内用完"),
            ActionRule("due", "remind", (due,), "day_before_next_purchase",
                       "the next purchase is due within days", "预计数日内再次购买"),
            ActionRule("leaving", "check_in", (leaving,), "now",
                       "likely to leave: ask how it went", "流失可能性高：进行回访"),
            ActionRule("dormant", "wake_up", (stage("dormant"),), "now", "silent for long", "久未购买"),
            ActionRule("advocate", "ask_referral", (stage("advocate"),), "now",
                       "loyal and satisfied: will tell others", "忠诚且满意：愿意推荐"),
            ActionRule("loyal", "thank", (stage("loyal"),), "now",
                       "loyal, and nothing is due", "忠诚客户，暂无待购"),
            ActionRule("interested", "inform", (stage("prospect"), interested), "now",
                       "showed interest and has not bought yet", "表现出兴趣，尚未购买"),
            ActionRule("lost", "none", (stage("lost"),), "never", "silent for so long that contact is wasted",
                       "沉默过久，不再联系"),
            ActionRule("nothing_due", "none", (), "never", "nothing is due", "暂无需要"),
        ),
        cuts=(ActionCut("valuable", "net_spend_currency", valuable_share, (bought,)),),
    )  # fmt: skip


ACTIONS: tuple[Action, ...] = (
    Action("mend", "settle what went wrong", "解决问题"),
    Action("win_back", "win back in person", "专人挽回"),
    Action("second_purchase", "invite to the second purchase", "促成二次消费"),
    Action("remind_with_offer", "remind, with an offer", "补货提醒并附优惠", price_promotion=True),
    Action("remind", "remind to replenish", "补货提醒"),
    Action("check_in", "ask how it went", "回访"),
    Action("wake_up", "wake up", "购买唤醒"),
    Action("ask_referral", "ask to recommend us", "邀请推荐"),
    Action("thank", "say thank you", "致谢"),
    Action("inform", "send information, no price", "发送信息，不做促销"),
    Action("none", "nothing", "无需行动"),
)
NEXT_BEST = next_best()
