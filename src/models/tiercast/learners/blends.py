"""Blends: plain averages of candidates that err differently; robust where learned weights are not."""

from tiercast.learners.learner import BlendOf

CHURN_BLEND = BlendOf(
    "blend",
    "churn",
    ("lightgbm", "lightgbm_on_btyd", "logistic", "cox_within"),
    "logit",
    weights=(0.5, 0.5, 1.0, 1.0),  # the boosted two err alike: together they count as one
)
VALUE_BLEND = BlendOf(
    "value_blend",
    "lifetime_value",
    (
        "lightgbm_tweedie_on_btyd",
        "tweedie_linear",
        "ridge",
        "orders_times_spend",
        "orders_times_lightgbm_spend",
    ),
    "identity",
)
ORDERS_BLEND = BlendOf(
    "orders_blend",
    "orders",
    ("lightgbm_poisson", "lightgbm_poisson_on_btyd", "poisson_linear", "btyd_orders"),
    "identity",
)
ORDERS_OF_MODELS = BlendOf(
    "orders_of_models",
    "orders",
    ("lightgbm_poisson", "lightgbm_poisson_on_btyd", "poisson_linear"),
    "identity",
)
"""Without the purchase process: where customers come nearly every week it ranks far worse, and a window proves it."""
