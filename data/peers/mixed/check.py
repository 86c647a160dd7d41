#!/usr/bin/env python3
"""Compares r.json and statsmodels.json with exact.json, and those of the trial, number by number, and fails where they differ without a known reason.

The known reasons are those of README.md. Run in this folder. Needs Python alone.
"""
import json
import sys

TOLERANCE = 1e-9  # relative; both programs compute in binary64
WHOLE = ["rows", "residual_df", "rss", "r_squared", "adjusted_r_squared", "residual_sd", "f", "f_df", "f_p", "log_likelihood", "aic", "bic"]


def load(name):
    with open(name) as f:
        return json.load(f)


def flat(value, path=""):
    if isinstance(value, dict):
        return {p: v for k in value for p, v in flat(value[k], f"{path}/{k}").items()}
    if isinstance(value, list):
        return {p: v for i, v in enumerate(value) for p, v in flat(v, f"{path}/{i}").items()}
    return {path: value}


def expected(name, peer, model, exact):
    """What of exact's numbers the peer must have too, and what it has in another way."""
    if "table" in model:
        zero_weights = bool(model["weights"]) and any(line.split(",")[-2] == "0" for line in model["table"].split())
    else:
        zero_weights = bool(model["weights"])  # the trial has rows of weight zero
    e = {k: exact[k] for k in WHOLE + ["predictions"]}
    for k in ["coefficients", "std_errors", "terms"]:
        if peer["same_coding"] and k in exact:
            e[k] = exact[k]
    if name == "r" and peer["same_coding"] and "gvif" in exact and "gvif" in peer:
        e["gvif"] = exact["gvif"]
    if name == "r" and not (peer["same_coding"] and exact["full_rank"] and peer["left_out"] == []):
        e.pop("terms", None)
    if name == "r" and not model["intercept"] and exact["r_squared_kind"] == "about-mean":
        # without `(Intercept)` R compares with zero, even if the columns span the constant
        for k in ["r_squared", "adjusted_r_squared", "f", "f_df", "f_p"]:
            e.pop(k)
    if name == "statsmodels":
        # statsmodels does not count the variance of the residuals as a parameter
        e["aic"] = e["aic"] - 2
        k = exact["rank"]
        e["bic"] = exact["bic"] - (exact["bic"] + 2 * exact["log_likelihood"]) / (k + 1)
    if name == "statsmodels" and zero_weights:
        # rows of weight zero count, and ln 0 is infinite: only the coefficients, the residuals and what needs no rows are the same
        e = {k: v for k, v in e.items() if k in ["coefficients", "rss", "r_squared"]}
        e["predictions"] = [{"predicted": p["predicted"]} for p in exact["predictions"]]
    return e


def compare(prefix, tables):
    models = {m["name"]: m for m in load(tables)}
    exact, bad = load(prefix + "exact.json"), 0
    for name in ["r", "statsmodels"]:
        peers, worst, count = load(f"{prefix}{name}.json"), (0, ""), 0
        for m in exact:
            p = flat(peers[m])
            for path, value in flat(expected(name, peers[m], models[m], exact[m])).items():
                theirs = p.get(path)
                scale = abs(value) + (1 if path.startswith(("/coefficients", "/predictions")) else 0)
                off = float("inf") if theirs is None else abs(theirs - value) / (scale or 1)
                count += 1
                if off > TOLERANCE:
                    bad += 1
                    if bad <= 20:
                        print(f"{name} {m}{path}: {theirs}, exact {value}")
                elif off > worst[0]:
                    worst = (off, m + path)
        print(f"{tables}, {name}: {count} numbers, largest relative difference {worst[0]:.1e} ({worst[1]})")
    return bad


def main():
    sys.exit(compare("", "tables.json") + compare("trial_", "trial.json") > 0)


if __name__ == "__main__":
    main()
