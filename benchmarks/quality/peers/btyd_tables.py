"""What the BTYD packages are given, and the chance of a purchase that follows from the parameters they find.

Neither package tells the chance of a purchase within a horizon for every model, only that of being alive. It is computed
here from their parameters by the closed forms of the literature, so that they are judged on their best answer.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.quality.answers import CURVE_DAYS
from benchmarks.quality.material import Material, seen_at
from tiercast.evaluation.arrays import Floats
from tiercast.serving.btyd import BgNbd, Btyd, MbgNbd, ParetoNbd

DAYS_PER_WEEK = 7.0
KINDS: dict[str, Callable[[float, float, float, float], Btyd]] = {
    "bg_nbd": BgNbd,
    "mbg_nbd": MbgNbd,
    "pareto_nbd": ParetoNbd,
}


def table(material: Material) -> pd.DataFrame:
    """Return the histories as both packages want them, in weeks.

    ``frequency`` is the count of repeat order days, ``recency`` the age at the last purchase, ``T`` the age at the
    cutoff, ``monetary_value`` the mean of the repeat order days.
    """
    seen = seen_at(material.purchases, material.cohort, material.cutoff_day)
    return pd.DataFrame(
        {
            "customer_id": material.cohort.to_numpy(),
            "frequency": seen["repeat_order_days"],
            "recency": seen["purchase_span_days"] / DAYS_PER_WEEK,
            "T": seen["customer_age_days"] / DAYS_PER_WEEK,
            "monetary_value": seen["repeat_spend_mean_currency"],
        }
    )


def chances(
    kind: str, weekly: tuple[float, float, float, float], rows: pd.DataFrame, horizon_days: int
) -> tuple[Floats, Floats]:
    """Return the chance of a purchase within the horizon, and the curve, from parameters in weeks.

    ``weekly`` is (r, α, a, b), for Pareto/NBD (r, α, s, β).
    """
    first, scale, third, fourth = weekly
    fourth = fourth * DAYS_PER_WEEK if kind == "pareto_nbd" else fourth
    model = KINDS[kind](first, scale * DAYS_PER_WEEK, third, fourth)
    seen = {
        "repeat_order_days": rows["frequency"].to_numpy(float),
        "purchase_span_days": rows["recency"].to_numpy(float) * DAYS_PER_WEEK,
        "customer_age_days": rows["T"].to_numpy(float) * DAYS_PER_WEEK,
    }
    within = np.asarray(model.purchase_probability(float(horizon_days), **seen), dtype=np.float64)
    curve = 1.0 - np.asarray(model.purchase_probability(np.asarray(CURVE_DAYS, dtype=float), **seen))
    return within, np.asarray(curve, dtype=np.float64)
