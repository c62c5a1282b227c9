"""Times: other ways to write one, local times of a zone and seconds since 1970, made into what the contract reads.

A text that is not written as the map says stays unreadable, marked by a question mark, so that the contract rejects
it by name instead of reading another day into it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tiercast.mapping.cells import Cells
from tiercast.serving.reading import SparkDialect
from tiercast.serving.refusals import WrongType
from tiercast.zones import Zone

MICROSECONDS = {"seconds": "1e6", "milliseconds": "1e3", "microseconds": "1e0", "nanoseconds": "1e-3"}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SHORTHAND = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M", "%D": "%m/%d/%y"}
TWO_DIGITS = "[0-9]{2}"
PATTERNS = {
    "Y": "[0-9]{4}", "y": TWO_DIGITS, "m": TWO_DIGITS, "d": TWO_DIGITS, "H": TWO_DIGITS, "M": TWO_DIGITS,
    "S": TWO_DIGITS, "I": "0[0-9]|1[0-2]", "f": "[0-9]{1,9}", "p": "[AaPp][Mm]", "b": "[A-Za-z]{3}",
    "B": "[A-Za-z]{3,9}", "a": "[A-Za-z]{3}", "A": "[A-Za-z]{6,9}", "z": "Z|[+-][0-9]{2}:?[0-9]{2}",
}  # fmt: skip
NAIVE = "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?"
LARGEST_US = "1e17"  # the year 5138: the contract rejects it as out of range, and no engine fails on it


@dataclass(frozen=True)
class Time:
    """An instant, from one column.

    Parameters
    ----------
    column : str
    format : str
        How text is written, in the letters of ``strptime``: ``%d/%m/%Y %H:%M``. Columns of dates or times need none.
    zone : str
        The IANA zone whose local times these are; times that carry an offset keep it. Default: UTC.
    unit : str
        For numbers: ``seconds``, ``milliseconds``, ``microseconds`` or ``nanoseconds`` since 1970 UTC.

    Examples
    --------
    >>> import duckdb
    >>> rule = Time("day", format="%d/%m/%Y %H:%M", zone="Europe/London")
    >>> cells = Cells({"day": "VARCHAR"})
    >>> shop = "(VALUES ('1/7/2011 8:26'), ('01/12/2010 08:26'), ('2010-12-01')) AS shop(day)"
    >>> [day for day, in duckdb.sql(cells.select(rule.sql(cells), shop)).fetchall()]
    ['2011-07-01T08:26+01:00', '2010-12-01T08:26+00:00', '?2010-12-01']
    """

    column: str
    format: str = ""
    zone: str = ""
    unit: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of the table that it reads."""
        return (self.column,)

    def sql(self, cells: Cells) -> str:
        """Return a time, or text that the contract reads as one."""
        held, raw = cells.held(self.column), cells.raw(self.column)
        if self.unit:
            return self._since_1970(cells, held)
        if held in {"time", "time_zoned", "date"}:
            return self._of_time(cells, raw) if self.zone and held != "time_zoned" else raw
        if held not in {"text", "integer", "float"} or (held != "text" and not self.format):
            raise WrongType(
                f"column {self.column}: expected times, but it holds {cells.types[self.column]}; if these are seconds"
                ' since 1970, say unit = "seconds" in the map; if they are days such as 20240131, say format',
                column=self.column,
                found=cells.types[self.column],
            )
        text = cells.text(self.column)
        if self.format:
            text = _from_format(cells, text, self.format)
        return self._of_text(cells, text) if self.zone else text

    def _since_1970(self, cells: Cells, held: str) -> str:
        number = cells.number(self.column)
        within = f"LEAST(GREATEST({number} * {MICROSECONDS[self.unit]}, -{LARGEST_US}), {LARGEST_US})"
        spark = isinstance(cells.dialect, SparkDialect)
        moment = cells.let(
            f"{'timestamp_micros' if spark else 'make_timestamp'}(CAST(FLOOR({within}) AS BIGINT))"
        )
        if held != "text":
            return f"CASE WHEN {number} IS NOT NULL THEN {moment} END"  # GREATEST passes over what is empty
        told = (
            f"date_format({moment}, 'yyyy-MM-dd\\'T\\'HH:mm:ss.SSSSSS')"
            if spark
            else f"strftime({moment}, '%Y-%m-%dT%H:%M:%S.%f')"
        )
        text = cells.text(self.column)
        return f"CASE WHEN {cells.dialect.finite(number)} THEN {told} ELSE '?' || {text} END"

    def _of_time(self, cells: Cells, raw: str) -> str:
        local = cells.let(cells.dialect.time_to_micros(raw))
        offset = Zone.named(self.zone).offset_of_local(
            local, moment=lambda second: f"{second}000000", told=lambda second: f"{second * 1_000_000}"
        )
        made = "timestamp_micros" if isinstance(cells.dialect, SparkDialect) else "make_timestamp"
        return f"{made}({local} - {offset})"

    def _of_text(self, cells: Cells, text: str) -> str:
        text = cells.let(text)
        local = cells.let(f"REPLACE({text}, ' ', 'T')")
        offset = Zone.named(self.zone).offset_of_local(local, moment=_moment, told=_offset)
        clock = f"CASE WHEN LENGTH({text}) = 10 THEN 'T00:00' ELSE '' END"
        return f"CASE WHEN {cells.matches(text, NAIVE)} THEN {text} || {clock} || {offset} ELSE {text} END"


