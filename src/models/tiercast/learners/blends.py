"""Blends: plain averages of candidates that err differently; robust where learned weights are not."""

from tiercast.learners.learner import BlendOf

CHURN_BLEND = BlendOf("blend", "churn", ("lightgbm", "lightgbm_on_btyd", "logistic", "cox_within"), "logit")
VALUE_BLEND = BlendOf(
    "value_blend",
    "lifetime_value",
    ("lightgbm_tweedie", "lightgbm_tweedie_on_btyd", "tweedie_linear", "ridge"),
    "identity",
)
ORDERS_BLEND = BlendOf(
    "orders_blend",
    "orders",
    ("lightgbm_poisson", "lightgbm_poisson_on_btyd", "poisson_linear"),
    "identity",
)
