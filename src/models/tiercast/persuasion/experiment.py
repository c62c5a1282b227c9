"""An experiment is one row a customer: what was known before, which arm was drawn, and what happened after."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tiercast.errors import UnknownName
from tiercast.evaluation.arrays import Floats
from tiercast.persuasion.refusals import BadExperiment, BadProbability, NoControlArm, listed
from tiercast.serving.refusals import MissingColumns
from tiercast.serving.uplift import Encoding

MOST_WORDS = 20


@dataclass(frozen=True)
class Experiment:
    """Customers of two arms.

    Parameters
    ----------
    name : str
    customers : pandas.Series
    table : pandas.DataFrame
        What was known before the draw, as it came.
    encoding : Encoding
        How that becomes numbers.
    treated : array of float, shape (n,)
        1 where contacted.
    probability : array of float, shape (n,)
        Of having been contacted rather than left alone, when it was drawn.
    outcomes : mapping of str to array of float
    treatment, control : str
        The two arms.
    planned : bool
        Whether the probabilities came with the experiment; else they are the shares that were seen.
    left_out : mapping of str to int
        Rows that are not compared, by reason.
    """

    name: str
    customers: pd.Series
    table: pd.DataFrame
    encoding: Encoding
    treated: Floats
    probability: Floats
    outcomes: dict[str, Floats]
    treatment: str
    control: str
    planned: bool
    left_out: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def features(self) -> pd.DataFrame:
        """What was known before, as numbers."""
        return self.encoding.apply(self.table)


def read_experiment(
    table: pd.DataFrame,
    *,
    arm: str,
    control: str,
    outcomes: Sequence[str],
    treatment: str = "",
    customer: str = "customer_id",
    features: Sequence[str] = (),
    probability: float | str | None = None,
    name: str = "a table in memory",
) -> Experiment:
    """Return the experiment in a table of one row a customer.

    Parameters
    ----------
    table : pandas.DataFrame
        Never changed.
    arm : str
        The column of the arm that was drawn.
    control, treatment : str
        Who was left alone, and who was contacted; with two arms in the table, ``treatment`` is the other one.
    outcomes : sequence of str
        *Every* column that tells what happened after the draw. What is left is known before, unless ``features`` says
        what is.
    customer : str
    features : sequence of str
    probability : float or str, optional
        Of the treatment rather than the control: one number, or a column of them. Default: the share that was treated.

    Raises
    ------
    MissingColumns, UnknownName, BadExperiment, NoControlArm, BadProbability

    Examples
    --------
    >>> rows = pd.DataFrame({"customer_id": range(4), "zip": ["a", "b", "a", "b"], "arm": ["mail", "none"] * 2,
    ...                      "visit": [1, 0, 0, 1]})
    >>> told = read_experiment(rows, arm="arm", control="none", outcomes=["visit"])
    >>> told.treatment, told.treated.tolist(), list(told.features), told.planned
    ('mail', [1.0, 0.0, 1.0, 0.0], ['zip is a', 'zip is b'], False)
    >>> read_experiment(rows, arm="arm", control="nobody", outcomes=["visit"])
    Traceback (most recent call last):
    ...
    tiercast.persuasion.refusals.NoControlArm: nobody was drawn into the arm 'nobody', so ...
    >>> read_experiment(rows.iloc[:0], arm="arm", control="none", outcomes=["visit"])
    Traceback (most recent call last):
    ...
    tiercast.persuasion.refusals.BadExperiment: a table in memory has no rows
    """
    asked = [arm, customer, *outcomes, *features, *([probability] if isinstance(probability, str) else [])]
    _require(table, asked, name)
    drawn, treatment, left_out = _arms(table, arm, control, treatment, name)
    rows = table.loc[drawn.isin([treatment, control]).to_numpy()].reset_index(drop=True)
    drawn = drawn[drawn.isin([treatment, control])].reset_index(drop=True)
    customers = rows[customer].astype("str")
    if rows[customer].isna().any() or customers.duplicated().any():
        twice = int(rows[customer].isna().sum() + customers.duplicated().sum())
        raise BadExperiment(
            f"{name}: {twice:,} rows have no customer, or one that came before; an experiment has one row a customer",
            rows=twice,
        )
    treated: Floats = np.asarray(drawn == treatment, dtype=np.float64)
    known = features or [
        str(column) for column in table if column not in {arm, customer, *outcomes, probability}
    ]
    seen = rows[list(known)]
    return Experiment(
        name,
        customers,
        seen,
        encoding_of(seen, name),
        treated,
        probability_of(rows, treated, probability),
        {column: _numbers(rows[column], column, name) for column in outcomes},
        treatment,
        control,
        probability is not None,
        left_out,
    )


def _require(table: pd.DataFrame, asked: Sequence[str], name: str) -> None:
    missing = sorted({column for column in asked if column not in table})
    if missing:
        raise MissingColumns(
            f"{name} has no column {', '.join(missing)}; there is: {listed(table.columns)}", missing=missing
        )
    doubled = sorted({str(column) for column in table.columns[table.columns.duplicated()]})
    if doubled:
        raise BadExperiment(f"{name} has more than one column {', '.join(doubled)}", columns=doubled)
    if len(set(asked)) < len(asked):
        raise BadExperiment(
            f"{name}: one column cannot be two of arm, customer, outcome, feature and probability",
            columns=list(asked),
        )
    if not len(table):
        raise BadExperiment(f"{name} has no rows", rows=0)


def _arms(
    table: pd.DataFrame, arm: str, control: str, treatment: str, name: str
) -> tuple[pd.Series, str, dict[str, int]]:
    """Return each row's arm as text, the arm that was contacted, and how many rows belong to neither."""
    drawn = table[arm].astype("str").where(table[arm].notna())
    counts = {str(each): int(rows) for each, rows in drawn.value_counts().sort_index().items()}
    if control not in counts:
        raise NoControlArm(missing=control, there_is=counts)
    others = [each for each in counts if each != control]
    if not others:
        raise NoControlArm(missing=treatment or "a treatment", there_is=counts)
    if not treatment and len(others) > 1:
        raise BadExperiment(
            f"{name} has {len(others)} arms beside {control!r}: name the one to compare; there is: {listed(others)}",
            there_is=others,
        )
    treatment = treatment or others[0]
    if treatment == control:
        raise BadExperiment(
            f"{name}: {control!r} cannot be both the treatment and the control", there_is=others
        )
    if treatment not in counts:
        raise UnknownName(what=f"arm of {name}", name=treatment, there_is=counts)
    left_out = {f"arm {each}": counts[each] for each in others if each != treatment}
    absent = int(table[arm].isna().sum())
    return drawn, treatment, left_out | ({"no arm": absent} if absent else {})


