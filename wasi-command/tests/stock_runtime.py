#!/usr/bin/env python3
"""Runs the WASI command in a stock runtime (wasmtime from PyPI). It must print and write the same as the native program.

scripts/check-command runs this. Most tests run the same command line with the native program and with the command, in two folders with
equal contents, and compare the output and all files and folders afterwards. In provenance.json the name of the program and the digest of
the component may differ.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import wasmtime
from wasmtime import component

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
NATIVE = os.path.join(ROOT, "target", "release", "samefit")
COMMAND = os.path.join(ROOT, "target", "wasm", "samefit.command.wasm")

ENGINE = wasmtime.Engine()
COMPILED = component.Component.from_file(ENGINE, COMMAND)


def run_command(folders, *arguments):
    """Runs the command. `folders` maps the names of preopens to folders, or to a folder and False for a read-only one.

    Returns whether it succeeded, its stdout and its stderr.
    """
    linker = component.Linker(ENGINE)
    linker.add_wasip2()
    store = wasmtime.Store(ENGINE)
    wasi = wasmtime.WasiConfig()
    wasi.argv = ["samefit", *arguments]
    for name, folder in folders.items():
        path, may_write = folder if isinstance(folder, tuple) else (folder, True)
        wasi.preopen_dir(path, name, may_write)
    with tempfile.NamedTemporaryFile() as stdout, tempfile.NamedTemporaryFile() as stderr:
        wasi.stdout_file = stdout.name
        wasi.stderr_file = stderr.name
        store.set_wasi(wasi)
        instance = linker.instantiate(store, COMPILED)
        # a runtime accepts the interface of any version 0.2; this API needs the exact name
        run = next(index for patch in range(40) if (index := instance.get_export_index(store, f"wasi:cli/run@0.2.{patch}")))
        outcome = instance.get_func(store, instance.get_export_index(store, "run", run))(store)
        return outcome.tag == "ok", stdout.read().decode(), stderr.read().decode()


def run_native(folder, *arguments):
    done = subprocess.run([NATIVE, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def files(folder):
    """Returns the bytes of every file below a folder by path, and None for a folder. Removes from provenance what may differ."""
    found = {}
    for below, _, names in os.walk(folder):
        found[os.path.relpath(below, folder)] = None
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
        """Runs a command line with both programs and compares their output and files. Returns the native exit code."""
        native, command = self.folders
        code, *expected = run_native(native, *arguments)
        # only the native program has --batch
        expected = [re.sub(r"\n +--batch .*?(?=\n +-)", "", text, flags=re.DOTALL) for text in expected]
        succeeded, *printed = run_command({".": command}, *arguments)
        self.assertEqual(printed, expected, arguments)
        self.assertEqual(succeeded, code == 0, f"{arguments}: {expected}")
        self.assertEqual(files(command), files(native), arguments)
        return code

    def test_train_qc_infer(self):
        terms = ("--features", "bmi,ltg", "--schema", "diabetes.schema.json")
        self.assertEqual(self.both("train", "--data", "diabetes.csv", *terms, "--out", "m"), 0)
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

    def test_output_and_usage_errors(self):
        self.assertEqual(self.both("train", "--data", "diabetes.csv", "--target", "y", "--json", "--out", "m"), 0)
        self.assertEqual(self.both("summarize", "--data", "shard0.csv", "--quiet", "--out", "s"), 0)
        self.assertEqual(self.both("train", "--data", "diabetes.csv", "--out", "m"), 2)
        self.assertEqual(self.both("qc", "--model", "m", "--records", "shard0.csv", "--threshold", "none", "--out", "q"), 2)
        self.assertEqual(self.both("merge", "--help"), 0)

    def test_links_and_repeats(self):
        for folder in self.folders:
            os.mkdir(os.path.join(folder, "links"))
            os.symlink("../shard0.csv", os.path.join(folder, "links", "a.csv"))
            os.link(os.path.join(folder, "shard1.csv"), os.path.join(folder, "hard.csv"))
            os.symlink("links", os.path.join(folder, "other"))
        self.assertEqual(self.both("summarize", "--data", "links", "shard1.csv", "--out", "sum/all.json"), 0)
        self.assertEqual(self.both("summarize", "--data", "shard1.csv", "hard.csv", "--out", "twice.json"), 2)
        self.assertEqual(self.both("summarize", "--data", "shard0.csv", "other/a.csv", "--out", "twice.json"), 2)
        self.assertEqual(self.both("summarize", "--data", "sum/../shard0.csv", "--out", "./sum/./s.json"), 0)
        for folder in self.folders:
            os.symlink("../sum/all.json", os.path.join(folder, "links", "to.json"))
        self.assertEqual(self.both("merge", "sum/s.json", "--out", "other/to.json"), 0)
        self.assertTrue(os.path.islink(os.path.join(self.folders[1], "links", "to.json")))
        self.assertEqual(self.both("merge", "sum/all.json", "--out", "links/to.json"), 2)

    def test_failed_output_leaves_nothing(self):
        for folder in self.folders:
            os.mkdir(os.path.join(folder, "q"))
            os.mkdir(os.path.join(folder, "q", "model.json"))
        train = ("train", "--data", "shard0.csv", "--target", "y", "--features", "bmi", "--out")
        self.assertEqual(self.both(*train, "q"), 1)
        self.assertEqual(self.both(*train, "shard1.csv/m"), 1)
        # the second of three files is bad: the folders created for the first are removed too
        self.assertEqual(self.both(*train, "m"), 0)
        for folder in self.folders:
            with open(os.path.join(folder, "attributes", "2.json"), "w", encoding="utf-8") as file:
                file.write('{"independent_variables": [')
        self.assertEqual(self.both("infer", "--model", "m", "--attributes", "attributes", "--out", "deep/down/p"), 3)
        self.assertFalse(os.path.exists(os.path.join(self.folders[1], "deep")))

    def test_several_folders(self):
        native, command = self.folders
        out = os.path.join(command, "out")
        os.mkdir(out)
        arguments = ["train", "--data", "/data/shard0.csv", "--target", "y", "--features", "bmi", "--quiet", "--out"]
        folders = {"/data": (command, False), "/pfs/out": out}
        self.assertEqual(run_command(folders, *arguments, "/pfs/out/m"), (True, "", ""))
        run_native(native, *[argument.replace("/data/", "") for argument in arguments], "m")
        with open(os.path.join(native, "m", "model.json"), "rb") as expected, open(os.path.join(out, "m", "model.json"), "rb") as found:
            self.assertEqual(found.read(), expected.read())
        for place in ("/data/m", "/elsewhere/m", "m", "/pfs/out/../m"):
            why = "does not permit it" if place == "/data/m" else "in no folder"
            succeeded, _, stderr = run_command(folders, *arguments, place)
            self.assertFalse(succeeded)
            self.assertRegex(stderr, f"^error: {place}/model.json: cannot be written: .*{why}.*\nhelp: ")
        succeeded, _, stderr = run_command(folders, "summarize", "--data", "shard0.csv", "--out", "/pfs/out/s.json")
        self.assertFalse(succeeded)
        self.assertRegex(stderr, "^error: shard0.csv: cannot be read: it is in no folder")
        # the only preopen is the working folder
        self.assertTrue(run_command({"/data": command}, "summarize", "--data", "shard0.csv", "--out", "s.json")[0])


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    failed = len(program.result.failures) + len(program.result.errors)
    print(f"{program.result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0)
