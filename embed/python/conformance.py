"""Runs calls of the core module that it reads as JSON Lines, so that a driver can run the conformance cases through this language.

    python embed/python/conformance.py samefit.core.wasm [pulley64]

`abi.json` lies beside the core module. With `pulley64`, wasmtime interprets it. `embed/README.md` describes the protocol.
"""

import hashlib
import itertools
import json
import pathlib
import platform
import re
import sys

import numpy as np
import wasmtime

sys.path.insert(0, str(pathlib.Path(__file__).parent / "src"))

from samefit import _abi, _engine
from samefit._errors import Error, StoppedError


def read(value, kind):
    if kind.startswith(("borrow", "own")):
        if value not in handles:
            raise StoppedError(f"there is no handle {value}")
        return handles[value]
    if kind == "f64":
        return np.frombuffer(bytes.fromhex(value), "<f8")[0]
    return bytes.fromhex(value) if kind.startswith("list") else int(value) if kind == "u64" else value


def shown(value, kind):
    inner = re.sub(r"^(result|option)<(.*?)(, error)?>$", r"\2", kind)
    if value is None or inner == "_":
        return None
    if inner != kind:
        return shown(value, inner)
    if isinstance(value, _abi.Handle):
        handles[number := next(numbers)] = value
        return number
    if kind in ("f64", "list<f64>"):
        return np.asarray(value, "<f8").tobytes().hex()
    return value.hex() if kind == "list<u8>" else str(value) if kind == "u64" else value


def interpreted(module, target):
    """Returns what `_engine.compiled` does, for wasmtime's interpreter."""
    config = wasmtime.Config()
    config.target = target
    config.cache = True
    engine = wasmtime.Engine(config)
    return engine, wasmtime.Module(engine, module), wasmtime.Module(engine, _engine.IMPORTS)


path = pathlib.Path(sys.argv[1])
module, table = path.read_bytes(), json.loads(path.with_name("abi.json").read_bytes())
is_pulley = len(sys.argv) > 2
compiled = interpreted(module, sys.argv[2]) if is_pulley else _engine.compiled(module)
core, handles, numbers = _abi.Core(_engine.Instance(*compiled), table), {}, itertools.count(1)


def answer(request):
    global core
    if "free" in request:
        handles.pop(request["free"]).close()
        return {"ok": None}
    function = core.described[request["call"]]
    try:
        values = [read(value, kind) for value, (_, kind) in zip(request["args"], function["params"])]
        return {"ok": shown(core[request["call"]](*values), function["result"] or "_")}
    except Error as error:
        return {"err": {field: shown(getattr(error, field), kind) for field, kind, _ in table["types"]["error"]["fields"]}}
    except StoppedError as error:
        handles.clear()
        core = _abi.Core(_engine.Instance(*compiled), table)
        return {"trap": str(error)}


compiler = "Pulley" if is_pulley else "Cranelift"
about = {"language": f"Python {platform.python_version()}", "engine": f"wasmtime {_engine.version()} ({compiler})"}
print(json.dumps({**about, "digest": hashlib.sha256(module).hexdigest()}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
