"""Tuning: Optuna looks for better parameters of a learner, within a budget of trials and of seconds."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tiercast.learners.learner import Range


@dataclass(frozen=True)
class Trial:
    """One tried set of parameters and its loss."""

    parameters: dict[str, float]
    loss: float
    seconds: float


@dataclass(frozen=True)
class Tuned:
    """The best parameters found, and every trial in order; the defaults are always the first."""

    parameters: dict[str, float]
    trials: tuple[Trial, ...]


def tune(
    loss: Callable[[Mapping[str, float]], float],
    *,
    defaults: Mapping[str, float],
    space: Mapping[str, Range],
    trials: int,
    seconds: float,
    seed: int,
    progress: Callable[[], None] | None = None,
) -> Tuned:
    """Return the parameters with the lowest loss (tree-structured Parzen estimator; Bergstra et al. 2011).

    Parameters
    ----------
    loss : callable
        Parameters to a number; lower is better. A trial that gives NaN is counted and not chosen.
    defaults, space : mapping
        Where to start, and the ranges to look in.
    trials : int
        At most; the defaults are one of them.
    seconds : float
        No trial starts after this long.
    seed : int

    Examples
    --------
    >>> found = tune(
    ...     lambda at: (at["x"] - 3) ** 2,
    ...     defaults={"x": 0.0}, space={"x": Range(-5.0, 5.0)}, trials=25, seconds=60, seed=1,
    ... )
    >>> len(found.trials), abs(found.parameters["x"] - 3) < 1
    (25, True)
    """
    import optuna

    if trials < 1 or not space:
        return Tuned(dict(defaults), ())
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=5))
    study.enqueue_trial({name: defaults[name] for name in space})
    tried: list[Trial] = []
    started = time.monotonic()

    def objective(trial: optuna.Trial) -> float:
        began = time.monotonic()
        asked = {
            name: float(
                trial.suggest_int(name, int(span.low), int(span.high), log=span.log)
                if span.whole
                else trial.suggest_float(name, span.low, span.high, log=span.log)
            )
            for name, span in space.items()
        }
        found = float(loss({**defaults, **asked}))
        tried.append(Trial({**defaults, **asked}, found, time.monotonic() - began))
        if progress is not None:
            progress()
        return found

    study.optimize(objective, n_trials=trials, timeout=max(seconds - (time.monotonic() - started), 0.001))
    finite = [trial for trial in tried if trial.loss == trial.loss]
    best = min(finite, key=lambda trial: trial.loss).parameters if finite else dict(defaults)
    return Tuned(best, tuple(tried))
