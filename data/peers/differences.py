#!/usr/bin/env python3
"""Writes differences_statsmodels.txt: what statsmodels does in the cases of "Where R and statsmodels differ" of docs/names.md.

Run in this folder. Needs statsmodels, patsy, pandas and numpy.
"""
import warnings

import numpy as np
import pandas as pd
import patsy
import statsmodels
import statsmodels.api as sm
import statsmodels.formula.api as smf

OUT = open("differences_statsmodels.txt", "w")
D = pd.DataFrame({
    "y": [3.1, 4.2, 5.9, 4.4, 6.1, 7.3, 5.2, 8.8, 6.5, 9.1, 7.7, 10.4],
    "site": ["b", "a", "C"] * 4, "dose": [1, 10, 2, 10] * 3, "x": [1.0, 2, 4, 3, 5, 6, 4, 8, 7, 9, 6, 10],
    "w": [1, 2, 0, 1, 0.5, 1, 2, 1, 1, 0, 1.5, 1], "arm": ["p"] * 6 + ["q"] * 6, "day": ["1"] * 4 + ["2"] * 4 + ["10"] * 4,
})


def say(*texts):
    print(*texts, file=OUT)


def title(text):
    say("\n#", text)


def ols(formula, data=D, **options):
    return smf.ols(formula, data, **options).fit()


def params(r):
    return {k: float(f"{v:.7g}") for k, v in r.params.items()}


def attempt(f):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            say(f())
        except Exception as e:
            say(type(e).__name__ + ":", str(e).splitlines()[0])
    for w in caught:
        say(w.category.__name__ + ":", str(w.message).splitlines()[0])


def main():
    warnings.simplefilter("ignore")
    say(f"statsmodels {statsmodels.__version__}, patsy {patsy.__version__}, pandas {pd.__version__}, numpy {np.__version__}")
    title("reference level: words")
    say(list(ols("y ~ site").params.index))
    title("reference level: numbers as text, as numbers, as floats")
    say(list(ols("y ~ day").params.index))
    say(list(ols("y ~ C(day)", D.assign(day=D.day.astype(int))).params.index))
    say(list(ols("y ~ C(day)", D.assign(day=D.day.astype(float))).params.index))
    title("a code that is a number, not declared")
    say(list(ols("y ~ dose").params.index))
    title("products of categories without main effects")
    say(params(ols("y ~ arm:site")))
    title("an empty cell: arm p has no site C")
    r = ols("y ~ arm * site", D[~((D.arm == "p") & (D.site == "C"))])
    say(params(r), "df", r.df_resid)
    attempt(lambda: r.predict(pd.DataFrame({"arm": ["p"], "site": ["C"]})).tolist())
    title("an empty cell: arm q has no site b")
    r = ols("y ~ arm * site", D[~((D.arm == "q") & (D.site == "b"))])
    say(params(r), "df", r.df_resid)
    attempt(lambda: r.predict(pd.DataFrame({"arm": ["q"], "site": ["b"]})).tolist())
    title("dependent columns")
    r = ols("y ~ x + I(2 * x)")
    say(params(r), "df", r.df_resid)
    attempt(lambda: params(ols("y ~ x + I(2 * x)")))
    title("R2 and F without intercept")
    for formula in ["site - 1", "site", "x - 1"]:
        r = ols("y ~ " + formula)
        say(formula + ":", r.rsquared, r.fvalue, r.df_model, r.df_resid)
    title("weights, two of them zero")
    r = smf.wls("y ~ x", D, weights=D.w).fit()
    say("nobs", r.nobs, "df", r.df_resid, "llf", r.llf, "aic", r.aic, "bic", r.bic, "R2", r.rsquared)
    e = D[D.w > 0]
    r = smf.wls("y ~ x", e, weights=e.w).fit()
    say("without these rows: nobs", r.nobs, "df", r.df_resid, "llf", r.llf, "aic", r.aic, "R2", r.rsquared)
    title("a level whose rows all have weight zero")
    say(params(smf.wls("y ~ site", D, weights=(D.site != "C") * 1.0).fit()))
    title("a negative weight")
    attempt(lambda: params(smf.wls("y ~ x", D, weights=D.w - 0.5).fit()))
    title("prediction interval of a weighted fit")
    attempt(lambda: smf.wls("y ~ x", D, weights=D.w).fit().get_prediction(pd.DataFrame({"x": [5]})).summary_frame().iloc[0].to_dict())
    title("counts as weights: df")
    k = np.array([2, 1, 3, 1, 1, 2, 1, 1, 2, 1, 1, 1])
    glm = sm.GLM(D.y, sm.add_constant(D.x), freq_weights=k).fit()
    say("weights:", smf.wls("y ~ x", D, weights=k).fit().df_resid, " rows written out:", ols("y ~ x", D.loc[D.index.repeat(k)]).df_resid,
        " freq_weights of GLM:", glm.df_resid)
    title("a level that training does not have")
    attempt(lambda: ols("y ~ site").predict(pd.DataFrame({"site": ["z"]})).tolist())
    title("a declared level without rows")
    e = D.assign(site=pd.Categorical(D.site, ["a", "b", "C", "z"]))
    r = ols("y ~ site", e)
    say(params(r), "df", r.df_resid)
    attempt(lambda: r.predict(pd.DataFrame({"site": pd.Categorical(["z"], ["a", "b", "C", "z"])})).tolist())
    title("x**2 in a formula, with and without I()")
    say(list(ols("y ~ x + x**2").params.index), list(ols("y ~ x + I(x**2)").params.index))
    title("tests of a term: sequential, type II, type III, Wald")
    for formula in ["y ~ site + x", "y ~ site * x"]:
        r = ols(formula, D[:11])
        tests = [sm.stats.anova_lm(r, typ=t).loc["site", "F"] for t in (1, 2, 3)]
        say(formula, *tests, "wald_test_terms", float(np.squeeze(r.wald_test_terms(scalar=True).table.loc["site", "statistic"])))
    title("logarithm of zero, of a negative number")
    attempt(lambda: params(ols("y ~ np.log(x)", D.assign(x=D.x - 1))))
    attempt(lambda: params(ols("y ~ np.log(x)", D.assign(x=D.x - 2))))
    title("a missing category")
    e = D.copy()
    e.loc[0, "site"] = None
    say("nobs", ols("y ~ site", e).nobs)
    OUT.close()


if __name__ == "__main__":
    main()
