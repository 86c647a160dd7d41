"""Reads columns through Arrow's PyCapsule interface: polars, pyarrow, DuckDB, and whatever else has ``__arrow_c_stream__``.

The structs are those of the Arrow C data interface. Nothing is copied until values are converted, and no library of Arrow is needed.
Types that are neither numbers nor texts (dates, lists, binary data) are refused where a column is used.
"""

from __future__ import annotations

import ctypes
import json
import struct
from collections.abc import Iterator
from copy import copy
from ctypes import POINTER, Structure, c_char_p, c_int, c_int64, c_void_p, string_at
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from . import _values

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._values import Values


class Schema(Structure):
    """``struct ArrowSchema``: the type of an array."""


Schema._fields_ = [
    ("format", c_char_p), ("name", c_char_p), ("metadata", c_void_p), ("flags", c_int64), ("n_children", c_int64),
    ("children", POINTER(POINTER(Schema))), ("dictionary", POINTER(Schema)), ("release", c_void_p), ("private_data", c_void_p),
]  # fmt: skip


class Array(Structure):
    """``struct ArrowArray``: the values of an array."""


Array._fields_ = [
    ("length", c_int64), ("null_count", c_int64), ("offset", c_int64), ("n_buffers", c_int64), ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)), ("children", POINTER(POINTER(Array))), ("dictionary", POINTER(Array)),
    ("release", c_void_p), ("private_data", c_void_p),
]  # fmt: skip


class Stream(Structure):
    """``struct ArrowArrayStream``: arrays of one type, one after another."""


Stream._fields_ = [
    ("get_schema", ctypes.CFUNCTYPE(c_int, POINTER(Stream), POINTER(Schema))),
    ("get_next", ctypes.CFUNCTYPE(c_int, POINTER(Stream), POINTER(Array))),
    ("get_last_error", ctypes.CFUNCTYPE(c_char_p, POINTER(Stream))),
    ("release", c_void_p), ("private_data", c_void_p),
]  # fmt: skip

_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype, _pointer_of.argtypes = c_void_p, [ctypes.py_object, c_char_p]


class Batch:
    """Rows of a table; an array that is no struct is a table of one column. ``keep``: what owns the memory."""

    def __init__(self, schema: Any, array: Any, keep: Any) -> None:
        self.rows, self.schema, self.keep = int(array.length), schema, keep
        if schema.format == b"+s":
            self.schemas = [schema.children[at].contents for at in range(schema.n_children)]
            self.arrays = [array.children[at].contents for at in range(array.n_children)]
            self.offset = array.offset
        else:
            self.schemas, self.arrays, self.offset = [schema], [array], 0
        self.names = [(one.name or b"").decode() for one in self.schemas]

    def only(self, column: int) -> Batch:
        """Returns a batch of one of the columns."""
        one: Batch = copy(self)
        one.names, one.schemas = [self.names[column]], [self.schemas[column]]
        one.arrays = [self.arrays[column]] if self.rows else []
        return one

    def values(self, column: int, first: int, last: int) -> Values:
        """Returns the values of a column in the rows from ``first`` to before ``last``."""
        if not self.rows:
            return np.empty(0)
        return values(self.schemas[column], self.arrays[column], self.offset + first, last - first)


class Owned:
    """Structs that are released when nobody holds this object any more."""

    def __init__(self, *structs: Any) -> None:
        self.structs = structs

    def __del__(self) -> None:
        for one in self.structs:
            if one.release:
                ctypes.CFUNCTYPE(None, c_void_p)(one.release)(ctypes.addressof(one))


