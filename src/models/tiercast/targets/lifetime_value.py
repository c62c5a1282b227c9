"""Lifetime value: what will a customer bring within the horizon, net of returns?"""

from tiercast.evaluation.metrics import value_metrics
from tiercast.targets.target import Target

LIFETIME_VALUE = Target(
    name="lifetime_value",
    question="What will they bring within the horizon?",
    label="value_currency",
    deciding_metric="normalised_gini",
    larger_is_better=True,
    rule="past_spend",
    usual="value_blend",
    metrics=value_metrics,
)
