"""Trials of a search are kept as they come: whoever stops a training loses none of what was fitted for it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tiercast.learners.learner import Learner
from tiercast.registry import RecordedRun, Run, record_run, recorded
from tiercast.tuning import Trial

STUDY = "tiercast.study"
"""The tag that trials of one search share."""
BATCH_TRIALS = 5
"""So many are written together: a kill that nothing can catch loses fewer."""
TOLD_EVERY = 10
"""A search says how far it is this often, and whenever it finds something better."""


def known_trials(run: Run, study: str) -> list[Trial]:
    """Return what earlier runs of a search have tried, oldest first; those that an interruption cut short included."""
    return [_as_trial(each) for each in recorded(run.store, run.experiment, {STUDY: study})]


@dataclass
class Keeper:
    """Writes the trials of one learner under a run, and says how its search goes.

    Parameters
    ----------
    run : Run
        The training that the trials are nested in.
    learner : Learner
    study : str
        The name of the search.
    known : sequence of Trial
        What was tried before: trials are numbered on from there, and better is better than those.
    trials : int
        How many the search may take, those known included.
    progress : callable
        Told in words of each tenth trial and of each that is better than all before.
    """

    run: Run
    learner: Learner
    study: str
    known: Sequence[Trial]
    trials: int
    progress: Callable[[str], None]
    _seen: int = field(init=False)
    _best: float = field(init=False)
    _waiting: list[tuple[int, Trial]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._seen = len(self.known)
        self._best = min((each.loss for each in self.known if each.loss == each.loss), default=float("inf"))

    def take(self, trial: Trial) -> None:
        """Take a trial that is over."""
        self._waiting.append((self._seen, trial))
        self._seen += 1
        better = trial.loss < self._best
        self._best = trial.loss if better else self._best
        if better or self._seen % TOLD_EVERY == 0:
            best = f", best loss {self._best:.5g}" if self._best < float("inf") else ", no loss yet"
            self.progress(f"tuning {self.learner.name}: trial {self._seen} of {self.trials}{best}")
        if len(self._waiting) >= BATCH_TRIALS:
            self.write()

    def write(self) -> None:
        """Write what waits; each trial once, whatever happens between two of them."""
        while self._waiting:
            number, trial = self._waiting.pop(0)
            record_run(
                self.run.store,
                self.run.experiment,
                f"{self.learner.name} trial {number}",
                parent=self.run,
                params=trial.parameters,
                metrics={"loss": trial.loss, "fit_seconds": trial.seconds},
                tags={
                    "tiercast.kind": "trial",
                    "tiercast.learner": self.learner.name,
                    "tiercast.target": self.learner.target,
                    "tiercast.stopped": trial.stopped,
                    STUDY: self.study,
                },
            )


@contextmanager
def keeping(keeper: Keeper) -> Iterator[Keeper]:
    """Write what still waits at the end of a block, also of one that ends in an error or in Ctrl-C."""
    try:
        yield keeper
    finally:
        keeper.write()


def _as_trial(run: RecordedRun) -> Trial:
    return Trial(
        {name: float(value) for name, value in run.params.items()},
        run.metrics.get("loss", float("nan")),
        run.metrics.get("fit_seconds", 0.0),
        run.tags.get("tiercast.stopped") == "True",
    )
