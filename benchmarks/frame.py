"""How every benchmark speaks: sizes from the environment, measures with goals, results in one JSON file.

A benchmark is a module with three parts: it reads its sizes with :func:`size`, takes its measures, and hands them to
:func:`finish`, which prints one table and writes ``benchmarks/results/<name>.json``. With ``SMALL=1`` sizes are small,
the heavy peers stay out, and the file goes to ``benchmarks/results/small/``, which is not committed.
"""

import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
PACKAGES = (
    "duckdb",
    "lightgbm",
    "mlflow",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pyspark",
    "scikit-learn",
    "scipy",
)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One number that was measured, what it should be, and what a peer reached.

    Parameters
    ----------
    name : str
        What was measured, as a reader would say it.
    value : float
        The number.
    unit : str
        Its unit: ``s``, ``rows/s``, ``MB``, ``AUC``, ``share``.
    at_least, at_most : float, optional
        The goal of the issue that asked for the measure.
    peer : str, optional
        Who was measured beside us, in the same process tree.
    peer_value : float, optional
        What the peer reached, in the same unit.
    interval : (float, float), optional
        Bounds of ``value`` over the repetitions or resamples, both included.

    Examples
    --------
    >>> speed = Measure(name="rows scored", value=161_000.0, unit="rows/s", at_least=100_000.0)
    >>> speed.goal, speed.holds
    ('at least 100,000', True)
    >>> Measure(name="start", value=1.4, unit="s", at_most=1.0).holds
    False
    >>> Measure(name="width", value=3.0, unit="columns").holds is None
    True
    """

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    peer: str | None = None
    peer_value: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def goal(self) -> str | None:
        """The goal in words, or None where none was set."""
        bounds = [
            f"{word} {bound:,.10g}"
            for word, bound in (("at least", self.at_least), ("at most", self.at_most))
            if bound is not None
        ]
        return " and ".join(bounds) or None

    @property
    def holds(self) -> bool | None:
        """Whether the goal is met; None where none was set. A value that is not a number meets no goal."""
        if self.goal is None:
            return None
        if not isfinite(self.value):
            return False
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    def to_json(self) -> dict[str, object]:
        """Return the measure as it stands in the result file."""
        return {
            "name": self.name,
            "value": _finite(self.value),
            "unit": self.unit,
            "goal": self.goal,
            "holds": self.holds,
            "peer": self.peer,
            "peer_value": _finite(self.peer_value),
            "interval": None if self.interval is None else [_finite(bound) for bound in self.interval],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Measure":
        """Return the measure that :meth:`to_json` wrote.

        Examples
        --------
        >>> slow = Measure(name="start", value=1.5, unit="s", at_most=1_000.0, interval=(1.0, 2.0))
        >>> Measure.from_json(slow.to_json()) == slow
        True
        """
        bounds = dict(re.findall(r"(at least|at most) (\S+)", stored["goal"] or ""))
        low, high = (
            float(bounds[word].replace(",", "")) if word in bounds else None
            for word in ("at least", "at most")
        )
        return cls(
            name=stored["name"],
            value=float("nan") if stored["value"] is None else stored["value"],
            unit=stored["unit"],
            at_least=low,
            at_most=high,
            peer=stored["peer"],
            peer_value=stored["peer_value"],
            interval=tuple(stored["interval"]) if stored["interval"] else None,
        )


def small() -> bool:
    """Return whether this is the small mode of CI (``SMALL=1``)."""
    return os.environ.get("SMALL", "") not in {"", "0"}


def size(name: str, *, full: int, reduced: int) -> int:
    """Return a size: the variable of that name if it is set, else the full or, in small mode, the reduced one.

    Examples
    --------
    >>> os.environ["ROWS_OF_AN_EXAMPLE"] = "1_000"
    >>> size("ROWS_OF_AN_EXAMPLE", full=20_000_000, reduced=10_000)
    1000
    """
    given = os.environ.get(name)
    if given:
        return int(given)
    return reduced if small() else full


@contextmanager
def stopwatch() -> Iterator[list[float]]:
    """Measure the seconds of a block: the list that is handed out holds them afterwards.

    Examples
    --------
    >>> with stopwatch() as seconds:
    ...     total = sum(range(1000))
    >>> seconds[0] >= 0
    True
    """
    seconds: list[float] = []
    start = time.perf_counter()
    yield seconds
    seconds.append(time.perf_counter() - start)


def finish(
    name: str, measures: Sequence[Measure], *, folder: Path | None = None, beside: bool = False
) -> Path:
    """Print one table and write one JSON file, in one step that leaves no half file.

    Parameters
    ----------
    name : str
        The name of the benchmark: that of its module, without the package.
    measures : sequence of Measure
        In the order in which they are shown.
    folder : Path, optional
        Where the file goes; default ``benchmarks/results``, in small mode ``benchmarks/results/small``.
    beside : bool
        Keep what the file holds under other names: the parts of a long benchmark may be run apart. Where they were
        measured on several commits, all of these are told.

    Returns
    -------
    Path
        The file.
    """
    target = folder or (RESULTS / "small" if small() else RESULTS)
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"{name}.json"
    commit = parent_commit()
    if beside and path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        held = {each["name"]: Measure.from_json(each) for each in before["measures"]}
        fresh = {each.name: each for each in measures}
        if held.keys() - fresh.keys():
            told = [*(before["measured_on"] or "").split(", "), commit or ""]
            commit = ", ".join(dict.fromkeys(each for each in told if each)) or None
        measures = list({**held, **fresh}.values())
    result = {
        "machine": machine(),
        "measured_on": commit,
        "measures": [measure.to_json() for measure in measures],
    }
    draft = path.with_suffix(".json.draft")
    draft.write_text(
        json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )
    draft.replace(path)
    Console(width=132).print(_table(name, measures))
    return path


def machine() -> dict[str, object]:
    """Describe the machine without naming it: processor, cores, memory, system, Python and package versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {package: found for package in PACKAGES if (found := _version(package))},
    }


def parent_commit() -> str | None:
    """Return the commit that was measured, with ``+changes`` if the tree differs from it; None outside a repository."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", "src", "benchmarks/*.py")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}+changes" if changed else commit


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=RESULTS.parents[1], check=True, capture_output=True, text=True
    ).stdout.strip()


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _finite(number: float | None) -> float | None:
    return float(number) if number is not None and isfinite(number) else None


def _table(name: str, measures: Sequence[Measure]) -> Table:
    table = Table(title=f"{name} (small mode: sizes too small to quote)" if small() else name)
    for heading in ("measure", "value", "unit", "goal", "holds", "peer", "peer value"):
        table.add_column(heading, justify="right" if "value" in heading else "left")
    for measure in measures:
        low_high = f" [{measure.interval[0]:,.4g} to {measure.interval[1]:,.4g}]" if measure.interval else ""
        table.add_row(
            measure.name,
            f"{measure.value:,.4g}{low_high}".replace("[", r"\["),
            measure.unit,
            measure.goal or "",
            {True: "yes", False: "NO", None: ""}[measure.holds],
            measure.peer or "",
            "" if measure.peer_value is None else f"{measure.peer_value:,.4g}",
        )
    return table
