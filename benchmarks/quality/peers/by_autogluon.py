"""AutoGluon on our features and panel: it caps scikit-learn below ours, so it lives in an environment of its own.

``AUTOGLUON_ENV`` names the folder of that environment; where it is empty it is made there once.
"""

import json
from pathlib import Path

import pandas as pd

from benchmarks.quality import panel
from benchmarks.quality.answers import Answers
from benchmarks.quality.material import Material
from benchmarks.quality.peers.environment import python_with, run_alone
from benchmarks.quality.peers.searched import QUESTIONS, frame_of, seconds_each
from tiercast.evaluation.arrays import Floats

PACKAGES = ("autogluon.tabular[catboost,lightgbm,xgboost]",)
ALONE = Path(__file__).with_name("autogluon_alone.py")


def answer(material: Material) -> Answers:
    """Return what its ensemble says; the newest origin chooses its members."""
    python = python_with(PACKAGES, module="autogluon.tabular", variable="AUTOGLUON_ENV")
    learnable = panel.read(material)
    folder = material.place / "autogluon_asked"
    folder.mkdir(exist_ok=True)
    seconds = seconds_each(material)
    questions = [
        (label, is_class)
        for name, label, is_class in QUESTIONS
        if material.has_amounts or name != "expected_value_currency"
    ]
    asked = {
        "rows": str(material.place / "panel.parquet"),
        "now": str(material.place / "now.parquet"),
        "columns": learnable.columns,
        "questions": questions,
        "window_days": learnable.window_days,
        "seconds": seconds,
    }
    (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    run_alone(python, ALONE, folder)
    told = pd.read_parquet(folder / "said.parquet")
    spent = json.loads((folder / "spent.json").read_text(encoding="utf-8"))
    late = [f"{label}: no time was left to fit what it chose once more" for label in spent["not_refitted"]]

    def predict(label: str, is_class: bool) -> Floats:
        return told[label].to_numpy(float)

    frame, notes = frame_of(material, learnable, predict)
    return Answers(
        frame,
        "AutoGluon on our features",
        notes=(*notes, f"{seconds} s a question", *late),
        fit_s=float(spent["fit_s"]),
        predict_s=float(spent["predict_s"]),
    )
