#!/usr/bin/env python3
"""Writes codings_patsy.json: how patsy codes the categories of each term of a model. Needs patsy.

Some models are formulas with known answers, the others are drawn at random with a fixed seed. Each is an intercept (0 or 1), terms as
[numerical factors, categories], and for each term the blocks of columns: [category, "full" or "reduced"] in the order of the term.
"""
import json
import os
import random

import patsy

HERE = os.path.dirname(os.path.abspath(__file__))
LEVELS = ["p", "q", "r"]
CATEGORIES = ["a", "b", "c", "d", "e"]
NUMBERS = ["x", "z"]
# every category has three levels, so a full coding has three columns
DATA = {name: LEVELS * 2 for name in CATEGORIES} | {name: [1.0, 2.0, 4.0, 8.0, 16.0, 32.0] for name in NUMBERS}
FORMULAS = [
    "1", "0 + a", "a", "a + b", "0 + a + b", "a:b", "0 + a:b", "a + a:b", "b + a:b", "a*b", "0 + a*b", "0 + a + a:b", "0 + b + a:b",
    "a:b + c:d", "0 + a:b + c:d", "a:b + b:c", "a:b:c", "0 + a:b:c", "a + a:b:c", "a + b + a:b:c", "a:b + a:b:c", "a*b*c", "a:b + a:c + b:c",
    "c + a:b:c", "c + a:b + b:c:a", "a:x", "0 + a:x", "x + a:x", "x:a + a", "a*x", "0 + a*x", "x*z*a", "x:z:a + z:a + x", "a:x + b:x", "x + a:x + b:x",
    "a:b:x", "x + a:b:x", "x + a:x + a:b:x", "x:z + a:x", "a:b:x + a:b", "(a + b + c)**2", "(a + b + c + x)**2", "0 + (a + b + c)**3 - a",
    "(a + b + c + d)**4 - a:b - c", "a:b:c:d", "0 + a:b:c:d", "d + a:b:c:d", "a:b + a:b:c:d", "b:d + a:b:c:d + a:c", "a:b:c:d:e", "c:e + a:b:c:d:e",
]


def coded(intercept, terms):
    """Returns a model with patsy's blocks; terms are lists of factors, in the order of the model."""
    factors = {name: patsy.EvalFactor(name) for name in CATEGORIES + NUMBERS}
    described = [patsy.Term([factors[name] for name in names]) for names in terms]
    info = patsy.design_matrix_builders([[patsy.INTERCEPT] * intercept + described], lambda: iter([DATA]), 0)[0]
    blocks = []
    for term in described:
        blocks.append([])
        for subterm in info.term_codings[term]:
            coding = {factor.name(): matrix.matrix.shape[1] for factor, matrix in subterm.contrast_matrices.items()}
            names = [factor.name() for factor in subterm.factors if factor in subterm.contrast_matrices]
            blocks[-1].append([[name, {3: "full", 2: "reduced"}[coding[name]]] for name in names])
    split = [[sorted(set(names) & set(NUMBERS)), [name for name in names if name in CATEGORIES]] for names in terms]
    return [intercept, split, blocks]


def of_formula(text):
    terms = patsy.ModelDesc.from_formula(text).rhs_termlist
    names = [[factor.name() for factor in term.factors] for term in terms]
    return coded(int([] in names), [term for term in names if term])


def drawn(generator):
    terms = {}
    for _ in range(generator.randint(1, 6)):
        numbers = generator.choice([[], [], ["x"], ["x", "z"]])
        term = numbers + generator.sample(CATEGORIES, generator.randint(0 if numbers else 1, 4))
        generator.shuffle(term)
        terms.setdefault(frozenset(term), term)
    return coded(generator.randint(0, 1), list(terms.values()))


def main():
    generator = random.Random(20)
    models = [of_formula(text) for text in FORMULAS] + [drawn(generator) for _ in range(260)]
    about = f"intercept, terms and blocks of columns of each term, patsy {patsy.__version__}"
    lines = ",\n".join("  " + json.dumps(model) for model in models)
    with open(os.path.join(HERE, "codings_patsy.json"), "w", encoding="utf-8") as file:
        file.write(f'{{\n "about": {json.dumps(about)},\n "models": [\n{lines} ]\n}}\n')


main()
