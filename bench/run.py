#!/usr/bin/env python3
"""Measures samefit and its peers, interleaved, and writes a JSON file of raw times for each scenario.

    sh scripts/just bench                                 all of it; sets up, builds, generates what is not there
    sh scripts/just bench --scenario train-raw_2m         one scenario (may be given several times)
    sh scripts/just bench --quick                         2,000 rows, two rounds: whether the harness works

How: every contender runs once to warm up, and what it computed is compared with samefit's exact answer; then rounds,
each contender once a round, in an order that turns. A whole process is timed, its start and imports included. The
input is read before each run, so it comes from the page cache, and what was written is flushed to the disk.
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

# Tolerances, for peers alone: samefit's own answers are compared as bytes.
#
# In standard errors of the coefficient. A row too few, twice or misread moves a coefficient by about 1/sqrt(rows) of
# one: 7e-4 with 2 million rows, 2e-4 with 20 million. Sums in binary64, in any order, stay far below: within 1e-6 with
# 2 million rows.
STD_ERRORS_MAX = 1e-4
# Absolute, in units of the outcome. A prediction adds eleven terms of at most 1000: binary64 is within 1e-11.
PREDICTION_MAX = 1e-9


class NotRun(Exception):
    """Why a contender has no figures."""


def environment(threads):
    """The contenders' environment: as many threads for whatever reads a variable, and numpy choosing its own kernel.

    Some machines set OPENBLAS_CORETYPE, which would make numpy run another processor's code.
    """
    variables = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
        variables[name] = str(threads)
    return variables


def run(argv, scratch, threads=CORES, stdout=None):
    """One run of a program: seconds, CPU seconds, peak KB. What it printed stands in scratch/stdout."""
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


class Place:
    """A scenario's files and the values of its contenders' placeholders."""

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
        """samefit's model of the data, which is exact: what everything else is compared with, and predicts with."""
        self.clear()
        shutil.rmtree(self.model, ignore_errors=True)
        argv = f"{self.options.samefit} train --quiet --data {self.source} --target {self.columns[-1]} --out {self.model}"
        run(argv.split(), self.scratch)
        self.exact = json.loads((self.model / "model.json").read_bytes())

    def argv(self, contender):
        """The command line, or NotRun if what it needs is not here."""
        values = {
            "samefit": self.options.samefit,
            "native": self.options.native,
            "python": interpreter(contender),
            "peers": BENCH / "peers",
            "data": self.data,
            "columns": ",".join(self.columns),
            "target": self.columns[-1],
            "model": self.model,
            "out": self.out,
            "threads": contender.threads,
        }
        if contender.kind == "native" and not (self.options.native and self.options.native.exists()):
            raise NotRun("no native build: give it with --native")
        # R needs its own interpreter's flag before the script
        words = [word.format(**values) for word in contender.argv]
        return [words[0], "--vanilla", *words[1:]] if contender.environment == "R" else words

    def clear(self):
        """A new output folder.

        Folders of many files stay until the scenario's end: ext4 steps over each inode that was freed in the last
        minutes, so that to delete 10,000 files makes the next 10,000 several times slower to create.
        """
        if self.out and not self.data.is_dir():
            shutil.rmtree(self.out)
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.out = Path(tempfile.mkdtemp(prefix="out-", dir=self.scratch))

    def prepare(self):
        """An empty output folder, the input in the page cache, nothing left to be written."""
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


# What a contender left against the exact answer: each returns what was compared, in words, or raises NotRun.


def check(place, contender):
    if contender.leaves is None:
        return "not checked"
    return CHECKS[contender.leaves](place, contender)


def check_model(place, contender):
    if (place.out / "model.json").read_bytes() != (place.model / "model.json").read_bytes():
        raise NotRun("wrong: another model than that of the CSV file")
    return "the same bytes"


def check_text(place, contender):
    if (place.scratch / "stdout").read_bytes().strip() != (place.model / "model.json").read_bytes().strip():
        raise NotRun("wrong: another model")
    return "the same bytes"


def check_coefficients(place, contender):
    computed = json.loads((place.scratch / "stdout").read_text())
    exact = [(place.exact["intercept"], place.exact["intercept_std_error"])]
    exact += [(c["coefficient"], c["std_error"]) for c in place.exact["coefficients"]]
    if len(computed) != len(exact):
        raise NotRun(f"wrong: {len(computed)} coefficients, not {len(exact)}")
    worst = max(abs(c - value) / std_error for c, (value, std_error) in zip(computed, exact))
    # written so that NaN fails
    if not worst <= STD_ERRORS_MAX:
        raise NotRun(f"wrong: a coefficient differs by {worst:.1g} standard errors")
    return f"within {worst:.1g} standard errors"


def first_column(path):
    """The first field of each line but the header."""
    with open(path) as file:
        next(file)
        for line in file:
            yield float(line.split(",", 1)[0])


