"""Uplift: what a contact changes for each customer, apart from what they would have done anyway, and whom that makes worth it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from .blend import Predicts
from .conditions import take
from .refusals import MissingColumns, WrongType

LISTS: tuple[str, ...] = ("persuadable", "sure_thing", "lost_cause", "do_not_disturb", "undecided")
LISTS_ZH: dict[str, str] = {
    "persuadable": "可打动客户",
    "sure_thing": "自然转化客户",
    "lost_cause": "无望客户",
    "do_not_disturb": "勿扰客户",
    "undecided": "尚无定论的客户",
}


@dataclass(frozen=True)
class Encoding:
    """How columns of a table become numbers: as they are, or one column of 0 and 1 for each frequent word.

    Parameters
    ----------
    numbers : tuple of str
        Columns that are numbers already; an absent one stays absent.
    words : mapping of str to tuple of str
        The words of each column of text that have a column of their own.

    Examples
    --------
    >>> encoding = Encoding(("recency",), {"zip": ("Urban", "Rural")})
    >>> encoding.apply(pd.DataFrame({"recency": [3, None], "zip": ["Rural", "Moon"]})).values.tolist()
    [[3.0, 0.0, 1.0], [nan, 0.0, 0.0]]
    >>> encoding.apply(pd.DataFrame({"recency": [3]}))
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.MissingColumns: columns that the experiment was learned from did not come: zip
    >>> encoding.apply(pd.DataFrame({"recency": ["3", "n/a"], "zip": "Rural"}))
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.WrongType: column recency was learned as numbers, and 1 of 2 cells are none; mend them, ...
    """

    numbers: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Names of the encoded columns, in order."""
        return [*self.numbers, *(f"{name} is {word}" for name, words in self.words.items() for word in words)]

    def apply(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the encoded columns of each row, float64.

        Raises
        ------
        MissingColumns
        WrongType
            A column of numbers came with cells that are none.
        """
        missing = [name for name in (*self.numbers, *self.words) if name not in table]
        if missing:
            raise MissingColumns(
                f"columns that the experiment was learned from did not come: {', '.join(missing)}",
                missing=missing,
            )
        encoded = {name: _numbers(table[name], name) for name in self.numbers}
        for name, words in self.words.items():
            said = table[name].astype("str").to_numpy()
            encoded |= {f"{name} is {word}": (said == word).astype(np.float64) for word in words}
        return pd.DataFrame(encoded, index=table.index, dtype=np.float64)


def _numbers(cells: pd.Series, name: str) -> np.ndarray:
    try:
        return np.asarray(cells.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    except (TypeError, ValueError):
        bad = int((pd.to_numeric(cells, errors="coerce").isna() & cells.notna()).sum())
        raise WrongType(
            f"column {name} was learned as numbers, and {bad:,} of {len(cells):,} cells are none; mend them, or leave them "
            "empty where nothing is known",
            column=name,
            cells=bad,
        ) from None


@dataclass(frozen=True)
class ListRules:
    """Where the lists are cut, in the unit of the outcome.

    Parameters
    ----------
    persuadable_from : float
        An uplift from here on (included) makes a customer *persuadable*: the bands above it each gained, out of fold.
    unaffected_below : float
        An uplift below it: in each of these bands the interval includes zero, so no effect is shown. Whose outcome if
        left alone reaches ``sure_from`` is a *sure thing* there, the others are *lost causes*. Between the two cuts
        customers are *undecided*: some effect, not shown to be enough.
    disturbed_below : float
        An uplift below it makes them *do not disturb*: the bands below it each lost.
    sure_from : float
    """

    persuadable_from: float
    unaffected_below: float
    disturbed_below: float
    sure_from: float

    def assign(self, uplift: np.ndarray, left_alone: np.ndarray) -> pd.Series:
        """Return the list of each customer; None where the uplift is unknown.

        Examples
        --------
        >>> rules = ListRules(persuadable_from=0.05, unaffected_below=0.02, disturbed_below=-0.02, sure_from=0.5)
        >>> rules.assign(np.array([0.05, 0.03, 0.0, 0.0, -0.1]), np.array([0.1, 0.1, 0.9, 0.1, 0.9])).tolist()
        ['persuadable', 'undecided', 'sure_thing', 'lost_cause', 'do_not_disturb']
        """
        found = np.where(left_alone >= self.sure_from, 1, 2)
        found = np.where(uplift < self.unaffected_below, found, 4)
        found = np.where(uplift < self.disturbed_below, 3, found)
        found = np.where(uplift >= self.persuadable_from, 0, found)
        return pd.Series(take([*LISTS, None], np.where(np.isnan(uplift), -1, found)), dtype=object)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; a cut that nobody or everybody lies beyond is the text ``inf`` or ``-inf``."""
        return {name: value if np.isfinite(value) else str(value) for name, value in self.__dict__.items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what was stored."""
        return cls(**{name: float(value) for name, value in stored.items()})


@dataclass(frozen=True)
class Uplift:
    """What a contact adds to one outcome of each customer.

    Parameters
    ----------
    learner : str
    outcome : str
        What is counted, in the unit of its column.
    control : part
        The outcome if left alone.
    treated, effect : part or None
        The outcome if contacted, or what the contact adds; exactly one of them is there.
    encoding : Encoding
    lists : ListRules or None
        None where the experiment shows no difference between customers: then there are no lists.

    Examples
    --------
    >>> from .rules import Column
    >>> part = Uplift("two_models", "visit", Column("calm"), Column("called"), None, Encoding(("calm", "called")),
    ...               ListRules(0.1, 0.1, -0.1, 0.5))
    >>> part.predict(pd.DataFrame({"calm": [0.1, 0.6], "called": [0.4, 0.6]})).round(2).values.tolist()
    [[0.3, 0.1, 0.4, 'persuadable'], [0.0, 0.6, 0.6, 'sure_thing']]
    """

    learner: str
    outcome: str
    control: Predicts
    treated: Predicts | None
    effect: Predicts | None
    encoding: Encoding
    lists: ListRules | None = None

    def predict(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return ``uplift``, ``outcome_left_alone``, ``outcome_contacted`` and ``list`` of each row.

        Raises
        ------
        MissingColumns
        """
        seen = self.encoding.apply(table)
        alone = np.asarray(self.control.predict(seen), dtype=np.float64)
        if self.treated is not None:
            contacted = np.asarray(self.treated.predict(seen), dtype=np.float64)
            uplift = contacted - alone
        else:
            assert self.effect is not None  # one of the two is there
            uplift = np.asarray(self.effect.predict(seen), dtype=np.float64)
            contacted = alone + uplift
        named = (
            pd.Series([None] * len(table), dtype=object)
            if self.lists is None
            else self.lists.assign(uplift, alone)
        )
        told = {"uplift": uplift, "outcome_left_alone": alone, "outcome_contacted": contacted}
        return pd.DataFrame({**told, "list": named.to_numpy(dtype=object)}, index=table.index)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; boosted trees are LightGBM's text inside it."""
        return {
            "type": "uplift",
            "learner": self.learner,
            "outcome": self.outcome,
            "control": self.control.to_json(),
            "treated": None if self.treated is None else self.treated.to_json(),
            "effect": None if self.effect is None else self.effect.to_json(),
            "encoding": {
                "numbers": list(self.encoding.numbers),
                "words": {name: list(words) for name, words in self.encoding.words.items()},
            },
            "lists": None if self.lists is None else self.lists.to_json(),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        from .parts import restore

        words = stored["encoding"]["words"].items()
        return cls(
            stored["learner"],
            stored["outcome"],
            restore(stored["control"]),
            None if stored["treated"] is None else restore(stored["treated"]),
            None if stored["effect"] is None else restore(stored["effect"]),
            Encoding(tuple(stored["encoding"]["numbers"]), {name: tuple(terms) for name, terms in words}),
            None if stored["lists"] is None else ListRules.from_json(stored["lists"]),
        )


def open_uplift(place: str | Path) -> Uplift:
    """Read an uplift part from the JSON file that a run kept, ``uplift/NAME.json``."""
    return Uplift.from_json(json.loads(Path(place).read_text("utf-8")))
