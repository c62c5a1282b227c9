"""Tuning: Optuna looks for better parameters of a learner, within a budget of trials and of seconds."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tiercast.learners.learner import Range

WARM_UP_TRIALS = 5
"""Trials that are drawn freely, and never stopped early, before the others are compared with them."""
Loss = Callable[[Mapping[str, float]], float]


@dataclass(frozen=True)
class Trial:
    """One tried set of parameters and its loss; NaN when it gave none or was stopped early."""

    parameters: dict[str, float]
    loss: float
    seconds: float
    stopped: bool = False


@dataclass(frozen=True)
class Tuned:
    """The best parameters found, and every new trial in order; the defaults are the first that is ever tried."""

    parameters: dict[str, float]
    trials: tuple[Trial, ...]


def tune(
    loss: Loss,
    *,
    defaults: Mapping[str, float],
    space: Mapping[str, Range],
    trials: int,
    seconds: float,
    seed: int,
    first_look: Loss | None = None,
    known: Sequence[Trial] = (),
    progress: Callable[[Trial], None] | None = None,
) -> Tuned:
    """Return the parameters with the lowest loss (tree-structured Parzen estimator; Bergstra et al. 2011).

    Parameters
    ----------
    loss : callable
        Parameters to a number; lower is better. A trial that gives NaN is counted and not chosen.
    defaults, space : mapping
        Where to start, and the ranges to look in.
    trials : int
        At most; the defaults are one of them, and so are those already known.
    seconds : float
        No trial starts after this long.
    seed : int
    first_look : callable, optional
        A cheap loss, for instance on few customers. A trial that looks worse than the median of those before it is
        stopped there (Golovin et al. 2017), once five have been seen whole.
    known : sequence of Trial
        What an earlier, perhaps interrupted, search has tried: it goes on from there.
    progress : callable, optional
        Given each trial as soon as it is over, so that it can be kept before the next one is interrupted.

    Examples
    --------
    >>> asked = {"defaults": {"x": 0.0}, "space": {"x": Range(-5.0, 5.0)}, "seconds": 60, "seed": 1}
    >>> found = tune(lambda at: (at["x"] - 3) ** 2, trials=25, **asked)
    >>> len(found.trials), abs(found.parameters["x"] - 3) < 1
    (25, True)
    >>> again = tune(lambda at: (at["x"] - 3) ** 2, trials=25, known=found.trials, **asked)
    >>> len(again.trials), again.parameters == found.parameters
    (0, True)
    """
    import optuna

    if trials < 1 or not space:
        return Tuned(dict(defaults), ())
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed + len(known), n_startup_trials=WARM_UP_TRIALS),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=WARM_UP_TRIALS),
    )
    ranges = {name: _distribution(span) for name, span in space.items()}
    for trial in known:
        if trial.loss == trial.loss:
            at = {
                name: int(trial.parameters[name]) if span.whole else trial.parameters[name]
                for name, span in space.items()
            }
            study.add_trial(optuna.trial.create_trial(params=at, distributions=ranges, value=trial.loss))
    if not known:
        study.enqueue_trial({name: defaults[name] for name in space})
    tried: list[Trial] = []
    started = time.monotonic()

    def objective(trial: Any) -> float:
        began = time.monotonic()
        asked = {name: float(_suggested(trial, name, span)) for name, span in space.items()}
        at = {**defaults, **asked}
        stopped = False
        if first_look is not None:
            trial.report(float(first_look(at)), 0)
            stopped = trial.should_prune()
        found = float("nan") if stopped else float(loss(at))
        tried.append(Trial(at, found, time.monotonic() - began, stopped))
        if progress is not None:
            progress(tried[-1])
        if stopped:
            raise optuna.TrialPruned
        return found

    left = trials - len(known)
    if left > 0:
        study.optimize(objective, n_trials=left, timeout=max(seconds - (time.monotonic() - started), 0.001))
    finite = [trial for trial in (*known, *tried) if trial.loss == trial.loss]
    best = min(finite, key=lambda trial: trial.loss).parameters if finite else dict(defaults)
    return Tuned(dict(best), tuple(tried))


def _distribution(span: Range) -> Any:
    from optuna.distributions import FloatDistribution, IntDistribution

    if span.whole:
        return IntDistribution(int(span.low), int(span.high), log=span.log)
    return FloatDistribution(span.low, span.high, log=span.log)


def _suggested(trial: Any, name: str, span: Range) -> float:
    if span.whole:
        return float(trial.suggest_int(name, int(span.low), int(span.high), log=span.log))
    return float(trial.suggest_float(name, span.low, span.high, log=span.log))