def check_column(place, contender):
    (path,) = place.out.glob("*.csv")
    if contender.kind == "samefit" and place.predictions is None:
        place.predictions = place.scratch / "predictions.csv"
        shutil.copyfile(path, place.predictions)
    if place.predictions is None:
        raise NotRun("nothing to compare its predictions with: samefit did not run")
    return compare(first_column(path), first_column(place.predictions))


def check_files(place, contender):
    values = [json.loads(path.read_bytes())["predicted_y"] for path in sorted(place.out.glob("*.json"))]
    if contender.kind == "samefit" and place.predictions is None:
        place.predictions = values
    if place.predictions is None:
        raise NotRun("nothing to compare its predictions with: samefit did not run")
    return compare(values, place.predictions)


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
    "column": check_column,
    "files": check_files,
}


def warm_up(place):
    """Runs and checks each contender once: those that can be measured, and why the others cannot."""
    able, not_run = [], []
    for contender in place.scenario.contenders:
        try:
            seconds, _, _ = place.once(contender)
            able.append({"name": contender.name, "kind": contender.kind, "check": check(place, contender)})
            print(f"  {contender.name}: {seconds:.3f} s to warm up, {able[-1]['check']}")
        except NotRun as reason:
            not_run.append({"name": contender.name, "why": str(reason)})
            print(f"not run: {contender.name} ({reason})")
        except (OSError, ValueError, KeyError) as error:
            not_run.append({"name": contender.name, "why": f"wrong: what it left cannot be read: {error}"})
            print(f"not run: {contender.name} ({not_run[-1]['why']})")
    return able, not_run


def measure(place, able, rounds):
    """The rounds: adds to each contender its lists of seconds, CPU seconds and peak memory."""
    contenders = {c.name: c for c in place.scenario.contenders}
    for entry in able:
        entry.update(wall_s=[], cpu_s=[], peak_kb=[])
    for number in range(rounds):
        first = number % max(len(able), 1)
        for entry in able[first:] + able[:first]:
            for key, value in zip(("wall_s", "cpu_s", "peak_kb"), place.once(contenders[entry["name"]])):
                entry[key].append(value)
        if sys.stdout.isatty():
            print(f"  round {number + 1} of {rounds}", end="\r", flush=True)


def busy_cores():
    """How many of the machine's cores do something while we sleep: the load average would count our own past."""

    def ticks():
        values = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(values), values[3] + values[4]

    (total, idle), _, (total_then, idle_then) = ticks(), time.sleep(1), ticks()
    return round((1 - (idle_then - idle) / max(total_then - total, 1)) * os.cpu_count(), 2)


def machine(options):
    """The line that says where and with what figures were made."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "")
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    version = subprocess.run([options.samefit, "--version"], capture_output=True, text=True).stdout.split()
    peers = {}
    for requirements in sorted(BENCH.glob(".venv/*/requirements.txt")):
        peers.update(line.split("==") for line in requirements.read_text().split())
    named = "duckdb datafusion chdb polars pyarrow pandas scikit-learn numpy".split()
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
    """Measures a scenario and returns its result, with the raw figures of every round."""
    print(f"\n== {scenario.name}: {scenario.title}")
    place = Place(scenario, options)
    # what a run that was interrupted left
    shutil.rmtree(place.scratch, ignore_errors=True)
    place.fit_exactly()
    busy = busy_cores()
    if busy > BUSY_CORES_MAX:
        print(f"warning: {busy} cores are busy with something else: figures will be too high", file=sys.stderr)
    able, not_run = warm_up(place)
    rounds = options.rounds or (ROUNDS_QUICK if options.quick else scenario.rounds)
    measure(place, able, rounds)
    shutil.rmtree(place.scratch)
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "group": scenario.group,
        "quick": options.quick,
        "measured": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "busy_cores_before": busy,
        "machine": where,
        "data": place.facts(),
        "rounds": rounds,
        "contenders": able,
        "not_run": not_run,
    }


def parse():
    names = [s.name for s in SCENARIOS]
    parser = argparse.ArgumentParser(description="Measures samefit and its peers.")
    parser.add_argument("--scenario", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--rounds", type=int, help="how often each contender runs; default: as the scenario says")
    parser.add_argument("--quick", action="store_true", help="small data, two rounds, results beside the data")
    parser.add_argument("--samefit", type=Path, default=PROJECT / "target/release/samefit", metavar="PROGRAM")
    native = PROJECT / "target/native/release/samefit-bench-native"
    parser.add_argument("--native", type=Path, default=native, metavar="PROGRAM", help="the same logic, built natively")
    return parser.parse_args()


def main():
    options = parse()
    sys.stdout.reconfigure(line_buffering=True)
    # two cores for all, whatever the machine has; contenders inherit it
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
