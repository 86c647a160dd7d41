#!/usr/bin/env python3
"""Reads the shipped specs with Pachyderm's own Python client, and checks that it loses and misreads nothing.

Run by scripts/check-specs. The client skips fields that it does not know, so what it read is compared with the file.
"""
import json
import pathlib
import sys
import unittest

from pachyderm_sdk.api.pps import CreatePipelineRequest

SPECS = pathlib.Path(__file__).resolve().parent.parent / "specs"


def plain(value, key=None):
    """Return a document as the client writes it: whole numbers are strings, and times have milliseconds."""
    if isinstance(value, dict):
        return {key: plain(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if key in ("datumTimeout", "jobTimeout"):
        return f"{float(value.removesuffix('s')):.3f}s"
    return value


class Specs(unittest.TestCase):
    maxDiff = None

    def load(self, path):
        text = path.read_text()
        loaded = CreatePipelineRequest().from_json(text)
        self.assertEqual(loaded.to_dict(), plain(json.loads(text)))
        self.assertEqual(loaded.pipeline.name, path.stem)


def test_of(path):
    return lambda self: self.load(path)


for spec in sorted(SPECS.glob("*/*.json")):
    setattr(Specs, f"test_{spec.parent.name}_{spec.stem}", test_of(spec))

if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=0)
    failed = len(program.result.failures) + len(program.result.errors)
    print(f"{program.result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0 or program.result.testsRun == 0)
