"""What a command shows: its answer on standard output, its progress on standard error."""

import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from copy import copy
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from tiercast.cli.plain import one_line, print_json, shown

Say = Callable[[str], None]
WIDEST = 1_000_000
"""More letters than a row of any table has."""


class Screen:
    """Where a command writes.

    Parameters
    ----------
    as_json : bool
        Answers are one JSON object.
    verbose : bool
        Steps are told, with seconds, also where there is no terminal.
    """

    def __init__(self, *, as_json: bool = False, verbose: bool = False) -> None:
        self.as_json = as_json
        self.verbose = verbose

    def answer(self, plain: Any, *shown: RenderableType) -> None:
        """Write the answer, for a machine or for people; bare text is written as it is, to be copied or piped."""
        if self.as_json:
            print_json(plain)
            return
        console = Console(file=sys.stdout, markup=False, highlight=False, emoji=False)
        for place, part in enumerate(shown):
            if place:
                console.print()
            if isinstance(part, str):
                sys.stdout.write(f"{part}\n")
            elif isinstance(part, Table) and not console.is_terminal:
                sys.stdout.write(_unbroken(part))
            else:
                console.print(part)
        sys.stdout.flush()

    @contextmanager
    def working(self, first: str) -> Iterator[Say]:
        """Show what is being done; whatever a library prints meanwhile goes to standard error.

        Yields
        ------
        callable
            Takes each step in words.
        """
        console = Console(file=sys.stderr, markup=False, highlight=False, emoji=False)
        with redirect_stdout(sys.stderr):
            if console.is_terminal and not console.is_dumb_terminal:
                with _moving(console, self.verbose) as say:
                    say(first)
                    yield say
            else:
                say = _lines(self.verbose)
                say(first)
                yield say


def _unbroken(given: Table) -> str:
    """Return a table for another program to search: a row is a line, its cells two blanks apart or more, none of them broken."""
    told = copy(given)
    told.title = None
    console = Console(
        file=io.StringIO(), width=WIDEST, markup=False, highlight=False, emoji=False, color_system=None
    )
    with console.capture() as held:
        console.print(told)
    lines = [str(given.title)] * bool(given.title) + [line.rstrip() for line in held.get().splitlines()]
    return "".join(f"{line}\n" for line in lines)


@contextmanager
def _moving(console: Console, verbose: bool) -> Iterator[Say]:
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=not verbose,
        redirect_stdout=False,
    )
    with bar:

        def say(step: str) -> None:
            for task in bar.tasks:
                if not task.finished:
                    bar.update(task.id, total=1, completed=1, visible=verbose)
            bar.add_task(one_line(step), total=None)

        yield say
        for task in bar.tasks:
            bar.update(task.id, total=1, completed=1)


def _lines(verbose: bool) -> Say:
    start = time.monotonic()

    def say(step: str) -> None:
        if verbose:
            sys.stderr.write(f"{time.monotonic() - start:7.1f} s  {one_line(step)}\n")
            sys.stderr.flush()

    return say


def table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    numbers: Sequence[str] = (),
    whole: Sequence[str] = (),
    tight: bool = False,
) -> Table:
    """Return a table; the columns in ``numbers`` are set to the right, and they and those in ``whole`` are never broken."""
    made = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        padding=(0, 1, 0, 0) if tight else (0, 1),
        pad_edge=False,
        box=box.SIMPLE_HEAD,
        show_edge=False,
    )
    for name in columns:
        if name in numbers:
            made.add_column(name, justify="right", no_wrap=True)
        else:
            made.add_column(name, overflow="fold", no_wrap=name in whole)
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else one_line(cell) for cell in row))
    return made


def facts(pairs: Sequence[tuple[str, object]]) -> Table:
    """Return names and what they are, aligned."""
    made = Table.grid(padding=(0, 2))
    made.add_column(no_wrap=True, style="bold")
    made.add_column(overflow="fold")
    for name, value in pairs:
        made.add_row(name, value if isinstance(value, Text) else shown(value))
    return made


def figure(value: object, places: int = 3) -> str:
    """Return a number for people, a dash for none.

    Examples
    --------
    >>> figure(0.87351), figure(1469307), figure(float("nan")), figure(None), figure(98.5, 1)
    ('0.874', '1,469,307', '–', '–', '98.5')
    """
    if not isinstance(value, int | float) or value != value:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.{places}f}"


def share(part: float, whole: float) -> str:
    """Return a share in per cent.

    Examples
    --------
    >>> share(1, 8), share(0, 0)
    ('12.5 %', '–')
    """
    return f"{100 * part / whole:.1f} %" if whole else "–"


def command_lines(title: str, *commands: str) -> str:
    """Return commands to copy, which are never broken over lines."""
    return "\n  ".join((title, *commands))


def story(text: str) -> RenderableType:
    """Return paragraphs whose broken lines keep their indent."""
    lines = [(line, len(line) - len(line.lstrip())) for line in shown(text).splitlines()]
    return Group(*(Padding(Text(line.strip()), (0, 0, 0, indent), expand=False) for line, indent in lines))


def heading(text: str) -> Text:
    """Return a line that stands out."""
    return Text(text, style="bold")
