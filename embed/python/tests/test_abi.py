"""The helper over the table of functions: shapes, errors, memory, traps, threads."""

import copy
import gc
import json
import sys
import threading

import numpy as np
import pytest

from samefit import Error, StoppedError, _abi, _engine

PLAN = '{"target": "y", "features": ["x"]}'
CSV = b"x,y\n1,2\n2,3.5\n4,9\n"


def new(is_fast=True, table=None):
    return _abi.Core(_engine.Instance(*_engine.compiled(), is_fast=is_fast), table or _engine.table())


def model(core):
    summarizer = core["training/summarizer.new"](PLAN)
    core["training/summarizer.push"](summarizer, CSV)
    statistics = core["training/summarizer.finish"](summarizer)
    return core["training/statistics.fit"](statistics, PLAN)


@pytest.mark.parametrize("is_fast", [True, False])
def test_every_shape_is_known(is_fast):
    core = new(is_fast)
    for place, function in core.described.items():
        assert callable(core[place]), place
        assert len(function["params"]) < 8
    summarizer = core["training/summarizer.new"](PLAN)
    assert core["training/summarizer.header"](summarizer, b"x,y\n") is True
    core["training/summarizer.continue-at"](summarizer, 1 << 40)
    assert core["training/summarizer.rows"](summarizer) in (0, (1 << 40) - 1, 1 << 40)
    found = core["prediction/model.parse"](model(core))
    values = core["prediction/model.predict-columns"](found, np.array([1.0, 2.0]), 2, 0.9, True)
    assert values.dtype == np.float64
    assert values.shape == (6,)
    assert core["quality/first-difference"](model(core), model(core)) is None
    assert isinstance(core["quality/first-difference"](model(core), model(core).replace('"rows": 3', '"rows": 4')), str)


def test_fast_calls_are_used_with_this_version_of_wasmtime():
    instance = _engine.Instance(*_engine.compiled())
    assert instance.function.__name__ == "fast_function"


def test_a_new_function_needs_no_change_of_the_helper():
    table = copy.deepcopy(_engine.table())
    version = next(one for one in table["functions"] if one["name"] == "version")
    table["functions"].append({**version, "name": "edition", "interface": "novelties"})
    core = new(table=table)
    assert core["novelties/edition"]() == core["identity/version"]()


def test_an_error_has_its_fields():
    core = new()
    summarizer = core["training/summarizer.new"](PLAN)
    with pytest.raises(Error) as caught:
        core["training/summarizer.push"](summarizer, b"x,y\n1,2l.6\n1,2\n")
    error = caught.value
    assert isinstance(error, ValueError)
    assert (error.code, error.row, error.column, error.found) == ("not-a-number", 2, "y", "2l.6")
    assert error.expected
    assert str(error) == f"row 2, column `y`: {error.text}\nhelp: {error.help}"


def test_wrong_arguments_are_errors_of_python():
    core = new()
    summarizer = core["training/summarizer.new"](PLAN)
    for wrong in (np.zeros(3, np.float32), np.zeros((4, 2))[:, 0]):
        with pytest.raises(TypeError):
            core["training/summarizer.set-f64"](summarizer, "x", wrong)
    with pytest.raises(TypeError):
        core["training/summarizer.push"](summarizer)
    with pytest.raises(StoppedError):
        core["training/statistics.to-json"](summarizer)
    with pytest.raises(KeyError):
        core["training/nothing"]


def test_a_freed_handle_raises():
    core = new()
    summarizer = core["training/summarizer.new"](PLAN)
    summarizer.close()
    summarizer.close()
    with pytest.raises(StoppedError):
        core["training/summarizer.rows"](summarizer)


@pytest.mark.parametrize("is_fast", [True, False])
def test_after_a_trap_old_handles_raise(is_fast):
    core = new(is_fast)
    summarizer = core["training/summarizer.new"](PLAN)
    with pytest.raises(StoppedError, match="stopped"):
        core.run(core.allocate, 0, 0, 8, (1 << 31) + 8)
    assert not core.alive
    with pytest.raises(StoppedError):
        core["training/summarizer.rows"](summarizer)
    del summarizer
    assert model(new(is_fast))


def test_after_a_trap_the_package_is_usable():
    import samefit

    text = model(_engine.current())
    old = samefit.Model(text)
    before = old.predict({"x": 1.0})
    with samefit.Summarizer(columns=["x"]) as open_summarizer:
        open_summarizer.add({"x": [1.0]})
        core = _engine.current()
        with pytest.raises(StoppedError):
            core.run(core.allocate, 0, 0, 8, (1 << 31) + 8)
        with pytest.raises(StoppedError):
            open_summarizer.finish()
    assert old.predict({"x": 1.0}) == before
    assert samefit.fit({"x": [1.0, 2, 4], "y": [2, 3.5, 9]}, target="y") == samefit.fit(CSV, target="y")


def test_memory_is_flat():
    core = new()
    size = lambda: core.machine.memory.data_len(core.machine.store)  # noqa: E731
    text = model(core)
    for close in (True, False):
        for cycle in range(10_000):
            if cycle == 100:
                before = size()
            one = core["prediction/model.parse"](text)
            if close:
                one.close()
        assert size() == before
    for cycle in range(1000):
        if cycle == 100:
            before = size()
        summarizer = core["training/summarizer.new"](PLAN)
        core["training/summarizer.set-f64"](summarizer, "x", np.arange(1000.0))
    assert size() == before


def test_cycles_of_objects_leave_nothing(tmp_path):
    import samefit

    core = _engine.current()
    size = lambda: core.machine.memory.data_len(core.machine.store)  # noqa: E731
    text = model(core)
    for cycle in range(10_000):
        if cycle == 100:
            gc.collect()
            before, objects = size(), len(gc.get_objects())
        samefit.Model(text).close()
    gc.collect()
    assert size() == before
    assert len(gc.get_objects()) < objects + 100


def test_threads_have_instances_of_their_own():
    found, errors = [], []

    def work():
        try:
            found.append((_engine.current(), [model(_engine.current()) for _ in range(20)]))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len({id(core) for core, _ in found}) == 4
    assert len({text for _, texts in found for text in texts}) == 1


def test_a_changed_core_module_is_refused(tmp_path, monkeypatch):
    for name in ("samefit.core.wasm", "abi.json", "SHA256SUM"):
        (tmp_path / name).write_bytes((_engine.FOLDER / name).read_bytes())
    assert _engine.FOLDER.joinpath("SHA256SUM").read_text().split()[0] == _engine.sha256()
    module = bytearray((tmp_path / "samefit.core.wasm").read_bytes())
    module[len(module) // 2] ^= 1
    (tmp_path / "samefit.core.wasm").write_bytes(module)
    monkeypatch.setattr(_engine, "FOLDER", tmp_path)
    with pytest.raises(ImportError, match="install samefit again"):
        _engine.sha256()


def test_the_table_is_that_of_the_contract(data):
    contract = data.parent / "core-wasm/wit/abi.json"
    assert json.loads(contract.read_text()) == _engine.table()


def test_the_import_brings_numpy_and_wasmtime_alone():
    import subprocess

    code = "import sys, samefit; print([m for m in ('pandas', 'polars', 'pyarrow', 'duckdb', 'sklearn', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
