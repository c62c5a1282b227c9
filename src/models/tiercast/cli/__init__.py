"""The command line: every step of the path as a command, for people and, with ``--json``, for machines.

One file for each group of commands. Nothing heavy is imported before a command runs, so ``tiercast --help`` is quick.
"""

import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from tiercast import __version__
from tiercast.cli import (
    adding,
    cards,
    checking,
    converting,
    persuading,
    planning,
    reading,
    scoring,
    segmenting,
    stages,
    store,
    tiers,
    training,
)
from tiercast.cli.faults import DEBUG, INTERRUPTED, STOPPED, TERMINATED, Group, Terminated

EXIT_CODES = (
    "Exit codes: 0 done, 1 unforeseen, 2 command line or card, 3 input, 4 too little history or a leak, "
    "5 tracking store, 6 no champion, 7 output, 130 interrupted, 143 terminated."
)
EVERY_COMMAND = (
    "Every command takes --json (one JSON object on standard output, errors too), --root and --verbose."
)

app = typer.Typer(
    name="tiercast",
    cls=Group,
    help="From touchpoint histories to churn, repurchase time, lifetime value, tiers and next actions.",
    epilog=f"{EXIT_CODES}\n\n{EVERY_COMMAND}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _module in (
    cards,
    checking,
    reading,
    training,
    segmenting,
    stages,
    scoring,
    planning,
    tiers,
    adding,
    store,
):
    _module.add_to(app)
for _module in (persuading, converting):
    _module.add_to(app)
for _typer in (app, *(group.typer_instance for group in app.registered_groups)):
    for _command in _typer.registered_commands if _typer is not None else ():
        _command.epilog = EXIT_CODES


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tiercast {__version__}")
        raise typer.Exit()


@app.callback()
def _tiercast(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and leave.", callback=_tell_version, is_eager=True),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line: what the script ``tiercast`` calls."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # idle threads of LightGBM would otherwise spin
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)  # a card's extensions may lie beside it; last, so that they shadow nothing
    if not sys.warnoptions and not os.environ.get(DEBUG):
        warnings.simplefilter("ignore")  # what libraries tell their programmers
    signal.signal(signal.SIGTERM, _leave)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # in the background it may be ignored
        signal.signal(signal.SIGINT, _interrupt)
    try:
        app(prog_name="tiercast")
    except Terminated:
        sys.exit(TERMINATED)


def _leave(*_: Any) -> None:
    STOPPED.append(TERMINATED)
    raise Terminated


def _interrupt(*_: Any) -> None:
    STOPPED.append(INTERRUPTED)
    raise KeyboardInterrupt
