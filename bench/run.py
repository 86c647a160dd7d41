#!/usr/bin/env python3
"""Measures samefit and its peers in turns, and writes a JSON file of raw times for each scenario.

    sh scripts/just bench                                 everything; installs, builds and generates what is missing
    sh scripts/just bench --scenario train-raw_2m         one scenario; the option may be repeated
    sh scripts/just bench --quick                         2,000 rows and two rounds, to try the benchmarks

Every contender runs once to warm up, and its answer is compared with samefit's exact one. Then each contender runs once in
every round, and the order changes from round to round. The time is that of the whole process, with its start and its
imports. Before each run, the input is read into the page cache, and pending writes are flushed to the disk.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import generate
import plot
import report
from scenarios import SCENARIOS

BENCH = Path(__file__).resolve().parent
PROJECT = BENCH.parent
RESULTS = BENCH / "results"
CORES = 2
SECONDS_MAX = 900
ROUNDS_QUICK = 2
BUSY_CORES_MAX = 0.1

# Tolerances for peers. samefit's own answers are compared as bytes.
#
# In standard errors of the coefficient. A row that is missing, doubled or misread moves a coefficient by about
# 1/sqrt(rows) standard errors: 7e-4 with 2 million rows, 2e-4 with 20 million. Sums in binary64, in any order, move it far
# less: by at most 1e-6 with 2 million rows.
STD_ERRORS_MAX = 1e-4
# Relative, or absolute for coefficients below 1. The columns of `categories_2m` are far from collinear, so sums in binary64
# move its coefficients by less than 1e-9.
COEFFICIENT_MAX = 1e-8
# Absolute, in units of the outcome. A prediction adds eleven terms of at most 1000, which binary64 does to within 1e-11.
PREDICTION_MAX = 1e-9


class NotRun(Exception):
    """The reason why a contender was not measured."""


def environment(threads):
    """Returns the contenders' environment: variables that set the number of threads, and none that choose numpy's code.

    Some machines set OPENBLAS_CORETYPE, which makes numpy run code for another processor.
    """
    variables = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
        variables[name] = str(threads)
    return variables


def run(argv, scratch, threads=CORES, stdout=None):
    """Runs a program and returns seconds, CPU seconds and peak KB. Its output goes to scratch/stdout."""
    errors = scratch / "stderr"
    measure = [sys.executable, "-I", "-S", BENCH / "measure.py", stdout or scratch / "stdout", errors, str(SECONDS_MAX)]
    done = subprocess.run([*measure, *argv], env=environment(threads), capture_output=True, text=True)
    if done.returncode != 0:
        raise NotRun((done.stderr.strip().splitlines() or ["it could not be started"])[-1])
    wall, cpu, peak_kb, code = done.stdout.split()
    if code != "0":
        lines = [line for line in errors.read_text(errors="replace").splitlines() if line.strip()]
        said = next((line for line in lines if line.startswith("error")), lines[-1] if lines else "")
        raise NotRun(f"exit code {code}: {said.replace(f'{PROJECT}/', '')[:200]}")
    return float(wall), float(cpu), int(peak_kb)


class ScenarioRun:
    """A scenario that is being measured: its files, and the values of its contenders' placeholders."""

    def __init__(self, scenario, options):
        self.scenario, self.options = scenario, options
        self.scratch = generate.folder_of(options.quick) / "scratch"
        self.out = None
        self.data = self.set_of(scenario.data)
        self.source = self.set_of(scenario.model_of or scenario.data)
        with open(self.source) as file:
            self.columns = file.readline().strip().split(",")
        self.model = self.scratch / "exact"
        self.exact = None
        self.predictions = None

    def set_of(self, name):
        if name is None:
            return PROJECT / "data/diabetes.csv"
        generate_set(name, self.options.quick)
        return generate.path_of(name, self.options.quick)

    def facts(self):
        size = self.data.stat().st_size
        return generate.facts_of(self.scenario.data, self.options.quick) if self.scenario.data else {"bytes": size}

    def fit_exactly(self):
        """Trains samefit's model of the data. It is exact; other answers are compared with it, and contenders predict with it."""
        self.clear()
        shutil.rmtree(self.model, ignore_errors=True)
        argv = f"{self.options.samefit} train --quiet --data {self.source} --target {self.columns[-1]} --out {self.model}".split()
        if self.scenario.categories:
            argv += ["--features", ",".join(self.columns[:-1])]
        run(argv, self.scratch)
        self.exact = json.loads((self.model / "model.json").read_bytes())

    def argv(self, contender):
        """Returns the command line. Raises NotRun if something that it needs is missing."""
        values = {
            "samefit": self.options.samefit,
            "native": self.options.native,
            "python": interpreter(contender),
            "peers": BENCH / "peers",
            "data": self.data,
            "columns": ",".join(self.columns),
            "features": ",".join(self.columns[:-1]),
            "target": self.columns[-1],
            "model": self.model,
            "out": self.out,
            "threads": contender.threads,
        }
        if contender.kind == "native" and not (self.options.native and self.options.native.exists()):
            raise NotRun("no native build: give it with --native")
        # R needs this flag before the script
        words = [word.format(**values) for word in contender.argv]
        return [words[0], "--vanilla", *words[1:]] if contender.environment == "R" else words

    def clear(self):
        """Makes a new output folder.

        Folders of many files stay until the scenario ends. ext4 skips inodes that were freed in the last minutes, so 10,000
        deleted files would make the next 10,000 several times slower to create.
        """
        if self.out and not self.data.is_dir():
            shutil.rmtree(self.out)
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.out = Path(tempfile.mkdtemp(prefix="out-", dir=self.scratch))

    def prepare(self):
        """Makes an empty output folder, reads the input into the page cache, and flushes pending writes."""
        self.clear()
        os.sync()
        for path in sorted(self.data.iterdir()) if self.data.is_dir() else [self.data]:
            with open(path, "rb", buffering=0) as file:
                block = bytearray(1 << 20)
                while file.readinto(block):
                    pass

    def once(self, contender):
        self.prepare()
        return run(self.argv(contender), self.scratch, contender.threads, contender.stdout)


