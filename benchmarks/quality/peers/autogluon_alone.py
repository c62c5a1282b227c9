"""The process that runs AutoGluon in an environment of its own: it knows tables in a folder and nothing of us."""

import json
import multiprocessing
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def refit(models: str, more: Any) -> None:
    """Fit what was chosen once more, on every origin, and use that from now on; it has no limit of its own."""
    from autogluon.tabular import TabularPredictor  # type: ignore[import-not-found,unused-ignore]

    TabularPredictor.load(models).refit_full("best", train_data_extra=more, num_cpus=1)


def refitted(models: str, more: Any, *, seconds: float) -> bool:
    """Return whether what was chosen could be fitted once more within ``seconds``; else it stays as it was chosen."""
    with tempfile.TemporaryDirectory() as copied:
        shutil.copytree(models, copied, dirs_exist_ok=True)
        trial = multiprocessing.get_context("spawn").Process(target=refit, args=(copied, more))
        trial.start()
        trial.join(max(seconds, 1.0))
        if trial.is_alive():
            trial.kill()
            trial.join()
            return False
        if trial.exitcode == 0:
            shutil.copytree(copied, models, dirs_exist_ok=True)
        return trial.exitcode == 0


def main() -> None:
    """Answer every question of ``asked.json`` and write ``said.parquet`` and ``spent.json`` beside it."""
    import pandas as pd
    from autogluon.tabular import TabularPredictor  # type: ignore[import-not-found,unused-ignore]

    folder = Path(sys.argv[1])
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    rows, now = pd.read_parquet(asked["rows"]), pd.read_parquet(asked["now"])
    day = rows["cutoff_day"].to_numpy()
    newest, before = day == day.max(), day + asked["window_days"] <= day.max()
    columns = asked["columns"]
    said, late = {}, list[str]()
    fit_s = predict_s = 0.0
    for label, is_class in asked["questions"]:
        table = rows[[*columns, label]].astype({label: int} if is_class else {})
        with tempfile.TemporaryDirectory() as models:
            start = time.perf_counter()
            predictor = TabularPredictor(
                label=label,
                problem_type="binary" if is_class else "regression",
                eval_metric="log_loss" if is_class else "root_mean_squared_error",
                path=models,
                verbosity=0,
            ).fit(
                table[before] if before.any() else table,
                tuning_data=table[newest] if before.any() else None,
                time_limit=asked["seconds"] / 2,  # the other half is for fitting once more
                num_cpus=1,
            )
            left = asked["seconds"] - (time.perf_counter() - start)
            more = table[~before & ~newest] if before.any() else None
            if refitted(models, more, seconds=left):
                predictor = TabularPredictor.load(models)
            else:
                late.append(label)
            fitted = time.perf_counter()
            told = predictor.predict_proba(now[columns])[1] if is_class else predictor.predict(now[columns])
            fit_s, predict_s = fit_s + fitted - start, predict_s + time.perf_counter() - fitted
        said[label] = told.to_numpy(float)
    pd.DataFrame(said).to_parquet(folder / "said.parquet", index=False)
    spent = {"fit_s": fit_s, "predict_s": predict_s, "not_refitted": late}
    (folder / "spent.json").write_text(json.dumps(spent), encoding="utf-8")


if __name__ == "__main__":
    main()
