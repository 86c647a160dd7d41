"""Data of any kind as a table of columns, or as the bytes of a file.

Frames of pandas, whatever has Arrow's ``__arrow_c_stream__`` (polars, pyarrow, DuckDB), mappings of columns, lists of records and arrays of
numpy are tables. Paths and open files are bytes of CSV or JSON; Parquet and Arrow files are tables, which pyarrow reads.
"""

from __future__ import annotations

import io
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Callable, Union

import numpy as np

from . import _arrow, _values
from ._columns import Column, column, is_pandas, of_arrow
from ._errors import Error

if TYPE_CHECKING:
    from ._values import Values

#: Most rows, and most bytes of numbers, that are given to the core module at once.
BATCH_ROWS, BATCH_BYTES = 1 << 16, 1 << 25
CHUNK_BYTES = 1 << 20
INDEX = "it is the index that pandas wrote, labels of the rows and not data"


class Table:
    """Rows with named columns."""

    #: The columns, in order.
    names: list[str]
    #: The columns that are categories by their type, each with its first level if the type gives levels an order.
    categories: dict[str, str | None]
    #: The columns that are not taken where all columns are meant, each with the reason.
    left_out: dict[str, str]

    def batches(self, names: Collection[str]) -> Iterator[dict[str, Values]]:
        """Yields the values of some columns, some rows at a time; columns without rows as one batch."""
        raise NotImplementedError

    def columns(self) -> list[tuple[str, Column]]:
        """Returns the columns in memory."""
        raise NotImplementedError


class ColumnTable(Table):
    """Columns in memory."""

    def __init__(self, columns: Iterable[tuple[Any, Any]]) -> None:
        self.held = [(str(name), column(data)) for name, data in columns]
        self.names = [name for name, _ in self.held]
        self.categories = {name: held.first_level for name, held in self.held if held.is_category}
        self.left_out = {name: not_numbers(held.refused) for name, held in self.held if held.refused}

    def batches(self, names: Collection[str]) -> Iterator[dict[str, Values]]:
        taken = [(name, held) for name, held in self.held if name in names]
        refuse({name: held.refused for name, held in taken})
        rows = max((held.rows for _, held in taken), default=0)
        for first, last in cuts(rows, len(taken)):
            yield {name: held.values(first, last) for name, held in taken}

    def columns(self) -> list[tuple[str, Column]]:
        return self.held


class ArrowTable(Table):
    """Batches of an Arrow stream, read one by one. Data that can be read only once are read once."""

    def __init__(self, data: Any) -> None:
        self.data, self.opened = data, _arrow.batches(data)
        self.first: _arrow.Batch | None = next(self.opened)
        schemas = dict(zip(self.first.names, self.first.schemas))
        self.names = self.first.names
        self.categories = dict.fromkeys(name for name, schema in schemas.items() if _arrow.is_category(schema))
        self.refused = {name: _arrow.refused(schema) for name, schema in schemas.items()}
        self.left_out = {name: not_numbers(kind) for name, kind in self.refused.items() if kind}
        self.left_out.update(dict.fromkeys(_arrow.index_columns(self.first.schema) & set(self.names), INDEX))

    def batches(self, names: Collection[str]) -> Iterator[dict[str, Values]]:
        taken = [(at, name) for at, name in enumerate(self.names) if name in names]
        refuse({name: self.refused[name] for _, name in taken})
        for batch in self.all():
            for first, last in cuts(batch.rows, len(taken)):
                yield {name: batch.values(at, first, last) for at, name in taken}

    def all(self) -> Iterator[_arrow.Batch]:
        if self.first is None:
            self.opened = _arrow.batches(self.data)
            self.first = next(self.opened)
        yield self.first
        self.first = None
        yield from self.opened

    def columns(self) -> list[tuple[str, Column]]:
        batches = list(self.all())
        return [(name, of_arrow([batch.only(at) for batch in batches])) for at, name in enumerate(self.names)]


class Bytes:
    """Bytes of CSV or JSON. ``opened``: returns an open file at its beginning."""

    def __init__(self, opened: Callable[[], Any]) -> None:
        self.opened = opened
        start = next(self.chunks(), b"").lstrip(b"\xef\xbb\xbf \t\r\n")
        #: The format of the data, as in a plan.
        self.format = "jsonl" if start[:1] in (b"{", b"[") else "csv"

    def chunks(self) -> Iterator[bytes]:
        with self.opened() as file:
            chunk = file.read(CHUNK_BYTES)
            while chunk:
                yield chunk
                chunk = file.read(CHUNK_BYTES)


