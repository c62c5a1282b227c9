"""The relations of the text: what each is made of, column by column, so that a text holds only what its features read.

Three stages. The *contract* makes every row plain and gives it a verdict. The *roll-up* holds what no cutoff changes,
as additive rows: a panel of cutoffs, a nightly batch and a web request share it. *Finalise* takes what was seen
at one cutoff, :data:`CUTOFF`, and leaves one row per customer.

What makes rows additive under late knowledge: a row carries ``seen_day``, the day on which it could be seen, and what
it adds to what was seen before. An order that came to be known in parts is one row for each part; a distinct count is
a count of first rows; a concentration, the sum of n squared, is a sum of 2 k - 1 over the k-th rows.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tiercast.serving.stages import CUTOFF as CUTOFF

WORD = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Relation:
    """A named SELECT whose columns are left out where nothing reads them.

    Parameters
    ----------
    name, stage : str
        The stage is ``contract``, ``roll-up`` or ``finalise``.
    keys : mapping of str to str
        Columns that are always there.
    columns : mapping of str to str
        All others; a value that is a tuple holds one expression for each part of a UNION ALL.
    body : str or tuple of str
        FROM and what follows it; ``{joins}`` marks where joins go.
    joins : mapping of str to str
        By alias; a join is there when a column that is kept, or a later join, speaks of the alias.
    described : mapping of str to mapping of str to str
        Columns that are made otherwise where a dictionary tells more, by what it tells.
    """

    name: str
    stage: str
    keys: Mapping[str, str | tuple[str, ...]]
    columns: Mapping[str, str | tuple[str, ...]]
    body: str | tuple[str, ...]
    joins: Mapping[str, str] = field(default_factory=dict)
    described: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def told(self, dictionaries: Iterable[str]) -> "Relation":
        """Return the relation as it is made where these dictionaries tell more."""
        more = {name: sql for told in dictionaries for name, sql in self.described.get(told, {}).items()}
        return replace(self, columns={**self.columns, **more}) if more else self

    def select(self, wanted: Iterable[str]) -> str:
        """Return the SELECT with the keys and the ``wanted`` columns."""
        asked = set(wanted)
        kept = {**self.keys, **{name: sql for name, sql in self.columns.items() if name in asked}}
        bodies = (self.body,) if isinstance(self.body, str) else self.body
        return "\n  UNION ALL ".join(self._branch(kept, place, body) for place, body in enumerate(bodies))

    def _branch(self, kept: Mapping[str, str | tuple[str, ...]], place: int, body: str) -> str:
        made = {name: sql if isinstance(sql, str) else sql[place] for name, sql in kept.items()}
        columns = ", ".join(sql if sql == name else f"{sql} AS {name}" for name, sql in made.items())
        spoken = words([*made.values(), body])
        joins: list[str] = []
        for alias, clause in reversed(list(self.joins.items())):
            if alias in spoken:
                joins.append(f" {clause}")
                spoken |= words([clause])
        return f"SELECT {columns}\n  {body.replace('{joins}', ''.join(reversed(joins)))}"


def words(texts: Iterable[str]) -> set[str]:
    """Return every name that SQL texts speak of.

    Examples
    --------
    >>> sorted(words(["SUM(CASE WHEN age_days <= 7 THEN t.amount_minor END)"]))
    ['age_days', 'amount_minor', 't']
    """
    return {word for text in texts for word in WORD.findall(text)}


def resolve(relations: Iterable[Relation], needed: Mapping[str, Iterable[str]]) -> list[tuple[Relation, str]]:
    """Return the relations that are needed, in order, each with its SELECT.

    Parameters
    ----------
    relations : iterable of Relation
        All there are; each reads only those before it.
    needed : mapping of str to names
        Relations by name, with the words that whoever reads them uses.
    """
    asked: dict[str, set[str]] = {name: set(spoken) for name, spoken in needed.items()}
    found: list[tuple[Relation, str]] = []
    listed = list(relations)
    for relation in reversed(listed):
        if relation.name not in asked:
            continue
        select = relation.select(asked[relation.name])
        found.append((relation, select))
        spoken = words([select])
        for other in listed:
            if other.name in spoken and other is not relation:
                asked.setdefault(other.name, set()).update(spoken)
    return found[::-1]


def same(*names: str) -> dict[str, str]:
    """Return columns that are handed on as they are."""
    return {name: name for name in names}
