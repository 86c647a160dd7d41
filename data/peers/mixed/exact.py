#!/usr/bin/env python3
"""Writes exact.json and trial_exact.json: the models of tables.json and trial.json, solved with fractions, and rounded once.

Each cell is the decimal that is written. `ln`, `log10` and `sqrt` are the binary64 nearest to the true value of that decimal (mpmath, 60
digits), meant as its shortest text. Splines are Harrell's, in fractions. Weighted normal equations are solved by fractions, and each number is
the binary64 nearest to the result: `float` of a fraction is correctly rounded; roots, logarithms and distributions come from mpmath
with 60 digits. Needs mpmath.
"""
import csv
import io
import itertools
import json
import os
from decimal import Decimal
from fractions import Fraction as Q

import mpmath as mp

mp.mp.dps = 60
HERE = os.path.dirname(os.path.abspath(__file__))


# ---- terms

def split(text, sign):
    """Splits at a sign outside of parentheses."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c == sign and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return parts + [text[start:]]


def shortest(value):
    """The binary64 nearest to a value, meant as its shortest text."""
    return Q(Decimal(repr(float(value))))


FUNCTIONS = {"ln": mp.log, "log10": mp.log10, "sqrt": mp.sqrt}


def spline_column(knots, j):
    """The j-th column of Harrell's restricted cubic spline, from 1: the number itself, then the curved ones over (last - first knot)^2."""
    first, before, last = knots[0], knots[-2], knots[-1]

    def column(x):
        if j == 1:
            return x
        knot = knots[j - 2]
        cube = lambda t: max(x - t, 0) ** 3
        return (cube(knot) - cube(before) * (last - knot) / (last - before) + cube(last) * (before - knot) / (last - before)) / (last - first) ** 2

    return column


def number_columns(factor):
    """The columns of a factor that is a number: (name, function of a record)."""
    if "^" in factor:
        base, power = factor.rsplit("^", 1)
        (_, value), = number_columns(base)
        return [(factor, lambda row: value(row) ** int(power))]
    if "(" not in factor:
        return [(factor, lambda row: Q(row[factor]))]
    function, arguments = factor[:-1].split("(")
    column, *knots = [a.strip() for a in arguments.split(",")]
    if function == "rcs":
        at = [Q(k) for k in knots]
        name = "rcs(" + ",".join([column] + knots) + ")"
        spline = lambda j: lambda row, f=spline_column(at, j): f(Q(row[column]))
        return [(f"{name}[{j}]", spline(j)) for j in range(1, len(knots))]

    def value(row):
        x = Q(row[column])
        return shortest(FUNCTIONS[function](mp.mpf(x.numerator) / x.denominator))

    return [(factor, value)]


def level_key(level):
    """Numbers by value, then other texts by their bytes."""
    try:
        return (0, Q(level), b"")
    except ValueError:
        return (1, Q(0), level.encode())


# ---- patsy's coding

def codings(terms, categories, intercept):
    """For each term its parts, a part being {category: True if all levels have a column}. This is patsy's redundancy rule.

    Terms with the same numbers are looked at together, fewer categories first. A term stands for all products of its categories and their
    parts; what an earlier term stands for already is left out.
    """
    numbers = lambda t: frozenset(f for f in t if f not in categories)
    cats = lambda t: [f for f in t if f in categories]
    result = {}
    for group in sorted({numbers(t) for t in terms} | {frozenset()}, key=sorted):
        used = {frozenset()} if intercept and not group else set()
        for i, t in sorted(((i, t) for i, t in enumerate(terms) if numbers(t) == group), key=lambda it: len(cats(it[1]))):
            parts = []
            for size in range(len(cats(t)) + 1):
                for subset in itertools.combinations(cats(t), size):
                    if frozenset(subset) not in used:
                        used.add(frozenset(subset))
                        parts.append({c: False for c in subset})
            result[i] = simplify(parts)
    return [result[i] for i in range(len(terms))]


def simplify(parts):
    """A part and a longer one by one category without its first level are the longer one with all levels."""
    for i, short in enumerate(parts):
        for j in range(i + 1, len(parts)):
            long = parts[j]
            extra = [c for c in long if c not in short]
            # patsy compares the codings too: a category coded in full is another one
            if len(extra) == 1 and len(long) == len(short) + 1 and all(long[c] == short[c] for c in short):
                merged = {c: True if c == extra[0] else long[c] for c in long}
                return simplify(parts[:i] + parts[i + 1:j] + [merged] + parts[j + 1:])
    return parts


