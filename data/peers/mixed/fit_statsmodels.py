#!/usr/bin/env python3
"""Writes statsmodels.json and trial_statsmodels.json: what statsmodels' formulas (patsy) say of the models of tables.json and trial.json.

Run in this folder. Needs statsmodels, patsy, pandas and numpy. Reads exact.json and trial_exact.json only for the names of the coefficients.
"""
import io
import json
import math
import re
import warnings

import numpy as np
import pandas as pd
import patsy
import statsmodels
import statsmodels.formula.api as smf
from statsmodels.stats.outliers_influence import variance_inflation_factor

# zero weights divide by zero in the log-likelihood, and rank-deficient designs warn; see README.md
warnings.simplefilter("ignore")


def rcs(x, knots):
    """Harrell's restricted cubic spline: statsmodels has none (patsy's `cr` is another basis of the same curves)."""
    x = np.asarray(x, dtype=float)
    cube = lambda t: np.maximum(x - t, 0) ** 3
    first, before, last = knots[0], knots[-2], knots[-1]
    curved = [
        (cube(t) - cube(before) * (last - t) / (last - before) + cube(last) * (before - t) / (last - before)) / (last - first) ** 2
        for t in knots[:-2]
    ]
    return np.column_stack([x] + curved)


def frame_of(model, text):
    d = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    for c in d:
        if c in model["categories"]:
            levels = model["levels"][c]
            first = model["reference"].get(c)
            order = ([first] if first else []) + [l for l in levels if l != first]
            d[c] = pd.Categorical(d[c], categories=order)
        elif c not in model.get("where", {}):
            d[c] = d[c].astype(float)
    return d


def rows_of(model):
    """The rows of a model: those of its group, and as often as they count."""
    if "table" in model:
        return frame_of(model, model["table"])
    with open("../../" + model["file"]) as f:
        d = frame_of(model, f.read())
    for c, level in model["where"].items():
        d = d[d[c] == level]
    return d.loc[d.index.repeat(d[model["counts"]].astype(int))] if model["counts"] else d


def samefit_factor(factor):
    match = re.fullmatch(r"(\w+)\[(T\.)?(.*)\]", factor)
    if match:
        return f"{match[1]}[{match[3]}]"
    match = re.fullmatch(r"rcs\((\w+), \((.*)\)\)\[(\d+)\]", factor)
    if match:
        return f"rcs({match[1]},{match[2].replace(' ', '')})[{int(match[3]) + 1}]"
    factor = re.sub(r"^I\((.*)\)$", r"\1", factor).replace(" ", "").replace("**", "^").replace("**", "^")
    return factor.replace("np.log(", "ln(").replace("np.", "")


def samefit_name(name):
    if name == "Intercept":
        return "intercept"
    return "*".join(sorted(samefit_factor(f) for f in name.split(":")))


def number(x):
    return float(x) if math.isfinite(x) else None


def one(model, exact):
    d = rows_of(model)
    if model["weights"]:
        r = smf.wls(model["statsmodels"], d, weights=d[model["weights"]]).fit()
    else:
        r = smf.ols(model["statsmodels"], d).fit()
    ours = [samefit_name(n) for n in r.params.index]
    exog = r.model.exog
    rank = int(np.linalg.matrix_rank(r.model.wexog))
    out = {
        "rank": rank,
        "names": list(r.params.index),
        "same_coding": set(ours) == set(exact.get("coefficients", {})),
        "coefficients": {n: number(v) for n, v in zip(ours, r.params)},
        "std_errors": {n: number(v) for n, v in zip(ours, r.bse)},
        "rows": int(r.nobs), "residual_df": number(r.df_resid), "rss": number(r.ssr),
        "r_squared": number(r.rsquared), "adjusted_r_squared": number(r.rsquared_adj), "residual_sd": number(math.sqrt(r.scale)),
        "f": number(r.fvalue), "f_df": [number(r.df_model), number(r.df_resid)], "f_p": number(r.f_pvalue),
        "log_likelihood": number(r.llf), "aic": number(r.aic), "bic": number(r.bic),
    }
    if rank == exog.shape[1]:
        slices = r.model.data.model_spec.term_name_slices
        named = [n for n in slices if n != "Intercept"]
        out["terms"] = {}
        for name, feature in zip_terms(named, model):
            at = range(*slices[name].indices(exog.shape[1]))
            test = r.f_test(np.eye(exog.shape[1])[list(at)])
            out["terms"][feature] = {"f": number(test.fvalue), "df": [number(test.df_num), number(test.df_denom)], "p": number(test.pvalue)}
        if model["intercept"] and not model["weights"]:
            out["vif"] = {n: number(variance_inflation_factor(exog, i)) for i, n in enumerate(ours) if n != "intercept"}
    new = frame_of(model, ",".join(model["records"][0]) + "\n" + "\n".join(",".join(r.values()) for r in model["records"]) + "\n")
    frame = r.get_prediction(new).summary_frame(alpha=0.05)
    out["predictions"] = [
        {"predicted": number(p["mean"]), "prediction": [number(p.obs_ci_lower), number(p.obs_ci_upper)],
         "confidence": [number(p.mean_ci_lower), number(p.mean_ci_upper)]}
        for _, p in frame.iterrows()
    ]
    return out


def zip_terms(named, model):
    """patsy's terms with the features that they are."""
    ours = {}
    for name in named:
        factors = [f if not f.startswith("rcs(") else "rcs(" + re.sub(r"[ ()]", "", f[4:]).replace(",", ", ") + ")" for f in split(name)]
        factors = [f if f.startswith("rcs(") else samefit_factor(f) for f in factors]
        ours["*".join(factors)] = name
    return [(ours[f], f) for f in model["features"] if f in ours]


def split(name):
    return re.split(r":(?![^(]*\))", name)


def write(tables, exact, out):
    with open(tables) as f:
        models = json.load(f)
    with open(exact) as f:
        answers = json.load(f)
    versions = f"statsmodels {statsmodels.__version__}, patsy {patsy.__version__}, pandas {pd.__version__}, numpy {np.__version__}"
    lines = [f' "about": "{versions}"'] + [f' "{m["name"]}": ' + json.dumps(one(m, answers[m["name"]])) for m in models]
    with open(out, "w", newline="\n") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    write("tables.json", "exact.json", "statsmodels.json")
    write("trial.json", "trial_exact.json", "trial_statsmodels.json")


if __name__ == "__main__":
    main()
