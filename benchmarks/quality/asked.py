"""What is asked for: the published tasks, the small one of every check, or one on any event file."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from benchmarks.frame import RESULTS, size, small
from benchmarks.quality.contest import BASE, chosen
from benchmarks.quality.published import TASKS
from benchmarks.quality.tasks import Task
from tiercast.sources.synthetic.writing import write_synthetic

SMALL_CUTOFF = date(2025, 7, 1)


@dataclass(frozen=True)
class Asked:
    """Tasks, who takes part, where the data are, where the results go, and whether other tasks stay there."""

    tasks: tuple[Task, ...]
    peers: tuple[str, ...]
    data: Path
    out: Path
    seed: int
    keep: bool = False


def asked(arguments: Sequence[str], *, scratch: Path) -> Asked:
    """Return what the command line and the environment ask for.

    Parameters
    ----------
    arguments : sequence of str
    scratch : Path
        A folder for touchpoints that are drawn, in small mode.
    """
    told = _parser().parse_args(arguments)
    data = Path(os.environ.get("TIERCAST_DATA") or Path(__file__).parents[3] / "shared" / "data")
    if told.touchpoints:
        missing = [name for name in ("cutoff", "horizon") if getattr(told, name) is None]
        if missing:
            _parser().error(f"--touchpoints needs {' and '.join(f'--{name}' for name in missing)}")
        task = Task(
            name=Path(told.touchpoints).name,
            source=str(told.touchpoints).replace("{", "{{").replace("}", "}}"),
            last_day=told.cutoff - timedelta(days=1),
            horizon_days=told.horizon,
            map=told.map,
        )
        out = Path(told.out) if told.out else Path("quality.json")
        return Asked((task,), _peers(told.peers), data, out, told.seed)
    if small():
        out = Path(told.out) if told.out else RESULTS / "small" / "quality.json"
        return Asked(
            (_drawn(scratch),), _peers(told.peers or ",".join((*BASE, "families"))), data, out, told.seed
        )
    out = Path(told.out) if told.out else RESULTS / "quality.json"
    some = bool(os.environ.get("TASKS"))
    return Asked(_published(), _peers(told.peers), data, out, told.seed, keep=some)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--touchpoints", default="", help="an event file: .parquet, .csv, or any source")
    parser.add_argument("--map", default="", help="its column map, TOML")
    parser.add_argument("--cutoff", type=_day, help="a midnight: that day is not seen")
    parser.add_argument("--horizon", type=_days, help="days from the cutoff on")
    parser.add_argument("--peers", default="", help="names, separated by commas; default: all")
    parser.add_argument("--out", default="", help="the result file")
    parser.add_argument("--seed", type=int, default=7)
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"a cutoff is a day of the calendar such as 2024-12-31, and {text!r} came"
        ) from None


def _days(text: str) -> int:
    expected = f"a horizon has 1 to 365 days, a whole number such as 28, and {text!r} came"
    try:
        days = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(expected) from None
    if not 1 <= days <= 365:
        raise argparse.ArgumentTypeError(expected)
    return days


def _peers(told: str) -> tuple[str, ...]:
    return chosen(told or os.environ.get("PEERS", ""))


def _published() -> tuple[Task, ...]:
    """Return the published tasks, those of ``TASKS`` where it is set.

    Raises
    ------
    ValueError
        ``TASKS`` names one that there is not.
    """
    wanted = [name.strip() for name in os.environ.get("TASKS", "").split(",") if name.strip()]
    there = {task.name: task for task in TASKS}
    unknown = [name for name in wanted if name not in there]
    if unknown:
        raise ValueError(f"no such task: {', '.join(unknown)}; there is: {', '.join(there)}")
    return tuple(there[name] for name in wanted) if wanted else TASKS


def _drawn(scratch: Path) -> Task:
    write_synthetic(scratch / "drawn", size("CUSTOMERS", full=5_000, reduced=600))
    source = f"parquet:{scratch / 'drawn' / 'touchpoints'}"
    return Task(name="synthetic", source=source, last_day=SMALL_CUTOFF - timedelta(days=1), horizon_days=28)
