"""Proposing: a look at the rows of a source, and the column map that would make touchpoints of them."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tiercast.engines.opening import DIALECTS, open_engine
from tiercast.mapping.columnmap import ColumnMap
from tiercast.mapping.propose import Proposal, propose_map
from tiercast.mapping.reading import map_of
from tiercast.schema import History
from tiercast.sources.opening import open_source

ROWS = 50_000
LOOKED_AT = 1 << 20
ENCODINGS = ("utf-8", "gb18030", "cp1252", "latin-1")


@dataclass(frozen=True)
class Proposed:
    """A column map for a source, ready to look at, to save and to use.

    ``text`` is TOML; ``mapping`` is the same, read back from it; ``lacking`` names required columns that nothing was
    found for, and ``finding`` says what kind of table it seems to be.
    """

    text: str
    mapping: ColumnMap
    lacking: tuple[str, ...]
    finding: str


def propose(
    source: str | pd.DataFrame | History, *, extensions: Sequence[str] = (), engine: str = "duckdb"
) -> Proposed:
    """Return a map for a source, from the names and values of its first rows.

    Raises
    ------
    SourceError
        It cannot be read.

    Examples
    --------
    >>> rows = pd.DataFrame({"user": ["a", "b"], "ts": ["2024-01-31", "2024-02-01"], "action": ["buy", "view"]})
    >>> found = propose(rows)
    >>> found.mapping.columns["kind"].values, found.lacking
    ({'buy': 'purchase'}, ())
    """
    history = open_source(source, extensions=tuple(extensions))
    guessed = _encoding(history)
    if guessed:
        history = replace(history, options={**history.options, "encoding": guessed})
    with open_engine(engine) as runs:
        types = runs.look_at(history)
        sample = runs.run(f"SELECT * FROM original LIMIT {ROWS}")
    dialect = DIALECTS[engine]()
    proposal = propose_map(sample, {name: dialect.classify(kind) for name, kind in types.items()})
    if guessed:
        proposal = _in_encoding(proposal, guessed)
    text = proposal.text(history.name, len(sample))
    return Proposed(text, _read_back(text), proposal.lacking, proposal.finding)


def _read_back(text: str) -> ColumnMap:
    import tomllib

    return map_of(tomllib.loads(text), name="proposed")


def _in_encoding(proposal: Proposal, encoding: str) -> Proposal:
    remarks = {**proposal.remarks, "csv.encoding": "?? by its bytes"}
    return replace(proposal, told={**proposal.told, "csv": {"encoding": encoding}}, remarks=remarks)


def _encoding(history: History) -> str:
    """Return the encoding that the first bytes of CSV files speak for, or nothing when it is said, or UTF-8."""
    if history.format != "csv" or "encoding" in history.options:
        return ""
    for name in history.files:
        if name.endswith(".gz"):
            continue
        with Path(name).open("rb") as stream:
            start = stream.read(LOOKED_AT)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        found = next(each for each in ENCODINGS if _decodes(start, each))
        if found != "utf-8":
            return found
    return ""


def _decodes(start: bytes, encoding: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(start)
    except UnicodeDecodeError:
        return False
    # an accented letter and the one after it are one Chinese character to gb18030, but Chinese words are longer
    runs = re.findall("[\u4e00-\u9fff]+", text)
    return encoding != "gb18030" or sum(map(len, runs)) > 1.5 * len(runs) > 0
