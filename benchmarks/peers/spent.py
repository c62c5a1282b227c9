"""What a process and those that it started have spent: processor time and memory, as the system counts them."""

import os
import time
from pathlib import Path

PROC = Path("/proc")


def processor_seconds() -> float:
    """Return the processor time of this process and of every process below it, those that have ended included.

    Examples
    --------
    >>> before = processor_seconds()
    >>> total = sum(range(1_000_000))
    >>> processor_seconds() > before
    True
    """
    ticks = os.sysconf("SC_CLK_TCK")
    spent = time.process_time() + sum(os.times()[2:4])
    for process in below(os.getpid()):
        # utime, stime, and those of its children that have ended; the name before them may hold anything
        fields = _read(process, "stat").rpartition(")")[2].split()
        spent += sum(map(int, fields[11:15])) / ticks
    return spent


def peak_gb() -> float:
    """Return the most memory that this process has held, and those below it, each at its own peak."""
    told = [_held(process) for process in (os.getpid(), *below(os.getpid()))]
    return sum(told) / 1e9


def below(process: int) -> list[int]:
    """Return the living processes that descend from one; none where the system does not tell."""
    parents: dict[int, list[int]] = {}
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit() and (told := _read(int(entry.name), "stat")):
            parents.setdefault(int(told.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, waiting = [], [process]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def _held(process: int) -> int:
    for line in _read(process, "status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 if process == os.getpid() else 0


def _read(process: int, what: str) -> str:
    try:
        return (PROC / str(process) / what).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # it has ended, or this is no Linux
