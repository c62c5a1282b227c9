"""featuretools: its own features of the touchpoints at a few origins, and LightGBM as it comes.

It goes with pandas 2 only, so it lives in an environment of its own, whose folder ``FEATURETOOLS_ENV`` names.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.frame import stopwatch
from benchmarks.quality import panel
from benchmarks.quality.answers import Answers
from benchmarks.quality.material import PAST, Material
from benchmarks.quality.panel import Learnable
from benchmarks.quality.peers.environment import python_with, run_alone
from benchmarks.quality.peers.searched import frame_of
from tiercast.evaluation.arrays import Floats

PACKAGES = ("featuretools", "pandas<3", "pyarrow", "setuptools<81")
ALONE = Path(__file__).with_name("featuretools_alone.py")
MOST_ORIGINS = 4


def answer(material: Material) -> Answers:
    """Return what LightGBM's defaults say on the features of deep feature synthesis, at four origins of our panel."""
    python = python_with(PACKAGES, module="featuretools", variable="FEATURETOOLS_ENV")
    labels = panel.read(material)
    days = sorted(labels.rows["cutoff_day"].unique())
    places = np.linspace(0, len(days) - 1, MOST_ORIGINS).round().astype(int)
    chosen = sorted({int(days[place]) for place in places})
    asked = {day: labels.rows[labels.rows["cutoff_day"] == day] for day in chosen}
    asked[material.cutoff_day] = labels.now
    features, spent = _features(python, material, asked)
    now = features.pop(material.cutoff_day)
    told = [name for name in labels.rows if name not in labels.columns]
    rows = pd.concat(
        [
            pd.concat([asked[day][told].reset_index(drop=True), found], axis=1)
            for day, found in features.items()
        ],
        ignore_index=True,
    )
    columns = [str(name) for name in rows if name not in told and name in now]
    learnable = Learnable(rows, now, columns, labels.window_days)
    fit_s, predict_s = sum(spent[day] for day in chosen), spent[material.cutoff_day]

    def predict(label: str, is_class: bool) -> Floats:
        nonlocal fit_s
        with stopwatch() as seconds:
            model = _default(is_class, material.seed)
            model.fit(learnable.values(rows), rows[label].to_numpy(float))
        fit_s += seconds[0]
        values = learnable.values(now)
        said = model.predict_proba(values)[:, 1] if is_class else model.predict(values)
        return np.asarray(said, dtype=np.float64)

    frame, notes = frame_of(material, learnable, predict)
    return Answers(
        frame,
        f"featuretools ({len(columns)} features), LightGBM's defaults",
        notes=(*notes, f"{len(chosen)} origins"),
        fit_s=fit_s,
        predict_s=predict_s,
    )


def _default(is_class: bool, seed: int) -> Any:
    import lightgbm

    kind = lightgbm.LGBMClassifier if is_class else lightgbm.LGBMRegressor
    return kind(random_state=seed, n_jobs=1, verbose=-1)


def _features(
    python: Path, material: Material, asked: dict[int, pd.DataFrame]
) -> tuple[dict[int, pd.DataFrame], dict[int, float]]:
    """Return the features of the customers that are asked for at each day, in their order, and the seconds they took."""
    folder = material.place / "featuretools_asked"
    folder.mkdir(exist_ok=True)
    for day, rows in asked.items():
        rows[["customer_id"]].to_parquet(folder / f"customers_{day}.parquet", index=False)
    told = {"past": str(material.place / PAST), "days": list(asked)}
    (folder / "asked.json").write_text(json.dumps(told), encoding="utf-8")
    run_alone(python, ALONE, folder)
    spent = json.loads((folder / "spent.json").read_text(encoding="utf-8"))
    found = {day: pd.read_parquet(folder / f"features_{day}.parquet") for day in asked}
    return found, {int(day): float(seconds) for day, seconds in spent.items()}
