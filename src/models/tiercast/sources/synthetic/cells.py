"""Cells of tables: codes, counts and days become ids, categories, times and numbers, absent where there is nothing."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tiercast.sources.synthetic.arrays import Floats, Ints

if TYPE_CHECKING:
    import pyarrow as pa

DAY_SECONDS = 86_400
CUSTOMER_DIGITS, NUMBER_DIGITS = 7, 11


def ids(prefix: str, numbers: Any, width: int) -> "pa.StringArray":
    """Write whole numbers as text of one length: a letter and ``width`` digits; a negative number is absent.

    Examples
    --------
    >>> ids("c", np.array([17, -1]), 7).to_pylist()
    ['c0000017', None]
    """
    import pyarrow as pa

    numbers = np.asarray(numbers)
    there = numbers >= 0
    rest = numbers if there.all() else numbers[there]
    text = np.empty((len(rest), 1 + width), dtype=np.uint8)
    text[:, 0] = ord(prefix)
    for place in range(width, 0, -1):
        upper = rest // 10
        text[:, place] = rest - upper * 10 + ord("0")
        rest = upper
    ends = np.zeros(len(numbers) + 1, dtype=np.int32)
    np.cumsum(there, out=ends[1:])
    return pa.StringArray.from_buffers(
        len(numbers),
        pa.py_buffer(ends * np.int32(1 + width)),
        pa.py_buffer(text),
        pa.py_buffer(np.packbits(there, bitorder="little")),
        len(numbers) - int(ends[-1]),
    )


def hexadecimal(numbers: NDArray[np.uint64]) -> "pa.StringArray":
    """Write 64-bit numbers as 16 hexadecimal digits.

    Examples
    --------
    >>> hexadecimal(np.array([255], dtype=np.uint64)).to_pylist()
    ['00000000000000ff']
    """
    import pyarrow as pa

    halves = np.empty((len(numbers), 16), dtype=np.uint8)
    for place in range(16):
        halves[:, place] = (numbers >> np.uint64(4 * (15 - place))) & np.uint64(15)
    text = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[halves]
    ends = np.arange(len(numbers) + 1, dtype=np.int32) * np.int32(16)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(ends), pa.py_buffer(text))


def codes_of(words: Sequence[str], codes: Any) -> "pa.DictionaryArray":
    """Return categorical text from codes; a negative code is absent.

    Examples
    --------
    >>> codes_of(["store", "web"], np.array([1, -1, 0])).to_pylist()
    ['web', None, 'store']
    """
    import pyarrow as pa

    codes = np.asarray(codes)
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, mask=codes < 0), pa.array(words, pa.string()), safe=False
    )


def start_second(start: date) -> int:
    """Return midnight UTC of a day in seconds since 1970."""
    return (start - date(1970, 1, 1)).days * DAY_SECONDS


def times(seconds: Ints) -> "pa.Array":
    """Return times from seconds since 1970."""
    import pyarrow as pa

    return pa.array(seconds * 1_000_000, pa.int64()).view(pa.timestamp("us"))


def moments(days: Floats, start: date) -> "pa.Array":
    """Return times from days since the start; NaN is absent."""
    import pyarrow as pa

    absent = np.isnan(days)
    seconds = np.floor(np.where(absent, 0, days) * DAY_SECONDS).astype(np.int64) + start_second(start)
    return pa.array(seconds * 1_000_000, pa.int64(), mask=absent).view(pa.timestamp("us"))


def dates(days: Floats, start: date) -> "pa.Array":
    """Return dates from days since the start; NaN is absent."""
    import pyarrow as pa

    absent = np.isnan(days)
    day = np.floor(np.where(absent, 0, days)) + start_second(start) // DAY_SECONDS
    return pa.array(day.astype(np.int32), mask=absent).view(pa.date32())


def measured(numbers: Floats) -> "pa.Array":
    """Return numbers; NaN is absent."""
    import pyarrow as pa

    return pa.array(numbers, mask=np.isnan(numbers))


def numbers(codes: Ints, divisor: int = 1) -> "pa.Array":
    """Return numbers from whole ones, divided; a negative one is absent."""
    import pyarrow as pa

    return pa.array(codes / divisor if divisor > 1 else codes.astype(np.float64), mask=codes < 0)
