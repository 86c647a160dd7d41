#!/usr/bin/env python3
"""Makes the benchmarks' data sets in bench/data, without downloads. The same seed gives the same bytes.

    bench/.venv/engines/bin/python bench/generate.py raw_2m standardised_2m

Each set is made once. It is written to a temporary file, which gets its name when it is complete. NAME.json has the set's
rows, bytes and SHA-256. `--quick` makes small sets of the same kind in bench/data/quick.
"""

import argparse
import hashlib
import json
import random
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
PROJECT = BENCH.parent
SEED = 442
ROWS_QUICK = 2_000
FILES_QUICK = 100
# rows in memory at once: at most 100 MB
CHUNK_ROWS = 250_000

RESAMPLED = {"raw": PROJECT / "data/diabetes_raw.csv", "standardised": PROJECT / "data/diabetes.csv"}

# NAME: (FUNCTION, ARGUMENTS...)
SETS = {
    "raw_2m": ("resample", "raw", 2_000_000),
    "standardised_2m": ("resample", "standardised", 2_000_000),
    "raw_20m": ("resample", "raw", 20_000_000),
    "standardised_20m": ("resample", "standardised", 20_000_000),
    "features_30": ("wide", 30, 2_000_000),
    "features_100": ("wide", 100, 500_000),
    "categories_2m": ("categories", 2_000_000),
    "raw_2m.parquet": ("parquet", "raw_2m", True),
    "standardised_2m.parquet": ("parquet", "standardised_2m", True),
    "standardised_2m_plain.parquet": ("parquet", "standardised_2m", False),
    "small_files": ("small_files", 10_000),
}


def folder_of(quick):
    return BENCH / "data/quick" if quick else BENCH / "data"


def path_of(name, quick):
    """Returns the path of a set: NAME.csv, or NAME if it has an ending or is a folder."""
    return folder_of(quick) / (name if "." in name or name == "small_files" else name + ".csv")


def facts_of(name, quick):
    """Returns rows, bytes and SHA-256 of a set, or None if it was not made yet."""
    facts = Path(f"{path_of(name, quick)}.json")
    return json.loads(facts.read_text()) if facts.exists() else None


class AtomicFile:
    """A file that gets its name when it is complete. It counts and digests what is written."""

    def __init__(self, path):
        self.path, self.partial = path, path.with_name(path.name + ".partial")
        self.digest, self.size = hashlib.sha256(), 0

    def __enter__(self):
        self.file = open(self.partial, "wb")
        return self

    def write(self, data):
        data = memoryview(data)
        self.digest.update(data)
        self.size += data.nbytes
        return self.file.write(data)

    # pyarrow needs these of a file that it writes to
    closed = False

    def flush(self):
        self.file.flush()

    def close(self):
        pass

    def __exit__(self, failed, *_):
        self.file.close()
        if not failed:
            self.partial.rename(self.path)

    def facts(self, rows):
        return {"rows": rows, "bytes": self.size, "sha256": self.digest.hexdigest()}


def chunks(rows):
    """Cuts a number of rows into chunks."""
    while rows > 0:
        yield min(rows, CHUNK_ROWS)
        rows -= CHUNK_ROWS


def resample(path, quick, source, rows):
    """Draws rows of a diabetes file with replacement. Cells keep their text."""
    rows = ROWS_QUICK if quick else rows
    header, *lines = RESAMPLED[source].read_bytes().splitlines(keepends=True)
    chance = random.Random(SEED)
    with AtomicFile(path) as out:
        out.write(header)
        for count in chunks(rows):
            out.write(b"".join(chance.choices(lines, k=count)))
    return out.facts(rows)


def wide(path, quick, features, rows):
    """Makes random numbers like those of clinical tables.

    Each column is a mixture of five hidden factors and noise of its own, so pairs correlate up to about 0.8 and no column
    is collinear. It is scaled to a mean of 1 to 1000 and a coefficient of variation of 0.1 to 0.5, and rounded to 0 to 4
    decimals. The target is a linear function of all features, with noise and two decimals.
    """
    import numpy
    import pyarrow
    from pyarrow import csv

    rows = ROWS_QUICK if quick else rows
    chance = numpy.random.default_rng([SEED, features])
    loadings = chance.normal(size=(5, features))
    means = 10 ** chance.uniform(0, 3, features)
    spreads = means * chance.uniform(0.1, 0.5, features)
    decimals = numpy.arange(features) % 5
    weights = chance.normal(size=features) / spreads
    names = [f"x{i + 1}" for i in range(features)] + ["y"]

    def table(count):
        mixed = chance.normal(size=(count, 5)) @ loadings + 1.5 * chance.normal(size=(count, features))
        values = means + spreads * mixed / numpy.sqrt((loadings**2).sum(axis=0) + 1.5**2)
        cells = [numpy.round(values[:, i], decimals[i]) for i in range(features)]
        target = 100 + values @ weights + 3 * chance.normal(size=count)
        # counts are written as whole numbers; adding 0.0 turns -0 into 0
        columns = [c.astype(int) if d == 0 else c + 0.0 for c, d in zip(cells, decimals)] + [numpy.round(target, 2) + 0.0]
        return pyarrow.table(columns, names=names)

    with AtomicFile(path) as out:
        out.write((",".join(names) + "\n").encode())
        for count in chunks(rows):
            csv.write_csv(table(count), out, csv.WriteOptions(include_header=False))
    return out.facts(rows)