def generate_set(name, quick):
    if not generate.facts_of(name, quick):
        argv = [BENCH / ".venv/engines/bin/python", BENCH / "generate.py", *(["--quick"] if quick else []), name]
        subprocess.run(argv, check=True)


def interpreter(contender):
    if contender.environment == "R":
        if not shutil.which("Rscript"):
            raise NotRun("R is not installed")
        return "Rscript"
    python = BENCH / ".venv" / (contender.environment or "") / "bin/python"
    if contender.environment and not python.exists():
        raise NotRun(f"bench/.venv/{contender.environment} is not installed")
    return python


# Functions that compare a contender's answer with the exact one. Each returns the result as text, or raises NotRun.


def check(state, contender):
    if contender.answer is None:
        return "not checked"
    return CHECKS[contender.answer](state, contender)


def check_model(state, contender):
    if (state.out / "model.json").read_bytes() != (state.model / "model.json").read_bytes():
        raise NotRun("wrong: another model than that of the CSV file")
    return "the same bytes"


def check_text(state, contender):
    if (state.scratch / "stdout").read_bytes().strip() != (state.model / "model.json").read_bytes().strip():
        raise NotRun("wrong: another model")
    return "the same bytes"


def check_coefficients(state, contender):
    computed = json.loads((state.scratch / "stdout").read_text())
    exact = [(state.exact["intercept"], state.exact["intercept_std_error"])]
    exact += [(c["coefficient"], c["std_error"]) for c in state.exact["coefficients"]]
    if len(computed) != len(exact):
        raise NotRun(f"wrong: {len(computed)} coefficients, not {len(exact)}")
    worst = max(abs(c - value) / std_error for c, (value, std_error) in zip(computed, exact))
    # this condition also catches NaN
    if not worst <= STD_ERRORS_MAX:
        raise NotRun(f"wrong: a coefficient differs by {worst:.1g} standard errors")
    return f"within {worst:.1g} standard errors"


