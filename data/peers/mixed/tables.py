#!/usr/bin/env python3
"""Writes tables.json: fifty small tables of categories and numbers, each with a model in the words of samefit, R and statsmodels.

Writes trial.json too: models of ../../trial.csv in the same words. The formulas are chosen by hand, so that every kind of term occurs. The tables are random, from a seed. Only `random.Random(seed).random()`
is used, which Python promises not to change, and decimals, so every machine writes the same bytes. Needs Python 3.9 alone.
"""
import json
import os
import random
from decimal import Decimal as D

HERE = os.path.dirname(os.path.abspath(__file__))

# Levels in samefit's order: numbers by value, then other texts by their bytes.
WORDS = ["Aachen", "Bern", "Graz", "Lyon", "Porto"]
SMALL = ["placebo", "verum"]
LOWER = ["high", "low", "mid", "none"]
CODES = ["1", "2", "10"]
ZERO_ONE = ["0", "1"]
DOSES = ["0", "0.5", "2.5", "10", "20"]
MIXED = ["2", "10", "B", "a"]
CASES = ["-1", "9", "NOS", "nos"]
ALL_KINDS = [WORDS, WORDS[:3], SMALL, LOWER, LOWER[:3], CODES, ZERO_ONE, DOSES, DOSES[:3], MIXED, CASES]

