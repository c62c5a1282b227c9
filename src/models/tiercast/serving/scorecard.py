"""The scorecard: the public contract of every prediction, one row a customer and cutoff, frozen by a test."""

from dataclasses import dataclass

from .ahead import VALUE_DAYS, value_names, within_name


@dataclass(frozen=True)
class Answer:
    """One column of the scorecard: its kind (``text``, ``number``, ``count``, ``date``) and its meaning."""

    name: str
    kind: str
    meaning: str


LATER: tuple[Answer, ...] = (
    *(
        Answer(
            within_name(days), "number", f"P(purchase within {days} days); how far that is carried: see below"
        )
        for days in (180, 365)
    ),
    *(
        Answer(name, "number", f"{what} within {days} days")
        for days in VALUE_DAYS
        for name, what in zip(
            value_names(days),
            (
                "expected value, net of returns,",
                "lower end of the central 80 % interval of value",
                "upper end of the central 80 % interval of value",
            ),
            strict=True,
        )
    ),
)
"""Columns that came later: scorecards and versions from before them do not hold them."""

SCORECARD: tuple[Answer, ...] = (
    Answer("customer_id", "text", "the customer asked for"),
    Answer("cutoff", "date", "midnight UTC that ends the history"),
    Answer("version", "text", "content hash of the bundle that answered"),
    Answer("basis_churn", "text", "model, btyd, rule, or refused:CODE"),
    Answer("basis_repurchase", "text", "as basis_churn, for the dates"),
    Answer("basis_value", "text", "as basis_churn, for orders and value"),
    Answer("churn_horizon_days", "count", "days over which churn is meant"),
    Answer("churn_probability", "number", "P(no purchase within the horizon)"),
    Answer("churn_percentile", "number", "share of the training cohort with a lower risk, 0 to 100"),
    Answer("churn_band", "text", "low, medium, high"),
    Answer("next_purchase_on", "date", "median date of the next purchase; null beyond 182 days"),
    Answer("next_purchase_from", "date", "by then 10 % have bought"),
    Answer("next_purchase_until", "date", "by then 90 % have bought; null beyond 182 days"),
    Answer("purchase_within_7d_probability", "number", "P(purchase within 7 days)"),
    Answer("purchase_within_30d_probability", "number", "P(purchase within 30 days)"),
    Answer("purchase_within_60d_probability", "number", "P(purchase within 60 days)"),
    Answer("purchase_within_90d_probability", "number", "P(purchase within 90 days)"),
    Answer("value_horizon_days", "count", "days over which value is meant"),
    Answer("currency", "text", "ISO 4217"),
    Answer(
        "value_measure",
        "text",
        "what every value of the row counts: net_revenue, or net_margin (a share of it, as the training's card says); "
        "with _discounted in money of the cutoff",
    ),
    Answer("expected_orders", "number", "days with a purchase within the value horizon"),
    Answer("expected_value_currency", "number", "expected value within the value horizon, net of returns"),
    Answer("expected_value_low_currency", "number", "lower end of the central 80 % interval"),
    Answer("expected_value_high_currency", "number", "upper end of the central 80 % interval"),
    Answer(
        "conversion_probability",
        "number",
        "prospects: P(first purchase within churn_horizon_days); null for buyers, and where a version learned none",
    ),
    Answer(
        "conversion_on",
        "date",
        "prospects: median date of the first purchase; null likewise, and beyond 182 days",
    ),
    Answer("segment", "text", "description of behaviour"),
    Answer("segment_confidence", "number", "0: exactly between two segments; 1: clearly in one"),
    Answer("rfmcl", "text", "recency, frequency, monetary, category breadth, length: 1 to 5 each"),
    Answer("engagement", "number", "0 to 100"),
    Answer(
        "lifecycle_stage",
        "text",
        "prospect, new, repeat, loyal, advocate, dormant, lost, reactivated, graduated (the need ended)",
    ),
    Answer("policy", "text", "tier policy"),
    Answer("policy_version", "text", "its version"),
    Answer("tier", "text", "class in that policy"),
    Answer("tier_basis", "text", "stateless, held, moved"),
    Answer(
        "tier_before", "text", "class before, from the request or from the tier history of the night before"
    ),
    Answer("tier_reason", "text", "why this class"),
    Answer("preferred_channel", "text", "channel through which the customer comes most"),
    Answer("next_action", "text", "next best action"),
    Answer("next_action_on", "date", "day for it"),
    Answer("reasons_en", "text", "why the risk is what it is, in English"),
    Answer("reasons_zh", "text", "the same in Chinese"),
    *LATER,
)
COLUMNS: tuple[str, ...] = tuple(answer.name for answer in SCORECARD)
