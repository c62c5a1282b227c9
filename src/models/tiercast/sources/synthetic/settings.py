"""What is asked of the synthetic world: how many customers, over which days, and how untidy their records are."""

import math
import re
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl

from tiercast.errors import SourceError
from tiercast.sources.synthetic.law import Law

MOST_CUSTOMERS = 10_000_000
MOST_IN_MEMORY = 200_000
LEAST_DAYS, MOST_DAYS = 30, 3650
MOST_SHARE = 0.5
MOST_SEED = 2**64 - 1


@dataclass(frozen=True)
class Settings:
    """Size and shape of a synthetic history; refused with :class:`~tiercast.errors.SourceError` where it cannot be.

    Parameters
    ----------
    customers : int
    seed : int
        Another seed is another world under the same law.
    days : int
        Length of the history; it ends at midnight UTC, excluded.
    start : datetime.date
        Its first day.
    late, resent, unresolved : float
        Shares of rows that become known late, come twice under one ``event_id``, or carry no customer.
    law : Law

    Examples
    --------
    >>> Settings(100).end
    datetime.date(2025, 12, 31)
    >>> Settings(100, late=2.0)
    Traceback (most recent call last):
    ...
    tiercast.errors.SourceError: cannot read synthetic:100: late is 2.0; give a share from 0 to 0.5
    """

    customers: int
    seed: int = 7
    days: int = 730
    start: date = date(2024, 1, 1)
    late: float = 0.02
    resent: float = 0.0
    unresolved: float = 0.0
    law: Law = field(default_factory=Law, repr=False)

    def __post_init__(self) -> None:
        self._whole("customers", 1, MOST_CUSTOMERS)
        self._whole("seed", 0, MOST_SEED)
        self._whole("days", LEAST_DAYS, MOST_DAYS)
        for name in ("late", "resent", "unresolved"):
            share = getattr(self, name)
            number = isinstance(share, float | int) and not isinstance(share, bool) and math.isfinite(share)
            if not number or not 0 <= share <= MOST_SHARE:
                self._refuse(name, share, f"give a share from 0 to {MOST_SHARE}")
        if type(self.start) is not date or not 1970 <= self.start.year <= 2080:
            self._refuse("start", self.start, "give a date from 1970-01-01 to 2080-12-31")

    @property
    def end(self) -> date:
        """The day at whose midnight the history ends: nothing occurs or becomes known from then on."""
        return self.start + timedelta(days=self.days)

    @property
    def name(self) -> str:
        """The source as it would be asked for."""
        told = [
            f"{_OPTION_OF.get(each.name, each.name)}={getattr(self, each.name)}"
            for each in fields(self)
            if each.name in _FIELDS and getattr(self, each.name) != each.default
        ]
        return f"synthetic:{self.customers}{'?' if told else ''}{'&'.join(told)}"

    def _whole(self, name: str, least: int, most: int) -> None:
        number = getattr(self, name)
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            self._refuse(name, number, f"give a whole number from {least:,} to {most:,}")

    def _refuse(self, name: str, came: Any, fix: str) -> None:
        shown = str(came)[:40]
        raise SourceError(
            source=f"synthetic:{str(self.customers)[:20]}", problem=f"{name} is {shown}", fix=fix
        )


_OPTION_OF = {"start": "from"}
_FIELDS = {each.name for each in fields(Settings)} - {"customers", "law"}
OPTIONS: dict[str, str] = {
    _OPTION_OF.get(each.name, each.name): each.name for each in fields(Settings) if each.name in _FIELDS
}
"""Options after the question mark, with the field that each sets."""


def parse(where: str) -> Settings:
    """Read what stands after ``synthetic:``.

    Examples
    --------
    >>> parse("10000?seed=3&days=365&from=2023-01-01")
    Settings(customers=10000, seed=3, days=365, start=datetime.date(2023, 1, 1), late=0.02, resent=0.0, unresolved=0.0)
    >>> parse("10000?sed=3")
    Traceback (most recent call last):
    ...
    tiercast.errors.SourceError: cannot read synthetic:10000?sed=3: no option is named 'sed'; there is: days, from,
    late, resent, seed, unresolved
    """
    source = f"synthetic:{where}"[:200]
    count, mark, rest = where.partition("?")
    if not re.fullmatch("[0-9]{1,12}", count):
        raise SourceError(
            source=source,
            problem="expected a number of customers after the colon",
            fix="as in synthetic:10000",
        )
    try:
        told = parse_qsl(rest, keep_blank_values=True, strict_parsing=True)
        if mark and not told:
            raise ValueError
    except ValueError:
        raise SourceError(
            source=source, problem="its options cannot be read", fix="give them as in ?seed=3&days=365"
        ) from None
    given: dict[str, Any] = {}
    for option, text in told:
        if option not in OPTIONS:
            there_is = ", ".join(sorted(OPTIONS))
            raise SourceError(
                source=source, problem=f"no option is named {option!r}", fix=f"there is: {there_is}"
            )
        if OPTIONS[option] in given:
            raise SourceError(source=source, problem=f"{option} is given twice", fix="give it once")
        given[OPTIONS[option]] = _value(source, option, text)
    return Settings(int(count), **given)


def _value(source: str, option: str, text: str) -> int | float | date:
    try:
        if option == "from":
            if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                raise ValueError
            return date.fromisoformat(text)
        if option in {"seed", "days"}:
            if not re.fullmatch("[0-9]{1,20}", text):
                raise ValueError
            return int(text)
        if not re.fullmatch("[0-9]*[.]?[0-9]+", text):
            raise ValueError
        return float(text)
    except ValueError:
        wanted = {"from": "a date such as 2024-01-01", "seed": "a whole number", "days": "a whole number"}
        raise SourceError(
            source=source,
            problem=f"{option} cannot be read",
            fix=f"give {wanted.get(option, 'a share such as 0.02')}",
        ) from None
