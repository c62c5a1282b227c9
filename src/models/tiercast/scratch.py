"""Scratch: folders and files of a run that is going on, which a later run removes when their owner was killed.

Each is locked by the process that it belongs to, for as long as that lives: the system lets go of a lock also when a
process is killed. What can be locked is therefore nobody's. What has no lock, is a link, or is another user's, is left.
"""

import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "tiercast-"
ALIVE = ".alive"
"""The file in a folder whose lock says that it is somebody's."""
WRITING = ".writing-"
_WRITING = re.compile(re.escape(WRITING) + "[0-9]+-.+")
_OWN: set[str] = set()
"""Folders of this very process: where a network disk keeps locks by process, it could take them from itself."""
_AS_IT_IS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ScratchFolder:
    """A folder of one's own among the system's temporary ones; when it is made, those whose owner is gone are removed.

    Parameters
    ----------
    among : path, optional
        Default: where the system has temporary files.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as among:
    ...     one, other = ScratchFolder(among), ScratchFolder(among)
    ...     there = Path(one.path).is_dir() and Path(other.path).is_dir()
    ...     one.remove()
    ...     there, Path(one.path).exists(), Path(other.path).exists()
    (True, False, True)
    """

    def __init__(self, among: str | Path | None = None) -> None:
        place = Path(among or tempfile.gettempdir())
        sweep_folders(place)
        self.path = tempfile.mkdtemp(prefix=PREFIX, dir=place)
        _OWN.add(self.path)
        self._lock: int | None = None
        new = Path(self.path, f"{ALIVE}-new")
        with suppress(
            OSError
        ):  # a disk that cannot lock, or is full: the folder is then never taken for left
            self._lock = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | _AS_IT_IS, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            new.rename(new.with_name(ALIVE))  # only now, so that nobody finds it without its lock

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        _OWN.discard(self.path)


def sweep_folders(place: Path) -> None:
    """Remove the folders in a place that were ours and whose owner is gone."""
    for name in _named(place, PREFIX):
        if str(place / name) in _OWN:
            continue
        with suppress(OSError), _opened(place / name, os.O_RDONLY | os.O_DIRECTORY) as folder:
            if not _is_ours(folder):
                continue
            lock = os.open(ALIVE, os.O_RDWR | _AS_IT_IS, dir_fd=folder)
            try:
                if _is_ours(lock) and stat.S_ISREG(os.fstat(lock).st_mode):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _empty(folder)
                    (place / name).rmdir()
            finally:
                os.close(lock)


def _empty(folder: int) -> None:
    """Remove all that is in an open folder, its lock last: were we killed here, another would go on."""
    for name in sorted(os.listdir(folder), key=lambda name: name == ALIVE):
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            shutil.rmtree(name, dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)


@contextmanager
def hidden_beside(place: Path) -> Iterator[Path]:
    """Yield a hidden file to write and then to rename to ``place``; it is removed if it is still there.

    Those beside it whose writer is gone are removed first.
    """
    sweep_files(place.parent)
    hidden = place.with_name(f"{WRITING}{os.getpid()}-{place.name}")
    lock = _locked(hidden)
    try:
        yield hidden
    finally:
        hidden.unlink(missing_ok=True)
        os.close(lock)


def _locked(file: Path) -> int:
    while True:
        lock = os.open(file, os.O_RDWR | os.O_CREAT | _AS_IT_IS, 0o666)
        with suppress(OSError):  # a disk that cannot lock
            fcntl.flock(lock, fcntl.LOCK_EX)  # whoever takes it for left is quick
        if _is_still(file, lock):
            return lock
        os.close(lock)  # it was swept before it could be locked


def sweep_files(folder: Path) -> None:
    """Remove the hidden files in a folder that were being written when their writer was killed."""
    for name in _named(folder, WRITING):
        if not _WRITING.fullmatch(name):
            continue
        with suppress(OSError), _opened(folder / name, os.O_RDWR) as file:
            if _is_ours(file) and stat.S_ISREG(os.fstat(file).st_mode):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_still(folder / name, file):
                    (folder / name).unlink()


def _named(place: Path, prefix: str) -> list[str]:
    try:
        return [path.name for path in place.iterdir() if path.name.startswith(prefix)]
    except OSError:  # whoever needs the place will say what is wrong with it
        return []


@contextmanager
def _opened(path: Path, how: int) -> Iterator[int]:
    found = os.open(path, how | _AS_IT_IS)
    try:
        yield found
    finally:
        os.close(found)


def _is_ours(opened: int) -> bool:
    return os.fstat(opened).st_uid == os.geteuid()


def _is_still(path: Path, opened: int) -> bool:
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    held = os.fstat(opened)
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)
