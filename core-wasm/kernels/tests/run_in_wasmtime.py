#!/usr/bin/env python3
"""Runs a test program that was compiled to WebAssembly in PyPI's wasmtime. `scripts/check-kernels` makes it cargo's runner.

Such a program has no output: Rust's standard library for wasm32-unknown-unknown writes nowhere. It runs all of its tests and returns 0, or traps in
the first one that fails. So this checks first that every test named in SAMEFIT_KERNEL_TESTS, one a line, is in the program, and that the program was
compiled with vector instructions.
"""
import os
import sys

import wasmtime


def mangled(path):
    """`a::bc` as it stands in the name of a function, in both of the compiler's manglings: each part after its length."""
    return "".join(f"{len(part)}{part}" for part in path.split("::")).encode()


def main():
    with open(sys.argv[1], "rb") as file:
        module = file.read()
    # the names of functions stand in a custom section at the end
    names = module[module.rindex(b"\x04name"):]
    tests = os.environ["SAMEFIT_KERNEL_TESTS"].split()
    lacking = [test for test in tests if b"samefit_kernels" + mangled(test) not in names]
    if not tests or lacking:
        sys.exit(f"error: the program lacks these tests: {', '.join(lacking) or 'all'}")
    if mangled("simd::instruction_tests") not in names:
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
