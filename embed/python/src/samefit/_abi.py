"""The core module as Python functions: ``core["training/summarizer.push"](handle, chunk)``.

``abi.json`` describes every function, so this file knows the shapes of values and no function (``docs/abi.md``). A call copies its
arguments into the memory of the module, and its result out of it. Lists are given as bytes-like objects with the bytes of the list,
such as arrays of numpy in C order; ``list<u8>`` is returned as bytes, ``list<f64>`` as an array. An error record is raised as
:class:`~samefit.Error`.
"""

from __future__ import annotations

from collections import deque
from ctypes import memmove, string_at
from struct import unpack
from typing import Any, Callable, Protocol

import numpy as np

from ._errors import Error, StoppedError

ELEMENTS: dict[str, np.dtype[Any]] = {"u8": np.dtype("u1"), "f64": np.dtype("<f8")}


class Machine(Protocol):
    """An instance of the core module."""

    #: Returns an export by its name and its core types. It takes and returns integers without a sign, and raises StoppedError for a trap.
    function: Callable[[str, list[str], list[str]], Callable[..., Any]]
    #: Returns the address of the memory. A call can move it.
    base: Callable[[], int]


class Handle:
    """A resource of the module. It is freed when nobody holds it any more, at the next call; ``close`` frees it at once."""

    __slots__ = ("__weakref__", "core", "pointer", "resource")

    def __init__(self, core: Core, resource: str, pointer: int) -> None:
        self.core, self.resource, self.pointer = core, resource, pointer

    def close(self) -> None:
        """Frees the resource. Call it in the thread that uses the instance."""
        self.__del__()
        self.core.free_dropped()

    def __del__(self) -> None:
        pointer, self.pointer = self.pointer, 0
        if pointer:
            # the collector may come here in any thread and in the middle of a call
            self.core.dropped.append((self.resource, pointer))


class Core(dict):  # type: ignore[type-arg]
    """The functions of one instance by their places, ``interface/name`` or ``interface/resource.name``. For one thread at a time."""

    def __init__(self, machine: Machine, table: dict[str, Any]) -> None:
        self.types, self.base, self.machine, self.alive = table["types"], machine.base, machine, True
        self.described = {f"{f['interface']}/{f['resource'] + '.' if f['resource'] else ''}{f['name']}": f for f in table["functions"]}
        self.destructors = {r["name"]: machine.function(r["destructor"], ["i32"], []) for r in table["resources"]}
        self.allocate = machine.function("cabi_realloc", ["i32"] * 4, ["i32"])
        self.dropped: deque[tuple[str, int]] = deque()

    def __missing__(self, place: str) -> Callable[..., Any]:
        function = self.described[place]
        run = self.machine.function(function["export"], function["core"]["params"], function["core"]["results"])
        lowers = [self.lowering(kind) for _, kind in function["params"]]
        load = self.loading(function["result"]) if function["result_by_pointer"] else None
        release = function["post_return"] and self.machine.function(function["post_return"], ["i32"], [])
        lift = None if load or not function["result"] else self.lifting(function["result"])

        def call(*values: Any) -> Any:
            if self.dropped:
                self.free_dropped()
            if len(values) != len(lowers):
                raise TypeError(f"{place} takes {len(lowers)} arguments")
            arguments: list[Any] = []
            for lower, value in zip(lowers, values):
                lower(value, arguments)
            found = self.run(run, *arguments)
            if load is None:
                return lift(found) if lift else None
            try:
                return load(self.base(), found)
            finally:
                if release:
                    self.run(release, found)

        self[place] = call
        return call

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls an export. After a trap the memory can no longer be trusted, so the instance ends."""
        if not self.alive:
            raise StoppedError("this object belongs to an instance that stopped")
        try:
            return function(*arguments)
        except StoppedError:
            self.alive = False
            raise

    def free_dropped(self) -> None:
        while self.dropped:
            resource, pointer = self.dropped.popleft()
            if self.alive:
                self.run(self.destructors[resource], pointer)

    def lowering(self, name: str) -> Callable[[Any, list[Any]], None]:
        """Returns what appends the core values of an argument of a type."""
        kind = self.types[name]["kind"]
        if kind == "borrow":
            return lambda value, out: out.append(self.pointer(value, self.types[name]["resource"]))
        if kind in ("string", "list"):
            item = ELEMENTS[self.types[name].get("element", "u8")]
            return lambda value, out: out.extend(self.lower_list(value.encode() if kind == "string" else value, item))
        return lambda value, out: out.append(float(value) if kind == "f64" else int(value))

    def pointer(self, value: Any, resource: str) -> int:
        if not isinstance(value, Handle) or value.core is not self or value.resource != resource or not value.pointer:
            raise StoppedError(f"found no {resource} of this instance, or one that was freed")
        return value.pointer

    def lower_list(self, value: Any, item: np.dtype[Any]) -> tuple[int, int]:
        if isinstance(value, np.ndarray):
            # an array of another type would be read as other numbers
            if value.dtype != item or not value.flags.c_contiguous:
                raise TypeError(f"expected a contiguous array of {item}")
            size: int = value.nbytes
            source: Any = value.ctypes.data
        else:
            source = value if isinstance(value, bytes) else bytes(value)
            size = len(source)
        at = self.run(self.allocate, 0, 0, item.itemsize, size)
        memmove(self.base() + at, source, size)
        return at, size // item.itemsize

    def lifting(self, name: str) -> Callable[[Any], Any]:
        """Returns what makes a value of a result that is a core value."""
        shape = self.types[name]
        if shape["kind"] == "own":
            return lambda pointer: Handle(self, shape["resource"], pointer)
        return {"bool": bool, "f64": float}.get(shape["kind"], int)

    def loading(self, name: str) -> Callable[[int, int], Any]:
        """Returns what reads a value of a type: of the address of the memory, and the place in it."""
        shape = self.types[name]
        kind, size, payload = shape["kind"], shape["size"], shape.get("payload")
        if kind in ("list", "string"):
            return lambda base, at: load_list(base, shape.get("element"), *unpack("<II", string_at(base + at, 8)))
        if kind == "option":
            some = self.loading(shape["some"])
            return lambda base, at: some(base, at + payload) if string_at(base + at, 1) != b"\0" else None
        if kind == "record":
            fields = [(field, self.loading(of), offset) for field, of, offset in shape["fields"]]
            return lambda base, at: {field: load(base, at + offset) for field, load, offset in fields}
        if kind == "result":
            ok = self.loading(shape["ok"]) if shape["ok"] else lambda base, at: None
            err = self.loading(shape["err"])

            def load_result(base: int, at: int) -> Any:
                if string_at(base + at, 1) == b"\0":
                    return ok(base, at + payload)
                raise Error(**err(base, at + payload))

            return load_result
        lift, code = self.lifting(name), {"f64": "<d"}.get(kind, {1: "<B", 4: "<I", 8: "<Q"}[size])
        return lambda base, at: lift(unpack(code, string_at(base + at, size))[0])


def load_list(base: int, element: str | None, at: int, length: int) -> Any:
    if element != "f64":
        data = string_at(base + at, length)
        return data if element else data.decode()
    values = np.empty(length)
    memmove(values.ctypes.data, base + at, values.nbytes)
    return values
