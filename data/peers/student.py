#!/usr/bin/env python3
"""Writes student.json: p values and quantiles of Student's t, to 17 digits. mpmath computes them with 40 digits."""
import json
import os

import mpmath as mp

mp.mp.dps = 40


def density(t, df):
    log_constant = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(df * mp.pi) / 2
    return mp.exp(log_constant - (df + 1) / 2 * mp.log1p(t * t / df))


def two_sided_p(t, df):
    t, df = mp.mpf(t), mp.mpf(df)
    if df <= 1000:
        return mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + t * t), regularized=True)
    # the series of the incomplete beta function is slow here; the tail falls like a Gaussian's, so its integral is easy
    width = mp.mpf(1) / max(1, t)
    return 2 * mp.quad(lambda x: density(x, df), [t + width * k for k in (*range(24), *range(24, 256, 8))])


def two_sided_quantile(probability, df):
    # the probability is the program's f64; Newton's method from zero converges, because the tail is convex
    tail, df, t = 1 - mp.mpf(probability), mp.mpf(df), mp.mpf(0)
    for _ in range(60):
        step = (two_sided_p(t, df) - tail) / (2 * density(t, df))
        t += step
        if abs(step) < mp.mpf("1e-30"):
            break
    return t


def text(value):
    return mp.nstr(value, 17)


TS = [1e-8, 0.1, 0.5, 1.0, 1.96, 2.5, 4.0, 10.0, 37.5, 400.0]
DFS = [1, 2, 3, 5, 10, 31, 47, 48, 60, 439, 1999997]
out = {
    "about": "Rows of [t, df, p] and [probability, df, quantile]; made by student.py with mpmath " + mp.__version__,
    "two_sided_p": [[repr(t), str(df), text(p)] for t in TS for df in DFS if (p := two_sided_p(t, df)) > mp.mpf("1e-290")],
    "two_sided_quantile": [[repr(q), str(df), text(two_sided_quantile(q, df))] for q in (0.5, 0.95, 0.99) for df in DFS],
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "student.json"), "w") as f:
    json.dump(out, f, indent=1)
    f.write("\n")
