"""Runs calls of the core module that it reads as JSON Lines, so that a driver can run the conformance cases through this language.

    python embed/python/conformance.py samefit.core.wasm

`conformance/` has the driver, and describes the protocol.
"""

import hashlib
import itertools
import json
import pathlib
import platform
import re
import sys

import numpy as np

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).parent / "src"))

from samefit import _abi, _engine  # noqa: E402
from samefit._errors import Error, StoppedError  # noqa: E402


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


module = pathlib.Path(sys.argv[1]).read_bytes()
table = json.loads((ROOT / "core-wasm/wit/abi.json").read_text())
compiled = _engine.compiled(module)
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
        return {"err": {key: getattr(error, key) for key in ("code", "row", "column", "found", "expected", "text", "help")}}
    except StoppedError as error:
        handles.clear()
        core = _abi.Core(_engine.Instance(*compiled), table)
        return {"trap": str(error)}


about = {"language": f"Python {platform.python_version()}", "engine": f"wasmtime {_engine.version()} (Cranelift)"}
print(json.dumps({**about, "digest": hashlib.sha256(module).hexdigest()}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
