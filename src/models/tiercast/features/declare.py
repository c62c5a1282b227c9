"""What a feature is: a name, one SQL aggregate over a customer's seen history, a unit, and what absence means."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal

from tiercast.market import EPISODE_GAP_DAYS
from tiercast.serving.contract import KINDS

GrainName = Literal[
    "touches", "orders", "categories", "stores", "attributes", "assignments", "days", "cases", "service", "referred",
    "after", "switches", "products", "returned", "supplies", "cutoffs", "derived",
]  # fmt: skip
WINDOWS_DAYS: tuple[int, ...] = (7, 14, 28, 56, 91, 182, 364)
"""Trailing windows: ``age_days <= w`` is ``[cutoff - w, cutoff)``; whole weeks, so weekdays weigh alike."""


@dataclass(frozen=True)
class Feature:
    """One declared column.

    Parameters
    ----------
    name : str
        Derived from what it is; ends in its unit where it has one (``_days``, ``_share``, ``_currency``).
    grain : str
        Which rows of the seen history are aggregated: ``touches`` (touchpoints), ``orders`` (each with the gap to the
        one before), ``categories`` and ``stores`` (lines and orders numbered within each), …; or ``cutoffs``, a column of
        the cutoff's own; or ``derived``, an expression over other features. What columns they have is in ``seen.py``.
    sql : str
        An aggregate in the common subset of DuckDB and Spark SQL, exact on integers (no exp or float sums; a ln
        only rounded to whole millionths first).
    unit, meaning : str
        For people.
    absent : float or None
        The value of a customer without such rows; ``None`` is unknown.
    parts : tuple of Feature
        What only this ``derived`` one reads, of other grains: in the text, but no columns of its answer.
    """

    name: str
    grain: GrainName
    sql: str
    unit: str
    meaning: str
    absent: float | None = 0.0
    parts: tuple["Feature", ...] = ()


@dataclass(frozen=True)
class Attribute:
    """An attribute of customers: its name, its kind (``text``, ``number`` or ``time``), and its most frequent terms."""

    name: str
    kind: str
    terms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What occurs in the data visible at the earliest test origin; the catalogue adapts to it and is then frozen."""

    kinds: frozenset[str]
    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    discounts: bool = False
    coupons: bool = False
    stores: bool = False
    regions: tuple[str, ...] = ()
    store_zones: bool = False
    attributes: tuple["Attribute", ...] = ()
    assignments: bool = False
    surveys: frozenset[str] = frozenset()
    purposes: tuple[str, ...] = ()
    cases: bool = False
    points: bool = False
    referred: bool = False
    products: bool = False
    quantities: bool = False
    costs: bool = False
    product_categories: bool = False
    product_costs: bool = False
    returned_orders: bool = False
    run_out: bool = False
    years: int = 0
    episode_gap_days: int = EPISODE_GAP_DAYS

    @classmethod
    def everything(cls, **words: Any) -> "Seen":
        """Return a history in which everything occurs; ``words`` are the vocabularies, which are empty otherwise."""
        given: dict[str, Any] = {each.name: True for each in fields(cls) if each.type is bool}
        given |= {"kinds": frozenset(KINDS), "surveys": frozenset({"csat", "nps"}), "years": 2}
        kinds = {
            "NUMBER": "number",
            "birth_on": "time",
            "need_ends_on": "time",
            "WORD": "text",
            "DATE": "time",
        }
        given["attributes"] = tuple(Attribute(name, kind) for name, kind in kinds.items())
        return cls(**given | words)

    @property
    def described(self) -> tuple[str, ...]:
        """What dictionaries tell of a touchpoint that it does not say itself; see :class:`~.relations.Relation`."""
        return tuple(
            name for name in ("product_categories", "product_costs", "store_zones") if getattr(self, name)
        )

    def any_of(self, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of ``kinds`` that occur, in the given order."""
        return tuple(kind for kind in kinds if kind in self.kinds)


@dataclass(frozen=True)
class Family:
    """A file's worth of features that answer one question about the customer.

    ``marketer_did`` marks what was done to the customer, which is never told as the customer's own reason.
    ``of_the_day`` marks what is told of the cutoff and is the same for every customer: over few cutoffs it says little
    more than which of them it is, and may be left out.
    """

    name: str
    question: str
    declare: Callable[[Seen], list[Feature]]
    marketer_did: bool = False
    of_the_day: bool = False


def one_of(kinds: tuple[str, ...]) -> str:
    """Return an SQL condition for a set of known kinds.

    Examples
    --------
    >>> one_of(("visit", "view"))
    "kind IN ('visit', 'view')"
    """
    return "kind IN (" + ", ".join(f"'{kind}'" for kind in kinds) + ")"


def count(condition: str) -> str:
    """Return the number of rows where ``condition`` holds."""
    return f"COUNT(CASE WHEN {condition} THEN 1 END)"


def total(value: str, condition: str) -> str:
    """Return the exact integer sum of ``value`` where ``condition`` holds."""
    return f"SUM(CASE WHEN {condition} THEN {value} ELSE 0 END)"


def currency(minor: str) -> str:
    """Return minor units as major currency units."""
    return f"CAST({minor} AS DOUBLE) / {{minor_per_major}}"


def ratio(top: str, bottom: str) -> str:
    """Return a quotient that is absent when the bottom is zero or absent."""
    return f"CASE WHEN {bottom} > 0 THEN {top} / {bottom} END"


def since(condition: str) -> str:
    """Return the days since the last row where ``condition`` holds."""
    return f"MIN(CASE WHEN {condition} THEN age_days END)"


def rest(number: str, base: int) -> str:
    """Return what a whole number is beyond whole multiples of ``base``: the lower of two that share it.

    Examples
    --------
    >>> rest("MAX(day * 64 + code)", 64)
    '(MAX(day * 64 + code) - FLOOR(MAX(day * 64 + code) / 64e0) * 64)'
    """
    return f"({number} - FLOOR({number} / {base}e0) * {base})"