def encoding_of(table: pd.DataFrame, name: str) -> Encoding:
    """Return how the columns of a table become numbers; the most frequent words have a column each, ties by name.

    Raises
    ------
    BadExperiment
        No column is left, or one holds neither numbers, truths nor text.
    """
    numbers, words = [], {}
    for column in table:
        cells = table[column]
        if pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells):
            numbers.append(str(column))
        elif pd.api.types.is_datetime64_any_dtype(cells) or pd.api.types.infer_dtype(
            cells, skipna=True
        ) not in {"string", "categorical", "empty", "boolean"}:
            raise BadExperiment(
                f"{name}: column {column} holds neither numbers, truths nor text; leave it out, or tell it as days",
                columns=[str(column)],
            )
        else:
            counted = cells.dropna().astype("str").value_counts().rename_axis("word").reset_index(name="rows")
            ranked = counted.sort_values(["rows", "word"], ascending=[False, True])["word"][:MOST_WORDS]
            words[str(column)] = tuple(ranked)
    encoding = Encoding(tuple(numbers), words)
    if not encoding.columns:
        raise BadExperiment(f"{name} has no column that was known before the draw", columns=[])
    return encoding


def _numbers(cells: pd.Series, column: str, name: str) -> Floats:
    try:
        told = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        told = np.full(len(cells), np.nan)
    if not np.isfinite(told).all():
        rows = int((~np.isfinite(told)).sum())
        raise BadExperiment(
            f"{name}: outcome {column} is no finite number in {rows:,} rows; who did nothing has 0", rows=rows
        )
    return np.asarray(told, dtype=np.float64)


def probability_of(rows: pd.DataFrame, treated: Floats, given: Any) -> Floats:
    """Return each row's probability of the treatment: one number, a column, or the share that was treated.

    Raises
    ------
    BadProbability
    """
    if given is None:
        return np.full(len(rows), float(treated.mean()))
    if isinstance(given, str):
        try:
            told = rows[given].to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            raise BadProbability(f"column {given} holds no numbers") from None
    else:
        told = np.full(len(rows), float(given))
    outside = int((~((told > 0.0) & (told < 1.0))).sum())
    if outside:
        raise BadProbability(
            f"{outside:,} of {len(rows):,} rows have a probability of 0, 1 or none", rows=outside
        )
    return np.asarray(told, dtype=np.float64)