def design(model, rows):
    """The columns of the model: (number of the term, name, function of a record). Products without rows are listed apart."""
    categories = set(model["categories"])
    levels = {}
    for c in categories:
        seen = sorted({r[c] for r in rows}, key=level_key)
        first = model["reference"].get(c, seen[0])
        levels[c] = [first] + [l for l in seen if l != first]
    terms = [split(f, "*") for f in model["features"]]
    columns = [(None, "intercept", lambda row: Q(1))] if model["intercept"] else []
    empty = []
    for i, (term, parts) in enumerate(zip(terms, codings(terms, categories, model["intercept"]))):
        numbers = [number_columns(f) for f in term if f not in categories]
        for part in parts:
            cats = sorted(part)
            choices = [levels[c] if part[c] else levels[c][1:] for c in cats]
            for cell in itertools.product(*choices):
                for factors in itertools.product(*numbers):
                    name = "*".join(sorted([f"{c}[{l}]" for c, l in zip(cats, cell)] + [n for n, _ in factors]))

                    def value(row, cats=cats, cell=cell, factors=factors):
                        if any(row[c] != l for c, l in zip(cats, cell)):
                            return Q(0)
                        product = Q(1)
                        for _, f in factors:
                            product *= f(row)
                        return product

                    if any(all(r[c] == l for c, l in zip(cats, cell)) for r in rows):
                        columns.append((i, name, value))
                    else:
                        empty.append(name)
    return columns, empty


# ---- exact linear algebra

def independent(matrix):
    """Numbers of the columns of a symmetric matrix (of products) that do not follow from those before them."""
    m = [row[:] for row in matrix]
    kept = []
    for k in range(len(m)):
        if m[k][k] == 0:
            continue
        kept.append(k)
        for i in range(k + 1, len(m)):
            factor = m[i][k] / m[k][k]
            if factor:
                m[i] = [a - factor * b for a, b in zip(m[i], m[k])]
    return kept


def inverse(matrix):
    n = len(matrix)
    m = [row[:] + [Q(i == j) for j in range(n)] for i, row in enumerate(matrix)]
    for k in range(n):
        pivot = m[k][k]
        m[k] = [a / pivot for a in m[k]]
        for i in range(n):
            if i != k and m[i][k]:
                factor = m[i][k]
                m[i] = [a - factor * b for a, b in zip(m[i], m[k])]
    return [row[n:] for row in m]


def determinant(matrix):
    m, value = [row[:] for row in matrix], Q(1)
    for k in range(len(m)):
        value *= m[k][k]
        for i in range(k + 1, len(m)):
            factor = m[i][k] / m[k][k]
            m[i] = [a - factor * b for a, b in zip(m[i], m[k])]
    return value


def sub(matrix, rows, columns=None):
    return [[matrix[i][j] for j in (rows if columns is None else columns)] for i in rows]


def dot(a, b):
    return sum((x * y for x, y in zip(a, b)), Q(0))


# ---- distributions

def real(q):
    return mp.mpf(q.numerator) / q.denominator


def f_p(f, a, b):
    x = b / (b + a * real(f))
    return mp.betainc(mp.mpf(b) / 2, mp.mpf(a) / 2, 0, x, regularized=True)


def student(df, level):
    """The number t with P(|T| < t) = level."""
    tail = lambda t: mp.betainc(mp.mpf(df) / 2, mp.mpf(1) / 2, 0, df / (df + t * t), regularized=True) - (1 - mp.mpf(level))
    return mp.findroot(tail, (mp.mpf("0.5"), mp.mpf(13)), solver="anderson", tol=1e-90, maxsteps=400)


# ---- a model

def read(model):
    """The rows of a model: those of its group, and as often as they count."""
    if "table" in model:
        return list(csv.DictReader(io.StringIO(model["table"])))
    with open(os.path.join(HERE, "..", "..", model["file"])) as f:
        rows = [r for r in csv.DictReader(f) if model["where"].items() <= r.items()]
    return [r for r in rows for _ in range(int(r[model["counts"]]))] if model["counts"] else rows


