"""FLAML: its search on our features and panel, with three times our time for activity, orders and value together."""

import logging
import warnings

import numpy as np
from sklearn.base import clone

from benchmarks.frame import stopwatch
from benchmarks.quality import panel
from benchmarks.quality.answers import Answers, Skipped
from benchmarks.quality.contest import need
from benchmarks.quality.material import Material
from benchmarks.quality.peers.searched import frame_of, seconds_each
from tiercast.evaluation.arrays import Floats


def answer(material: Material) -> Answers:
    """Return what the best of its learners says; the newest origin chooses among them."""
    need("flaml")
    warnings.simplefilter("ignore")
    try:
        from flaml import AutoML  # type: ignore[import-not-found,unused-ignore]
    except ImportError as fault:
        raise Skipped(f"FLAML cannot be imported: {fault}") from fault
    logging.getLogger("flaml").setLevel(logging.ERROR)
    learnable = panel.read(material)
    rows, budget = learnable.rows, seconds_each(material)
    before = learnable.before
    best: list[str] = []
    spent: list[float] = []

    def predict(label: str, is_class: bool) -> Floats:
        learned, chooses = rows[before], rows[learnable.newest]
        told = {"X_val": learnable.values(chooses), "y_val": chooses[label].to_numpy(float)}
        if not before.any():
            learned, told = rows, {}
        search = AutoML()
        with stopwatch() as seconds:
            search.fit(
                X_train=learnable.values(learned),
                y_train=learned[label].to_numpy(float),
                task="classification" if is_class else "regression",
                metric="log_loss" if is_class else "rmse",
                time_budget=budget,
                estimator_list=["lgbm", "rf", "extra_tree"],
                seed=material.seed,
                n_jobs=1,
                verbose=0,
                **told,
            )
            # the chosen learner is fitted once more, on every origin
            chosen = clone(search.model.estimator).fit(learnable.values(rows), rows[label].to_numpy(float))
        spent.append(seconds[0])
        best.append(f"{label} {search.best_estimator}")
        now = learnable.values(learnable.now)
        said = chosen.predict_proba(now)[:, 1] if is_class else chosen.predict(now)
        return np.asarray(said, dtype=np.float64)

    with stopwatch() as whole:
        frame, notes = frame_of(material, learnable, predict)
    return Answers(
        frame,
        f"FLAML on our features ({', '.join(best)})",
        notes=(*notes, f"{budget} s a question"),
        fit_s=sum(spent),
        predict_s=whole[0] - sum(spent),
    )
