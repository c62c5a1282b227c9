"""Numbers: sums and products of columns, exact to eight decimals, so that money never drifts by a cent.

Floats would: 3 × 0.35 is 1.0499999999999998. So each number becomes a decimal first, by the same float arithmetic on
every engine, and money is rounded half up to its minor unit in decimals.
"""

from dataclasses import dataclass
from decimal import Decimal

from tiercast.mapping.cells import Cells

MONEY = ("amount", "discount")
DECIMALS = 8
LARGEST = "9.9e9"  # beyond it eighteen digits do not hold a number; the contract refuses such amounts anyway
FACTOR = f"DECIMAL(18, {DECIMALS})"
FIXED = f"DECIMAL(19, {DECIMALS})"  # with a FACTOR it makes 38 digits, the most there are; DuckDB overflows at 18 with 18


@dataclass(frozen=True)
class Number:
    """A number worked out from columns: what is added, times what is multiplied, minus what is taken off, times a scale.

    Parameters
    ----------
    plus : tuple of str
        Columns that are added; an empty cell adds nothing, unless all are empty.
    times : tuple of str
        Columns that are multiplied with one another; an empty cell makes the whole empty.
    minus : tuple of str
        Columns that are taken off; an empty cell takes nothing off.
    scale : Decimal, optional
        0.01 where the table counts cents.
    absolute : bool
        Leave the sign out.
    money : bool
        Round half up to the minor unit.

    Examples
    --------
    >>> import duckdb
    >>> cells = Cells({"quantity": "BIGINT", "price": "DOUBLE"})
    >>> line = Number(times=("quantity", "price"), absolute=True, money=True)
    >>> sql = cells.select(line.sql(cells), "(SELECT -3 AS quantity, 0.335::DOUBLE AS price)")
    >>> duckdb.sql(sql).fetchall()
    [(1.01,)]
    """

    plus: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    scale: Decimal | None = None
    absolute: bool = False
    money: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that it reads."""
        return (*self.plus, *self.times, *self.minus)

    def sql(self, cells: Cells) -> str:
        """Return the number as a DOUBLE: NULL when nothing came, NaN when something came that is no number."""
        if len(self.columns) == 1 and self.scale is None:
            number = cells.number(self.columns[0])
        else:
            rounded = f"ROUND({self._whole(cells, exact=True)}, {cells.digits if self.money else DECIMALS})"
            number = f"COALESCE(CAST({rounded} AS DOUBLE), {self._whole(cells, exact=False)})"
        return f"ABS({number})" if self.absolute else number

    def _whole(self, cells: Cells, *, exact: bool) -> str:
        """Return the formula, in decimals (NULL when a number does not fit into them) or in floats."""

        def read(column: str, *, absent: bool = False, held: str = FIXED) -> str:
            number = cells.number(column)
            number = f"COALESCE({number}, 0e0)" if absent else number
            return cells.let(_fixed(number, held)) if exact else number

        terms = ""
        if self.plus:
            alone = len(self.plus) == 1
            terms = " + ".join(read(column, absent=not alone) for column in self.plus)
        if self.times:
            product = read(self.times[0])
            for column in self.times[1:]:
                product = f"{product} * {read(column, held=FACTOR)}"
                product = f"TRY_CAST(ROUND({product}, {DECIMALS}) AS {FIXED})" if exact else product
            terms = f"{terms} + {product}" if terms else product
        terms += "".join(f" - {read(column, absent=True)}" for column in self.minus)
        if len(self.plus) > 1:
            some = " OR ".join(f"{cells.number(column)} IS NOT NULL" for column in self.plus)
            terms = f"CASE WHEN {some} THEN {terms} END"
        if self.scale is None:
            return terms
        if exact:
            return f"TRY_CAST({terms} AS {FIXED}) * CAST('{self.scale:f}' AS {FACTOR})"
        return f"({terms}) * CAST('{self.scale:f}' AS DOUBLE)"


def _fixed(number: str, held: str) -> str:
    """Return a DOUBLE as a decimal, rounded by float arithmetic that every engine does alike."""
    units = f"CAST(FLOOR({number} * 1e{DECIMALS} + 5e-1) AS BIGINT)"
    unit = f"CAST('{Decimal(1).scaleb(-DECIMALS):f}' AS DECIMAL(8, {DECIMALS}))"
    inside = f"ABS({number}) < {LARGEST}"
    return f"CASE WHEN {inside} THEN CAST(CAST({units} AS DECIMAL(19, 0)) * {unit} AS {held}) END"
