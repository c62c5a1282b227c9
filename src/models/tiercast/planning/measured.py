"""Measured uplifts on their way into a plan: whose they are, how many are matched, and what cannot be meant is refused."""

from pathlib import Path

import numpy as np
import pandas as pd

from tiercast.errors import SourceError, TiercastError
from tiercast.serving.refusals import MissingColumns

NAME = "uplift_currency"
MONEY = "_currency"
"""How the name of an outcome ends that is money: ``spent_currency`` of ``tiercast uplift``."""


class BadUplift(TiercastError, ValueError):
    """Measured uplifts cannot be used in a plan.

    Examples
    --------
    >>> raise BadUplift(problem="3 of 9 rows hold no finite number", fix="give a number for each customer, or leave them out")
    Traceback (most recent call last):
    tiercast.planning.measured.BadUplift: the uplifts cannot be used: 3 of 9 rows hold no finite number; give a number for
    each customer, or leave them out
    """

    code = "BAD_UPLIFT"
    exit_code = 2

    def __init__(self, *, problem: str, fix: str) -> None:
        super().__init__(f"the uplifts cannot be used: {problem}; {fix}", problem=problem)


def read_uplift(place: str | Path) -> pd.DataFrame:
    """Return the table in a CSV or parquet file, ids as text.

    Raises
    ------
    SourceError
    """
    file = Path(place)
    try:
        if file.suffix == ".parquet":
            return pd.read_parquet(file)
        return pd.read_csv(file, dtype={"customer_id": "str"})
    except Exception as error:
        raise SourceError(source=file, problem=f"it cannot be read ({type(error).__name__})") from error


def uplift_by_customer(table: pd.DataFrame) -> pd.Series:
    """Return what one contact was measured to bring, in major currency units, by customer id.

    Parameters
    ----------
    table : DataFrame
        ``customer_id`` and ``uplift_currency``; or what ``tiercast uplift --out`` writes, ``customer_id, outcome, uplift``,
        of which the one outcome whose name ends in ``_currency`` is taken. Ids that are whole numbers are read as text.

    Raises
    ------
    MissingColumns
    BadUplift
        An id is missing or came twice, an uplift is no finite number, or no single outcome is money.

    Examples
    --------
    >>> told = pd.DataFrame({"customer_id": [7, 8, 7], "outcome": ["spent_currency", "spent_currency", "bought"],
    ...                      "uplift": [1.5, -0.5, 0.1]})
    >>> uplift_by_customer(told).to_dict()
    {'7': 1.5, '8': -0.5}
    >>> uplift_by_customer(told[told["outcome"] == "bought"])
    Traceback (most recent call last):
    ...
    tiercast.planning.measured.BadUplift: the uplifts cannot be used: of the outcomes bought, none is money (…_currency);
    measure one that is, or name the column uplift_currency where it is money
    """
    if NAME not in table and {"outcome", "uplift"} <= set(table):
        table = _of_money(table)
    missing = [name for name in ("customer_id", NAME) if name not in table]
    if missing:
        raise MissingColumns(f"an uplift needs {', '.join(missing)}, which did not come", missing=missing)
    ids = _ids(table["customer_id"])
    uplift = pd.to_numeric(table[NAME], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    if lost := int((~np.isfinite(uplift)).sum()):
        raise BadUplift(
            problem=f"{lost} of {len(table)} rows hold no finite number in {NAME}",
            fix="give a number for each customer, or leave them out",
        )
    if twice := int(ids.duplicated().sum()):
        raise BadUplift(
            problem=f"{twice} of {len(table)} rows are of a customer who came before",
            fix="give one row for each customer",
        )
    return pd.Series(uplift, index=pd.Index(ids, dtype=object))


def with_uplift(
    frame: pd.DataFrame, uplift: pd.DataFrame | None
) -> tuple[pd.DataFrame, tuple[int, int] | None]:
    """Return customers with ``uplift_currency``, NaN where none was measured, and how many of how many uplifts are theirs.

    Raises
    ------
    MissingColumns
    BadUplift
        As :func:`uplift_by_customer`, or not one of the uplifts is of a customer who is here.
    """
    if uplift is None:
        return frame, None
    held = uplift_by_customer(uplift)
    found = int(held.index.isin(frame["customer_id"].astype(object)).sum())
    if not found:
        raise BadUplift(
            problem=f"none of its {len(held)} customers is among the {len(frame)} of the plan",
            fix="give the same customer_id as the touchpoints (007 is not 7)",
        )
    return frame.assign(**{NAME: frame["customer_id"].map(held).to_numpy(float)}), (found, len(held))


def _of_money(table: pd.DataFrame) -> pd.DataFrame:
    outcomes = sorted(table["outcome"].astype(str).unique())
    money = [name for name in outcomes if name.endswith(MONEY)]
    if not money:
        raise BadUplift(
            problem=f"of the outcomes {', '.join(outcomes)}, none is money (…{MONEY})",
            fix=f"measure one that is, or name the column {NAME} where it is money",
        )
    if len(money) > 1:
        raise BadUplift(
            problem=f"{', '.join(money)} are all money (…{MONEY})", fix="keep the rows of one of them"
        )
    return table[table["outcome"].astype(str) == money[0]].rename(columns={"uplift": NAME})


def _ids(column: pd.Series) -> pd.Series:
    if lost := int(column.isna().sum()):
        raise BadUplift(problem=f"{lost} of {len(column)} rows have no customer_id", fix="say whose they are")
    if pd.api.types.is_float_dtype(column):
        whole = column.to_numpy(float)
        if not (np.isfinite(whole) & (whole == np.floor(whole)) & (np.abs(whole) < 2**53)).all():
            raise BadUplift(
                problem="customer_id holds fractions", fix="give ids as text, or as whole numbers"
            )
        column = column.astype("int64")
    return column.astype("str").astype(object)
