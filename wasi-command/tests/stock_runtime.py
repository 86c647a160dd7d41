#!/usr/bin/env python3
"""The WASI command under a runtime that is not ours (PyPI's wasmtime): the native program's words and bytes.

Run by scripts/check-command. Most tests run the same command lines natively and as the command, in two folders of the same
contents, and compare what was printed and every file and folder that is there afterwards; of provenance.json all but who computed.
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

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
NATIVE = os.path.join(ROOT, "target", "release", "samefit")
COMMAND = os.path.join(ROOT, "target", "wasm", "samefit.command.wasm")

ENGINE = wasmtime.Engine()
COMPILED = component.Component.from_file(ENGINE, COMMAND)


def run_command(folders, *arguments):
    """Runs the command; `folders` maps the name that it sees to a folder, or to a folder and False where it may only read.

    Returns whether it ended well, and what it printed on stdout and stderr.
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
        # a runtime finds the interface of any 0.2; this one asks for the name as it is written
        run = next(index for patch in range(40) if (index := instance.get_export_index(store, f"wasi:cli/run@0.2.{patch}")))
        outcome = instance.get_func(store, instance.get_export_index(store, "run", run))(store)
        return outcome.tag == "ok", stdout.read().decode(), stderr.read().decode()


def run_native(folder, *arguments):
    done = subprocess.run([NATIVE, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def files(folder):
    """Path and bytes of every file below a folder, the path alone of a folder; of provenance without who computed."""
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
        """The same command line natively and in the runtime: the same words, the same files."""
        native, command = self.folders
        code, *said = run_native(native, *arguments)
        # the program alone can ask a worker for its datums
        said = [re.sub(r"\n +--batch .*?(?=\n +-)", "", text, flags=re.DOTALL) for text in said]
        well, *printed = run_command({".": command}, *arguments)
        self.assertEqual(printed, said, arguments)
        self.assertEqual(well, code == 0, f"{arguments}: {said}")
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

    def test_words(self):
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

    def test_what_cannot_be_written_leaves_nothing(self):
        for folder in self.folders:
            os.mkdir(os.path.join(folder, "q"))
            os.mkdir(os.path.join(folder, "q", "model.json"))
        train = ("train", "--data", "shard0.csv", "--target", "y", "--features", "bmi", "--out")
        self.assertEqual(self.both(*train, "q"), 1)
        self.assertEqual(self.both(*train, "shard1.csv/m"), 1)
        # the second of three files is bad: the folders that were made for the first go as well
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
            well, _, said = run_command(folders, *arguments, place)
            self.assertFalse(well)
            self.assertRegex(said, f"^error: {place}/model.json: cannot be written: .*{why}.*\nhelp: ")
        well, _, said = run_command(folders, "summarize", "--data", "shard0.csv", "--out", "/pfs/out/s.json")
        self.assertFalse(well)
        self.assertRegex(said, "^error: shard0.csv: cannot be read: it is in no folder")
        # the only folder there is, is where a program starts
        self.assertTrue(run_command({"/data": command}, "summarize", "--data", "shard0.csv", "--out", "s.json")[0])


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    failed = len(program.result.failures) + len(program.result.errors)
    print(f"{program.result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0)
