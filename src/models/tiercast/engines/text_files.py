"""Text files: how a CSV separates its columns, and the same text in UTF-8 when it was written in another encoding.

Every engine gets UTF-8, decoded here, because engines know different encodings and replace what they cannot read.
"""

import codecs
import csv
import gzip
import io
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
HEADER_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class TextFiles:
    """CSV files in UTF-8, with a header each, that are all written alike."""

    files: tuple[str, ...]
    delimiter: str
    quote: str

    @property
    def headers(self) -> list[str]:
        """The header of each file, as one line of text."""
        return [_header(name) for name in self.files]


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
        made = TextFiles(tuple(files), delimiter, quote)
        for header in made.headers:
            _require_once(history, _split(header, delimiter, quote))
    return made


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
        for name in text.files:
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


def _split(header: str, mark: str, quote: str) -> list[str]:
    if not quote:
        return header.rstrip("\r\n").split(mark)
    return next(csv.reader([header], delimiter=mark, quotechar=quote), [])


def _opened(name: str) -> IO[bytes]:
    return gzip.open(name, "rb") if name.endswith(".gz") else Path(name).open("rb")  # type: ignore[return-value]


def _header(name: str) -> str:
    with _opened(name) as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        return text.readline(HEADER_CHARACTERS)


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
    shown = "UTF-8" if encoding in UTF8 else encoding
    try:
        yield
    except UnicodeError as error:
        raise SourceError(source=history.name, problem=f"its text is not {shown}", fix=fix) from error
    except csv.Error as error:
        raise SourceError(source=history.name, problem=f"its header cannot be read: {error}") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            source=history.name, problem="it is no whole gzip file", fix="copy it again"
        ) from error