# features: terms as `--features` takes them, where `*` is the product alone.
# Options: rows; levels of a category (else random); intercept; weights: "positive" or "zeros"; reference;
# empty: cells that have no row; vanish: cells whose rows all have weight zero; single: a level with one row;
# nested: a category that follows from another.
MODELS = [
    ("main effects", ["arm", "batch", "u"], {}),
    ("a category and a number", ["arm", "x"], {"levels": {"arm": WORDS}}),
    ("codes that are numbers", ["arm", "u", "v"], {"levels": {"arm": CODES}}),
    ("four categories", ["arm", "batch", "centre", "diet", "x"], {"rows": 80, "categories": 4}),
    ("a slope for each level", ["arm", "u", "arm*u"], {"levels": {"arm": LOWER[:3]}}),
    ("two categories with slopes", ["arm", "batch", "u", "v", "arm*u", "batch*v"], {"rows": 70}),
    ("slopes without a common one", ["arm", "arm*u"], {"levels": {"arm": WORDS[:3]}}),
    ("one constant, a slope for each level", ["arm*u"], {"levels": {"arm": LOWER}}),
    ("all cells of two categories", ["arm", "batch", "arm*batch"], {"rows": 60, "levels": {"arm": WORDS[:3], "batch": CODES}}),
    ("cells alone", ["arm*batch"], {"rows": 60, "levels": {"arm": SMALL, "batch": LOWER[:3]}}),
    ("one category inside another", ["arm", "arm*batch"], {"rows": 60, "levels": {"arm": CODES, "batch": SMALL}}),
    ("an empty cell", ["arm", "batch", "arm*batch"],
     {"rows": 60, "levels": {"arm": WORDS[:3], "batch": LOWER[:3]}, "empty": [{"arm": "Graz", "batch": "mid"}]}),
    ("an empty cell of the reference", ["arm", "batch", "arm*batch"],
     {"rows": 60, "levels": {"arm": WORDS[:3], "batch": LOWER[:3]}, "empty": [{"arm": "Aachen", "batch": "mid"}]}),
    ("two empty cells, a number", ["arm", "batch", "arm*batch", "v"],
     {"rows": 75, "levels": {"arm": DOSES[:3], "batch": MIXED}, "empty": [{"arm": "0.5", "batch": "a"}, {"arm": "2.5", "batch": "10"}]}),
    ("cells alone, one empty", ["arm*batch"],
     {"rows": 50, "levels": {"arm": LOWER[:3], "batch": ZERO_ONE}, "empty": [{"arm": "mid", "batch": "1"}]}),
    ("all pairs of two categories and a number", ["arm", "batch", "u", "arm*batch", "arm*u", "batch*u"],
     {"rows": 70, "levels": {"arm": WORDS[:3], "batch": SMALL}}),
    ("a slope for each cell", ["arm", "batch", "u", "arm*batch", "arm*u", "batch*u", "arm*batch*u"],
     {"rows": 80, "levels": {"arm": LOWER[:3], "batch": ZERO_ONE}}),
    ("three categories, all cells",
     ["arm", "batch", "centre", "arm*batch", "arm*centre", "batch*centre", "arm*batch*centre"],
     {"rows": 70, "levels": {"arm": SMALL, "batch": ZERO_ONE, "centre": CODES}}),
    ("three categories, an empty cell",
     ["arm", "batch", "centre", "arm*batch", "arm*centre", "batch*centre", "arm*batch*centre"],
     {"rows": 70, "levels": {"arm": SMALL, "batch": LOWER[:3], "centre": ZERO_ONE},
      "empty": [{"arm": "verum", "batch": "mid", "centre": "1"}]}),
    ("a product of numbers", ["arm", "u", "v", "u*v"], {}),
    ("a square", ["arm", "x", "x^2"], {}),
    ("a curve for each level", ["arm", "x", "x^2", "arm*x", "arm*x^2"], {"rows": 60, "levels": {"arm": WORDS[:3]}}),
    ("a logarithm", ["arm", "ln(tg)"], {}),
    ("a logarithm to base 10", ["arm", "batch", "log10(tg)"], {}),
    ("a square root for each level", ["arm", "sqrt(tg)", "arm*sqrt(tg)"], {"levels": {"arm": CODES}}),
    ("a logarithm and its square", ["arm", "ln(tg)", "ln(tg)^2"], {}),
    ("a logarithm times a number", ["arm", "ln(tg)", "u", "ln(tg)*u"], {}),
    ("a spline of three knots", ["arm", "rcs(x, 30, 50, 70)"], {}),
    ("a spline of four knots", ["arm", "batch", "rcs(x, 25, 40.5, 58, 75)"], {}),
    ("a spline of five knots", ["arm", "rcs(x, 22.5, 35, 47.5, 60.25, 77)"], {"rows": 60}),
    ("a spline for each level", ["arm", "rcs(x, 30, 50, 70)", "arm*rcs(x, 30, 50, 70)"], {"rows": 60, "levels": {"arm": LOWER[:3]}}),
    ("no intercept, a mean for each level", ["arm", "u"], {"intercept": False}),
    ("no intercept, two categories", ["arm", "batch", "u"], {"intercept": False}),
    ("no intercept, numbers alone", ["u", "v"], {"intercept": False}),
    ("no intercept, slopes alone", ["arm*u"], {"intercept": False, "levels": {"arm": CODES}}),
    ("no intercept, cells alone", ["arm*batch"], {"intercept": False, "rows": 60, "levels": {"arm": LOWER[:3], "batch": SMALL}}),
    ("no intercept, a line for each level", ["arm", "arm*u"], {"intercept": False, "levels": {"arm": MIXED}}),
    ("weights", ["arm", "batch", "u"], {"weights": "positive"}),
    ("weights, some zero", ["arm", "batch", "u"], {"weights": "zeros"}),
    ("weights, a level of weight zero", ["arm", "batch", "u"],
     {"weights": "zeros", "levels": {"arm": LOWER, "batch": SMALL}, "vanish": [{"arm": "mid"}]}),
    ("weights, the first level of weight zero", ["arm", "batch", "u"],
     {"weights": "zeros", "levels": {"arm": WORDS[:3], "batch": CODES}, "vanish": [{"arm": "Aachen"}]}),
    ("weights, a cell of weight zero", ["arm", "batch", "arm*batch"],
     {"rows": 70, "weights": "zeros", "levels": {"arm": SMALL, "batch": CODES}, "vanish": [{"arm": "verum", "batch": "10"}]}),
    ("weights, no intercept", ["arm", "v"], {"intercept": False, "weights": "positive"}),
    ("a chosen reference", ["arm", "batch"], {"levels": {"arm": WORDS}, "reference": {"arm": "Graz"}}),
    ("a chosen reference among numbers, slopes", ["arm", "u", "arm*u"], {"levels": {"arm": DOSES[:3]}, "reference": {"arm": "2.5"}}),
    ("chosen references, a spline, a logarithm", ["arm", "batch", "ln(tg)", "rcs(x, 30, 50, 70)"],
     {"rows": 70, "levels": {"arm": MIXED, "batch": CASES}, "reference": {"arm": "B", "batch": "nos"}}),
    ("weights, a chosen reference, cells, a logarithm", ["arm", "batch", "arm*batch", "ln(tg)"],
     {"rows": 80, "weights": "zeros", "levels": {"arm": LOWER[:3], "batch": ZERO_ONE}, "reference": {"arm": "mid", "batch": "1"}}),
    ("numbers and words as levels, slopes of two kinds", ["arm", "batch", "v", "batch*v", "sqrt(tg)"],
     {"rows": 70, "levels": {"arm": CASES, "batch": MIXED}}),
    ("a level with one row", ["arm", "batch", "x"], {"levels": {"arm": WORDS[:4]}, "single": {"arm": "Lyon"}}),
    ("a category that follows from another", ["arm", "batch", "u"],
     {"levels": {"arm": WORDS, "batch": SMALL}, "nested": {"batch": "arm"}}),
]

