"""Measures the packages of embed/, and writes the figures into embed/README.md.

    python3 bench/embed/run.py            # measures: five minutes on a quiet machine
    python3 bench/embed/run.py --render   # writes the table of the figures that were measured
    python3 bench/embed/run.py --check    # fails if the table is not that of the figures

README.md beside this file says what the figures mean.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = HERE / "results.json"
README = ROOT / "embed" / "README.md"
BEGIN, END = "<!-- figures: python3 bench/embed/run.py -->\n", "<!-- end of figures -->\n"
PACKAGES = ["wasmtime==50.*", "numpy==2.*", "scikit-learn==1.9.1", "statsmodels==0.15.0"]

# label, key, and what the key is divided by; a smaller value is better in all but the speed of CSV
ROWS = [
    ("start", "start_ms", "ms"),
    ("fit 442 rows of 10 features", "fit_442_ms", "ms"),
    ("the same, with ranges and warnings in the model", "fit_442_with_ranges_ms", "ms"),
    ("predict one row, with its interval", "predict_us", "us"),
    ("the same from a record, with its warnings", "predict_record_us", "us"),
    ("fit 442,000 rows of 10 features", "fit_442000_ms", "ms"),
    ("predict them, with intervals", "predict_442000_ms", "ms"),
    ("fit 100,000 rows of noise with 17 digits", "fit_noise_100000_ms", "ms"),
    ("read CSV, one thread", "csv_mb_per_s", "MB/s"),
    ("size of the package", "package_bytes", "MB"),
]


def run(*command, cwd=ROOT):
    """Returns what a command prints."""
    return subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=True).stdout


def measure_python():
    environment = ROOT / "bench" / ".venv" / "embed"
    run("sh", "scripts/embed", "python")
    run("sh", "scripts/python-tools", environment, *PACKAGES)
    code = "import sys, runpy; sys.path.insert(0, 'embed/python/src'); runpy.run_path('bench/embed/python.py', run_name='__main__')"
    # new processes have to find the package too
    return json.loads(run("env", f"PYTHONPATH={ROOT / 'embed' / 'python' / 'src'}", environment / "bin" / "python", "-c", code))


def measure_javascript():
    run("sh", "scripts/embed", "js")
    if not (HERE / "js" / "node_modules").exists():
        run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=HERE / "js")
    return json.loads(run("node", "bench/embed/js/measure.mjs"))


def measure_go():
    run("sh", "scripts/embed", "go")
    return json.loads(run("go", "run", ".", cwd=HERE / "go"))


def measure_program():
    """Measures the program on the same table of CSV, and on the 442 rows, as whole processes."""
    program = ROOT / "target" / "release" / "samefit"
    data = ROOT / "data" / "diabetes_raw.csv"
    with tempfile.TemporaryDirectory() as folder:
        large = pathlib.Path(folder) / "large.csv"
        header, rows = data.read_bytes().split(b"\n", 1)
        large.write_bytes(header + b"\n" + rows * 2001)

        def train(path):
            start = time.perf_counter()
            run(program, "train", "--data", path, "--target", "y", "--no-distribution", "--threads", "1", "--quiet", "--out", f"{folder}/model")
            return time.perf_counter() - start

        fit = sorted(train(data) for _ in range(21))[10]
        read = sorted(train(large) for _ in range(5))[2]
        return {
            "engine": "wasmtime",
            "fit_442_ms": 1e3 * fit,
            "csv_mb_per_s": large.stat().st_size / 1e6 / read,
            "package_bytes": program.stat().st_size,
        }


def cell(figures, key, unit):
    """Returns a figure as text; a dash if it was not measured."""
    value = (figures or {}).get(key)
    if value is None:
        return "-"
    if key == "package_bytes":
        value /= 1e6
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    text = f"{value:,.{digits}f}"
    return f"{text} {'µs' if unit == 'us' else unit}"


def table(results):
    """Returns the table of the figures in Markdown."""
    columns = [("Python", results["python"]), ("JavaScript", results["javascript"]), ("Go", results["go"]), ("program", results["program"])]
    others = [
        (results["python"].get("usual") or {}).get("library", "scikit-learn"),
        (results["python"].get("usual_with_intervals") or {}).get("library", "statsmodels"),
        (results["javascript"].get("usual") or {}).get("library", "ml.js").replace("ml-regression-multivariate-linear", "ml.js"),
        (results["go"].get("usual") or {}).get("library", "gonum"),
    ]
    usual = [results["python"].get("usual"), results["python"].get("usual_with_intervals"), results["javascript"].get("usual"), results["go"].get("usual")]
    names = [name for name, _ in columns] + others
    lines = [f"| | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    lines.append(f"| engine | {' | '.join(figures['engine'] for _, figures in columns)} | | | | |")
    for label, key, unit in ROWS:
        cells = [cell(figures, key, unit) for figures in [figures for _, figures in columns] + usual]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines) + f"\n\nMeasured on {results['measured']}, {results['machine']}, by `python3 bench/embed/run.py`.\n"


def rendered(results):
    """Returns embed/README.md with the table of these figures."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table(results)}\n{END}{after}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--render", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if not options.render and not options.check:
        cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name"))
        cores = run("nproc").strip()
        results = {"measured": time.strftime("%Y-%m-%d"), "machine": f"{cpu}, {cores} cores"}
        for name, measure in [("python", measure_python), ("javascript", measure_javascript), ("go", measure_go), ("program", measure_program)]:
            print(f"measuring {name}", file=sys.stderr)
            results[name] = measure()
        RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    if options.check:
        if rendered(results) != README.read_text(encoding="utf-8"):
            sys.exit("embed/README.md: the figures are not those of bench/embed/results.json: run python3 bench/embed/run.py --render")
        return
    README.write_text(rendered(results), encoding="utf-8")
    print(table(results))


main()
