#!/usr/bin/env python3
"""Writes summary.json: what a summary of a regression says, to 17 digits.

Sums, inverses and ratios are exact fractions of the decimals in the data. Roots, logarithms, distributions and singular values are computed
by mpmath with 120 digits. The formulas are those of docs/formats.md (Summary) and docs/names.md. Needs mpmath.
"""
import csv
import io
import json
import os
from fractions import Fraction

import mpmath as mp

mp.mp.dps = 120
HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..")

# a temperature in two units: the last cell but one is rounded, so the columns are nearly collinear
WEATHER = """celsius,fahrenheit,y
18.3,64.94,5.1
21.7,71.06,6.9
15.2,59.36,3.8
24.9,76.82,8.2
19.6,67.28,5.6
22.4,72.32,7.4
16.8,62.24,4.9
20.1,68.18,6.2
23.3,73.94,7.3
17.5,63.5,5.2
25.6,78.08,8.8
14.7,58.459999999999994,3.1
"""

ALL = ["age", "sex", "bmi", "map", "tc", "ldl", "hdl", "tch", "ltg", "glu"]
SETS = [
    ("diabetes", "diabetes.csv", ["bmi"], True),
    ("diabetes", "diabetes.csv", ["bmi", "ltg"], True),
    ("diabetes", "diabetes.csv", ALL, True),
    ("diabetes", "diabetes.csv", ["bmi", "ltg"], False),
    ("diabetes_raw", "diabetes_raw.csv", ["bmi", "ltg"], True),
    ("diabetes_raw", "diabetes_raw.csv", ALL, True),
    ("longley", "nist/longley.csv", ["x1", "x2", "x3", "x4", "x5", "x6"], True),
    ("filip", "nist/filip.csv", ["x"] + [f"x^{k}" for k in range(2, 11)], True),
    ("noint1", "nist/noint1.csv", ["x"], False),
    ("weather", None, ["celsius", "fahrenheit"], True),
]


def number(value):
    if isinstance(value, Fraction):
        value = mp.mpf(value.numerator) / value.denominator
    return None if value is None else mp.nstr(value, 17)


def real(value):
    return mp.mpf(value.numerator) / value.denominator


def term(row, text):
    name, _, power = text.partition("^")
    return row[name] ** int(power or 1)


def inverse(matrix):
    size = len(matrix)
    rows = [list(row) + [Fraction(i == j) for j in range(size)] for i, row in enumerate(matrix)]
    for k in range(size):
        pivot = next(i for i in range(k, size) if rows[i][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for i in range(size):
            if i != k and rows[i][k] != 0:
                factor = rows[i][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k])]
    return [row[size:] for row in rows]


def dot(a, b):
    return sum((x * y for x, y in zip(a, b)), Fraction(0))


def t_tail(t, df):
    """Two-sided p value."""
    t = abs(mp.mpf(t))
    return mp.betainc(mp.mpf(df) / 2, mp.mpf(1) / 2, 0, df / (df + t * t), regularized=True)


def t_quantile(level, df):
    with mp.workdps(40):
        return mp.findroot(lambda t: 1 - t_tail(t, df) - level, (1, 3), solver="anderson", tol=1e-35)


def f_tail(odds, d1, d2):
    return mp.betainc(mp.mpf(d2) / 2, mp.mpf(d1) / 2, 0, 1 / (1 + odds), regularized=True)


def summary(text, features, intercept):
    rows = [{k: Fraction(v) for k, v in row.items()} for row in csv.DictReader(io.StringIO(text))]
    y = [row["y"] for row in rows]
    columns = ([[Fraction(1)] * len(rows)] if intercept else []) + [[term(row, f) for row in rows] for f in features]
    n, p = len(rows), len(columns)
    df = n - p
    gram = [[dot(a, b) for b in columns] for a in columns]
    inv = inverse(gram)
    moments = [dot(c, y) for c in columns]
    b = [dot(row, moments) for row in inv]
    rss = dot(y, y) - dot(b, moments)
    tss = dot(y, y) - (sum(y) ** 2 / n if intercept else 0)
    s2 = rss / df
    std_error = [mp.sqrt(real(s2 * inv[i][i])) for i in range(p)]
    t = [real(b[i]) / std_error[i] for i in range(p)]
    bounds = {}
    for level in ("0.95", "0.9", "0.5"):
        q = t_quantile(mp.mpf(level), df)
        bounds[level] = [[number(real(b[i]) - q * std_error[i]), number(real(b[i]) + q * std_error[i])] for i in range(p)]
    first = int(intercept)
    about = [gram[j][j] - (gram[0][j] ** 2 / gram[0][0] if intercept else 0) for j in range(p)]
    k = p - first
    odds = (tss - rss) / rss
    ll = -mp.mpf(n) / 2 * (mp.log(2 * mp.pi) + mp.log(real(rss) / n) + 1)
    length = [mp.sqrt(real(gram[i][i])) for i in range(p)]
    scaled = mp.matrix(p, p)
    for i in range(p):
        for j in range(p):
            scaled[i, j] = real(gram[i][j]) / (length[i] * length[j])
    values, vectors = mp.eigsy(scaled)
    order = sorted(range(p), key=lambda j: -values[j])
    shares = [[vectors[i, j] ** 2 / values[j] for i in range(p)] for j in order]
    totals = [sum(row[i] for row in shares) for i in range(p)]
    return {
        "features": features,
        "intercept": intercept,
        "t": [number(v) for v in t],
        "p": [number(t_tail(v, df)) for v in t],
        "bounds": bounds,
        "tolerance": [number(1 / (inv[j][j] * about[j])) for j in range(first, p)],
        "rss": number(rss),
        "tss": number(tss),
        "adjusted_r_squared": number(1 - (rss / df) / (tss / (n - first))),
        "f": number(odds * df / k),
        "f_p": number(f_tail(real(odds), k, df)),
        "log_likelihood": number(ll),
        "aic": number(-2 * ll + 2 * (p + 1)),
        "bic": number(-2 * ll + mp.log(n) * (p + 1)),
        "covariance": [[number(s2 * v) for v in row] for row in inv],
        "condition_indices": [number(mp.sqrt(values[order[0]] / values[j])) for j in order],
        "variance_proportions": [[number(row[i] / totals[i]) for i in range(p)] for row in shares],
    }


if __name__ == "__main__":
    peers = []
    for name, path, features, intercept in SETS:
        text = open(os.path.join(DATA, path)).read() if path else WEATHER
        peers.append({"name": name, "file": path, "csv": None if path else WEATHER} | summary(text, features, intercept))
        print(name, peers[-1]["condition_indices"][-1])

    with open(os.path.join(HERE, "summary.json"), "w") as out:
        json.dump(peers, out, indent=1)
        out.write("\n")