def solve(model):
    table = read(model)
    weight = (lambda r: Q(r[model["weights"]])) if model["weights"] else (lambda r: Q(1))
    rows = [r for r in table if weight(r) != 0]
    columns, empty = design(model, rows)
    x = [[f(r) for _, _, f in columns] for r in rows]
    y = [Q(r[model.get("target", "y")]) for r in rows]
    w = [weight(r) for r in rows]
    products = lambda a: [[sum(wi * r[i] * r[j] for wi, r in zip(w, a)) for j in range(len(a[0]))] for i in range(len(a[0]))]
    kept = independent(products(x))
    full = len(kept) == len(columns)
    spans_constant = model["intercept"] or len(independent(products([row + [Q(1)] for row in x]))) == len(kept)
    xs = [[row[k] for k in kept] for row in x]
    xtx = products(xs)
    inv = inverse(xtx)
    xty = [sum(wi * r[i] * yi for wi, r, yi in zip(w, xs, y)) for i in range(len(kept))]
    beta = [dot(row, xty) for row in inv]
    n, k = len(rows), len(kept)
    df = n - k
    rss = sum(wi * (yi - dot(r, beta)) ** 2 for wi, r, yi in zip(w, xs, y))
    mean = sum(wi * yi for wi, yi in zip(w, y)) / sum(w) if spans_constant else Q(0)
    tss = sum(wi * (yi - mean) ** 2 for wi, yi in zip(w, y))
    f_df = k - (1 if spans_constant else 0)
    s2 = rss / df
    f = (tss - rss) / f_df / s2
    llf = -mp.mpf(n) / 2 * (mp.log(2 * mp.pi) + mp.log(real(rss) / n) + 1) + sum(mp.log(real(wi)) for wi in w) / 2
    names = [columns[i][1] for i in kept]
    t = student(df, "0.95")
    out = {
        "rows": n, "rank": k, "full_rank": full, "empty_cells": empty,
        "columns": [c[1] for c in columns],
        "left_out": [c[1] for i, c in enumerate(columns) if i not in kept],
        "residual_df": df, "rss": rss, "tss": tss, "r_squared": 1 - rss / tss,
        "r_squared_kind": "about-mean" if spans_constant else "about-zero",
        "adjusted_r_squared": 1 - s2 / (tss / (n - (1 if spans_constant else 0))),
        "residual_sd": mp.sqrt(real(s2)), "f": f, "f_df": [f_df, df], "f_p": f_p(f, f_df, df),
        "log_likelihood": llf, "aic": -2 * llf + 2 * (k + 1), "bic": -2 * llf + (k + 1) * mp.log(n),
    }
    if full:
        out["coefficients"] = dict(zip(names, beta))
        out["remainders"] = {name: b - Q(float(b)) for name, b in zip(names, beta)}
        out["std_errors"] = {name: mp.sqrt(real(s2 * inv[i][i])) for i, name in enumerate(names)}
        out["terms"] = joint_tests(model, columns, beta, inv, s2, df)
        if model["intercept"]:
            out["gvif"] = gvifs(model, columns, inv)
    out["predictions"] = [forecast(columns, kept, record, beta, inv, s2, t) for record in model["records"]]
    return out


def joint_tests(model, columns, beta, inv, s2, df):
    """F of the hypothesis that all coefficients of a term are zero."""
    tests = {}
    for i, feature in enumerate(model["features"]):
        at = [j for j, c in enumerate(columns) if c[0] == i]
        if not at:
            continue
        b = [beta[j] for j in at]
        f = dot(b, [dot(row, b) for row in inverse(sub(inv, at))]) / len(at) / s2
        tests[feature] = {"f": f, "df": [len(at), df], "p": f_p(f, len(at), df)}
    return tests


def gvifs(model, columns, inv):
    """Fox and Monette's generalised variance inflation factor: the scale of each column cancels, so covariances serve as correlations."""
    every = [j for j, c in enumerate(columns) if c[0] is not None]
    factors = {}
    for i, feature in enumerate(model["features"]):
        at = [j for j in every if columns[j][0] == i]
        rest = [j for j in every if j not in at]
        if at and rest:
            factors[feature] = {"gvif": determinant(sub(inv, at)) * determinant(sub(inv, rest)) / determinant(sub(inv, every)), "df": len(at)}
    return factors


def forecast(columns, kept, record, beta, inv, s2, t):
    x = [columns[k][2](record) for k in kept]
    fit = dot(x, beta)
    leverage = dot(x, [dot(row, x) for row in inv])
    around = lambda variance: [real(fit) - t * mp.sqrt(real(s2 * variance)), real(fit) + t * mp.sqrt(real(s2 * variance))]
    return {"predicted": fit, "prediction": around(1 + leverage), "confidence": around(leverage)}


def rounded(value):
    if isinstance(value, (Q, mp.mpf)):
        return float(value)
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return value


def main():
    for models, exact in [("tables.json", "exact.json"), ("trial.json", "trial_exact.json")]:
        with open(os.path.join(HERE, models)) as f:
            lines = [f' "{m["name"]}": ' + json.dumps(rounded(solve(m))) for m in json.load(f)]
        with open(os.path.join(HERE, exact), "w", newline="\n") as out:
            out.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
