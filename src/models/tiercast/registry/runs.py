"""Records what was tried: a run per training, a nested run per candidate, settings, measures and plots."""

import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiercast.registry.store import Store, told

SKIPPED_TAG = "tiercast.metrics_not_finite"
_LONGEST_PARAM = 500
_LONGEST_TAG = 5000
_PARAMS_AT_ONCE = 100
_METRICS_AT_ONCE = 800
_NOT_IN_NAMES = re.compile(r"[^\w\-. /:]")


@dataclass(frozen=True)
class Run:
    """An open run: what is logged here is kept under its id."""

    store: Store
    run_id: str
    experiment: str

    def log(
        self,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float | None] | None = None,
        tags: Mapping[str, Any] | None = None,
        step: int = 0,
    ) -> int:
        """Log parameters, measures and tags together, in one call to the store.

        Parameters
        ----------
        params, tags : mapping
            Values are written as text; long ones are shortened, with their length said at the end.
        metrics : mapping
            Numbers. Those that are absent or not finite cannot be kept: they are skipped and named in the
            run's tag ``tiercast.metrics_not_finite``.
        step : int
            Position of the measures in a series, for instance the fold.

        Returns
        -------
        int
            How many measures were skipped.
        """
        from mlflow.entities import Metric, Param, RunTag

        now = int(time.time() * 1000)
        finite = {name: float(value or 0) for name, value in (metrics or {}).items() if _is_finite(value)}
        skipped = sorted(set(metrics or {}) - set(finite))
        said = {str(name): _short(value, _LONGEST_TAG) for name, value in (tags or {}).items()}
        if skipped:
            said[SKIPPED_TAG] = _short(", ".join(skipped), _LONGEST_TAG)
        measured = [Metric(_name(name), value, now, step) for name, value in finite.items()]
        written = [
            Param(_name(name), _short(value, _LONGEST_PARAM)) for name, value in (params or {}).items()
        ]
        labels = [RunTag(name, value) for name, value in said.items()]
        with told(self.store.uri):
            while measured or written or labels:
                self.store.client.log_batch(
                    self.run_id,
                    metrics=measured[:_METRICS_AT_ONCE],
                    params=written[:_PARAMS_AT_ONCE],
                    tags=labels[:_PARAMS_AT_ONCE],
                )
                measured, written = measured[_METRICS_AT_ONCE:], written[_PARAMS_AT_ONCE:]
                labels = labels[_PARAMS_AT_ONCE:]
        return len(skipped)

    def figure(self, figure: Any, name: str) -> None:
        """Keep a matplotlib or plotly figure under a path such as ``plots/lift.png``."""
        with told(self.store.uri):
            self.store.client.log_figure(self.run_id, figure, name)

    def text(self, text: str, name: str) -> None:
        """Keep a text under a path such as ``features.sql``."""
        with told(self.store.uri):
            self.store.client.log_text(self.run_id, text, name)

    def record(self, facts: Mapping[str, Any], name: str) -> None:
        """Keep facts as JSON under a path such as ``metrics/folds.json``."""
        with told(self.store.uri):
            self.store.client.log_dict(self.run_id, dict(facts), name)

    def file(self, path: Path | str, folder: str | None = None) -> None:
        """Keep a file, or a folder with all its files, under the run's ``folder``."""
        with told(self.store.uri):
            if Path(path).is_dir():
                self.store.client.log_artifacts(self.run_id, str(path), folder)
            else:
                self.store.client.log_artifact(self.run_id, str(path), folder)


@dataclass(frozen=True)
class RecordedRun:
    """What a run that is over has kept: parameters and tags as text, measures as numbers."""

    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


@contextmanager
def start_run(
    store: Store,
    experiment: str,
    name: str,
    *,
    parent: Run | None = None,
    tags: Mapping[str, Any] | None = None,
) -> Iterator[Run]:
    """Open a run for the length of a block; it ends FINISHED, FAILED with the error's type, or KILLED.

    Parameters
    ----------
    store : Store
        Where to keep it.
    experiment, name : str
        The experiment, made if it does not exist, and the run's name in it.
    parent : Run, optional
        The run that this one is shown under.
    tags : mapping, optional
        Facts to find it by.
    """
    run = _create(store, experiment, name, parent, tags)
    status = "KILLED"
    try:
        yield run
        status = "FINISHED"
    except Exception as fault:
        status = "FAILED"
        _end(
            run,
            status,
            {"tiercast.error": type(fault).__name__, "tiercast.error_code": getattr(fault, "code", "")},
        )
        raise
    finally:
        if status != "FAILED":
            _end(run, status, {})


def record_run(
    store: Store,
    experiment: str,
    name: str,
    *,
    parent: Run | None = None,
    params: Mapping[str, Any] | None = None,
    metrics: Mapping[str, float | None] | None = None,
    tags: Mapping[str, Any] | None = None,
) -> str:
    """Keep a run that is already over, in as few calls as the store allows, and return its id.

    Made for many candidates: milliseconds each on a local store.
    """
    run = _create(store, experiment, name, parent, tags)
    run.log(params=params, metrics=metrics)
    _end(run, "FINISHED", {})
    return run.run_id


def recorded(store: Store, experiment: str, tags: Mapping[str, str]) -> list[RecordedRun]:
    """Return the parameters and measures of the finished runs that have all these tags, oldest first."""
    quoted = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
    with told(store.uri):
        found = store.client.search_runs(
            [store.experiment_id(experiment)],
            f"attributes.status = 'FINISHED' and {quoted}",
            max_results=1000,
            order_by=["attributes.start_time ASC"],
        )
    return [RecordedRun(dict(run.data.params), dict(run.data.metrics), dict(run.data.tags)) for run in found]


def _create(
    store: Store, experiment: str, name: str, parent: Run | None, tags: Mapping[str, Any] | None
) -> Run:
    said = {str(key): _short(value, _LONGEST_TAG) for key, value in (tags or {}).items()}
    if parent is not None:
        said["mlflow.parentRunId"] = parent.run_id
        if parent.experiment != experiment:
            raise ValueError(f"a nested run stays in its parent's experiment {parent.experiment!r}")
    experiment_id = store.experiment_id(experiment)
    with told(store.uri):
        made = store.client.create_run(experiment_id, run_name=name, tags=said)
    return Run(store, str(made.info.run_id), experiment)


def _end(run: Run, status: str, tags: Mapping[str, str]) -> None:
    if tags:
        run.log(tags={name: value for name, value in tags.items() if value})
    with told(run.store.uri):
        run.store.client.set_terminated(run.run_id, status)


def _is_finite(value: Any) -> bool:
    try:
        return value is not None and math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _name(name: object) -> str:
    return _NOT_IN_NAMES.sub("_", str(name))[:250]


def _short(value: Any, longest: int) -> str:
    """Return a value as text of at most ``longest`` characters.

    >>> _short("x" * 100, 30)
    'xxxxxxxxxxxxxxx… (100 letters)'
    """
    text = str(value)
    if len(text) <= longest:
        return text
    end = f"… ({len(text)} letters)"
    return text[: longest - len(end)] + end


def run_file(store: Store, run_id: str, path: str) -> Path | None:
    """Return a local copy of a file that a run kept, or None when there is no such run or it kept no such file."""
    from mlflow.exceptions import MlflowException

    folder, _, _ = path.rpartition("/")
    with told(store.uri):
        try:
            kept = {str(entry.path) for entry in store.client.list_artifacts(run_id, folder or None)}
        except MlflowException as fault:
            if fault.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        if path not in kept:
            return None
        return Path(store.client.download_artifacts(run_id, path))
