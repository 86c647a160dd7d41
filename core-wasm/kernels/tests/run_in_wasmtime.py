#!/usr/bin/env python3
"""Runs a test program that was compiled to WebAssembly in PyPI's wasmtime. `scripts/check-kernels` makes it cargo's runner.

Such a program has no output: Rust's standard library for wasm32-unknown-unknown writes nowhere. It runs all of its tests and returns 0, or traps in
the first one that fails. So this checks first that every test named in SAMEFIT_KERNEL_TESTS, one a line, is in the program, and that the program was
compiled with vector instructions.
"""
import os
import sys

import wasmtime

DATA_SECTION = 11


def leb128(module, at):
    """The unsigned number at a place, and the place behind it."""
    value, shift = 0, 0
    while True:
        byte, at = module[at], at + 1
        value, shift = value | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return value, at


def data(module):
    """The bytes of the data section, in which the program has the names of its tests."""
    at = len(b"\0asm\1\0\0\0")
    while module[at] != DATA_SECTION:
        length, start = leb128(module, at + 1)
        at = start + length
    length, start = leb128(module, at + 1)
    return module[start : start + length]


def main():
    with open(sys.argv[1], "rb") as file:
        names = data(file.read())
    tests = os.environ["SAMEFIT_KERNEL_TESTS"].split()
    lacking = [test for test in tests if test.encode() not in names]
    if not tests or lacking:
        sys.exit(f"error: the program lacks these tests: {', '.join(lacking) or 'all'}")
    if b"simd::instruction_tests::" not in names:
        sys.exit("error: the program was compiled without vector instructions")
    store = wasmtime.Store()
    instance = wasmtime.Instance(store, wasmtime.Module.from_file(store.engine, sys.argv[1]), [])
    try:
        status = instance.exports(store)["main"](store, 0, 0)
    except wasmtime.Trap as trap:
        print(trap, file=sys.stderr)
        status = 1
    print(f"{len(tests) if status == 0 else 0} passed, {int(status != 0)} failed")
    sys.exit(status)


if __name__ == "__main__":
    main()