# Models of ../../trial.csv: its schema's first categories are the references. Options: weights, counts, intercept, reference;
# where: the rows of one group.
TRIAL_REFERENCE = {"site": "north", "smoker": "never"}
MAIN = ["age", "bmi", "dose", "sex", "smoker"]
TRUTH = ["site", "sex", "smoker", "dose", "dose*smoker", "age", "age^2", "bmi", "ln(tg)"]
TRIAL = [
    ("main effects", ["site"] + MAIN, {}),
    ("slopes of the dose by smoking", ["site", "sex", "smoker", "dose", "dose*smoker", "ln(tg)"], {}),
    ("a spline of age", ["site", "smoker", "rcs(age, 40, 58, 75)", "dose"], {}),
    ("weights", TRUTH, {"weights": "weight"}),
    ("counts", ["site", "smoker", "dose", "dose*smoker"], {"counts": "visits"}),
    ("no intercept", ["site", "dose"], {"intercept": False}),
    ("another reference", ["site", "sex", "dose", "dose*site"], {"reference": {"site": "lake"}}),
    ("all cells of two categories", ["site", "smoker", "site*smoker", "log10(tg)"], {"weights": "weight"}),
] + [(f"the group {site}", MAIN, {"where": {"site": site}}) for site in ["harbour", "hill", "lake", "north", "park"]]
TRIAL_LEVELS = {"sex": ["1", "2"], "site": ["harbour", "hill", "lake", "north", "park"], "smoker": ["current", "former", "never"]}
TRIAL_RECORDS = [
    {"site": "north", "sex": "1", "smoker": "never", "age": "58", "bmi": "27.0", "tg": "150", "dose": "20"},
    {"site": "hill", "sex": "2", "smoker": "current", "age": "71", "bmi": "31.4", "tg": "212", "dose": "0"},
    {"site": "park", "sex": "2", "smoker": "former", "age": "44", "bmi": "22.9", "tg": "87", "dose": "40"},
]


