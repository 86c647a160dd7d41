"""The core module in wasmtime: compiled once a process, with one instance for each thread.

*Invariants*: the digest of the module is checked before it is compiled. An instance is used by the thread that made it, so no call waits
for another. After a trap the next call gets a new instance.

*Fast calls*: wasmtime's public call takes about 40 us. Its C function ``wasmtime_func_call_unchecked`` takes 1 us, and is reached by names
that are private to the wheel. The wheel's own declarations must be those of :data:`SIGNATURES`; else calls are slow.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import pathlib
import struct
import threading
from typing import Any, Callable

import wasmtime

from ._abi import Core
from ._errors import StoppedError

FOLDER = pathlib.Path(__file__).parent / "core"
SIZE_T = ctypes.c_size_t.__name__
#: The C functions that fast calls use, with their parameters as the wheel declares them.
SIGNATURES = {
    "wasmtime_func_call_unchecked": ["LP_wasmtime_context", "LP_wasmtime_func", "LP_wasmtime_val_raw", SIZE_T, "LP_LP_wasm_trap_t"],
    "wasmtime_memory_data": ["LP_wasmtime_context", "LP_wasmtime_memory"],
}
#: Most memory of an instance. It is the limit of the program, too.
MEMORY_BYTES_MAX = 2 << 30
#: The imports of the module: a handle is its own pointer.
IMPORTS = '(module (func (export "new") (param i32) (result i32) local.get 0) (func (export "drop") (param i32)))'
#: Of each core type: its code in ``struct``, and how many bytes follow it in a value of 16 bytes.
RAW = {"i32": "I12x", "i64": "Q8x", "f64": "d8x"}

_local = threading.local()


def current() -> Core:
    """Returns this thread's instance."""
    core: Core | None = getattr(_local, "core", None)
    if core is None or not core.alive:
        core = _local.core = Core(Instance(*compiled()), table())
    return core


def sha256() -> str:
    """Returns the SHA-256 of the core module, which was checked."""
    return _module()[1]


def _module() -> tuple[bytes, str]:
    # imported where it is needed, because it takes longer than this whole package
    import hashlib

    module = (FOLDER / "samefit.core.wasm").read_bytes()
    digest = hashlib.sha256(module).hexdigest()
    if digest != (FOLDER / "SHA256SUM").read_text().split()[0]:
        raise ImportError("samefit.core.wasm is not the module that SHA256SUM names: install samefit again")
    return module, digest


def version() -> str:
    """Returns the version of wasmtime."""
    from importlib.metadata import version

    return version("wasmtime")


@functools.cache
def table() -> Any:
    """Returns ``abi.json``."""
    return json.loads((FOLDER / "abi.json").read_bytes())


_compiling = threading.Lock()


Compiled = tuple[wasmtime.Engine, wasmtime.Module, wasmtime.Module]


def compiled(module: bytes | None = None) -> Compiled:
    """Returns the core module, or another, as machine code, and the module with its imports. The user's cache keeps the code."""
    with _compiling:
        return _compile(module)


@functools.cache
def _compile(module: bytes | None) -> Compiled:
    config = wasmtime.Config()
    # its results would differ between machines
    config.wasm_relaxed_simd = False
    # without a home folder the module is compiled in every process
    with contextlib.suppress(wasmtime.WasmtimeError):
        config.cache = True
    engine = wasmtime.Engine(config)
    return engine, wasmtime.Module(engine, module or _module()[0]), wasmtime.Module(engine, IMPORTS)


class Instance:
    """An instance of the core module. ``is_fast``: whether calls may use the private names of wasmtime."""

    def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module, imports: wasmtime.Module, is_fast: bool = True) -> None:
        self.store = wasmtime.Store(engine)
        self.store.set_limits(memory_size=MEMORY_BYTES_MAX)
        own = wasmtime.Instance(self.store, imports, []).exports(self.store)
        functions = [own["new" if "[resource-new]" in one.name else "drop"] for one in module.imports if one.name]
        self.exports = wasmtime.Instance(self.store, module, functions).exports(self.store)
        self.memory: Any = self.exports["memory"]
        self.function: Callable[..., Callable[..., Any]] = self.slow_function
        self.base: Callable[[], int] = self.slow_base
        if is_fast:
            # another version of wasmtime may have other names
            with contextlib.suppress(AttributeError, ImportError, TypeError):
                self.use_private_names()

    def slow_base(self) -> int:
        """Returns the address of the memory. A call can move it."""
        return ctypes.addressof(self.memory.data_ptr(self.store).contents)

    def slow_function(self, export: str, params: list[str], results: list[str]) -> Callable[..., Any]:
        """Returns an export that is called by wasmtime's public call, which takes and returns integers with a sign."""
        function: Any = self.exports[export]
        bits = [{"i32": 32, "i64": 64}.get(kind, 0) for kind in params]
        mask = [{"i32": (1 << 32) - 1, "i64": (1 << 64) - 1}.get(kind, 0) for kind in results]

        def call(*values: Any) -> Any:
            signed = [v - (1 << b) if b and v >= 1 << (b - 1) else v for v, b in zip(values, bits)]
            try:
                found = function(self.store, *signed)
            except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
                raise StoppedError(f"the core module stopped: {error}") from error
            return found & mask[0] if mask and mask[0] else found

        return call

    def use_private_names(self) -> None:
        """Replaces :meth:`function` and :meth:`base` by direct calls of wasmtime's C functions."""
        from wasmtime import _ffi

        library: Any = _ffi.dll

        for name, expected in SIGNATURES.items():
            kinds = [kind.__name__ for kind in getattr(library, name).argtypes]
            if kinds != expected:
                raise TypeError(f"{name} takes {kinds}")
        address = ctypes.c_void_p
        context = ctypes.cast(self.store._context(), address).value
        prototype = ctypes.CFUNCTYPE(address, address, address, address, ctypes.c_size_t, address)
        run = prototype(("wasmtime_func_call_unchecked", library))
        data = ctypes.CFUNCTYPE(address, address, address)(("wasmtime_memory_data", library))
        memory = ctypes.addressof(self.memory._memory)
        trap = address()
        trap_at = ctypes.addressof(trap)

        def fast_function(export: str, params: list[str], results: list[str]) -> Callable[..., Any]:
            function: Any = self.exports[export]
            at = ctypes.addressof(function._func)
            raw = ctypes.create_string_buffer(16 * max(len(params), len(results), 1))
            raw_at, count = ctypes.addressof(raw), len(raw) // 16
            pack = struct.Struct("<" + "".join(RAW[kind] for kind in params)).pack_into
            unpack = struct.Struct("<" + RAW[results[0]]).unpack_from if results else None

            def call(*values: Any, _keep: Any = (function, trap)) -> Any:
                pack(raw, 0, *values)
                error = run(context, at, raw_at, count, trap_at)
                if error or trap.value:
                    raise StoppedError(f"the core module stopped: {message(error, trap)}")
                return unpack(raw)[0] if unpack else None

            return call

        def message(error: int | None, trap: ctypes.c_void_p) -> str:
            kind: Any = wasmtime.WasmtimeError if error else wasmtime.Trap
            pointer = ctypes.cast(error or trap.value or 0, ctypes.POINTER(_ffi.wasmtime_error_t if error else _ffi.wasm_trap_t))
            trap.value = None
            return str(kind._from_ptr(pointer))

        self.base = functools.partial(data, context, memory)
        self.function = fast_function