def check_named(state, contender):
    computed = json.loads((state.scratch / "stdout").read_text())
    exact = {"intercept": state.exact["intercept"]} | {c["name"]: c["coefficient"] for c in state.exact["coefficients"]}
    if computed.keys() != exact.keys():
        raise NotRun(f"wrong: other coefficients: {sorted(computed.keys() ^ exact.keys())[:5]}")
    worst = max(abs(computed[name] - value) / max(1, abs(value)) for name, value in exact.items())
    if not worst <= COEFFICIENT_MAX:
        raise NotRun(f"wrong: a coefficient differs by {worst:.1g}")
    return f"within {worst:.1g}"


def first_column(path):
    """Yields the first field of each line after the header."""
    with open(path) as file:
        next(file)
        for line in file:
            yield float(line.split(",", 1)[0])


def check_column(state, contender):
    (path,) = state.out.glob("*.csv")
    if contender.kind == "samefit" and state.predictions is None:
        state.predictions = state.scratch / "predictions.csv"
        shutil.copyfile(path, state.predictions)
    if state.predictions is None:
        raise NotRun("nothing to compare its predictions with: samefit did not run")
    return compare(first_column(path), first_column(state.predictions))


def check_files(state, contender):
    values = [json.loads(path.read_bytes())["predicted_y"] for path in sorted(state.out.glob("*.json"))]
    if contender.kind == "samefit" and state.predictions is None:
        state.predictions = values
    if state.predictions is None:
        raise NotRun("nothing to compare its predictions with: samefit did not run")
    return compare(values, state.predictions)


def compare(values, exact):
    worst = rows = 0
    try:
        for value, right in zip(values, exact, strict=True):
            rows += 1
            if not abs(value - right) <= PREDICTION_MAX:
                raise NotRun(f"wrong: row {rows}: {value}, not {right}")
            worst = max(worst, abs(value - right))
    except ValueError as error:
        raise NotRun(f"wrong after {rows} rows: {error}") from None
    return f"{rows:,} rows, " + (f"within {worst:.1g}" if worst else "the same")


CHECKS = {
    "model": check_model,
    "text": check_text,
    "coefficients": check_coefficients,
    "named": check_named,
    "column": check_column,
    "files": check_files,
}


def warm_up(state):
    """Runs and checks each contender once. Returns those that can be measured, and the reasons why the others cannot."""
    able, not_run = [], []
    for contender in state.scenario.contenders:
        try:
            seconds, _, _ = state.once(contender)
            able.append({"name": contender.name, "kind": contender.kind, "check": check(state, contender)})
            print(f"  {contender.name}: {seconds:.3f} s to warm up, {able[-1]['check']}")
        except NotRun as reason:
            not_run.append({"name": contender.name, "why": str(reason)})
            print(f"not run: {contender.name} ({reason})")
        except (OSError, ValueError, KeyError) as error:
            not_run.append({"name": contender.name, "why": f"wrong: its output cannot be read: {error}"})
            print(f"not run: {contender.name} ({not_run[-1]['why']})")
    return able, not_run


def measure(state, able, rounds):
    """Runs all rounds. Adds to each contender the lists of its seconds, CPU seconds and peak memory."""
    contenders = {c.name: c for c in state.scenario.contenders}
    for entry in able:
        entry.update(wall_s=[], cpu_s=[], peak_kb=[])
    for number in range(rounds):
        first = number % max(len(able), 1)
        for entry in able[first:] + able[:first]:
            for key, value in zip(("wall_s", "cpu_s", "peak_kb"), state.once(contenders[entry["name"]])):
                entry[key].append(value)
        if sys.stdout.isatty():
            print(f"  round {number + 1} of {rounds}", end="\r", flush=True)


