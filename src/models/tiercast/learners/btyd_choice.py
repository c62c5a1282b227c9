"""Which story of buying and leaving to believe: by what customers did next, not by how well it tells their past.

A likelihood judges a model on the histories it was fitted to. On a grocer's customers the regular MBG/CNBD-k wins there by far
and foretells the next four weeks worst, because one misfit, how rates differ between customers, makes it too sure that the silent
have left. So the equal mixture of all models answers, unless another is proven better on a window that followed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tiercast.learners.btyd import fit_every_btyd, fit_one_btyd
from tiercast.learners.gamma_gamma import fit_gamma_gamma
from tiercast.serving.btyd_mean import Activity, BtydMean
from tiercast.serving.btyd_stage import EXPECTED_ORDERS, PURCHASE_PROBABILITY, BtydStage
from tiercast.serving.gamma_gamma import GammaGamma

MEAN = "btyd_mean"
PROVEN_SE = 2.0
"""Standard errors by which a model must beat the mixture."""


@dataclass(frozen=True)
class Stages:
    """One stage a model, fitted on the same histories.

    Parameters
    ----------
    by_model : dict of str to BtydStage
        By type of the model; the mixture first, under ``btyd_mean``.
    fallbacks : dict of str to str
        Which models fell back, and on what; see :class:`~tiercast.learners.btyd.BtydFit`. Empty where all are sound.
    """

    by_model: dict[str, BtydStage]
    fallbacks: dict[str, str]


def fit_stages(features: pd.DataFrame, *, horizon_days: int) -> dict[str, BtydStage]:
    """Fit a stage for every model, and for the mixture of them, to the histories of those who bought.

    A model that fell back is left out of the mixture where another did not. Without the feature ``gap_log_mean`` regular
    gaps cannot be told, and there is no MBG/CNBD-k. All share one Gamma-Gamma.

    Returns
    -------
    dict
        By type of the model; the mixture first, under ``btyd_mean``.
    """
    return fit_told_stages(features, horizon_days=horizon_days).by_model


def fit_told_stages(features: pd.DataFrame, *, horizon_days: int) -> Stages:
    """Fit as :func:`fit_stages` does, and tell which models fell back.

    Examples
    --------
    >>> once = pd.DataFrame({"order_days": [1.0, 1.0], "purchase_span_days": 0.0, "customer_age_days": [30.0, 60.0],
    ...                      "order_day_spend_mean_currency": [5.0, 7.0]})
    >>> fit_told_stages(once, horizon_days=28).fallbacks["mbg_nbd"]
    'EMPIRICAL_RATES'
    """
    bought = features[features["order_days"].to_numpy(float) > 0]
    fits = fit_every_btyd(**_histories(bought))
    spend = _spend(bought)
    sound = tuple(fit.model for fit in fits if fit.fallback is None) or (fits[0].model,)
    models: dict[str, Activity] = {MEAN: BtydMean(sound)} | {fit.model.type: fit.model for fit in fits}
    return Stages(
        {name: BtydStage(model, spend, horizon_days) for name, model in models.items()},
        {fit.model.type: fit.fallback for fit in fits if fit.fallback is not None},
    )


def fit_stage(features: pd.DataFrame, *, horizon_days: int, model: str = MEAN) -> BtydStage:
    """Fit the stage of one model on the histories at one cutoff: the same as among all, and no other is fitted for it.

    Parameters
    ----------
    model : str
        A type of :data:`~tiercast.serving.btyd.BTYD_TYPES`, or ``btyd_mean``: the mixture, which also stands in for a
        model that these histories do not allow.
    """
    bought = features[features["order_days"].to_numpy(float) > 0]
    alone = None if model == MEAN else fit_one_btyd(model, **_histories(bought))
    if alone is None:
        return fit_stages(features, horizon_days=horizon_days)[MEAN]
    return BtydStage(alone.model, _spend(bought), horizon_days)


def _histories(bought: pd.DataFrame) -> dict[str, Any]:
    return {
        "repeat_order_days": bought["order_days"].to_numpy(float) - 1.0,
        "purchase_span_days": bought["purchase_span_days"].to_numpy(float),
        "customer_age_days": bought["customer_age_days"].to_numpy(float),
        "gap_log_mean": bought["gap_log_mean"].to_numpy(float) if "gap_log_mean" in bought else None,
    }


def _spend(bought: pd.DataFrame) -> GammaGamma:
    return fit_gamma_gamma(
        order_days=bought["order_days"].to_numpy(float),
        order_day_spend_mean_currency=bought["order_day_spend_mean_currency"].to_numpy(float),
    ).model


def foretold_loss(stage: BtydStage, features: pd.DataFrame, labels: pd.DataFrame) -> np.ndarray:
    """Return each customer's loss: minus the log of the chance given to what happened, to buy or not and how often.

    Logarithmic loss of a purchase within the stage's horizon plus half the Poisson deviance of its days with one.
    """
    said = stage.columns(features)
    bought = labels["purchased"].to_numpy(float)
    chance = said[PURCHASE_PROBABILITY].to_numpy(float)
    orders, expected = labels["order_days_future"].to_numpy(float), said[EXPECTED_ORDERS].to_numpy(float)
    deviance = np.where(orders > 0, orders * np.log(np.maximum(orders, 1.0) / expected), 0.0) - (
        orders - expected
    )
    return np.asarray(-np.log(np.where(bought > 0, chance, 1.0 - chance)) + deviance)


def choose(stages: Mapping[str, BtydStage], features: pd.DataFrame, labels: pd.DataFrame) -> str:
    """Return the model that foretold a window best; the mixture, unless that one is proven better.

    Parameters
    ----------
    stages : mapping
        One stage a model, fitted on ``features``: histories before the window.
    features, labels : DataFrame
        Aligned; the labels of that window.
    """
    losses = {name: foretold_loss(stage, features, labels) for name, stage in stages.items()}
    best = min(losses, key=lambda name: float(losses[name].mean()))
    gain = losses[MEAN] - losses[best]
    error = float(gain.std(ddof=1)) / np.sqrt(len(gain)) if len(gain) > 1 else np.inf
    return best if float(gain.mean()) > PROVEN_SE * error else MEAN
