"""lifelines' Cox regression on our features: the waiting time to the next purchase, censored at the cutoff."""

import warnings

import numpy as np
import pandas as pd

from benchmarks.frame import stopwatch
from benchmarks.quality import panel
from benchmarks.quality.answers import CURVE_DAYS, Answers
from benchmarks.quality.contest import need
from benchmarks.quality.material import Material
from tiercast.evaluation.arrays import Floats

MOST_ROWS = 20_000
PENALTY = 0.1


def answer(material: Material) -> Answers:
    """Return the curve, and the chance of a purchase within the horizon, of a ridge-penalised Cox regression.

    It is fitted on at most 20,000 rows of the panel; past the last waiting time it saw, its mean hazard goes on.
    """
    need("lifelines")
    warnings.simplefilter(
        "ignore"
    )  # it warns of columns with little variance, which the penalty takes care of
    from lifelines import CoxPHFitter  # type: ignore[import-not-found,unused-ignore]

    learnable = panel.read(material)
    rows = learnable.rows.sample(min(MOST_ROWS, len(learnable.rows)), random_state=material.seed)
    seen = rows["observed_days"].to_numpy(float)
    wait = rows["days_to_purchase"].to_numpy(float)
    bought = np.isfinite(wait) & (wait <= seen)
    usable = np.maximum(np.where(bought, wait, seen), 0.5)
    values, now = _plain(learnable.values(rows), learnable.values(learnable.now))
    names = [f"x{place}" for place in range(values.shape[1])]
    with stopwatch() as fit:
        model = CoxPHFitter(penalizer=PENALTY)
        model.fit(
            pd.DataFrame(values, columns=names).assign(days=usable, bought=bought), "days", event_col="bought"
        )
    with stopwatch() as predict:
        last = float(usable.max())
        asked = np.asarray([*CURVE_DAYS, material.horizon_days], dtype=float)
        times = np.unique(np.minimum(asked, last))
        curve = model.predict_survival_function(pd.DataFrame(now, columns=names), times=times).to_numpy().T
        inside = curve[:, np.searchsorted(times, np.minimum(asked, last))]
        rate = -np.log(np.clip(curve[:, -1:], 1e-9, 1.0)) / last
        survival = inside * np.exp(-rate * np.maximum(asked - last, 0.0))
    frame = material.cohort.to_frame().assign(purchase_probability=1.0 - survival[:, -1])
    return Answers(
        frame,
        "lifelines CoxPHFitter on our features",
        survival=survival[:, :-1],
        fit_s=fit[0],
        predict_s=predict[0],
    )


def _plain(learned: Floats, now: Floats) -> tuple[Floats, Floats]:
    """Return both tables without gaps, on the scale of the first, and within what it held."""
    middle = np.nan_to_num(np.nanmedian(learned, axis=0))
    filled, new = (np.where(np.isfinite(each), each, middle) for each in (learned, now))
    low, high = np.quantile(filled, [0.005, 0.995], axis=0)
    filled, new = np.clip(filled, low, high), np.clip(new, low, high)
    mean, spread = filled.mean(axis=0), filled.std(axis=0)
    kept = spread > 1e-9
    return (filled[:, kept] - mean[kept]) / spread[kept], (new[:, kept] - mean[kept]) / spread[kept]
