"""Words: text taken from a table, word for word or translated: constants, values, prefixes, patterns and signs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tiercast.mapping.cells import Cells

KEEP = "keep"


@dataclass(frozen=True)
class Constant:
    """The same in every row."""

    value: str
    columns: tuple[str, ...] = ()

    def sql(self, cells: Cells) -> str:
        """Return the value as text."""
        return f"CAST({cells.literal(self.value)} AS STRING)"


@dataclass(frozen=True)
class Words:
    """Text of one column, translated; the first of these that holds decides.

    Parameters
    ----------
    column : str
    empty : str, optional
        What an empty cell means; default: what ``otherwise`` says.
    values, prefixes, patterns : mapping of str to str
        Whole values, beginnings (the longest first) and patterns of the whole text, with what each of them means.
    negative : str, optional
        What a number below zero means.
    otherwise : str or Words, optional
        What everything else means: ``keep`` keeps the text, None leaves nothing, and another rule may decide.

    Examples
    --------
    >>> import duckdb
    >>> cells = Cells({"Invoice": "VARCHAR"})
    >>> rule = Words("Invoice", prefixes={"C": "return"}, otherwise="purchase")
    >>> sql = cells.select(rule.sql(cells), "(VALUES ('536365'), ('C536379')) AS shop(Invoice)")
    >>> duckdb.sql(sql).fetchall()
    [('purchase',), ('return',)]
    """

    column: str
    empty: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)
    negative: str | None = None
    otherwise: "str | Words | None" = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that it reads."""
        return (self.column, *(self.otherwise.columns if isinstance(self.otherwise, Words) else ()))

    def sql(self, cells: Cells) -> str:
        """Return the translation as text."""
        text = cells.text(self.column)
        cases = [f"WHEN {test} THEN {cells.literal(meaning)}" for test, meaning in self._tests(cells, text)]
        if isinstance(self.otherwise, Words):
            last = self.otherwise.sql(cells)
        elif self.otherwise is None:
            last = "CAST(NULL AS STRING)"
        else:
            last = text if self.otherwise == KEEP else cells.literal(self.otherwise)
        return f"CASE {' '.join(cases)} ELSE {last} END" if cases else last

    def _tests(self, cells: Cells, text: str) -> list[tuple[str, str]]:
        tests = [] if self.empty is None else [(f"{text} IS NULL", self.empty)]
        for meaning in dict.fromkeys(self.values.values()):
            meant = [cells.literal(value) for value, each in self.values.items() if each == meaning]
            tests.append((f"{text} IN ({', '.join(meant)})", meaning))
        for prefix in sorted(self.prefixes, key=len, reverse=True):
            tests.append((f"LEFT({text}, {len(prefix)}) = {cells.literal(prefix)}", self.prefixes[prefix]))
        tests += [(cells.matches(text, pattern), meaning) for pattern, meaning in self.patterns.items()]
        if self.negative is not None:
            tests.append((f"{cells.number(self.column)} < 0", self.negative))
        return tests


@dataclass(frozen=True)
class Joined:
    """Several columns side by side, for an identifier that only they make up; nothing when one of them is empty."""

    columns: tuple[str, ...]
    between: str = "-"

    def sql(self, cells: Cells) -> str:
        """Return them as one text."""
        return f" || {cells.literal(self.between)} || ".join(cells.text(each) for each in self.columns)


@dataclass(frozen=True)
class First:
    """The first of several columns that is not empty."""

    columns: tuple[str, ...]

    def sql(self, cells: Cells) -> str:
        """Return it as text."""
        return f"COALESCE({', '.join(cells.text(each) for each in self.columns)})"
