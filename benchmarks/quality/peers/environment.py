"""Environments for the peers that do not go with our versions: each in a folder of its own, made once.

A variable names the folder; where it is not set the peer is skipped, because nothing is installed unasked. With uv, where
it is there, else with pip.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.quality.answers import Skipped


def python_with(packages: Sequence[str], *, module: str, variable: str) -> Path:
    """Return the Python of an environment that can import a module; it is made where there is none.

    Parameters
    ----------
    packages : sequence of str
        What is installed into a new one.
    module : str
    variable : str
        The environment variable that names its folder.

    Raises
    ------
    Skipped
        The variable is not set, or the environment cannot be made.
    """
    told = os.environ.get(variable)
    if not told:
        raise Skipped(f"{variable} names no folder for the environment that {module} needs for itself")
    folder = Path(told).expanduser().absolute()
    python = folder / "bin" / "python"
    if has(python, module):
        return python
    uv = shutil.which("uv")
    make = (
        [uv, "venv", "--allow-existing", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
    )
    install = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
    for command in ([*make, str(folder)], [*install, *packages]):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise Skipped(f"{module} cannot be installed: {last_line(done.stderr)}")
    if not has(python, module):
        raise Skipped(f"{module} was installed into {variable} and cannot be imported")
    return python


def has(python: Path, module: str) -> bool:
    """Return whether a Python is there and can import a module."""
    if not python.exists():
        return False
    return (
        subprocess.run([str(python), "-c", f"import {module}"], check=False, capture_output=True).returncode
        == 0
    )


def run_alone(python: Path, script: Path, folder: Path) -> None:
    """Run a script in an environment of its own, with a folder to read and write.

    Raises
    ------
    Skipped
        It failed; the last line it said is told.
    """
    alone = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    command = [str(python), str(script), str(folder)]
    done = subprocess.run(command, env=alone, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Skipped(f"{script.stem} ended with {done.returncode}: {last_line(done.stderr)}")


def last_line(said: str) -> str:
    r"""Return the last line that says something.

    Examples
    --------
    >>> last_line("a trace\nValueError: no\n\n"), last_line("")
    ('ValueError: no', 'no word')
    """
    return ([line.strip() for line in said.splitlines() if line.strip()] or ["no word"])[-1][:300]
