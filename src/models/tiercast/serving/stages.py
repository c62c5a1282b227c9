"""Stages: the frozen text parted into its named SELECTs, so that an engine may keep what no cutoff changes."""

import re
from dataclasses import dataclass

CUTOFF = ":cutoff_day"
"""Stands in a text for the cutoff, in whole days since 1970: a parameter that is filled in at each run."""
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
        """Return what is worth keeping between cutoffs: (name, text) of each roll-up that the finalise stage reads.

        Each text reads the touchpoints and the kept relations before it.
        """
        rolled = [(name, select) for stage, name, select in self.parts if stage != "finalise"]
        spoken = _words(
            " ".join([self.final, *(select for stage, _, select in self.parts if stage == "finalise")])
        )
        wanted = {name for name, _ in rolled} & spoken
        found: list[tuple[str, str]] = []
        waiting: list[tuple[str, str]] = []
        for name, select in rolled:
            if name not in wanted:
                waiting.append((name, select))
                continue
            found.append((name, f"{_with(_needed(waiting, select))}{select}"))
        return tuple(found)

    def rest(self) -> str:
        """Return the text over the kept relations: the finalise stage alone."""
        return (
            _with([(name, select) for stage, name, select in self.parts if stage == "finalise"]) + self.final
        )


def _needed(parts: list[tuple[str, str]], select: str) -> list[tuple[str, str]]:
    spoken, found = _words(select), []
    for name, text in reversed(parts):
        if name in spoken:
            found.append((name, text))
            spoken |= _words(text)
    return found[::-1]


def _with(parts: list[tuple[str, str]]) -> str:
    listed = ",\n".join(f"{name} AS (\n  {select}\n)" for name, select in parts)
    return f"WITH\n{listed}\n" if parts else ""


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z_][a-z0-9_]*", text))


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
    >>> print(staged.rest())
    WITH
    b AS (
      SELECT x FROM a
    )
    SELECT x FROM b
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
