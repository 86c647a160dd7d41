"""The scenarios that are measured, and the contenders of each with their command lines.

The runner replaces these `{names}` in a command line: samefit, native (the native build), python (of the contender's
environment), peers (the folder of peers), data, columns, features (the columns without the target), target, model (samefit's model of the same data), out (an empty
folder), threads.
"""

from dataclasses import dataclass


@dataclass
class Contender:
    name: str
    kind: str  # samefit, native, peer or floor
    argv: list
    # the kind of answer, which decides how it is checked: `model` (model.json in the folder `out`), `text` (a model on
    # stdout), `coefficients` (JSON on stdout), `named` (the same, by name), `column` (a CSV file in `out`), `files` (predictions in `out`), or None
    answer: str = None
    # the name of its virtual environment in bench/.venv, or `R`
    environment: str = None
    threads: int = 2
    stdout: str = None


@dataclass
class Scenario:
    name: str
    title: str
    group: str  # the picture that shows it
    contenders: list
    data: str = None  # a set of generate.py, or None for data/diabetes.csv
    model_of: str = None  # the set whose model is the exact one, or None for `data`
    categories: bool = False  # the features are named, because some of them are not numbers
    rounds: int = 11


def threads_of(count):
    return f"{count} thread" if count == 1 else f"{count} threads"


def samefit_train(threads, categories=False):
    argv = "{samefit} train --quiet --data {data} --target {target} --out {out} --threads {threads}".split()
    if categories:
        argv += ["--features", "{features}"]
    return Contender(f"samefit, {threads_of(threads)}", "samefit", argv, "model", threads=threads)


def samefit_infer(threads, only_predicted=True, answer="column"):
    argv = "{samefit} infer --quiet --model {model} --attributes {data} --out {out} --threads {threads}".split()
    name = f"samefit, {threads_of(threads)}"
    if only_predicted:
        argv += ["--only", "predicted"]
    else:
        name += ", with intervals and warnings"
    return Contender(name, "samefit", argv, answer, threads=threads)


def trainer(name, script, environment="engines", answer="coefficients"):
    argv = ["{python}", "{peers}/" + script, "{data}", "{columns}", "{threads}"]
    return Contender(name, "peer", argv, answer, environment)


def predictor(name, script, environment="engines"):
    argv = ["{python}", "{peers}/" + script, "{data}", "{columns}", "{model}/model.json", "{out}/out.csv", "{threads}"]
    return Contender(name, "peer", argv, "column", environment)


SAMEFIT_TRAINS = [samefit_train(1), samefit_train(2)]
# one thread each, because the comparison is about the engines
ENGINES = [
    samefit_train(1),
    Contender(
        "the same code native, 1 thread",
        "native",
        "{native} --data {data} --target {target} --threads 1".split(),
        "text",
        threads=1,
    ),
]

PANDAS = trainer("pandas + scikit-learn", "train_pandas.py", "pandas")
TRAINERS_BOTH = [
    trainer("DuckDB", "train_duckdb.py"),
    trainer("DataFusion", "train_datafusion.py"),
    trainer("ClickHouse (chdb)", "train_chdb.py", "chdb"),
    trainer("polars + numpy", "train_polars.py"),
    trainer("pyarrow + numpy", "train_pyarrow.py"),
    PANDAS,
]
# data.table cannot read Parquet
TRAINERS = [*TRAINERS_BOTH, trainer("R data.table", "train_data_table.R", "R")]
PREDICTORS = [
    predictor("DuckDB", "infer_duckdb.py"),
    predictor("ClickHouse (chdb)", "infer_chdb.py", "chdb"),
    predictor("polars", "infer_polars.py"),
    predictor("pandas + scikit-learn", "infer_pandas.py", "pandas"),
]
CATEGORIES = [
    samefit_train(1, categories=True),
    samefit_train(2, categories=True),
    trainer("DuckDB", "train_categories_duckdb.py", answer="named"),
    trainer("polars + numpy", "train_categories_polars.py", answer="named"),
    trainer("statsmodels", "train_categories_statsmodels.py", "statsmodels", "named"),
]
FLOOR = [
    Contender("cat > /dev/null", "floor", ["cat", "{data}"], stdout="/dev/null"),
    Contender("wc -l", "floor", ["wc", "-l", "{data}"]),
]


