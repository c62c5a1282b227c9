"""The tasks on published data: four sets that everybody can download, with the goals that were set for them."""

from datetime import date

from benchmarks.quality.tasks import INTERVALS, Goal, Task

CDNOW = "cdnow:{folder}"
ONLINE_RETAIL = "online_retail:{folder}"
GROCERY = "grocery_elog:{folder}"
COMPLETE_JOURNEY = "complete_journey:"
YEAR_END = date(1997, 12, 31)
CAMPAIGNS = ("mailing", "coupon_redemption")

TASKS: tuple[Task, ...] = (
    Task(
        name="cdnow_39w", source=CDNOW, last_day=date(1997, 9, 30), horizon_days=273,
        goals=(
            Goal(target="orders", metric="rmse", at_most=1.69, best_known=1.726),
            Goal(target="orders", metric="correlation", at_least=0.685, best_known=0.671),
            Goal(target="orders", metric="total_bias", at_least=0.92, at_most=1.08, best_known=0.871),
            Goal(target="value", metric="normalised_gini", at_least=0.722, best_known=0.684),
        ),
    ),
    Task(
        name="cdnow_13w", source=CDNOW, last_day=YEAR_END, horizon_days=91,
        goals=(
            Goal(target="churn", metric="log_loss", at_most=0.343, best_known=0.3521),
            Goal(target="churn", metric="roc_auc", at_least=0.810, best_known=0.801),
            Goal(target="churn", metric="expected_calibration_error", at_most=0.009, best_known=0.019),
            Goal(target="orders", metric="rmse", at_most=0.658, best_known=0.675),
            Goal(target="value", metric="normalised_gini", at_least=0.742, best_known=0.710),
            Goal(target="value", metric="rmse", at_most=34.5, best_known=34.9),
        ),
    ),
    Task(
        name="cdnow_26w", source=CDNOW, last_day=YEAR_END, horizon_days=182,
        goals=(
            Goal(target="churn", metric="log_loss", at_most=0.408, best_known=0.4209),
            Goal(target="churn", metric="roc_auc", at_least=0.809, best_known=0.800),
            Goal(target="churn", metric="expected_calibration_error", at_most=0.012, best_known=0.023),
            Goal(target="orders", metric="rmse", at_most=1.07, best_known=1.115),
            Goal(target="value", metric="normalised_gini", at_least=0.766, best_known=0.735),
            Goal(target="value", metric="rmse", at_most=55.6, best_known=55.7),
            Goal(target="repurchase", metric="integrated_brier", at_most=0.0960, best_known=0.0966),
        ),
    ),
    Task(  # the only window of the four sets whose season was seen a year before: what intervals are judged on
        name="cdnow_1998_90d", source=CDNOW, last_day=date(1998, 4, 1), horizon_days=90, goals=INTERVALS,
    ),
    Task(
        name="complete_journey_28d", source=COMPLETE_JOURNEY, last_day=date(2017, 11, 5), horizon_days=28,
        goals=(
            Goal(target="churn", metric="roc_auc", at_least=0.88, best_known=0.8735),
            Goal(target="churn", metric="brier", at_most=0.100, best_known=0.1021),
            Goal(target="value", metric="normalised_gini", at_least=0.845, best_known=0.836),
            Goal(target="value", metric="rmse", at_most=97.0, best_known=98.5),
            Goal(target="value", metric="total_bias", at_least=0.97, at_most=1.03, best_known=1.00),
        ),
    ),
    Task(
        name="online_retail_90d", source=ONLINE_RETAIL, last_day=date(2011, 9, 9), horizon_days=90,
        goals=(
            Goal(target="churn", metric="roc_auc", at_least=0.76, best_known=0.747),
            Goal(target="churn", metric="brier", at_most=0.203, best_known=0.2075),
            Goal(target="value", metric="normalised_gini", at_least=0.80, best_known=0.789),
            Goal(target="value", metric="rmse", at_most=2550.0, best_known=2591.0),
        ),
    ),
    Task(
        name="online_retail_8w", source=ONLINE_RETAIL, last_day=date(2011, 6, 30), horizon_days=56,
        goals=(
            Goal(target="churn", metric="log_loss", at_most=0.545, best_known=0.5519),
            Goal(target="value", metric="normalised_gini", at_least=0.815, best_known=0.806),
            Goal(target="value", metric="rmse", at_most=926.0, best_known=926.0),
        ),
    ),
    Task(
        name="grocery_52w", source=GROCERY, last_day=date(2006, 12, 31), horizon_days=364,
        goals=(
            Goal(target="orders", metric="mae_to_mean", at_most=0.61, best_known=0.617),
            Goal(target="orders", metric="total_bias", at_least=0.95, at_most=1.05, best_known=0.96),
        ),
    ),
    Task(
        name="grocery_182d", source=GROCERY, last_day=date(2006, 12, 31), horizon_days=182,
        goals=(Goal(target="repurchase", metric="integrated_brier", at_most=0.0842, best_known=0.0849),),
    ),
    Task(
        name="online_retail_182d", source=ONLINE_RETAIL, last_day=date(2011, 6, 9), horizon_days=182,
        goals=(Goal(target="repurchase", metric="integrated_brier", at_most=0.176, best_known=0.1778),),
    ),
    Task(
        name="complete_journey_touchpoints", source=COMPLETE_JOURNEY, last_day=date(2017, 11, 5), horizon_days=28,
        only=("ours", "ours_without"), without_kinds=CAMPAIGNS,
    ),
)  # fmt: skip
"""``complete_journey_touchpoints`` asks what campaign and coupon touchpoints are worth: we with, against we without."""
