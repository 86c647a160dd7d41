#!/usr/bin/env python3
"""Writes splines_exact.json: the columns of splines.json by fractions, each number the binary64 nearest to it. Needs mpmath for exact.py.

Fails if R's differ by more than 1e-12 of the largest number in the column.
"""
import json
import os
from fractions import Fraction as Q

from exact import HERE, spline_column


def columns(case):
    knots = [Q(k) for k in case["knots"]]
    return [[float(spline_column(knots, j)(Q(x))) for x in case["x"]] for j in range(1, len(knots))]


def main():
    with open(os.path.join(HERE, "splines.json")) as f:
        cases = json.load(f)["cases"]
    exact = [{"knots": c["knots"], "x": c["x"], "columns": columns(c)} for c in cases]
    for ours, theirs in zip(exact, cases):
        for a, b in zip(ours["columns"], theirs["columns"]):
            assert max(abs(x - y) for x, y in zip(a, b)) <= 1e-12 * max(map(abs, a)), (ours["knots"], a, b)
    with open(os.path.join(HERE, "splines_exact.json"), "w", newline="\n") as out:
        out.write("[\n" + ",\n".join(" " + json.dumps(c) for c in exact) + "\n]\n")


if __name__ == "__main__":
    main()