def batches(data: Any) -> Iterator[Batch]:
    """Yields the batches of an object with ``__arrow_c_stream__`` or ``__arrow_c_array__``. The first may have no rows."""
    if not hasattr(data, "__arrow_c_stream__"):
        capsules = data.__arrow_c_array__()
        schema = Schema.from_address(_pointer_of(capsules[0], b"arrow_schema"))
        yield Batch(schema, Array.from_address(_pointer_of(capsules[1], b"arrow_array")), capsules)
        return
    capsule = data.__arrow_c_stream__()
    stream = Stream.from_address(_pointer_of(capsule, b"arrow_array_stream"))
    schema = Schema()
    check(stream, stream.get_schema(stream, schema))
    owned = Owned(schema)
    yield Batch(schema, Array(), (capsule, owned))
    while True:
        array = Array()
        check(stream, stream.get_next(stream, array))
        if not array.release:
            return
        yield Batch(schema, array, (capsule, owned, Owned(array)))


def check(stream: Any, code: int) -> None:
    if code:
        text = stream.get_last_error(stream)
        raise OSError(code, "the Arrow stream failed: " + (text.decode(errors="replace") if text else "no reason is given"))


def is_category(schema: Any) -> bool:
    """Whether a column is one of levels by its type: a dictionary, or flags."""
    return bool(schema.dictionary) or schema.format == b"b"


def index_columns(schema: Any) -> set[str]:
    """Returns the columns in which pandas keeps the labels of the rows, by its own metadata."""
    if not schema.metadata:
        return set()
    at, found = schema.metadata, {}
    (pairs,), at = struct.unpack("=i", string_at(at, 4)), at + 4
    for _ in range(pairs):
        texts = []
        for _ in range(2):
            (length,) = struct.unpack("=i", string_at(at, 4))
            texts.append(string_at(at + 4, length))
            at += 4 + length
        found[texts[0]] = texts[1]
    named = json.loads(found.get(b"pandas", b"{}")).get("index_columns", [])
    return {name for name in named if isinstance(name, str)}


INTEGERS = {b"c": "i1", b"C": "u1", b"s": "i2", b"S": "u2", b"i": "i4", b"I": "u4", b"l": "i8", b"L": "u8"}
REFUSED = {
    b"td": "date", b"tt": "time", b"ts": "timestamp", b"tD": "duration", b"ti": "interval", b"+": "list or struct", b"z": "binary",
    b"Z": "binary", b"v": "binary", b"w": "binary",
}  # fmt: skip
FLOATS = {b"e": "f2", b"f": "f4", b"g": "f8"}


def refused(schema: Any) -> str | None:
    """Returns the name of a type whose values are neither numbers nor texts."""
    if schema.dictionary:
        return refused(schema.dictionary.contents)
    kind: bytes = schema.format
    if kind == b"+r":
        return refused(schema.children[1].contents)
    if kind in INTEGERS or kind in FLOATS or kind in TEXTS or kind in (b"n", b"b") or kind.startswith(b"d:"):
        return None
    return REFUSED.get(kind[:2]) or REFUSED.get(kind[:1]) or kind.decode()


def values(schema: Any, array: Any, first: int, rows: int) -> Values:
    """Returns ``rows`` values from ``first`` on."""
    kind: bytes = schema.format
    first += array.offset
    if schema.dictionary:
        missing = nulls(array, first, rows)
        codes = numbers(array, 1, INTEGERS[kind], first, rows).astype(np.int64)
        if missing is not None:
            codes[missing] = -1
        levels = array.dictionary.contents
        return _values.take(values(schema.dictionary.contents, levels, 0, levels.length), codes)
    if kind in INTEGERS or kind in FLOATS:
        found = numbers(array, 1, INTEGERS.get(kind) or FLOATS[kind], first, rows)
        return _values.of_array(found.copy(), nulls(array, first, rows))
    if kind == b"b":
        return _values.of_array(bits(array.buffers[1], first, rows), nulls(array, first, rows))
    if kind == b"n":
        return b"\n" * rows
    if kind in TEXTS:
        return _values.lines(TEXTS[kind](array, first, rows), nulls(array, first, rows))
    if kind.startswith(b"d:"):
        return decimals(array, kind, first, rows)
    if kind == b"+r":
        ends, runs = array.children[0].contents, array.children[1].contents
        last = numbers(ends, 1, INTEGERS[schema.children[0].contents.format], ends.offset, ends.length)
        codes = np.searchsorted(last, np.arange(first, first + rows), side="right")
        return _values.take(values(schema.children[1].contents, runs, 0, runs.length), codes)
    raise _values.unreadable(str(refused(schema)))