class Rng:
    """Random integers from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def below(self, n):
        return int(self.random() * n)

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def choice(self, items):
        return items[self.below(len(items))]

    def decimal(self, low, high, places):
        return D(self.between(int(low * 10**places), int(high * 10**places))).scaleb(-places)

    def noise(self):
        """About normal with standard deviation 1: twelve uniform numbers, less 6."""
        return D(sum(self.below(10001) for _ in range(12)) - 60000).scaleb(-4)


def text(value):
    return format(value, "f")


def split(features, sign):
    """Splits at a sign outside of parentheses."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(features):
        depth += (c == "(") - (c == ")")
        if c == sign and depth == 0:
            parts.append(features[start:i])
            start = i + 1
    return parts + [features[start:]]


def r_factor(factor):
    if factor.startswith("rcs("):
        column, *knots = factor[4:-1].split(", ")
        return f"rcs({column}, c({', '.join(knots)}))"
    factor = factor.replace("ln(", "log(")
    return f"I({factor})" if "^" in factor else factor


def statsmodels_factor(factor):
    if factor.startswith("rcs("):
        column, *knots = factor[4:-1].split(", ")
        return f"rcs({column}, ({', '.join(knots)}))"
    for ours, theirs in [("ln(", "np.log("), ("log10(", "np.log10("), ("sqrt(", "np.sqrt(")]:
        if factor.startswith(ours):
            factor = theirs + factor[len(ours):]
    return f"I({factor.replace('^', '**')})" if "^" in factor else factor


def samefit_factor(factor):
    return f"I({factor})" if "^" in factor else factor


def formula(features, intercept, factor, target="y"):
    terms = [":".join(factor(f) for f in split(feature, "*")) for feature in features]
    return f"{target} ~ " + " + ".join(terms) + ("" if intercept else " - 1")


def matches(row, cell):
    return all(row[column] == level for column, level in cell.items())


def is_complete(rows, levels, options):
    """True if each level has three rows or more, and each cell of two categories one, unless the options say otherwise."""
    empty = options.get("empty", []) + options.get("vanish", [])
    single = options.get("single", {})
    if "nested" in options:
        return all(any(r[c] == level for r in rows) for c in levels for level in levels[c])
    live = [r for r in rows if r.get("wt", D(1)) > 0]
    for c in levels:
        for level in levels[c]:
            count = sum(r[c] == level for r in live)
            least = 0 if {c: level} in empty else 1 if single.get(c) == level else 3
            if count < least:
                return False
    used = [split(f, "*") for f in options["features"]]
    for factors in used:
        cats = [f for f in factors if f in levels]
        if len(cats) < 2:
            continue
        cells = [{}]
        for c in cats:
            cells = [{**cell, c: level} for cell in cells for level in levels[c]]
        for cell in cells:
            least = 0 if any(e.items() <= cell.items() or cell.items() <= e.items() for e in empty) else 2
            if sum(matches(r, cell) for r in live) < least:
                return False
    return True


def make_rows(rng, n, levels, options):
    empty = options.get("empty", [])
    rows = []
    while len(rows) < n:
        row = {c: rng.choice(levels[c]) for c in levels}
        if any(matches(row, cell) for cell in empty):
            continue
        for c, level in options.get("single", {}).items():
            others = [l for l in levels[c] if l != level]
            row[c] = level if not rows else rng.choice(others)
        for c, other in options.get("nested", {}).items():
            row[c] = levels[c][levels[other].index(row[other]) % len(levels[c])]
        row.update(numbers(rng))
        if "weights" in options:
            row["wt"] = rng.choice([D("0.25"), D("0.5"), D("1"), D("1.5"), D("2"), D("3.2")])
            if options["weights"] == "zeros" and rng.below(8) == 0:
                row["wt"] = D(0)
            if any(matches(row, cell) for cell in options.get("vanish", [])):
                row["wt"] = D(0)
        rows.append(row)
    return rows


def numbers(rng):
    return {
        "tg": rng.decimal(40, 400, 0) if rng.below(3) == 0 else rng.decimal(40, 400, 1),
        "u": rng.decimal(-2, 5, 3),
        "v": rng.decimal(0, 30, 2),
        "x": rng.decimal(18, 85, 1),
    }


