"""How a command ends when it fails: one line on standard error, one JSON object with ``--json``, one exit code."""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from tiercast.cli.plain import one_line, print_json
from tiercast.errors import TiercastError, exit_code_of
from tiercast.serving.refusals import Refused

DEBUG = "TIERCAST_DEBUG"
INTERRUPTED = 130
TERMINATED = 143


STOPPED: list[int] = []
"""Exit codes of the signals that came: a query tells that it was stopped as a failure of its own, and not by whom."""


class Terminated(BaseException):
    """The process was asked to end: it leaves as after an error, so that temporary folders are removed."""


class WrongUsage(TiercastError, ValueError):
    """A command was given options that do not go together, or that it does not know.

    Examples
    --------
    >>> raise WrongUsage("--out FILE is needed")
    Traceback (most recent call last):
    tiercast.cli.faults.WrongUsage: --out FILE is needed
    """

    code = "USAGE"
    exit_code = 2


def require_language(language: str) -> str:
    """Return the language, if words exist in it.

    Examples
    --------
    >>> require_language("zh")
    'zh'
    >>> require_language("fr")
    Traceback (most recent call last):
    tiercast.cli.faults.WrongUsage: --language is en or zh, not 'fr'
    """
    if language not in ("en", "zh"):
        raise WrongUsage(f"--language is en or zh, not {language!r}")
    return language


class Group(TyperGroup):
    """The commands of ``tiercast``; no fault leaves it as a stack trace."""

    def main(self, args: Sequence[str] | None = None, *others: Any, **more: Any) -> Any:
        """Run one command line and leave with its exit code."""
        given = list(sys.argv[1:] if args is None else args)
        more["standalone_mode"] = False
        try:
            said = super().main(given, *others, **more)
            code = said if isinstance(said, int) else 0
            if code == INTERRUPTED:
                raise KeyboardInterrupt
        except (Exception, KeyboardInterrupt) as fault:
            if TERMINATED in STOPPED:
                raise Terminated from fault
            code = end(KeyboardInterrupt() if STOPPED else fault, as_json="--json" in given)
        sys.exit(code)


def end(fault: BaseException, *, as_json: bool) -> int:
    """Tell a fault and return the exit code that goes with it."""
    if os.environ.get(DEBUG):
        traceback.print_exception(fault, file=sys.stderr)
    body, hint, code = _told(fault)
    tell(body, hint)
    if as_json:
        print_json(body)
    return code


def tell(body: dict[str, Any], hint: str = "") -> None:
    """Write the one line, and under it what helps."""
    lines = [f"error {body['error_code']}: {one_line(body['message'])}", *([hint] if hint else [])]
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def refuse(error: Refused) -> None:
    """Leave with an error's line and exit code, after a report that already holds the error was shown."""
    tell(error.body())
    raise typer.Exit(exit_code_of(error))


def _told(fault: BaseException) -> tuple[dict[str, Any], str, int]:
    if isinstance(fault, Refused):
        return fault.body(), "", exit_code_of(fault)
    if isinstance(fault, KeyboardInterrupt | typer.Abort):
        return _body("INTERRUPTED", "interrupted; nothing half-written is visible"), "", INTERRUPTED
    worded = getattr(fault, "format_message", None)
    if worded is not None:  # a usage error: an unknown option, a missing argument
        context = getattr(fault, "ctx", None)
        path = context.command_path if context is not None else "tiercast"
        if type(fault).__name__ == "NoArgsIsHelpError":  # the help was shown when it was raised
            return _body("USAGE", "no command was given"), "", 2
        return _body("USAGE", str(worded())), f"try: {path} --help", int(getattr(fault, "exit_code", 2))
    message = f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
    hint = "" if os.environ.get(DEBUG) else f"this should not happen; {DEBUG}=1 shows the trace"
    return _body("INTERNAL", message, type=type(fault).__name__), hint, exit_code_of(fault)


def _body(code: str, message: str, **details: Any) -> dict[str, Any]:
    return {"error_code": code, "message": one_line(message), "details": details}