Source = Union[Table, Bytes]


def source(data: Any) -> Source:
    """Opens data of any kind."""
    if isinstance(data, (Table, Bytes)):
        return data
    if isinstance(data, (str, os.PathLike)):
        return file(os.fspath(data))
    if isinstance(data, (bytes, bytearray, memoryview)):
        return Bytes(lambda: io.BytesIO(data))
    if hasattr(data, "read"):
        content = data.read()
        return source(content.encode() if isinstance(content, str) else content)
    if is_pandas(data, "DataFrame"):
        return ColumnTable((name, data.iloc[:, at]) for at, name in enumerate(data.columns))
    if is_pandas(data, "Series"):
        return ColumnTable([("x0" if data.name is None else data.name, data)])
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return ArrowTable(data)
    if hasattr(data, "collect") and hasattr(data, "lazy"):
        return ArrowTable(data.collect())
    if isinstance(data, Mapping):
        return ColumnTable(data.items())
    if isinstance(data, np.ndarray):
        return array(data)
    rows = list(data)
    if rows and all(isinstance(row, Mapping) for row in rows):
        names = dict.fromkeys(name for row in rows for name in row)
        return ColumnTable((name, [row.get(name) for row in rows]) for name in names)
    if rows and not isinstance(rows[0], (int, float, str)) and hasattr(rows[0], "__len__"):
        return ColumnTable((f"x{at}", values) for at, values in enumerate(zip(*rows)))
    return ColumnTable([("x0", rows)])


def array(data: Any) -> Table:
    """Returns the columns of an array: its fields, else ``x0``, ``x1`` and so on, the names that scikit-learn gives."""
    if data.dtype.names:
        return ColumnTable((name, data[name]) for name in data.dtype.names)
    if data.ndim > 2 or data.ndim == 0:
        raise ValueError(f"a table has two dimensions, found {data.ndim}")
    if data.ndim == 1:
        return ColumnTable([("x0", data)])
    return ColumnTable((f"x{at}", data[:, at]) for at in range(data.shape[1]))


def file(path: str) -> Source:
    """Opens a file. Its first bytes tell what it is: Parquet, Arrow, gzip, or text."""
    with open(path, "rb") as opened:
        start = opened.read(6)
    if start[:4] == b"PAR1" or start == b"ARROW1" or start[:4] == b"\xff\xff\xff\xff":
        return ArrowTable(ColumnFile(path, "parquet" if start[:4] == b"PAR1" else "arrow" if start == b"ARROW1" else "stream"))
    if start[:2] == b"\x1f\x8b":
        import gzip

        return Bytes(lambda: gzip.open(path, "rb"))
    return Bytes(lambda: open(path, "rb"))


class ColumnFile:
    """A file of Parquet or Arrow, as a stream. pyarrow reads it."""

    def __init__(self, path: str, kind: str) -> None:
        self.path, self.kind = path, kind

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        try:
            import pyarrow
            from pyarrow import dataset
        except ImportError:
            sentence = f"{self.path} is a file of columns, and pyarrow, which reads it, is not installed"
            raise Error("unsupported-format", sentence, "run `pip install pyarrow`, or give the data as CSV") from None
        if self.kind == "stream":
            return pyarrow.ipc.open_stream(self.path).__arrow_c_stream__()
        return dataset.dataset(self.path, format=self.kind).scanner(batch_size=BATCH_ROWS).to_reader().__arrow_c_stream__()


def cuts(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    """Yields the first and last rows of parts that are small enough; one part if there is no row."""
    step = max(1, min(BATCH_ROWS, BATCH_BYTES // (8 * max(columns, 1))))
    return ((first, min(first + step, rows)) for first in range(0, max(rows, 1), step))


def not_numbers(kind: str) -> str:
    return f"its values are of type {kind}, not numbers"


def refuse(kinds: Mapping[str, str | None]) -> None:
    """Raises the error for a column that is named and cannot be read."""
    for name, kind in kinds.items():
        if kind:
            error = _values.unreadable(kind)
            raise Error(error.code, error.text, error.help, column=name)


def csv_lines(table: Table) -> Iterator[bytes]:
    """Yields a table as CSV. Columns that cannot be read are left out."""
    import csv

    names = [name for name in table.names if name not in table.left_out]
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(names)
    for batch in table.batches(set(names)):
        lines.writerows(zip(*(_values.split(batch[name]) for name in names)))
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
