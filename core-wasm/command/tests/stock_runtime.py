#!/usr/bin/env python3
"""The WASI command under a runtime that is not ours (PyPI's wasmtime), with one folder preopened: the native program's bytes.

Run by scripts/check-command. Each test runs the same command lines natively and as the command, in two folders of the same
contents, and compares every file that is there afterwards; of provenance.json all but who computed.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import wasmtime
from wasmtime import component

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
NATIVE = os.path.join(ROOT, "target", "release", "samefit")
COMMAND = os.path.join(ROOT, "target", "wasm", "samefit.command.wasm")

ENGINE = wasmtime.Engine()
COMPILED = component.Component.from_file(ENGINE, COMMAND)


def run_command(folder, *arguments):
    """Runs the command with `folder` as its only folder; returns whether it ended well, and what it printed on stderr."""
    linker = component.Linker(ENGINE)
    linker.add_wasip2()
    store = wasmtime.Store(ENGINE)
    wasi = wasmtime.WasiConfig()
    wasi.argv = ["samefit", *arguments]
    wasi.preopen_dir(folder, ".")
    with tempfile.NamedTemporaryFile() as stderr:
        wasi.stderr_file = stderr.name
        store.set_wasi(wasi)
        instance = linker.instantiate(store, COMPILED)
        run = instance.get_export_index(store, "wasi:cli/run@0.2.0") or next(
            index for minor in range(40) if (index := instance.get_export_index(store, f"wasi:cli/run@0.2.{minor}"))
        )
        function = instance.get_func(store, instance.get_export_index(store, "run", run))
        outcome = function(store)
        well = getattr(outcome, "tag", "ok") == "ok" if outcome is not None else True
        with open(stderr.name, encoding="utf-8") as printed:
            return well, printed.read()


def run_native(folder, *arguments):
    done = subprocess.run([NATIVE, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def files(folder):
    """Path and bytes of every file below a folder; of provenance without who computed."""
    found = {}
    for below, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(below, name)
            with open(path, "rb") as file:
                content = file.read()
            if name == "provenance.json":
                document = json.loads(content)
                document["command"] = document["command"][1:]
                document.pop("component_sha256", None)
                content = json.dumps(document)
            found[os.path.relpath(path, folder)] = content
    return found


class StockRuntime(unittest.TestCase):
    def setUp(self):
        self.folders = [tempfile.mkdtemp(), tempfile.mkdtemp()]
        for folder in self.folders:
            self.addCleanup(shutil.rmtree, folder)
            for name in ("diabetes.csv", "diabetes.schema.json"):
                shutil.copy(os.path.join(ROOT, "data", name), folder)
            shutil.copytree(os.path.join(ROOT, "data", "attributes"), os.path.join(folder, "attributes"))
            with open(os.path.join(folder, "diabetes.csv"), encoding="utf-8") as file:
                head, *rows = file.read().splitlines()
            for shard in range(2):
                with open(os.path.join(folder, f"shard{shard}.csv"), "w", encoding="utf-8") as file:
                    file.write("\n".join([head, *rows[shard::2]]) + "\n")

    def both(self, *arguments):
        """The same command line natively and in the runtime: the same words, the same files."""
        native, command = self.folders
        code, said = run_native(native, *arguments)
        well, printed = run_command(command, *arguments)
        self.assertEqual(printed, said, arguments)
        self.assertEqual(well, code == 0, f"{arguments}: {said}")
        self.assertEqual(files(command), files(native), arguments)
        return code

    def test_train_qc_infer(self):
        self.assertEqual(self.both("train", "--data", "diabetes.csv", "--features", "bmi,ltg", "--schema", "diabetes.schema.json", "--out", "m"), 0)
        self.assertEqual(self.both("qc", "--model", "m", "--records", "shard1.csv", "--threshold", "60", "--out", "accepted"), 0)
        self.assertEqual(self.both("infer", "--model", "accepted", "--attributes", "attributes", "--out", "p"), 0)
        self.assertEqual(len(os.listdir(os.path.join(self.folders[1], "p"))), 3)

    def test_summarize_merge_fit(self):
        for shard in range(2):
            self.assertEqual(self.both("summarize", "--data", f"shard{shard}.csv", "--terms", "bmi^2", "--out", f"s{shard}.json"), 0)
        self.assertEqual(self.both("merge", "s1.json", "s0.json", "--out", "whole.json"), 0)
        self.assertEqual(self.both("fit", "whole.json", "--target", "y", "--features", "bmi,bmi^2", "--out", "m"), 0)

    def test_refused_models_and_bad_data(self):
        self.assertEqual(self.both("train", "--data", "diabetes.csv", "--target", "y", "--features", "bmi", "--out", "m"), 0)
        self.assertEqual(self.both("qc", "--model", "m", "--records", "diabetes.csv", "--threshold", "1", "--strict", "--out", "q"), 4)
        for folder in self.folders:
            with open(os.path.join(folder, "bad.csv"), "w", encoding="utf-8") as file:
                file.write("x,y\n1,2\n2l.6,3\n")
        self.assertEqual(self.both("train", "--data", "bad.csv", "--target", "y", "--out", "bad"), 3)
        self.assertEqual(self.both("train", "--data", "nothing.csv", "--target", "y", "--out", "bad"), 3)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    failed = len(program.result.failures) + len(program.result.errors)
    print(f"{program.result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0)
