"""Repurchase time: when is the next purchase? A curve over days, because some have not bought by the end of the data."""

from tiercast.evaluation.metrics import repurchase_metrics
from tiercast.targets.target import Target

REPURCHASE = Target(
    name="repurchase",
    question="When will they buy next?",
    label="days_to_purchase",
    deciding_metric="integrated_brier",
    larger_is_better=False,
    rule="survival_table",
    usual="lightgbm_hazard",
    metrics=repurchase_metrics,
)
