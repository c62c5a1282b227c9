"""The scorecard is a public contract: its columns and kinds are written out here, and a change must be meant."""

from tiercast.serving.scorecard import COLUMNS, SCORECARD

FROZEN = [
    ("customer_id", "text"),
    ("cutoff", "date"),
    ("version", "text"),
    ("basis_churn", "text"),
    ("basis_repurchase", "text"),
    ("basis_value", "text"),
    ("churn_horizon_days", "count"),
    ("churn_probability", "number"),
    ("churn_percentile", "number"),
    ("churn_band", "text"),
    ("next_purchase_on", "date"),
    ("next_purchase_from", "date"),
    ("next_purchase_until", "date"),
    ("purchase_within_7d_probability", "number"),
    ("purchase_within_30d_probability", "number"),
    ("purchase_within_60d_probability", "number"),
    ("purchase_within_90d_probability", "number"),
    ("value_horizon_days", "count"),
    ("currency", "text"),
    ("value_measure", "text"),
    ("expected_orders", "number"),
    ("expected_value_currency", "number"),
    ("expected_value_low_currency", "number"),
    ("expected_value_high_currency", "number"),
    ("conversion_probability", "number"),
    ("conversion_on", "date"),
    ("segment", "text"),
    ("segment_confidence", "number"),
    ("rfmcl", "text"),
    ("engagement", "number"),
    ("lifecycle_stage", "text"),
    ("policy", "text"),
    ("policy_version", "text"),
    ("tier", "text"),
    ("tier_basis", "text"),
    ("tier_before", "text"),
    ("tier_reason", "text"),
    ("preferred_channel", "text"),
    ("next_action", "text"),
    ("next_action_on", "date"),
    ("reasons_en", "text"),
    ("reasons_zh", "text"),
    ("purchase_within_180d_probability", "number"),
    ("purchase_within_365d_probability", "number"),
    ("expected_value_30d_currency", "number"),
    ("expected_value_30d_low_currency", "number"),
    ("expected_value_30d_high_currency", "number"),
    ("expected_value_90d_currency", "number"),
    ("expected_value_90d_low_currency", "number"),
    ("expected_value_90d_high_currency", "number"),
    ("expected_value_180d_currency", "number"),
    ("expected_value_180d_low_currency", "number"),
    ("expected_value_180d_high_currency", "number"),
    ("expected_value_365d_currency", "number"),
    ("expected_value_365d_low_currency", "number"),
    ("expected_value_365d_high_currency", "number"),
]


def test_the_columns_and_their_kinds_are_frozen() -> None:
    assert [(answer.name, answer.kind) for answer in SCORECARD] == FROZEN
    assert [name for name, _ in FROZEN] == list(COLUMNS)


def test_every_column_says_what_it_means_in_one_line() -> None:
    assert all(answer.meaning and "\n" not in answer.meaning for answer in SCORECARD)
