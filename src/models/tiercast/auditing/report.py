"""The audit's report: one finding a check, and the refusal when any of them does not hold."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from tiercast.errors import LeakError

SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    code : str
        Stable: ``FUTURE_SHUFFLE``, ``TRUNCATION``, ``SINGLE_COLUMN_TOO_GOOD`` …
    check : str
        The question, in words.
    holds : bool
        False is a leak.
    what : str
        What was seen, with counts; names at most five columns.
    columns : tuple of str
        Every feature that is to blame; empty where it is no feature.
    """

    code: str
    check: str
    holds: bool
    what: str
    columns: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """Return the finding as one line.

        Examples
        --------
        >>> Finding("TRUNCATION", "Do features need what came later?", True, "none of 124 features changed").line
        'holds  TRUNCATION: none of 124 features changed'
        """
        return f"{'holds' if self.holds else 'LEAK '}  {self.code}: {self.what}"


@dataclass(frozen=True)
class AuditReport:
    """All findings of one audit, in the order of the checks.

    Parameters
    ----------
    findings : tuple of Finding
    source : str
        Whose touchpoints were audited.
    origins : tuple of date
        Where the future was changed.
    customers : int
        In how many histories: large data are audited on a fixed sample of customers.
    """

    findings: tuple[Finding, ...]
    source: str = ""
    origins: tuple[date, ...] = ()
    customers: int = 0

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(finding.holds for finding in self.findings)

    @property
    def leaks(self) -> tuple[Finding, ...]:
        """The findings that do not hold."""
        return tuple(finding for finding in self.findings if not finding.holds)

    def require(self) -> None:
        """Refuse to go on with a leak.

        Raises
        ------
        LeakError

        Examples
        --------
        >>> AuditReport(()).require()
        >>> AuditReport((Finding("POPULATION", "…", False, "7 customers vanish", ()),), source="x").require()
        Traceback (most recent call last):
        ...
        tiercast.errors.LeakError: x knows the future: POPULATION: 7 customers vanish
        """
        if self.leaks:
            raise LeakError(
                what=self.source or "the panel",
                problem="; ".join(f"{finding.code}: {finding.what}" for finding in self.leaks),
                names=list(dict.fromkeys(name for finding in self.leaks for name in finding.columns)),
            )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, dates as ISO text."""
        return {
            "passed": self.passed,
            "source": self.source,
            "origins": [origin.isoformat() for origin in self.origins],
            "customers": self.customers,
            "findings": [{**asdict(finding), "columns": list(finding.columns)} for finding in self.findings],
        }


def listed(names: Sequence[str]) -> str:
    """Return at most five names, and how many more there are.

    Examples
    --------
    >>> listed(["a", "b"])
    'a, b'
    >>> listed(list("abcdefg"))
    'a, b, c, d, e and 2 more'
    """
    shown = ", ".join(names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"
