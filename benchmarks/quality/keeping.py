"""Keeps what a result file holds of other tasks: the whole table takes hours, so its tasks may be run apart.

The p-values are adjusted anew for all comparisons that the file then holds.
"""

import json
from pathlib import Path
from typing import Any

from tiercast.evaluation.bootstrap import holm

Told = dict[str, Any]


def beside(told: Told, path: Path) -> Told:
    """Return the results with the tasks of the file that were not run again, in the order in which they were first run.

    Parameters
    ----------
    told : dict
        What :func:`~benchmarks.quality.showing.write` would write.
    path : Path
        Need not be there.

    Examples
    --------
    >>> beside({"tasks": [], "measures": [], "measured_on": "a"}, Path("nowhere.json"))["measured_on"]
    'a'
    """
    if not path.exists():
        return told
    before = json.loads(path.read_text(encoding="utf-8"))
    fresh = {task["task"]: task for task in told["tasks"]}
    held = {task["task"]: task for task in before["tasks"]}
    kept = [name for name in held if name not in fresh]
    commits = (
        [*str(before["measured_on"] or "").split(", "), told["measured_on"]]
        if kept
        else [told["measured_on"]]
    )
    tasks = list({**held, **fresh}.values())
    _adjust(tasks)
    measures = [each for each in before["measures"] if each["name"].split(": ")[0] in kept]
    return told | {
        "measured_on": ", ".join(dict.fromkeys(each for each in commits if each)) or None,
        "measures": measures + told["measures"],
        "tasks": tasks,
    }


def _adjust(tasks: list[Told]) -> None:
    every = [(task["task"], each) for task in tasks for each in task.get("comparisons", ())]
    for in_table in (True, False):
        found = {
            f"{task} {each['target']} {each['metric']} {each['peer']}": each
            for task, each in every
            if each["in_table"] is in_table
        }
        missing = float("nan")
        raw = {name: missing if each["p_value"] is None else each["p_value"] for name, each in found.items()}
        for name, adjusted in holm(raw).items():
            word = found[name]["verdict"].rstrip("*")
            found[name]["p_adjusted"] = None if adjusted != adjusted else adjusted
            found[name]["verdict"] = f"{word}*" if word != "level" and adjusted < 0.05 else word
