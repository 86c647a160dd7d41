#!/usr/bin/env python3
"""Writes hypotheses.json: F tests of linear restrictions, to 30 digits: enough to tell which f64 is nearest.

The sums of squares are exact fractions of the decimals in the data; the difference is computed by the Wald form
(Rb - r)' [R (X'X)^-1 R']^-1 (Rb - r). p has 60 digits from mpmath. Needs mpmath.
"""
import csv
import json
import os
from fractions import Fraction

import mpmath as mp

from summary import ALL, DATA, HERE, dot, f_tail, inverse, real, term

mp.mp.dps = 60
LONGLEY = [f"x{k}" for k in range(1, 7)]
FILIP = ["x"] + [f"x^{k}" for k in range(2, 11)]

# the text of the restrictions, and each as factors by name ("" is the intercept) and the value
CASES = [
    ("diabetes.csv", ["bmi", "ltg"], "bmi = ltg", [({"bmi": "1", "ltg": "-1"}, "0")]),
    ("diabetes.csv", ["bmi", "ltg"], "bmi = ltg, intercept = 150", [({"bmi": "1", "ltg": "-1"}, "0"), ({"": "1"}, "150")]),
    ("diabetes.csv", ["bmi", "ltg"], "2*bmi - ltg = 3.5", [({"bmi": "2", "ltg": "-1"}, "3.5")]),
    ("diabetes.csv", ALL, "age = 0", [({"age": "1"}, "0")]),
    ("diabetes.csv", ALL, "age = 0, hdl = 0, glu = 0", [({n: "1"}, "0") for n in ("age", "hdl", "glu")]),
    ("diabetes.csv", ALL, "tc + ldl + hdl = 0, bmi = ltg*0.7", [({"tc": "1", "ldl": "1", "hdl": "1"}, "0"), ({"bmi": "1", "ltg": "-0.7"}, "0")]),
    ("diabetes.csv", ALL, ", ".join(f"{n} = 0" for n in ALL), [({n: "1"}, "0") for n in ALL]),
    ("diabetes_raw.csv", ALL, "tc = -ldl, age = 0.01", [({"tc": "1", "ldl": "1"}, "0"), ({"age": "1"}, "0.01")]),
    ("nist/longley.csv", LONGLEY, "x1 = 0, x2 = 0, x5 = 0", [({n: "1"}, "0") for n in ("x1", "x2", "x5")]),
    ("nist/longley.csv", LONGLEY, "x3 = 2*x4, x6 = 1800", [({"x3": "1", "x4": "-2"}, "0"), ({"x6": "1"}, "1800")]),
    ("nist/filip.csv", FILIP, "x^9 = 0, x^10 = 0", [({n: "1"}, "0") for n in ("x^9", "x^10")]),
    ("nist/filip.csv", FILIP, "x = -2772.18", [({"x": "1"}, "-2772.18")]),
    ("nist/noint1.csv", ["x"], "x = 2", [({"x": "1"}, "2")]),
]


def number(value):
    return mp.nstr(real(value) if isinstance(value, Fraction) else value, 30)


def product(a, b):
    columns = list(zip(*b))
    return [[dot(row, column) for column in columns] for row in a]


def test(file, features, text, restrictions):
    rows = [{k: Fraction(v) for k, v in row.items()} for row in csv.DictReader(open(os.path.join(DATA, file)))]
    y = [row["y"] for row in rows]
    intercept = "noint" not in file
    names = ([""] if intercept else []) + features
    columns = [[Fraction(1) if name == "" else term(row, name) for row in rows] for name in names]
    inv = inverse([[dot(a, b) for b in columns] for a in columns])
    moments = [dot(c, y) for c in columns]
    b = [dot(row, moments) for row in inv]
    rss = dot(y, y) - dot(b, moments)
    r = [[Fraction(factors.get(name, "0")) for name in names] for factors, _ in restrictions]
    gap = [dot(row, b) - Fraction(value) for row, (_, value) in zip(r, restrictions)]
    middle = inverse(product(product(r, inv), list(zip(*r))))
    difference = dot(gap, [dot(row, gap) for row in middle])
    q, df = len(r), len(y) - len(names)
    return {
        "file": file, "features": features, "intercept": intercept, "restrictions": text,
        "rss": number(rss), "restricted_rss": number(rss + difference), "sum_of_squares": number(difference),
        "f": number(difference / q / (rss / df)), "f_df": [q, df], "f_p": number(f_tail(real(difference / rss), q, df)),
    }


with open(os.path.join(HERE, "hypotheses.json"), "w") as out:
    json.dump([test(*case) for case in CASES], out, indent=1)
    out.write("\n")
