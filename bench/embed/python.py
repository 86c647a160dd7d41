"""Measures the Python package, and the usual libraries where they are installed. Prints the figures as JSON.

    python bench/embed/python.py

Each figure is the best of several runs, because other programs disturb a run and never help it.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

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
    noise = np.random.default_rng(1).normal(size=(442, 11))
    clinical = np.tile(table, (1000, 1))
    model = samefit.fit(X[:, [2, 8]], y)
    record = {"x0": 25.3, "x1": 4.5}
    names = [f"x{at}" for at in range(10)]
    column = np.random.default_rng(2).normal(size=1_250_000)
    core = current()
    summarizer = core["training/summarizer.new"]('{"columns": ["x"]}')
    csv = (DATA / "diabetes_raw.csv").read_bytes()
    csv = csv + csv[csv.index(b"\n") + 1 :] * 2000
    plain = samefit.fit(X, y)
    figures = {
        "import_ms": 1e3 * in_process(f"{CLOCK}import samefit; print(time.perf_counter() - t)"),
        "import_of_wasmtime_ms": 1e3 * in_process(f"{CLOCK}import wasmtime; print(time.perf_counter() - t)"),
        "first_fit_ms": 1e3 * in_process(f"import samefit, time; t = time.perf_counter(); {FIT}; print(time.perf_counter() - t)"),
        "fit_442x10_ms": 1e3 * best(lambda: samefit.fit(X, y)),
        "fit_442x10_without_distribution_ms": 1e3 * best(lambda: samefit.fit(X, y, distribution=False)),
        "fit_noise_442x10_ms": 1e3 * best(lambda: samefit.fit(noise[:, :10], noise[:, 10], distribution=False)),
        "fit_442000x10_ms": 1e3 * best(lambda: samefit.fit(clinical[:, :10], clinical[:, 10], distribution=False), 3),
        "predict_record_us": 1e6 * best(lambda: model.predict(record, interval="outcome"), 5, 2000),
        "predict_442000_rows_ms": 1e3 * best(lambda: plain.predict(dict(zip(names, clinical.T))), 3),
        "version_us": 1e6 * best(lambda: core["identity/version"](), 5, 2000),
        "set_10_mb_ms": 1e3 * best(lambda: core["training/summarizer.set-f64"](summarizer, "x", column)),
        "csv_mb_per_s": len(csv) / 1e6 / best(lambda: samefit.summarize(csv, distribution=False), 3),
        "table_x0_float32_442000_ms": 1e3 * best(lambda: samefit.summarize({"x": clinical[:, 2].astype("f4")}, columns=["x"]), 3),
    }
    try:
        from sklearn.linear_model import LinearRegression

        usual = LinearRegression().fit(X[:, [2, 8]], y)
        row = np.array([[25.3, 4.5]])
        figures["sklearn_fit_442x10_ms"] = 1e3 * best(lambda: LinearRegression().fit(X, y), 5, 20)
        figures["sklearn_fit_442000x10_ms"] = 1e3 * best(lambda: LinearRegression().fit(clinical[:, :10], clinical[:, 10]), 3)
        figures["sklearn_predict_record_us"] = 1e6 * best(lambda: usual.predict(row), 5, 500)
        import statsmodels.api as sm

        fitted = sm.OLS(y, sm.add_constant(X[:, [2, 8]])).fit()
        row = np.array([[1, 25.3, 4.5]])
        figures["statsmodels_fit_442x10_ms"] = 1e3 * best(lambda: sm.OLS(y, sm.add_constant(X)).fit(), 5, 20)
        figures["statsmodels_get_prediction_us"] = 1e6 * best(lambda: fitted.get_prediction(row).summary_frame(), 5, 100)
    except ImportError as error:
        print(f"not run: the usual libraries ({error})", file=sys.stderr)
    files = [one for one in pathlib.Path(samefit.__file__).parent.rglob("*") if one.is_file() and one.suffix != ".pyc"]
    figures["package_bytes"] = sum(one.stat().st_size for one in files)
    print(json.dumps({key: round(value, 3) for key, value in figures.items()}, indent=2))


main()
