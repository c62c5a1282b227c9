"""The outcome of a task, as the result file holds it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from benchmarks.quality.comparing import Comparison
from benchmarks.quality.contest import Entry
from benchmarks.quality.judging import Figures
from benchmarks.quality.preparing import Future
from benchmarks.quality.tasks import INTERVALS, Goal, Task


@dataclass(frozen=True)
class Outcome:
    """A task that was run, or why it was not.

    Parameters
    ----------
    task : Task
    skipped : str
    future : Future, optional
    entries : tuple of Entry
        Ours first.
    figures : mapping
        Of each contestant that answered, by target.
    comparisons : tuple of Comparison
    panel_s : float
        What making our panel for the peers took; not in anybody's time.
    """

    task: Task
    skipped: str = ""
    future: Future | None = None
    entries: tuple[Entry, ...] = ()
    figures: dict[str, Figures] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()
    panel_s: float = float("nan")

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The task's goals, and those of the intervals where the season of the horizon was seen."""
        notes = [
            note
            for entry in self.entries
            if entry.name == "ours" and entry.answers
            for note in entry.answers.notes
        ]
        unseen = any("SEASON_UNSEEN" in note for note in notes)
        has_intervals = "interval" in self.figures.get("ours", {})
        more = INTERVALS if self.task.goals and has_intervals and not unseen else ()
        return self.task.goals + tuple(goal for goal in more if goal not in self.task.goals)

    def figure(self, name: str, goal: Goal) -> float:
        """Return the figure that a goal is about; NaN where the contestant has none."""
        return self.figures.get(name, {}).get(goal.target, {}).get(goal.metric, float("nan"))

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as plain JSON: what is not a number is null."""
        task, future = self.task, self.future
        told: dict[str, Any] = {
            "task": task.name,
            "data_set": task.source.replace("{folder}", ""),
            "cutoff_on": task.cutoff.isoformat(),
            "horizon_days": task.horizon_days,
            "skipped": self.skipped or None,
        }
        if future is None:
            return told
        return told | {
            "customers": len(future.truth),
            "buyers": int(future.truth["purchased"].sum()),
            "observed_days": future.observed_days,
            "data_end_on": future.data_end_on.isoformat(),
            "notes": list(future.notes),
            "panel_s": finite(self.panel_s),
            "contestants": [self._contestant(entry) for entry in self.entries],
            "comparisons": [_comparison(each) for each in self.comparisons],
        }

    def _contestant(self, entry: Entry) -> dict[str, Any]:
        if entry.answers is None:
            return {"name": entry.name, "skipped": entry.skipped or None, "failed": entry.failed or None}
        said = entry.answers
        return {
            "name": entry.name,
            "learner": said.learner,
            "notes": list(said.notes),
            "fit_s": finite(said.fit_s),
            "predict_s": finite(said.predict_s),
            "peak_gb": finite(said.peak_gb),
            "metrics": {
                target: {name: finite(number) for name, number in numbers.items()}
                for target, numbers in self.figures[entry.name].items()
            },
        }


def _comparison(each: Comparison) -> dict[str, Any]:
    return {
        "target": each.target,
        "metric": each.metric,
        "ours": finite(each.ours),
        "peer": each.peer,
        "peer_figure": finite(each.peer_figure),
        "difference": finite(each.difference.estimate),
        "interval": [finite(each.difference.low), finite(each.difference.high)],
        "p_value": finite(each.p_value),
        "p_adjusted": finite(each.p_adjusted),
        "in_table": each.in_table,
        "is_best": each.is_best,
        "verdict": each.verdict,
    }


def finite(number: float) -> float | None:
    """Return the number, or None where it is none.

    Examples
    --------
    >>> finite(1.0), finite(float("nan"))
    (1.0, None)
    """
    return float(number) if isfinite(number) else None


def missed(outcomes: Sequence[Outcome], *, in_table: bool) -> int:
    """Return how many comparisons we lose after the adjustment: of the table of goals, or of all other figures."""
    against_others = [outcome for outcome in outcomes if not outcome.task.only]
    found = [each for outcome in against_others for each in outcome.comparisons if each.in_table is in_table]
    return sum(each.verdict == "behind*" for each in found)
