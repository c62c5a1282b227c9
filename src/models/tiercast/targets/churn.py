"""Churn: who of those who ever bought will not buy within the horizon? No contract ends, so the horizon is the meaning."""

from tiercast.evaluation.metrics import churn_metrics
from tiercast.targets.target import Target

CHURN = Target(
    name="churn",
    question="Who will not buy within the horizon?",
    label="purchased",
    deciding_metric="log_loss",
    larger_is_better=False,
    rule="recency_frequency",
    usual="blend",
    metrics=churn_metrics,
)
