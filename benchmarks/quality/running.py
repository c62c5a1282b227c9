"""Runs a task from the open history to its outcome: prepare, let everybody answer, judge, compare."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.frame import stopwatch
from benchmarks.quality.comparing import compare
from benchmarks.quality.contest import FAMILIES, NEEDS, Entry, run, said
from benchmarks.quality.judging import judge
from benchmarks.quality.outcome import Outcome
from benchmarks.quality.preparing import NothingToJudge, prepare
from benchmarks.quality.tasks import Task
from tiercast.serving.refusals import Refused
from tiercast.sources.opening import open_source

RESAMPLES = 1000


def run_task(
    task: Task,
    *,
    peers: Sequence[str],
    data: Path,
    seed: int,
    resamples: int = RESAMPLES,
    most_seconds: float = 7200.0,
) -> Outcome:
    """Return the outcome of a task; where its data are not there it says so.

    Parameters
    ----------
    peers : sequence of str
        Names of :data:`~benchmarks.quality.contest.CONTESTANTS`.
    data : Path
        The folder that ``{folder}`` in a source stands for.
    seed : int
    resamples : int
        Of the customers, for each comparison.
    most_seconds : float
        Wall time of a contestant, beyond which it is stopped.
    """
    names = task.only or ("ours", *peers)
    with tempfile.TemporaryDirectory(prefix="quality-") as place:
        folder = Path(place)
        try:
            history = open_source(task.source.format(folder=data), map=task.map or None)
            material, future = prepare(
                history,
                folder,
                cutoff=task.cutoff,
                horizon_days=task.horizon_days,
                seed=seed,
                without_kinds=task.without_kinds,
            )
        except (Refused, NothingToJudge) as fault:
            return Outcome(task, skipped=f"{getattr(fault, 'code', type(fault).__name__)}: {fault}")
        del history
        print(
            f"{task.name}: {len(future.truth):,} customers at {task.cutoff}, {task.horizon_days} days",
            flush=True,
        )
        entries: list[Entry] = []
        made: dict[str, float] = {}
        for name in names:
            shared = NEEDS.get(name, "")
            if shared and shared not in made:
                with stopwatch() as seconds:
                    _told(run(shared, folder, most_seconds=most_seconds))
                made[shared] = seconds[0]
            entry = (
                said(name, folder, by=shared) if name in FAMILIES
                else run(name, folder, most_seconds=most_seconds)
            )  # fmt: skip
            entries.append(_told(entry))
            if name == "ours" and entry.answers is not None:
                material = material.timed(entry.answers.fit_s)
        answers = {entry.name: entry.answers for entry in entries if entry.answers is not None}
        figures = {
            name: judge(each, future, has_amounts=material.has_amounts, seed=seed)
            for name, each in answers.items()
        }
        ours = answers.pop("ours", None)
        found = (
            [] if ours is None
            else compare(task, ours, answers, figures, future, seed=seed, resamples=resamples)
        )  # fmt: skip
    return Outcome(task, "", future, tuple(entries), figures, tuple(found), made.get("panel", float("nan")))


def _told(entry: Entry) -> Entry:
    if entry.answers is not None:
        by = entry.answers
        word = f"{by.learner}: fit {by.fit_s:.1f} s, predict {by.predict_s:.1f} s, {by.peak_gb:.2f} GB"
    elif entry.skipped:
        word = f"skipped: {entry.skipped}"
    else:
        word = f"FAILED: {entry.failed}" if entry.failed else "made"
    print(f"  {entry.name}: {word}", flush=True)
    return entry
