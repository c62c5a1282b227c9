"""Text files: how a CSV separates its columns, and the same text in UTF-8 when it was written in another encoding.

Every engine gets UTF-8, decoded here, because engines know different encodings and replace what they cannot read.
"""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import uuid4

from tiercast.errors import OutputError, SourceError
from tiercast.mapping.options import checked
from tiercast.schema import History
from tiercast.serving.contract import NAMES

SEPARATORS = (",", ";", "\t", "|")
UTF8 = ("utf-8", "utf-8-sig", "ascii")
CHUNK = 1 << 20
HEADER_CHARACTERS = 100_000


class NotUtf8(SourceError):
    """Text is in another encoding than UTF-8, and nobody has said which.

    Examples
    --------
    >>> raise NotUtf8(source="csv:orders.csv", problem="its text is not UTF-8", fix="say ?encoding=latin-1")
    Traceback (most recent call last):
    tiercast.engines.text_files.NotUtf8: cannot read csv:orders.csv: its text is not UTF-8; say ?encoding=latin-1
    """


@dataclass(frozen=True)
class TextFiles:
    """CSV files in UTF-8, all written alike.

    Parameters
    ----------
    tables : tuple of (columns, files)
        Files with the same header, under the names of its columns: each name once.
    delimiter, quote : str
        The mark between columns, and the one around text, doubled inside; nothing when there is none.
    """

    tables: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    delimiter: str
    quote: str


def readable(history: History, folder: str | Path) -> TextFiles:
    """Return the CSV files of a history as every engine can read them; empty files are left out.

    Parameters
    ----------
    history : History
        With ``files``, and ``options`` for what the files do not say themselves.
    folder : path
        Where a file in another encoding than UTF-8 is written again.

    Raises
    ------
    SourceError
        A file is not in its encoding, the files differ, or a column that is asked for comes twice.
    OutputError
        The folder is full.
    """
    try:
        told = checked({**(history.mapping.options if history.mapping else {}), **history.options})
    except ValueError as problem:
        raise SourceError(source=history.name, problem=str(problem)) from None
    encoding = told.get("encoding", "utf-8")
    with _unreadable(history, encoding):
        files = [name for name in history.files if not is_empty(name)]
        if encoding not in UTF8:
            files = [_in_utf8(name, encoding, folder) for name in files]
        if not files:
            raise SourceError(source=history.name, problem="the file is empty")
        quote = told.get("quote", '"')
        delimiter = told.get("delimiter") or _separator(history, files, quote)
        tables: dict[tuple[str, ...], list[str]] = {}
        for name in files:
            header = _split(_header(name), delimiter, quote)
            _require_once(history, header)
            tables.setdefault(_columns(header), []).append(name)
    return TextFiles(tuple((columns, tuple(alike)) for columns, alike in tables.items()), delimiter, quote)


def is_empty(name: str) -> bool:
    """Return whether a file holds nothing at all, once unpacked."""
    with _opened(name) as stream:
        return not stream.read(1)


def require_utf8(text: TextFiles, history: History) -> None:
    """Refuse a file that is not UTF-8 to its end, for an engine that would replace what it cannot read.

    Raises
    ------
    SourceError
    """
    with _unreadable(history, "utf-8"):
        for name in (name for _, files in text.tables for name in files):
            decoder = codecs.getincrementaldecoder("utf-8")()
            with _opened(name) as stream:
                while chunk := stream.read(CHUNK):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)


def _separator(history: History, files: Sequence[str], quote: str) -> str:
    wanted = _wanted(history)

    def found(file: str) -> str:
        split = {mark: _split(_header(file), mark, quote) for mark in SEPARATORS}
        return max(SEPARATORS, key=lambda mark: (len(set(split[mark]) & wanted), len(split[mark])))

    marks = {found(name) for name in files}
    if len(marks) > 1:
        raise SourceError(
            source=history.name,
            problem="its files separate columns differently",
            fix="convert them to one form",
        )
    return marks.pop()


def _wanted(history: History) -> set[str]:
    rules = history.mapping.columns.values() if history.mapping else ()
    return {*NAMES, *(column for rule in rules for column in rule.columns)}


def _require_once(history: History, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1} & _wanted(history))
    if twice:
        raise SourceError(
            source=history.name, problem=f"the column {twice[0]!r} comes twice", fix="rename one of them"
        )


def _columns(header: list[str]) -> tuple[str, ...]:
    """Return the names of a header, those that came before and those that are empty numbered by their place."""
    named: list[str] = []
    taken: set[str] = set()
    for place, name in enumerate(header, start=1):
        once = name if name and name.casefold() not in taken else f"{name} (column {place})".lstrip()
        taken.add(once.casefold())
        named.append(once)
    return tuple(named)


def _split(header: str, mark: str, quote: str) -> list[str]:
    if not quote:
        return re.split("[\r\n]", header, maxsplit=1)[0].split(mark)
    return next(csv.reader(io.StringIO(header, newline=""), delimiter=mark, quotechar=quote), [])


def _opened(name: str) -> IO[bytes]:
    return gzip.open(name, "rb") if name.endswith(".gz") else Path(name).open("rb")  # type: ignore[return-value]


def _header(name: str) -> str:
    """Return where a file begins: more than its header, as quotes decide where that ends."""
    with _opened(name) as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        return text.read(HEADER_CHARACTERS)


def _in_utf8(name: str, encoding: str, folder: str | Path) -> str:
    path = Path(folder) / f"{uuid4().hex}.csv"
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with _opened(name) as stream, path.open("wb") as written:
            while chunk := stream.read(CHUNK):
                _write(written, path, decoder.decode(chunk))
            _write(written, path, decoder.decode(b"", final=True))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return str(path)


def _write(written: IO[bytes], path: Path, text: str) -> None:
    try:
        written.write(text.encode("utf-8"))
        written.flush()
    except OSError as error:
        raise OutputError(path=path, problem=error.strerror or str(error)) from error


@contextmanager
def _unreadable(history: History, encoding: str) -> Iterator[None]:
    """Turn what decoding and unpacking throw into one sentence that shows no row."""
    fix = (
        "say which encoding it is in, as in ?encoding=latin-1 (or gb18030, utf-16, …), or convert it to UTF-8"
    )
    said = encoding not in UTF8
    try:
        yield
    except UnicodeError as error:
        if said:
            raise SourceError(source=history.name, problem=f"its text is not {encoding}", fix=fix) from error
        raise NotUtf8(source=history.name, problem="its text is not UTF-8", fix=fix) from error
    except csv.Error as error:
        raise SourceError(source=history.name, problem=f"its header cannot be read: {error}") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            source=history.name, problem="it is no whole gzip file", fix="copy it again"
        ) from error
