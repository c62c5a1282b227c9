"""Explaining one customer: events → features → predictions → tier, in words, with the served code's own numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import UnknownCustomer
from tiercast.features.contract import contract_sql
from tiercast.frozen import features_of
from tiercast.registry import Store, bundle_folder, open_served
from tiercast.schema import History
from tiercast.serving.ahead import VALUE_DAYS, value_names
from tiercast.serving.reason_templates import TOLD_TOGETHER
from tiercast.serving.reasons import OUR_OWN_ACTS
from tiercast.serving.tables import Tables, words_table
from tiercast.windows import day_of

NEWEST_EVENTS = 8
TOLD_FEATURES = (
    "touchpoints", "order_days", "orders_28d", "orders_91d", "days_since_purchase", "gap_mean_days",
    "net_spend_currency", "spend_91d_currency", "order_day_spend_mean_currency", "categories", "discount_share",
    "coupons_redeemed", "contacts_sent_91d",
)  # fmt: skip


@dataclass(frozen=True)
class Explanation:
    """One customer told in words, and the frames behind the words.

    Parameters
    ----------
    contributions : pandas.DataFrame
        ``family``, ``log_odds`` (what it adds to the risk of leaving, largest first), ``told_as`` (the cause that it is
        added up with; empty for our own acts, which are never a customer's reason).
    templates_version : str
        Of the sentences in which the reasons are told.
    """

    text: str
    events: pd.DataFrame
    features: dict[str, float]
    card: dict[str, Any]
    contributions: pd.DataFrame
    templates_version: str


def explain(
    history: History,
    customer_id: str,
    *,
    cutoff: date,
    store: Store,
    model: str = "champion",
    policy: str = "",
    language: str = "en",
) -> Explanation:
    """Return what was known of a customer at a cutoff and what follows from it.

    Raises
    ------
    UnknownCustomer
        No accepted touchpoint of this customer was known before the cutoff.
    NoChampion, SourceError, ContractError, StaleHistory
    """
    bundle: Any = open_served(bundle_folder(store, model))
    with DuckDBEngine() as engine:
        seen = features_of(bundle, history, cutoff, engine)
        row = seen.features[(seen.features["customer_id"] == str(customer_id)).to_numpy()].reset_index(
            drop=True
        )
        if row.empty:
            raise UnknownCustomer(customer_id=customer_id, cutoff=cutoff, customers=len(seen.features))
        contract = contract_sql(currency=history.currency, minor_per_major=history.minor_per_major)
        events = engine.run(
            f"""WITH contract AS ({contract})
            SELECT customer_id, day, kind, channel, COUNT(*) AS lines,
              SUM(COALESCE(amount_minor, 0)) / {history.minor_per_major}e0 AS amount_currency
            FROM contract, cutoffs
            WHERE verdict = 'ACCEPTED' AND seen_day < cutoff_day
              AND customer_id = (SELECT term FROM vocabulary WHERE field = 'asked')
            GROUP BY customer_id, day, kind, channel ORDER BY day, kind, channel""",
            cutoffs=[cutoff],
            tables=Tables({"vocabulary": words_table([("asked", customer_id, 0)])}),
        )
    card = bundle.predict_features(row, policy=policy, language=language).iloc[0].to_dict()
    events = events.assign(day=[day_of(int(day)) for day in events["day"]])
    facts = {name: float(row[name].iloc[0]) for name in row.columns[2:]}
    raised = bundle.contributions(row).iloc[0].sort_values(ascending=False)
    version = str(bundle.telling.templates_version)
    text = tell(
        customer_id, cutoff, events, facts, card, raised, language=language, templates_version=version,
        not_judged=bundle.manifest.get("not_judged"),
    )  # fmt: skip
    told_as = [
        "" if name in OUR_OWN_ACTS else TOLD_TOGETHER.get(str(name), str(name)) for name in raised.index
    ]
    contributions = pd.DataFrame(
        {"family": raised.index.astype(str), "log_odds": raised.to_numpy(float), "told_as": told_as}
    )
    return Explanation(text, events, facts, card, contributions, version)


def tell(
    customer_id: str,
    cutoff: date,
    events: pd.DataFrame,
    facts: dict[str, float],
    card: dict[str, Any],
    raised: pd.Series,
    *,
    language: str,
    templates_version: str,
    not_judged: Mapping[str, str] | None = None,
) -> str:
    """Return the story in English (or Chinese reasons within it).

    ``not_judged`` is what the manifest of a version says that nothing judged.
    """
    lines = [
        f"Customer {customer_id}, as known at {cutoff.isoformat()} 00:00 UTC",
        "",
        "What happened (newest last)",
    ]
    newest = events.tail(NEWEST_EVENTS)
    hidden = len(events) - len(newest)
    if hidden:
        lines.append(f"  … {hidden} earlier days of touchpoints, from {events['day'].iloc[0]}")
    lines += [
        f"  {day}  {kind} via {channel}"
        + (f", {amount:,.2f} {card['currency']} in {count} lines" if amount else "")
        for day, kind, channel, count, amount in zip(
            newest["day"],
            newest["kind"],
            newest["channel"],
            newest["lines"],
            newest["amount_currency"],
            strict=True,
        )
    ]
    lines += ["", "What that amounts to"]
    for name in TOLD_FEATURES:
        if name in facts and facts[name] == facts[name]:
            lines.append(f"  {name:<34}{facts[name]:>12,.2f}")
    lines += ["", "What we expect"]
    if str(card["basis_churn"]).startswith("refused"):
        lines.append(f"  nothing: {card['basis_churn']} (never bought before this day)")
        chance = card["conversion_probability"]
        if chance == chance and chance is not None:
            lines.append(
                f"  {100 * chance:.1f} % chance of a first purchase in the next {card['churn_horizon_days']} days;"
                f" even odds by {card['conversion_on'] or 'a day beyond 182 days'}"
            )
    else:
        lines += [
            f"  {100 * card['churn_probability']:.1f} % risk of no purchase in the next"
            f" {card['churn_horizon_days']} days ({card['churn_band']}; higher than"
            f" {card['churn_percentile']:.0f} % of customers; basis {card['basis_churn']})",
            f"  next purchase around {card['next_purchase_on'] or 'a day beyond 182 days'}"
            f" (10 % by {card['next_purchase_from'] or 'beyond 182 days'},"
            f" 90 % by {card['next_purchase_until'] or 'beyond 182 days'})",
            f"  {card['expected_value_currency']:,.2f} {card['currency']} of {card['value_measure'].replace('_', ' ')}"
            f" in the next {card['value_horizon_days']} days"
            f" (80 % interval {card['expected_value_low_currency']:,.2f} to"
            f" {card['expected_value_high_currency']:,.2f}),"
            f" {card['expected_orders']:.1f} days with a purchase",
            *_further(card),
            *([_untold(not_judged, language)] if not_judged else []),
        ]
    lines += [
        "",
        "Who that is",
        f"  tier {card['tier']} by policy {card['policy']} ({card['tier_basis']}): {card['tier_reason']}",
        f"  segment: {card['segment'] or 'none'}; stage: {card['lifecycle_stage']}; RFMCL {card['rfmcl'] or 'none'};"
        f" engagement {card['engagement']:.0f} of 100",
        f"  next action: {card['next_action']}"
        + (f" on {card['next_action_on']}" if card["next_action_on"] else ""),
        "",
        "Why",
        f"  {card['reasons_zh'] if language == 'zh' else card['reasons_en']}",
        f"  (sentences of version {templates_version}; told is what clearly leads, and never what was done to them)",
        "  by family of features, in log odds of leaving: "
        + ", ".join(f"{name} {value:+.2f}" for name, value in raised.items() if abs(value) >= 0.01),
    ]
    return "\n".join(lines)


def _untold(not_judged: Mapping[str, str], language: str) -> str:
    """Return how far this can be trusted, where nobody has been able to judge it yet."""
    day, code = not_judged["judged_from"], not_judged["code"]
    if language == "zh":
        return f"  以上预测尚未经过检验（{code}）：历史数据太短，自 {day} 起模型才会训练并接受检验"
    return (
        f"  not judged yet ({code}): the history was too short; models are trained and judged from {day} on"
    )


def _further(card: Mapping[str, Any]) -> list[str]:
    """Return what is told of other horizons; a version from before it told of them says nothing."""
    told = [
        f"{days} days {card[value]:,.2f} ({card[low]:,.2f} to {card[high]:,.2f})"
        for days in VALUE_DAYS
        for value, low, high in [value_names(days)]
        if value in card
    ]
    return [f"  and within {', '.join(told)}"] if told else []


__all__ = ["Explanation", "explain", "tell"]
