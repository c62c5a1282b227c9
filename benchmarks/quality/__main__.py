"""We and the field on the same splits: one table a target, and one file with every figure.

``python -m benchmarks.quality`` runs the published tasks (``TASKS=cdnow_13w,…`` some of them, ``PEERS=…`` some of the
peers, ``TIERCAST_DATA`` the folder of the data); ``SMALL=1`` a drawn one. The same on any event file::

    python -m benchmarks.quality --touchpoints FILE --map MAP.toml --cutoff 2025-01-01 --horizon 90
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from benchmarks.frame import small
from benchmarks.quality.asked import asked
from benchmarks.quality.comparing import adjusted
from benchmarks.quality.outcome import Outcome, missed
from benchmarks.quality.running import RESAMPLES, run_task
from benchmarks.quality.showing import show, write

WIDTH = 170


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; return 0, or 2 where nothing could be judged."""
    with tempfile.TemporaryDirectory(prefix="quality-") as scratch:
        try:
            wanted = asked(arguments, scratch=Path(scratch))
        except ValueError as fault:
            print(fault, file=sys.stderr)
            return 2
        outcomes: list[Outcome] = []
        for task in wanted.tasks:
            found = run_task(
                task,
                peers=wanted.peers,
                data=wanted.data,
                seed=wanted.seed,
                resamples=200 if small() else RESAMPLES,
            )
            outcomes.append(found)
            table = adjusted([each for outcome in outcomes for each in outcome.comparisons])
            # what is known is kept after every task: the whole table takes hours
            outcomes = [
                replace(outcome, comparisons=tuple(each for each in table if each.task == outcome.task.name))
                for outcome in outcomes
            ]
            write(outcomes, wanted.out, keep=wanted.keep)
    show(outcomes, Console(width=WIDTH))
    of_goals, others = (missed(outcomes, in_table=in_table) for in_table in (True, False))
    print(
        f"lost to a peer after the adjustment: {of_goals} figures with a goal, {others} others; see {wanted.out}"
    )
    return 0 if any(outcome.future is not None for outcome in outcomes) else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
