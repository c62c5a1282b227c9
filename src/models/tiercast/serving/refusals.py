"""What is said when a request or an input cannot be answered: one code, one sentence, the facts, and what to do."""

from typing import Any


class Refused(Exception):
    """An answer that was withheld on purpose, with a stable code.

    Every error that tiercast raises on purpose is one of these, in the package and in the served file alike, so a
    caller can rely on ``code`` and never has to read a stack trace.

    Parameters
    ----------
    message : str
        What was expected, what came, and what to do. Never contains values of the caller's rows.
    **details
        Facts a machine can use (counts, names of columns, codes). JSON-able.

    Examples
    --------
    >>> Refused("no rows came; send at least one touchpoint", rows=0).body()["error_code"]
    'REFUSED'
    """

    code: str = "REFUSED"
    http_status: int = 400

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.message, self.details))

    def body(self) -> dict[str, Any]:
        """Return the reply as plain JSON: ``error_code``, ``message``, ``details``."""
        return {"error_code": self.code, "message": self.message, "details": dict(self.details)}


def _rebuild(kind: type[Refused], message: str, details: dict[str, Any]) -> Refused:
    error = kind.__new__(kind)
    Refused.__init__(error, message, **details)
    return error


class MissingColumns(Refused, KeyError):
    """A required column did not come."""

    code = "MISSING_COLUMN"

    def __str__(self) -> str:
        return self.message


class UnknownColumns(Refused, ValueError):
    """A column came that no contract names: refused, because a typo would otherwise vanish."""

    code = "UNKNOWN_COLUMN"


class WrongType(Refused, TypeError):
    """A column holds a type that cannot be read without guessing."""

    code = "WRONG_TYPE"


class EmptyInput(Refused, ValueError):
    """No rows came."""

    code = "EMPTY_INPUT"


class BadCutoff(Refused, ValueError):
    """The cutoff is missing, or is not midnight UTC of a day."""

    code = "BAD_CUTOFF"


class RejectedRows(Refused, ValueError):
    """Rows were rejected by the contract and the caller did not ask to go on without them."""

    code = "REJECTED_ROWS"


class UnknownChoice(Refused, LookupError):
    """A name was asked for that does not exist; the details list what there is."""

    code = "UNKNOWN_CHOICE"


class InternalFault(Refused, RuntimeError):
    """Something failed that should not have; only the type of the fault is told."""

    code = "INTERNAL"
    http_status = 500
