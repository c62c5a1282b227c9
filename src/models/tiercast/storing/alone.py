"""Alone: one process at a time adds to a store; another waits for its turn, and is told for whom."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from tiercast.errors import OutputError

LOCK = ".lock"
LOOK_SECONDS = 0.1


@contextmanager
def alone_in(
    folder: Path, *, wait_seconds: float, progress: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Hold the folder while the block runs; the system lets go of it also when the process is killed.

    Raises
    ------
    OutputError
        Another process held it all the while; the message names it and says since when.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, alone_in(Path(folder), wait_seconds=0):
    ...     with alone_in(Path(folder), wait_seconds=0):
    ...         pass
    Traceback (most recent call last):
    ...
    tiercast.errors.OutputError: cannot write ...: process ... is adding to it since ...
    """
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise OutputError(path=folder, problem=error.strerror or type(error).__name__) from error
    try:
        _take(lock, folder, wait_seconds, progress)
        _say(lock, f"process {os.getpid()} is adding to it since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        yield
        _say(lock, "")
    finally:
        os.close(lock)


def _take(lock: int, folder: Path, wait_seconds: float, progress: Callable[[str], None]) -> None:
    until, told = time.monotonic() + wait_seconds, False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = os.pread(lock, 200, 0).decode("utf-8", "replace") or "another process is adding to it"
        except OSError as error:
            raise OutputError(
                path=folder, problem=f"it cannot be locked ({error.strerror}); use a disk that can"
            ) from error
        if time.monotonic() >= until:
            raise OutputError(path=folder, problem=holder)
        if not told:
            progress(f"waiting: {holder}")
            told = True
        time.sleep(LOOK_SECONDS)


def _say(lock: int, text: str) -> None:
    with suppress(OSError):  # a full disk is told by who needs the room
        os.ftruncate(lock, 0)
        os.pwrite(lock, text.encode("utf-8"), 0)
