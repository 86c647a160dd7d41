"""The values of one column, without rounding: numbers as an array of f64, anything else as text with a line for each value.

A number is an f64 if the shortest decimal text of that f64 is the number itself. That holds for integers up to 2^53, for decimals of at
most 15 digits, and for every float of 16 or 32 bits, which stands for its own shortest text: a float32 of 0.1 is a tenth. All other numbers
are text. So a column gives the bytes that the program gives for the same column in Parquet. NaN and an empty text are a missing value.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from ._errors import Error

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    #: What the core module takes: an array of f64 in C order, or lines of UTF-8.
    Values = Union[Floats, bytes]

INTEGER_MAX = 1 << 53
DIGITS_MAX = 15
#: The bits of an f64 that a float32 lacks, and what they are halfway between two float32.
BELOW_FLOAT32, HALFWAY = (1 << 29) - 1, 1 << 28


def of_array(array: npt.NDArray[Any], missing: npt.NDArray[np.bool_] | None = None) -> Values:
    """Returns the values of an array of one dimension. ``missing``: which of them are missing."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if isinstance(array, np.ma.MaskedArray):
        array, missing = array.data, np.ma.getmaskarray(array)
    if kind == "f" and size <= 8:
        return with_nan(np.ascontiguousarray(array, dtype=np.float64) if size == 8 else of_short_floats(array), missing)
    if kind in "iu":
        if array.size == 0 or (int(array.min()) >= -INTEGER_MAX and int(array.max()) <= INTEGER_MAX):
            return with_nan(array.astype(np.float64), missing)
        return lines(array.tolist(), missing)
    if kind == "b":
        return lines(np.where(array, "true", "false").tolist(), missing)
    if kind == "f":
        return lines(("" if value != value else str(value) for value in array), missing)
    if kind == "S":
        return lines((value.decode() for value in array.tolist()), missing)
    if kind == "U":
        return lines(array.tolist(), missing)
    if kind == "O":
        return of_objects([None if gone else value for value, gone in zip(array, missing)] if missing is not None else array.tolist())
    raise unreadable(str(array.dtype))


def with_nan(values: Floats, missing: npt.NDArray[np.bool_] | None) -> Floats:
    if missing is not None and missing.any():
        values = values.copy()
        values[missing] = np.nan
    return values


def of_short_floats(array: npt.NDArray[Any]) -> Floats:
    """Returns the f64 nearest to the shortest decimal text of each float of 16 or 32 bits.

    If a decimal of at most 6 digits rounds to a float32, it is its shortest text, because no two such decimals round to one float32. Here
    it is rounded to f64 first, which is the same unless that f64 lies halfway between two float32. For other floats the text is written
    and read.
    """
    wide: Floats = array.astype(np.float64)
    found: Floats = wide.copy()
    is_open = np.isfinite(wide)
    for places in range(7 if array.dtype.itemsize == 4 else 0):
        integer = np.rint(wide * 10.0**places)
        decimal = integer / 10.0**places
        with np.errstate(over="ignore"):
            is_same = decimal.astype(np.float32) == array
        is_found = is_open & (np.abs(integer) < 1e6) & is_same & (decimal.view(np.int64) & BELOW_FLOAT32 != HALFWAY)
        found[is_found] = decimal[is_found]
        is_open &= ~is_found
        if not is_open.any():
            return found
    found[is_open] = [float(str(value)) for value in array[is_open]]
    return found


def of_objects(values: list[Any]) -> Values:
    """Returns values of any kinds: numbers, texts, flags, and ``None``, NaN or ``NA`` for a missing value."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {float, np.float64}:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    cells = [None if is_missing(value) else value for value in values]
    kinds = {type(value) for value in cells if value is not None}
    if all(issubclass(kind, (int, float, Decimal, np.number)) and kind is not bool for kind in kinds):
        exact = [np.nan if value is None else to_float(value) for value in cells]
        if None not in exact:
            return np.array(exact, dtype=np.float64)
    return lines(["" if value is None else cell(value) for value in cells])


def to_float(value: Any) -> float | None:
    """Returns the f64 whose shortest text is the number; ``None`` if there is none."""
    if isinstance(value, float):
        return float(value)
    if isinstance(value, np.floating):
        return float(str(value))
    if isinstance(value, (int, np.integer)):
        return float(value) if abs(int(value)) <= INTEGER_MAX else None
    if isinstance(value, Decimal) and value.is_finite() and len(value.normalize().as_tuple().digits) <= DIGITS_MAX:
        return float(value)
    return None


def is_missing(value: Any) -> bool:
    # a value that is not equal to itself is NaN or NaT; the NA of pandas refuses to say
    try:
        return value is None or bool(value != value)
    except TypeError:
        return True


def cell(value: Any) -> str:
    """Returns a value as the text of a cell."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return str(value)[:-2] if str(value).endswith(".0") else str(value)
    if isinstance(value, bytes):
        return value.decode()
    raise unreadable(type(value).__name__)


def lines(cells: Iterable[Any], missing: npt.NDArray[np.bool_] | None = None) -> bytes:
    """Returns texts with a line feed after each. A line break in a text becomes a character that no number and no level has."""
    texts = [str(text) for text in cells]
    if missing is not None:
        texts = ["" if gone else text for text, gone in zip(texts, missing)]
    joined = "\n".join(texts)
    if "\r" in joined or joined.count("\n") >= max(len(texts), 1):
        joined = "\n".join(text.replace("\n", "\x1f").replace("\r", "\x1f") for text in texts)
    return (joined + "\n").encode() if texts else b""


def split(values: Values) -> list[str]:
    """Returns values as cells of CSV."""
    if isinstance(values, bytes):
        return values.decode().split("\n")[:-1]
    return ["" if value != value else cell(value) for value in values.tolist()]


def joined(parts: list[Values]) -> npt.NDArray[Any]:
    """Returns the values of the parts of a column, one after another, as an array."""
    if any(isinstance(part, bytes) for part in parts):
        return np.array([cell for part in parts for cell in split(part)], dtype=object)
    return np.concatenate([np.empty(0), *parts])


def take(values: Values, codes: npt.NDArray[np.int64]) -> Values:
    """Returns the values of a dictionary at these indexes, and a missing value for an index below zero."""
    if isinstance(values, bytes):
        texts = np.array([*split(values), ""], dtype=object)
        return lines(texts[codes].tolist())
    return np.append(values, np.nan)[codes]


def unreadable(kind: str) -> Error:
    sentence = f"its values are of type {kind}, which are not numbers"
    return Error("column-type", sentence, "write it as a column of numbers or texts, or do not name it")
