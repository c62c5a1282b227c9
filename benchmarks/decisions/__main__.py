"""Run every part, or those named in the variable ``PARTS`` (separated by spaces), and write one table and one file."""

import os
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules

from benchmarks import decisions
from benchmarks.frame import Measure, finish


def parts() -> dict[str, Callable[[], Iterator[Measure]]]:
    """Return what each part of the folder measures, by name."""
    names = [found.name for found in iter_modules(decisions.__path__) if not found.name.startswith("_")]
    return {name: import_module(f"{decisions.__name__}.{name}").measures for name in names}


def main() -> None:
    """Take the measures that are asked for; parts that do not run keep what the file holds of them."""
    there_is = parts()
    wanted = os.environ.get("PARTS", "").split() or list(there_is)
    if unknown := sorted(set(wanted) - set(there_is)):
        raise SystemExit(f"there is no part {', '.join(unknown)}; there is: {', '.join(there_is)}")
    taken = [measure for name in wanted for measure in there_is[name]()]
    finish("decisions", taken, beside=set(wanted) != set(there_is))


if __name__ == "__main__":
    main()