def training(data, title, rounds=11):
    return Scenario(f"train-{data}", title, "train", [*SAMEFIT_TRAINS, *TRAINERS, *FLOOR], data, rounds=rounds)


def parquet(data, model_of, title):
    contenders = [*SAMEFIT_TRAINS, *TRAINERS_BOTH]
    return Scenario(f"train-{data.replace('.', '-')}", title, "parquet", contenders, data, model_of)


def prediction(data, title):
    contenders = [samefit_infer(1), samefit_infer(2), samefit_infer(2, only_predicted=False), *PREDICTORS, *FLOOR]
    return Scenario(f"infer-{data}", title, "infer", contenders, data)


def native(data, title):
    return Scenario(f"native-{data}", title, "native", ENGINES, data)


FILES = [
    samefit_infer(1, only_predicted=False, answer="files"),
    samefit_infer(2, only_predicted=False, answer="files"),
    Contender(
        "Python script with scikit-learn",
        "peer",
        "{python} {peers}/infer_files_sklearn.py {data} {model}/model.json {out}".split(),
        "files",
        "pandas",
    ),
]

COLD = [
    Contender("samefit --version", "samefit", ["{samefit}", "--version"]),
    samefit_train(1),
    samefit_train(2),
    PANDAS,
    trainer("DuckDB", "train_duckdb.py"),
    trainer("polars + numpy", "train_polars.py"),
    Contender("python3 -c pass", "floor", ["python3", "-c", "pass"]),
    Contender("true", "floor", ["true"]),
]

SCENARIOS = [
    training("raw_2m", "Training from CSV: 2 million raw rows, 11 columns"),
    training("standardised_2m", "Training from CSV: 2 million standardised rows, 11 columns"),
    training("raw_20m", "Training from CSV: 20 million raw rows, 11 columns", rounds=5),
    training("standardised_20m", "Training from CSV: 20 million standardised rows, 11 columns", rounds=5),
    training("features_30", "Training from CSV: 2 million rows, 30 features", rounds=5),
    training("features_100", "Training from CSV: 500 thousand rows, 100 features", rounds=5),
    Scenario(
        "train-categories_2m",
        "Training from CSV: 2 million rows, two categories of 12 and 50 levels, 8 numbers",
        "train",
        [*CATEGORIES, *FLOOR],
        "categories_2m",
        categories=True,
        rounds=5,
    ),
    parquet("raw_2m.parquet", "raw_2m", "Training from Parquet: 2 million raw rows, dictionaries"),
    parquet("standardised_2m.parquet", "standardised_2m", "Training from Parquet: 2 million standardised rows, dictionaries"),
    parquet(
        "standardised_2m_plain.parquet",
        "standardised_2m",
        "Training from Parquet: 2 million standardised rows, no dictionaries",
    ),
    prediction("raw_2m", "Prediction, CSV to CSV: 2 million raw rows"),
    prediction("standardised_2m", "Prediction, CSV to CSV: 2 million standardised rows"),
    native("raw_2m", "WebAssembly against the same code native: training, 2 million raw rows"),
    native("standardised_2m", "WebAssembly against the same code native: training, 2 million standardised rows"),
    Scenario("cold-start", "Cold start: a stage on data/diabetes.csv, the whole process", "cold", COLD, rounds=50),
    # last, because deleting its many files slows down scenarios that create files
    Scenario("infer-files", "Prediction: a folder of 10,000 JSON files", "files", FILES, "small_files", "raw_2m", rounds=7),
]