def problem_of(format: str) -> str:  # noqa: A002
    """Return what is wrong with a format, or nothing.

    Examples
    --------
    >>> problem_of("%d/%m/%Y %H:%M")
    ''
    >>> problem_of("dd/mm/yyyy")
    'it has no day, month and year: write them as %d, %m (or %b) and %Y (or %y)'
    >>> problem_of("%d.%m.%Y %q")
    '%q is unknown; there is: %Y %y %m %d %H %M %S %I %f %p %b %B %a %A %z'
    """
    letters = [letter for letter, _, _ in _pieces(format) if letter]
    for letter in letters:
        if letter not in PATTERNS:
            return f"%{letter} is unknown; there is: {' '.join('%' + each for each in PATTERNS)}"
    twice = sorted({letter for letter in letters if letters.count(letter) > 1})
    if twice:
        return f"%{twice[0]} stands in it twice"
    if not ("d" in letters and {"Y", "y"} & set(letters) and {"m", "b", "B"} & set(letters)):
        return "it has no day, month and year: write them as %d, %m (or %b) and %Y (or %y)"
    if ("I" in letters) != ("p" in letters):
        return "%I (hours up to 12) and %p (AM or PM) belong together"
    return ""


def _pieces(format: str) -> list[tuple[str, str, bool]]:  # noqa: A002
    """Return each directive's letter, or else a literal character; and whether digits follow it at once."""
    for short, whole in SHORTHAND.items():
        format = format.replace(short, whole)  # noqa: A001
    found = re.findall(r"%(.)|([^%]|%$)", format, flags=re.DOTALL)
    plain = [("", "%") if letter == "%" else (letter, literal) for letter, literal in found]
    return [
        (letter, literal, at + 1 < len(plain) and (bool(plain[at + 1][0]) or plain[at + 1][1].isdigit()))
        for at, (letter, literal) in enumerate(plain)
    ]


def _from_format(cells: Cells, text: str, format: str) -> str:  # noqa: A002
    pieces = _pieces(format)
    pattern = "".join(_group(letter, literal, tight=tight) for letter, literal, tight in pieces)
    letters = [letter for letter, _, _ in pieces if letter]

    def part(letter: str) -> str:
        anchored = cells.literal(f"^{pattern}$")
        return cells.let(f"regexp_extract({text}, {anchored}, {letters.index(letter) + 1})")

    def padded(letter: str) -> str:
        return f"LPAD({part(letter)}, 2, '0')"

    year = part("Y") if "Y" in letters else _century(part("y"))
    month = padded("m") if "m" in letters else _month(part("b" if "b" in letters else "B"))
    written = [year, "'-'", month, "'-'", padded("d")]
    if "H" in letters or "I" in letters:
        hour = padded("H") if "H" in letters else _of_24(part("I"), part("p"))
        written += ["'T'", hour, "':'", padded("M") if "M" in letters else "'00'"]
        if "S" in letters:
            written += ["':'", padded("S")]
            written += ["'.'", part("f")] if "f" in letters else []
        written += [part("z")] if "z" in letters else []
    return f"CASE WHEN {cells.matches(text, pattern)} THEN {' || '.join(written)} ELSE '?' || {text} END"


def _group(letter: str, literal: str, *, tight: bool) -> str:
    if not letter:
        return re.sub(r"[!-/:-@\[-`{-~]", r"\\\g<0>", literal)
    pattern = PATTERNS[letter]
    if not tight and pattern == TWO_DIGITS and letter != "y":
        pattern = "[0-9]{1,2}"
    if not tight and letter == "I":
        pattern = "0?[0-9]|1[0-2]"
    return f"({pattern})"


def _century(year: str) -> str:
    return f"CASE WHEN {year} >= '69' THEN '19' ELSE '20' END || {year}"


def _month(name: str) -> str:
    whens = " ".join(f"WHEN '{month}' THEN '{at:02}'" for at, month in enumerate(MONTHS, start=1))
    return f"CASE LOWER(LEFT({name}, 3)) {whens} ELSE '??' END"


def _of_24(hour: str, half: str) -> str:
    since = f"MOD(TRY_CAST({hour} AS INT), 12) + CASE WHEN LOWER({half}) = 'pm' THEN 12 ELSE 0 END"
    return f"LPAD(CAST({since} AS STRING), 2, '0')"


def _moment(second: int) -> str:
    at = datetime.fromtimestamp(second, UTC)
    return f"'{at:%Y-%m-%dT%H:%M}'" if not at.second else f"'{at:%Y-%m-%dT%H:%M:%S}'"


def _offset(second: int) -> str:
    minutes = round(abs(second) / 60)
    return f"'{'-' if second < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}'"


__all__: Sequence[str] = ("MICROSECONDS", "Time", "problem_of")
