"""pymc-marketing: BG/NBD, modified BG/NBD and Pareto/NBD with its default priors, by maximum a posteriori."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.frame import stopwatch
from benchmarks.quality.answers import Answers, Skipped
from benchmarks.quality.contest import need
from benchmarks.quality.material import Material
from benchmarks.quality.peers.btyd_tables import DAYS_PER_WEEK, chances, table

NAMES = {
    "bg_nbd": ("BetaGeoModel", ("r", "alpha", "a", "b")),
    "mbg_nbd": ("ModifiedBetaGeoModel", ("r", "alpha", "a", "b")),
    "pareto_nbd": ("ParetoNBDModel", ("r", "alpha", "s", "beta")),
}


def bg_nbd(material: Material) -> Answers:
    """Return the answers of BG/NBD with Gamma-Gamma."""
    return _answer(material, "bg_nbd")


def mbg_nbd(material: Material) -> Answers:
    """Return the answers of the modified BG/NBD with Gamma-Gamma."""
    return _answer(material, "mbg_nbd")


def pareto_nbd(material: Material) -> Answers:
    """Return the answers of Pareto/NBD with Gamma-Gamma."""
    return _answer(material, "pareto_nbd")


def _answer(material: Material, kind: str) -> Answers:
    need("pymc_marketing")
    warnings.simplefilter("ignore")  # its own dependencies' deprecations
    try:
        from pymc_marketing import clv  # type: ignore[import-not-found,unused-ignore]
    except Exception as fault:
        raise Skipped(f"pymc-marketing cannot be imported: {type(fault).__name__}: {fault}") from fault
    rows = table(material)
    name, parameters = NAMES[kind]
    try:
        with stopwatch() as fit:
            model: Any = getattr(clv, name)(data=rows[["customer_id", "frequency", "recency", "T"]])
            model.fit(method="map", progressbar=False)
            spend = _spend(clv, rows) if material.has_amounts else None
    except Exception as fault:
        raise Skipped(f"pymc-marketing could not fit {name}: {type(fault).__name__}: {fault}") from fault
    with stopwatch() as predict:
        found = [float(model.fit_result[each].mean()) for each in parameters]
        within, curve = chances(kind, (found[0], found[1], found[2], found[3]), rows, material.horizon_days)
        orders = _mean(
            model.expected_purchases(
                data=rows[["customer_id", "frequency", "recency", "T"]],
                future_t=material.horizon_days / DAYS_PER_WEEK,
            )
        )
        frame = rows[["customer_id"]].assign(purchase_probability=within, expected_orders=orders)
        if spend is not None:
            basket = spend.expected_customer_spend(data=rows[["customer_id", "frequency", "monetary_value"]])
            frame["expected_value_currency"] = orders * _mean(basket)
    return Answers(
        frame,
        f"pymc-marketing {name} (MAP), GammaGammaModel",
        survival=curve,
        fit_s=fit[0],
        predict_s=predict[0],
    )


def _spend(clv: Any, rows: pd.DataFrame) -> Any:
    came_back = rows[(rows["frequency"] > 0) & (rows["monetary_value"] > 0)]
    model = clv.GammaGammaModel(data=came_back[["customer_id", "frequency", "monetary_value"]])
    model.fit(method="map", progressbar=False)
    return model


def _mean(found: Any) -> np.ndarray:
    return np.asarray(found.mean(("chain", "draw")).to_numpy(), dtype=float)
