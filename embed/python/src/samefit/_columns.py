"""A column of any kind as a :class:`Column`: its values without rounding, and whether its type makes it a category.

Arrays of numpy, columns of pandas, whatever has Arrow's PyCapsule interface, and sequences of numbers, texts, flags and ``None``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from . import _arrow, _values

if TYPE_CHECKING:
    from ._values import Values


class Column:
    """A column in memory."""

    def __init__(
        self,
        rows: int,
        values: Callable[[int, int], Values],
        is_category: bool = False,
        first_level: str | None = None,
        refused: str | None = None,
    ) -> None:
        #: Returns the values of the rows from the first to before the last.
        self.rows, self.values = rows, values
        #: Whether its type says that its values are levels; the first one with rows, if the type gives them an order.
        self.is_category, self.first_level = is_category, first_level
        #: The name of the type, if its values are neither numbers nor texts.
        self.refused = refused


def column(data: Any) -> Column:
    """Returns a column of any kind."""
    if isinstance(data, Column):
        return data
    if is_pandas(data, "Series"):
        return of_pandas(data)
    if is_pandas(data, "Index", "Categorical"):
        return of_pandas(sys.modules["pandas"].Series(data))
    if isinstance(data, np.ndarray):
        return of_numpy(data)
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return of_arrow(list(_arrow.batches(data)))
    values = list(data)
    return Column(len(values), lambda first, last: _values.of_objects(values[first:last]))


def of_numpy(array: Any, missing: Any = None) -> Column:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"a column has one dimension, found {array.ndim}")

    def values(first: int, last: int) -> Values:
        return _values.of_array(array[first:last], None if missing is None else missing[first:last])

    kind = array.dtype.kind
    return Column(len(array), values, is_category=kind == "b", refused=str(array.dtype) if kind in "mMcV" else None)


def of_pandas(series: Any) -> Column:
    kind = series.dtype
    if hasattr(kind, "categories"):
        codes = np.asarray(series.cat.codes, dtype=np.int64)
        levels = column(kind.categories.to_numpy()).values(0, len(kind.categories))
        seen = np.unique(codes[codes >= 0])
        first = _values.split(levels)[seen[0]] if seen.size else None
        return Column(len(codes), lambda start, end: _values.take(levels, codes[start:end]), is_category=True, first_level=first)
    if isinstance(kind, np.dtype):
        return of_numpy(series.to_numpy())
    if hasattr(kind, "pyarrow_dtype"):
        return column(series.array.__arrow_array__())
    if hasattr(kind, "numpy_dtype"):
        zero = kind.numpy_dtype.type(0)
        return of_numpy(series.to_numpy(dtype=kind.numpy_dtype, na_value=zero), np.asarray(series.isna()))
    return of_numpy(series.to_numpy(dtype=object))


def of_arrow(batches: list[_arrow.Batch]) -> Column:
    """Returns the first column of these batches."""
    schema = batches[0].schemas[0]
    refused = _arrow.refused(schema)
    if refused:
        return Column(sum(batch.rows for batch in batches), lambda first, last: b"", refused=refused)
    parts = [batch.values(0, 0, batch.rows) for batch in batches if batch.rows]
    found = of_numpy(_values.joined(parts))
    found.is_category = _arrow.is_category(schema)
    return found


def is_pandas(data: Any, *names: str) -> bool:
    """Whether this is an object of one of pandas' types. pandas is not imported for that."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, tuple(getattr(pandas, name) for name in names))