def numbers(array: Any, buffer: int, kind: str, first: int, count: int) -> npt.NDArray[Any]:
    """Returns a view of numbers in a buffer."""
    kind_of = np.dtype(kind)
    address = array.buffers[buffer]
    if not address or count <= 0:
        return np.empty(0, kind_of)
    memory = (ctypes.c_char * (count * kind_of.itemsize)).from_address(address + first * kind_of.itemsize)
    return np.frombuffer(memoryview(memory), kind_of)


def bits(address: int, first: int, count: int) -> npt.NDArray[np.bool_]:
    if count <= 0:
        return np.empty(0, np.bool_)
    start = first // 8
    memory = np.frombuffer(string_at(address + start, (first + count + 7) // 8 - start), np.uint8)
    return np.unpackbits(memory, bitorder="little")[first - 8 * start :][:count].astype(np.bool_)


def nulls(array: Any, first: int, rows: int) -> npt.NDArray[np.bool_] | None:
    """Returns which values are missing; ``None`` if none is."""
    if array.null_count == 0 or array.n_buffers == 0 or not array.buffers[0]:
        return None
    return ~bits(array.buffers[0], first, rows)


def texts(array: Any, first: int, rows: int, kind: str) -> list[str]:
    """Returns texts that stand one after another, between offsets."""
    if rows <= 0:
        return []
    ends = numbers(array, 1, kind, first, rows + 1).tolist()
    data = string_at(array.buffers[2] + ends[0], ends[-1] - ends[0]) if ends[-1] > ends[0] else b""
    return [data[start - ends[0] : end - ends[0]].decode() for start, end in zip(ends, ends[1:])]


def text_views(array: Any, first: int, rows: int) -> list[str]:
    """Returns texts of at most 12 bytes that stand in their place, and others of which a buffer and a place is given."""
    found = []
    views = string_at(array.buffers[1] + 16 * first, 16 * rows) if rows > 0 else b""
    missing = nulls(array, first, rows)
    for at in range(rows):
        length, _, buffer, offset = struct.unpack_from("<iiii", views, 16 * at)
        if missing is not None and missing[at]:
            found.append("")
        elif length <= 12:
            found.append(views[16 * at + 4 : 16 * at + 4 + length].decode())
        else:
            found.append(string_at(array.buffers[2 + buffer] + offset, length).decode())
    return found


TEXTS: dict[bytes, Callable[[Any, int, int], list[str]]] = {
    b"u": lambda array, first, rows: texts(array, first, rows, "i4"),
    b"U": lambda array, first, rows: texts(array, first, rows, "i8"),
    b"vu": text_views,
}


def decimals(array: Any, kind: bytes, first: int, rows: int) -> Values:
    """Returns decimals: integers of 4 to 32 bytes, and a power of ten for all."""
    _, scale, width = (*map(int, kind[2:].split(b",")), 128)[:3]
    size = width // 8
    data = string_at(array.buffers[1] + size * first, size * rows) if rows > 0 else b""
    integers = [int.from_bytes(data[at : at + size], "little", signed=True) for at in range(0, size * rows, size)]
    missing = nulls(array, first, rows)
    if 0 <= scale <= 22 and all(abs(integer) < 10**_values.DIGITS_MAX for integer in integers):
        # the quotient of two exact f64 is the f64 nearest to the decimal
        return _values.with_nan(np.array(integers, dtype=np.float64) / 10.0**scale, missing)
    return _values.lines((decimal_text(integer, scale) for integer in integers), missing)


def decimal_text(integer: int, scale: int) -> str:
    """Returns ``integer * 10**-scale``, without zeros after the last decimal."""
    if scale <= 0:
        return f"{integer}e{-scale}" if scale else str(integer)
    digits = str(abs(integer)).rjust(scale + 1, "0")
    return ("-" if integer < 0 else "") + f"{digits[:-scale]}.{digits[-scale:]}".rstrip("0").rstrip(".")
