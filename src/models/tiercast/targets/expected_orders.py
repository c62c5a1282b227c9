"""Expected orders: on how many days will a customer buy within the horizon? The count behind the value."""

from tiercast.evaluation.metrics import count_metrics
from tiercast.targets.target import Target

EXPECTED_ORDERS = Target(
    name="orders",
    question="On how many days will they buy within the horizon?",
    label="order_days_future",
    deciding_metric="rmse",
    larger_is_better=False,
    rule="past_rate",
    usual="orders_blend",
    metrics=count_metrics,
    then=("orders_of_models",),
)
