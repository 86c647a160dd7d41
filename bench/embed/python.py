"""Measures the Python package, and the usual libraries where they are installed. Prints the figures as
JSON (README.md beside this file says what the names mean).

    python bench/embed/python.py

Each figure is the best of several runs, because other programs disturb a run and never help it.
"""

import json
import os
import pathlib
import platform
import subprocess
import sys
import time
from importlib import metadata

import numpy as np

ROOT = pathlib.Path(__file__).parents[2]
DATA = ROOT / "data"


def best(run, repeats=5, times=1):
    """Returns the least seconds of one run."""
    run()
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(times):
            run()
        found.append((time.perf_counter() - start) / times)
    return min(found)


def in_process(code, repeats=5):
    """Returns the least of what new processes print."""
    # as a package is installed: with its bytecode
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]
    return min(float(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout) for _ in range(repeats))


CLOCK = "import numpy, time; t = time.perf_counter(); "
FIT = f"samefit.fit({str(DATA / 'diabetes_raw.csv')!r}, target='y')"


def main():
    import samefit
    from samefit._engine import current

    table = np.loadtxt(DATA / "diabetes_raw.csv", delimiter=",", skiprows=1)
    X, y = table[:, :10], table[:, 10]
    clinical = np.tile(table, (1000, 1))
    digits = np.random.default_rng(1).normal(size=(100_000, 11))
    model = samefit.fit(X, y)
    row, record = X[3:4], {f"x{at}": value for at, value in enumerate(X[3].tolist())}
    column = np.random.default_rng(2).normal(size=1_250_000)
    core = current()
    summarizer = core["training/summarizer.new"]('{"columns": ["x"]}')
    csv = (DATA / "diabetes_raw.csv").read_bytes()
    csv = csv + csv[csv.index(b"\n") + 1 :] * 2000
    plain = {"distribution": False}
    figures = {
        "engine": f"wasmtime {metadata.version('wasmtime')} (Python {platform.python_version()})",
        "start_ms": 1e3 * in_process(f"{CLOCK}import samefit; print(time.perf_counter() - t)"),
        "first_fit_ms": 1e3 * in_process(f"import samefit, time; t = time.perf_counter(); {FIT}; print(time.perf_counter() - t)"),
        "fit_442_ms": 1e3 * best(lambda: samefit.fit(X, y, **plain)),
        "fit_442_with_ranges_ms": 1e3 * best(lambda: samefit.fit(X, y)),
        "predict_us": 1e6 * best(lambda: model.predict(row, interval="outcome"), 5, 500),
        "predict_record_us": 1e6 * best(lambda: model.predict(record, interval="outcome"), 5, 500),
        "fit_442000_ms": 1e3 * best(lambda: samefit.fit(clinical[:, :10], clinical[:, 10], **plain), 3),
        "predict_442000_ms": 1e3 * best(lambda: model.predict(clinical[:, :10]), 3),
        "fit_noise_100000_ms": 1e3 * best(lambda: samefit.fit(digits[:, :10], digits[:, 10], **plain), 3),
        "csv_mb_per_s": len(csv) / 1e6 / best(lambda: samefit.summarize(csv, **plain), 3),
        "call_us": 1e6 * best(lambda: core["identity/version"](), 5, 2000),
        "set_10_mb_ms": 1e3 * best(lambda: core["training/summarizer.set-f64"](summarizer, "x", column)),
    }
    files = [one for one in pathlib.Path(samefit.__file__).parent.rglob("*") if one.is_file() and one.suffix != ".pyc"]
    figures["package_bytes"] = sum(one.stat().st_size for one in files)
    try:
        from sklearn.linear_model import LinearRegression

        usual = LinearRegression().fit(X, y)
        import statsmodels.api as sm

        fitted = sm.OLS(y, sm.add_constant(X)).fit()
        with_constant = np.concatenate([[[1.0]], row], axis=1)
        figures["usual"] = {
            "library": f"scikit-learn {metadata.version('scikit-learn')}",
            "start_ms": 1e3 * in_process(f"{CLOCK}import sklearn.linear_model; print(time.perf_counter() - t)"),
            "fit_442_ms": 1e3 * best(lambda: LinearRegression().fit(X, y), 5, 20),
            "predict_us": 1e6 * best(lambda: usual.predict(row), 5, 500),
            "fit_442000_ms": 1e3 * best(lambda: LinearRegression().fit(clinical[:, :10], clinical[:, 10]), 3),
            "fit_noise_100000_ms": 1e3 * best(lambda: LinearRegression().fit(digits[:, :10], digits[:, 10]), 3),
        }
        figures["usual_with_intervals"] = {
            "library": f"statsmodels {metadata.version('statsmodels')}",
            "start_ms": 1e3 * in_process(f"{CLOCK}import statsmodels.api; print(time.perf_counter() - t)", 3),
            "fit_442_ms": 1e3 * best(lambda: sm.OLS(y, sm.add_constant(X)).fit().summary(), 5, 20),
            "predict_us": 1e6 * best(lambda: fitted.get_prediction(with_constant).summary_frame(), 5, 100),
        }
    except ImportError as error:
        print(f"not run: the usual libraries ({error})", file=sys.stderr)
    print(json.dumps(figures, indent=2))


main()
