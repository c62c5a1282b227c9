"""The BTYD stage: what a buy-till-you-die model knows of each customer becomes columns that others may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from .btyd_mean import Activity
from .calibration import LOWEST_PROBABILITY
from .gamma_gamma import GammaGamma

PURCHASE_PROBABILITY = "btyd_purchase_probability"
EXPECTED_ORDERS = "btyd_expected_orders"
MEAN_SPEND = "btyd_mean_spend_currency"
EXPECTED_VALUE = "btyd_expected_value_currency"
LOGIT = "btyd_purchase_logit"
LOG_VALUE = "btyd_log_value"
LOG_ORDERS = "btyd_log_orders"
COLUMNS: tuple[str, ...] = (
    PURCHASE_PROBABILITY,
    EXPECTED_ORDERS,
    MEAN_SPEND,
    EXPECTED_VALUE,
    LOGIT,
    LOG_VALUE,
    LOG_ORDERS,
)


@dataclass(frozen=True)
class BtydStage:
    """One activity model and one spend model, fitted on histories at one cutoff.

    Parameters
    ----------
    activity : MbgNbd, ParetoNbd, BgNbd, MbgCnbd, or a mean of them
    spend : GammaGamma
    horizon_days : int
        Over which the columns look, from the cutoff on: a gap before the horizon is left to what reads the columns.
    """

    activity: Activity
    spend: GammaGamma
    horizon_days: int

    def columns(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the stage's columns for each row; NaN for a customer who never bought.

        No probability is told below one in a million or that close to 1, nor fewer orders than the probability of
        one: of a customer with a steady rhythm who fell silent a model may be surer than any data could make it.
        """
        seen = _history(features)
        probability = np.asarray(self.activity.purchase_probability(float(self.horizon_days), **seen))
        inside = np.clip(probability, LOWEST_PROBABILITY, 1.0 - LOWEST_PROBABILITY)
        total = np.maximum(self.activity.expected_orders(float(self.horizon_days), **seen), inside)
        spend = self.spend.expected_mean_spend(
            order_days=features["order_days"].to_numpy(float),
            order_day_spend_mean_currency=features["order_day_spend_mean_currency"].to_numpy(float),
        )
        return pd.DataFrame(
            {
                PURCHASE_PROBABILITY: inside,
                EXPECTED_ORDERS: total,
                MEAN_SPEND: spend,
                EXPECTED_VALUE: total * spend,
                LOGIT: np.log(inside / (1 - inside)),
                LOG_VALUE: np.log(np.maximum(total * spend, 1e-2)),
                LOG_ORDERS: np.log(np.maximum(total, 1e-6)),
            },
            index=features.index,
        )

    def expected_orders(self, features: pd.DataFrame, days: Sequence[float]) -> np.ndarray:
        """Return expected days with a purchase within each number of days, shape (rows, days)."""
        return np.asarray(self.activity.expected_orders(np.asarray(days, dtype=float), **_history(features)))

    def cumulative_hazard(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Return -ln P(no purchase within t days), shape (rows, days)."""
        ends = np.maximum(np.asarray(days, dtype=float), 1e-9)
        within = np.asarray(self.activity.purchase_probability(ends, **_history(features)))
        return np.asarray(-np.log1p(-np.clip(within, 0.0, 1 - 1e-12)))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "type": "btyd_stage",
            "activity": self.activity.to_json(),
            "spend": self.spend.to_json(),
            "horizon_days": self.horizon_days,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        from .parts import restore

        return cls(restore(stored["activity"]), restore(stored["spend"]), int(stored["horizon_days"]))


def _history(features: pd.DataFrame) -> dict[str, np.ndarray]:
    bought = features["order_days"].to_numpy(float)
    return {
        "repeat_order_days": np.where(bought > 0, bought - 1.0, np.nan),
        "purchase_span_days": features["purchase_span_days"].to_numpy(float),
        "customer_age_days": features["customer_age_days"].to_numpy(float),
    }
