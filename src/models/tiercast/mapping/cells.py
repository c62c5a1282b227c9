"""Cells: one value of somebody's table as SQL, read as text or as a number, the same on every engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tiercast.serving.reading import DUCKDB, NUMBER_PATTERN, Dialect, SparkDialect
from tiercast.serving.refusals import WrongType

NOT_A_NUMBER = "CAST('NaN' AS DOUBLE)"


@dataclass
class Cells:
    """The columns of a table, and how its engine spells what is done to them.

    What is asked for more than once is worked out once: :meth:`let` gives it a name, :meth:`select` puts the named
    steps below what is selected.

    Parameters
    ----------
    types : mapping of str to str
        The columns that came, with the engine's names of their types.
    dialect : Dialect
    decimal, thousands, symbol : str
        How numbers are written in text: the mark before the fraction, the one between thousands, if any, and what
        stands beside them, such as ``$``.
    digits : int
        Decimals of money: 2 where 100 minor units make a major one.
    """

    types: Mapping[str, str]
    dialect: Dialect = field(default=DUCKDB)
    decimal: str = "."
    thousands: str = ""
    symbol: str = ""
    digits: int = 2
    steps: dict[str, str] = field(default_factory=dict)

    def let(self, sql: str) -> str:
        """Return the name under which an expression can be asked for again.

        Examples
        --------
        >>> cells = Cells({"price": "VARCHAR"})
        >>> cells.let("LOWER(price)"), cells.let("LOWER(price)"), cells.let("UPPER(price)")
        ('"step 1"', '"step 1"', '"step 2"')
        >>> print(cells.select("1 AS one", "shop"))
        SELECT 1 AS one FROM (SELECT *, UPPER(price) AS "step 2" FROM (SELECT *, LOWER(price) AS "step 1" FROM shop)
        AS s1) AS s2
        """
        if sql not in self.steps:
            taken = {name.casefold() for name in self.types}
            name = f"step {len(self.steps) + 1}"
            while name in taken:
                name += "_"
            self.steps[sql] = self.dialect.quote(name)
        return self.steps[sql]

    def select(self, what: str, relation: str) -> str:
        """Return the SELECT of expressions that may name steps."""
        for number, (sql, name) in enumerate(self.steps.items(), start=1):
            relation = f"(SELECT *, {sql} AS {name} FROM {relation}) AS s{number}"
        return f"SELECT {what} FROM {relation}"

    @property
    def plain_numbers(self) -> bool:
        """Whether numbers in text are written as the contract reads them."""
        return self.decimal == "." and not self.thousands and not self.symbol

    def held(self, column: str) -> str:
        """Return what a column holds: text, integer, float, bool, date, time, time_zoned or other."""
        return self.dialect.classify(self.types[column])

    def raw(self, column: str) -> str:
        """Return the cell as it came."""
        return self.dialect.quote(column)

    def literal(self, text: str) -> str:
        r"""Return a text as a literal.

        Examples
        --------
        >>> print(Cells({}).literal("it's"))
        'it''s'
        >>> print(Cells({}, SparkDialect()).literal("it's \\"))
        'it\'s \\'
        """
        if isinstance(self.dialect, SparkDialect):
            return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return "'" + text.replace("'", "''") + "'"

    def matches(self, text: str, pattern: str) -> str:
        """Return the condition that the whole of a text matches a pattern, which knows no anchors."""
        return self.dialect.matches(text, self.literal(f"^({pattern})$")[1:-1])

    def text(self, column: str) -> str:
        """Return the cell as text without blanks around it, NULL when nothing is left; whole floats lose their ``.0``."""
        raw, held = self.raw(column), self.held(column)
        if held == "text":
            return self.let(f"NULLIF({self.dialect.trim(raw)}, '')")
        if held == "float":
            whole, finite = f"TRY_CAST({raw} AS BIGINT)", self.dialect.finite(f"CAST({raw} AS DOUBLE)")
            fraction = f"WHEN {finite} THEN CAST({raw} AS STRING)"
            return self.let(f"CASE WHEN {whole} = {raw} THEN CAST({whole} AS STRING) {fraction} END")
        if held in {"time", "time_zoned"}:
            return self.let(f"CAST({self.dialect.time_to_micros(raw)} AS STRING)")
        return self.let(f"CAST({raw} AS STRING)")

    def number(self, column: str) -> str:
        """Return the cell as a DOUBLE: NULL when it is empty, NaN when it holds what is no number.

        Raises
        ------
        WrongType
        """
        raw, held = self.raw(column), self.held(column)
        if held in {"integer", "float"}:
            return self.let(f"CAST({raw} AS DOUBLE)")
        if held != "text":
            raise WrongType(
                f"column {column}: expected numbers, but it holds {self.types[column]}",
                column=column,
                found=self.types[column],
            )
        text = self.text(column)
        bare = f"TRIM(REPLACE({text}, {self.literal(self.symbol)}, ''), ' ')" if self.symbol else text
        plain = bare = self.let(bare) if self.symbol else bare
        if self.thousands:
            plain = f"REPLACE({plain}, {self.literal(self.thousands)}, '')"
        if self.decimal != ".":
            plain = f"REPLACE({plain}, {self.literal(self.decimal)}, '.')"
        read = self.dialect.text_to_number(plain)
        readable = self.matches(bare, number_pattern(self.decimal, self.thousands))
        return self.let(f"CASE WHEN {readable} THEN {read} WHEN {text} IS NOT NULL THEN {NOT_A_NUMBER} END")


def number_pattern(decimal: str = ".", thousands: str = "") -> str:
    """Return the pattern of a number in text, without anchors.

    Examples
    --------
    >>> import re
    >>> told = ["1234,5", "1.234,5", "1.234", "12.34", "1,234.5", ""]
    >>> [text for text in told if re.fullmatch(number_pattern(",", "."), text)]
    ['1234,5', '1.234,5', '1.234']
    >>> [text for text in told if re.fullmatch(number_pattern(","), text)]
    ['1234,5']
    """
    mark, group = f"[{decimal}]", f"[{thousands}]"
    if not thousands:
        return NUMBER_PATTERN.strip("^$").replace("[.]", mark)
    return f"[+-]?([0-9]{{1,3}}({group}[0-9]{{3}})+|[0-9]+)({mark}[0-9]*)?"