def categories(path, quick, rows):
    """Makes two categories of words, with 12 and 50 levels of unequal sizes, and eight numbers with 0 to 3 decimals.

    The numbers correlate by a hidden factor. The target is linear in the numbers, with a constant for each level, noise and
    two decimals. Coefficients are of the order of 1.
    """
    import numpy
    import pyarrow
    from pyarrow import csv

    rows = ROWS_QUICK if quick else rows
    months = "January February March April May June July August September October November December".split()
    towns = [a + b for a in "Al Ber Cor Dun El".split() for b in "ford ham ley mere nor pool ston ton wick worth".split()]
    chance = numpy.random.default_rng([SEED, len(months), len(towns)])
    sizes = [chance.uniform(0.2, 1, len(words)) for words in (months, towns)]
    effects = [chance.normal(size=len(words)) for words in (months, towns)]
    slopes = chance.normal(size=8)
    decimals = numpy.arange(8) % 4
    names = ["c12", "c50", *(f"x{i + 1}" for i in range(8)), "y"]

    def table(count):
        first, second = (chance.choice(len(size), count, p=size / size.sum()) for size in sizes)
        mixed = chance.normal(size=(count, 1)) + 1.5 * chance.normal(size=(count, 8))
        values = numpy.column_stack([numpy.round(10 * (i + 1) + 3 * mixed[:, i], decimals[i]) for i in range(8)]) + 0.0
        target = values @ slopes + effects[0][first] + effects[1][second] + 4 * chance.normal(size=count)
        texts = [numpy.array(months)[first], numpy.array(towns)[second]]
        numbers = [values[:, i].astype(int) if decimals[i] == 0 else values[:, i] for i in range(8)]
        return pyarrow.table([*texts, *numbers, numpy.round(target, 2) + 0.0], names=names)

    with AtomicFile(path) as out:
        out.write((",".join(names) + "\n").encode())
        for count in chunks(rows):
            csv.write_csv(table(count), out, csv.WriteOptions(include_header=False, quoting_style="none"))
    return out.facts(rows)


def parquet(path, quick, name, dictionary):
    """Writes the numbers of a CSV file as Parquet: every column float64, compressed with snappy.

    With dictionaries, it is what pyarrow writes by default, and columns that repeat shrink to indices. Without them, the
    file holds all values one by one, as for measurements that hardly repeat.
    """
    import pyarrow
    from pyarrow import csv, parquet as writer

    source = path_of(name, quick)
    columns = source.open().readline().strip().split(",")
    types = csv.ConvertOptions(column_types={c: pyarrow.float64() for c in columns})
    table = csv.read_csv(source, convert_options=types)
    with AtomicFile(path) as out:
        writer.write_table(table, pyarrow.PythonFile(out, mode="w"), compression="snappy", use_dictionary=dictionary)
    return out.facts(table.num_rows)


def small_files(path, quick, files):
    """Makes a folder of JSON files with the attributes of one patient each, as stages of a pipeline pass them on."""
    files = FILES_QUICK if quick else files
    header, *lines = RESAMPLED["raw"].read_text().splitlines()
    names = header.split(",")[:-1]
    chance = random.Random(SEED)
    digest, size = hashlib.sha256(), 0
    path.mkdir(exist_ok=True)
    for number, line in enumerate(chance.choices(lines, k=files), 1):
        cells = zip(names, line.split(","))
        values = ",\n".join(f'    {{"name": "{name}", "value": {cell}}}' for name, cell in cells)
        text = f'{{\n  "independent_variables": [\n{values}\n  ]\n}}\n'.encode()
        (path / f"{number:05}.json").write_bytes(text)
        digest.update(text)
        size += len(text)
    return {"files": True, "rows": files, "bytes": size, "sha256": digest.hexdigest()}


def ensure(name, quick):
    """Makes a set if it does not exist yet."""
    path = path_of(name, quick)
    if facts_of(name, quick):
        return
    make, *arguments = SETS[name]
    if make == "parquet":
        ensure(arguments[0], quick)
    print(f"making {path.relative_to(PROJECT)}", file=sys.stderr)
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = globals()[make](path, quick, *arguments)
    Path(f"{path}.json").write_text(json.dumps(facts) + "\n")


def main():
    parser = argparse.ArgumentParser(description="Makes the benchmarks' data sets.")
    parser.add_argument("names", nargs="*", metavar="SET", help=f"{', '.join(SETS)}; all of them if none is named")
    parser.add_argument("--quick", action="store_true", help=f"{ROWS_QUICK} rows, to try the benchmarks")
    options = parser.parse_args()
    for name in options.names or SETS:
        ensure(name, options.quick)


if __name__ == "__main__":
    main()
