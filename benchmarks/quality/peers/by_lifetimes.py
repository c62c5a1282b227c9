"""lifetimes: BG/NBD, modified BG/NBD and Pareto/NBD by maximum likelihood, with Gamma-Gamma for the mean basket."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.frame import stopwatch
from benchmarks.quality.answers import Answers, Skipped
from benchmarks.quality.contest import need
from benchmarks.quality.material import Material
from benchmarks.quality.peers.btyd_tables import DAYS_PER_WEEK, chances, table
from tiercast.evaluation.arrays import Floats

NAMES = {
    "bg_nbd": ("BetaGeoFitter", ("r", "alpha", "a", "b")),
    "mbg_nbd": ("ModifiedBetaGeoFitter", ("r", "alpha", "a", "b")),
    "pareto_nbd": ("ParetoNBDFitter", ("r", "alpha", "s", "beta")),
}
PENALTIES = (0.0, 0.001, 0.01, 0.1)


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
    need("lifetimes")
    warnings.simplefilter("ignore")  # overflows in its searches
    import lifetimes  # type: ignore[import-not-found,unused-ignore]

    rows = table(material)
    name, parameters = NAMES[kind]
    try:
        with stopwatch() as fit:
            model, penalty = _activity(getattr(lifetimes, name), rows, material.horizon_days)
            spend = _spend(lifetimes, rows) if material.has_amounts else None
    except Exception as fault:
        raise Skipped(f"lifetimes could not fit {name}: {type(fault).__name__}: {fault}") from fault
    with stopwatch() as predict:
        found = tuple(float(model.params_[each]) for each in parameters)
        within, curve = chances(kind, (found[0], found[1], found[2], found[3]), rows, material.horizon_days)
        orders = _orders(model, rows, material.horizon_days)
        frame = rows[["customer_id"]].assign(purchase_probability=within, expected_orders=orders)
        if spend is not None:
            mean = spend.conditional_expected_average_profit(rows["frequency"], rows["monetary_value"])
            frame["expected_value_currency"] = orders * np.asarray(mean, dtype=float)
    return Answers(
        frame,
        f"lifetimes {name}, GammaGammaFitter",
        survival=curve,
        notes=(f"penalizer {penalty:g}",) if penalty else (),
        fit_s=fit[0],
        predict_s=predict[0],
    )


def _activity(kind: Any, rows: pd.DataFrame, horizon_days: int) -> tuple[Any, float]:
    """Return the fitted model and the least penalty with which it converged, as its own message advises.

    Parameters at which its expectations are not finite count as none.
    """
    said = "its expectations are not finite"
    for penalty in PENALTIES:
        model = kind(penalizer_coef=penalty)
        try:
            model.fit(rows["frequency"], rows["recency"], rows["T"])
        except Exception as fault:  # whatever its search throws
            said = f"{type(fault).__name__}: {fault}"
        else:
            if np.isfinite(_orders(model, rows, horizon_days)).all():
                return model, penalty
    raise ValueError(said)


def _orders(model: Any, rows: pd.DataFrame, horizon_days: int) -> Floats:
    weeks = horizon_days / DAYS_PER_WEEK
    seen = (rows["frequency"], rows["recency"], rows["T"])
    return np.asarray(
        model.conditional_expected_number_of_purchases_up_to_time(weeks, *seen), dtype=np.float64
    )


def _spend(lifetimes: Any, rows: pd.DataFrame) -> Any:
    came_back = rows[(rows["frequency"] > 0) & (rows["monetary_value"] > 0)]
    return lifetimes.GammaGammaFitter().fit(came_back["frequency"], came_back["monetary_value"])