def outcome(rng, row, effects):
    y = D(20) + row["u"] * D("1.7") - row["v"] * D("0.31") + D("4.4") * row["tg"].ln()
    y += (row["x"] - 50) ** 2 * D("0.004") + row["u"] * row["v"] * D("0.05")
    for (column, level), (shift, slope) in effects.items():
        if row[column] == level:
            y += shift + slope * row["u"]
    return (y + rng.noise() * D("1.5")).quantize(D("0.01"))


def make(index, name, features, options):
    rng = Rng(20261130 + index)
    options = {**options, "features": features}
    categories = ["arm", "batch", "centre", "diet"]
    used = {f for feature in features for f in split(feature, "*")}
    count = max(options.get("categories", 2 + rng.below(2)), 1 + max([categories.index(c) for c in categories if c in used] + [1]))
    levels = {c: options.get("levels", {}).get(c) or rng.choice(ALL_KINDS) for c in categories[:count]}
    n = options.get("rows") or 24 + rng.below(33)
    rows = make_rows(rng, n, levels, options)
    while not is_complete(rows, levels, options):
        rows = make_rows(rng, n, levels, options)
    effects = {(c, l): (rng.decimal(-4, 4, 1), rng.decimal(-1, 1, 2)) for c in levels for l in levels[c]}
    for row in rows:
        row["y"] = outcome(rng, row, effects)
    columns = list(rows[0])
    live = [r for r in rows if r.get("wt", D(1)) > 0]
    records = []
    for _ in range(4):
        known = rng.choice(live)
        records.append({**{c: known[c] for c in levels}, **{c: text(v) for c, v in numbers(rng).items()}})
    unknown = [{**records[0], **cell} for cell in options.get("empty", []) + options.get("vanish", [])]
    intercept = options.get("intercept", True)
    return {
        "name": f"m{index:02d}",
        "about": name,
        "features": features,
        "intercept": intercept,
        "categories": list(levels),
        "reference": options.get("reference", {}),
        "weights": "wt" if "weights" in options else None,
        "formula": formula(features, intercept, samefit_factor),
        "r": formula(features, intercept, r_factor),
        "statsmodels": formula(features, intercept, statsmodels_factor),
        "levels": levels,
        "table": "".join(",".join(cells) + "\n" for cells in [columns] + [[r[c] if c in levels else text(r[c]) for c in columns] for r in rows]),
        "records": records,
        "unknown": unknown,
    }


def make_trial(index, name, features, options):
    where = options.get("where", {})
    levels = {c: l for c, l in TRIAL_LEVELS.items() if c not in where}
    intercept = options.get("intercept", True)
    reference = {c: l for c, l in {**TRIAL_REFERENCE, **options.get("reference", {})}.items() if c in levels}
    return {
        "name": f"t{index:02d}",
        "about": name,
        "file": "trial.csv",
        "where": where,
        "target": "ldl_change",
        "features": features,
        "intercept": intercept,
        "categories": list(levels),
        "reference": reference,
        "weights": options.get("weights"),
        "counts": options.get("counts"),
        "formula": formula(features, intercept, samefit_factor, "ldl_change"),
        "r": formula(features, intercept, r_factor, "ldl_change"),
        "statsmodels": formula(features, intercept, statsmodels_factor, "ldl_change"),
        "levels": levels,
        "records": [{**r, **where} for r in TRIAL_RECORDS],
        "unknown": [],
    }


def write(name, models):
    lines = [" " + json.dumps(m, ensure_ascii=True) for m in models]
    with open(os.path.join(HERE, name), "w", newline="\n") as out:
        out.write("[\n" + ",\n".join(lines) + "\n]\n")


def main():
    write("tables.json", [make(i + 1, *model) for i, model in enumerate(MODELS)])
    write("trial.json", [make_trial(i + 1, *model) for i, model in enumerate(TRIAL)])


if __name__ == "__main__":
    main()
