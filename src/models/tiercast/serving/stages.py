"""Stages: the frozen text parted into its named SELECTs, so that an engine may keep what no cutoff changes."""

import re
from dataclasses import dataclass

_PART = re.compile(
    r"(?:-- (?P<stage>[a-z-]+):[^\n]*\n)?(?P<name>\w+) AS \(\n {2}(?P<select>.*?)\n\)(?:,\n|\n(?=SELECT))",
    re.S,
)


@dataclass(frozen=True)
class Staged:
    """A text in parts: ``parts`` are (stage, name, SELECT) in order, ``final`` is the last SELECT."""

    parts: tuple[tuple[str, str, str], ...]
    final: str

    def kept(self) -> tuple[tuple[str, str], ...]:
        """Return the (name, SELECT) of every relation that no cutoff changes."""
        return tuple((name, select) for stage, name, select in self.parts if stage != "finalise")

    def rest(self) -> str:
        """Return the text over the kept relations: the finalise stage alone."""
        finalise = [
            f"{name} AS (\n  {select}\n)" for stage, name, select in self.parts if stage == "finalise"
        ]
        return "WITH\n" + ",\n".join(finalise) + f"\n{self.final}"


def split(text: str) -> Staged:
    """Return the parts of a text as the compiler writes it.

    Raises
    ------
    ValueError
        It was not written by the compiler.

    Examples
    --------
    >>> text = '''WITH
    ... -- contract: rows
    ... a AS (
    ...   SELECT 1 AS x
    ... ),
    ... -- finalise: end
    ... b AS (
    ...   SELECT x FROM a
    ... )
    ... SELECT x FROM b'''
    >>> staged = split(text)
    >>> staged.kept(), staged.final
    ((('a', 'SELECT 1 AS x'),), 'SELECT x FROM b')
    """
    place, stage = len("WITH\n"), ""
    parts: list[tuple[str, str, str]] = []
    while found := _PART.match(text, place):
        stage = found["stage"] or stage
        parts.append((stage, found["name"], found["select"]))
        place = found.end()
    if not parts or not text.startswith("WITH\n") or not text.startswith("SELECT", place):
        raise ValueError("the text is not one that the compiler wrote")
    return Staged(tuple(parts), text[place:])