def busy_cores():
    """Returns how many cores are busy during a second of sleep. The load average would count this script's earlier work."""

    def ticks():
        values = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(values), values[3] + values[4]

    (total, idle), _, (total_then, idle_then) = ticks(), time.sleep(1), ticks()
    return round((1 - (idle_then - idle) / max(total_then - total, 1)) * os.cpu_count(), 2)


def machine(options):
    """Returns the machine and the versions of everything that is measured."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "")
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    version = subprocess.run([options.samefit, "--version"], capture_output=True, text=True).stdout.split()
    peers = {}
    for requirements in sorted(BENCH.glob(".venv/*/requirements.txt")):
        peers.update(line.split("==") for line in requirements.read_text().split())
    named = "duckdb datafusion chdb polars pyarrow pandas scikit-learn statsmodels numpy".split()
    return {
        "cpu": model or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory_kb / 1e6),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "samefit": version[1] if len(version) > 1 else "unknown",
        "component": version[-1] if version else "unknown",
        "peers": {name: peers[name] for name in named if name in peers} | r_versions(),
    }


def r_versions():
    if not shutil.which("Rscript"):
        return {}
    code = 'cat(paste(R.version$major, R.version$minor, sep = "."), format(packageVersion("data.table")))'
    done = subprocess.run(["Rscript", "--vanilla", "-e", code], capture_output=True, text=True)
    return dict(zip(("R", "data.table"), done.stdout.split())) if done.returncode == 0 else {}


def run_scenario(scenario, options, where):
    """Measures a scenario. Returns its result with the raw figures of every round."""
    print(f"\n== {scenario.name}: {scenario.title}")
    state = ScenarioRun(scenario, options)
    # files of a run that was interrupted
    shutil.rmtree(state.scratch, ignore_errors=True)
    state.fit_exactly()
    busy = busy_cores()
    if busy > BUSY_CORES_MAX:
        print(f"warning: {busy} cores are busy with something else: figures will be too high", file=sys.stderr)
    able, not_run = warm_up(state)
    rounds = options.rounds or (ROUNDS_QUICK if options.quick else scenario.rounds)
    measure(state, able, rounds)
    shutil.rmtree(state.scratch)
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "group": scenario.group,
        "quick": options.quick,
        "measured": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "busy_cores_before": busy,
        "machine": where,
        "data": state.facts(),
        "rounds": rounds,
        "contenders": able,
        "not_run": not_run,
    }


def parse():
    names = [s.name for s in SCENARIOS]
    parser = argparse.ArgumentParser(description="Measures samefit and its peers.")
    parser.add_argument("--scenario", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--rounds", type=int, help="number of rounds; the default depends on the scenario")
    parser.add_argument("--quick", action="store_true", help="small data and two rounds; the results go to bench/data/quick")
    parser.add_argument("--samefit", type=Path, default=PROJECT / "target/release/samefit", metavar="PROGRAM")
    native = PROJECT / "target/native/release/samefit-bench-native"
    parser.add_argument("--native", type=Path, default=native, metavar="PROGRAM", help="a native build of the same code")
    return parser.parse_args()


def main():
    options = parse()
    sys.stdout.reconfigure(line_buffering=True)
    # contenders inherit these two cores
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    results = generate.folder_of(quick=True) / "results" if options.quick else RESULTS
    results.mkdir(parents=True, exist_ok=True)
    where = machine(options)
    wrong = 0
    for scenario in SCENARIOS:
        if options.scenario and scenario.name not in options.scenario:
            continue
        try:
            result = run_scenario(scenario, options, where)
        except NotRun as reason:
            print(f"not run: {scenario.name} ({reason})")
            continue
        (results / f"{scenario.name}.json").write_text(json.dumps(result, indent=1) + "\n")
        print(report.table(result))
        wrong += sum(entry["why"].startswith("wrong") for entry in result["not_run"])
    if not options.quick:
        plot.draw_all(RESULTS)
        report.rewrite(BENCH / "README.md", RESULTS)
    if wrong:
        sys.exit(f"{wrong} contenders gave wrong answers (named above)")


if __name__ == "__main__":
    main()
