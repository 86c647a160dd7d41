"""Statistics: laws, forgetting, sharing, groups, knots, and what leaves the process."""

import concurrent.futures
import copy
import json
import multiprocessing
import os
import pickle
import threading

import numpy as np
import pytest

import samefit

COLUMNS = ["bmi", "ltg", "y"]


@pytest.fixture(scope="module")
def patients(data):
    text = (data / "diabetes_raw.csv").read_text().splitlines()
    rows = np.array([[float(cell) for cell in line.split(",")] for line in text[1:]])
    return dict(zip(text[0].split(","), rows.T))


def cut(table, rows):
    return {name: values[rows] for name, values in table.items()}


@pytest.fixture(scope="module")
def whole(patients):
    return samefit.summarize(patients, columns=COLUMNS)


def test_they_are_those_of_the_program(data, program, tmp_path, whole):
    program("summarize", "--data", data / "diabetes_raw.csv", "--columns", "bmi,ltg,y", "--out", "s.json", folder=tmp_path)
    assert (tmp_path / "s.json").read_text() == whole.to_json()
    assert whole == samefit.Statistics.load(tmp_path / "s.json") == samefit.load(tmp_path / "s.json")
    assert (whole.rows, whole.dropped, whole.columns) == (442, 0, COLUMNS)


def test_laws(patients, whole):
    parts = [samefit.summarize(cut(patients, slice(start, None, 3)), columns=COLUMNS) for start in range(3)]
    a, b, c = parts
    assert a + b + c == c + a + b == sum(parts) == whole
    assert a + b - b == a
    assert hash(a + b - b) == hash(a)
    assert a != b
    assert a != 3
    assert {a + b, b + a} == {a + b}
    shuffled = np.random.default_rng(1).permutation(442)
    assert samefit.summarize(cut(patients, shuffled), columns=COLUMNS) == whole
    with pytest.raises(TypeError):
        a + 1
    with pytest.raises(samefit.Error):
        a + samefit.summarize(patients, columns=["bmi"])
    with pytest.raises(samefit.Error):
        a - whole


def test_a_row_is_forgotten(patients, whole, data, program, tmp_path):
    gone = cut(patients, slice(17, 18))
    rest = whole - whole.summarize(gone)
    assert rest == samefit.summarize(cut(patients, np.arange(442) != 17), columns=COLUMNS)
    assert rest.fit("y ~ bmi + ltg") == samefit.fit("y ~ bmi + ltg", cut(patients, np.arange(442) != 17))
    lines = (data / "diabetes_raw.csv").read_text().splitlines()
    (tmp_path / "row.csv").write_text(f"{lines[0]}\n{lines[18]}\n")
    whole.save(tmp_path / "whole.json")
    program("forget", "whole.json", "--rows", "row.csv", "--out", "rest.json", folder=tmp_path)
    assert (tmp_path / "rest.json").read_text() == rest.to_json()


def test_rows_are_summed_as_before(data):
    schema = data / "trial.schema.json"
    plan = {"formula": "ldl_change ~ site*smoker + sex*ln(tg) + rcs(age, 40, 58, 75) + I(dose^2)", "schema": schema, "weights": "weight"}
    for extra in ({}, {"distribution": False}):
        whole = samefit.summarize(data / "trial.csv", **plan, **extra)
        assert whole.summarize(data / "trial.csv") == whole
        assert (whole + whole.summarize(data / "trial.csv")).rows == 2 * whole.rows


def test_sharing(data, program, tmp_path):
    raw, schema = data / "diabetes_raw.csv", data / "diabetes_raw.schema.json"
    flags = ["--data", raw, "--columns", "bmi,ltg,y", "--schema", schema]
    program("summarize", *flags, "--share", "--out", "shared.json", folder=tmp_path)
    shared = samefit.summarize(raw, columns=COLUMNS, schema=schema, share=True)
    assert shared.to_json() == (tmp_path / "shared.json").read_text()
    assert "shared" in shared.document
    some = samefit.summarize(raw.read_bytes().splitlines(True)[0] + b"".join(raw.read_bytes().splitlines(True)[1:4]), columns=COLUMNS)
    with pytest.raises(samefit.Error):
        shared - some
    assert (shared - shared.summarize(raw.read_bytes()[: raw.read_bytes().index(b"\n", 200) + 1])).rows < 442
    with pytest.raises(samefit.Error):
        samefit.summarize(raw.read_bytes()[: raw.read_bytes().index(b"\n", 900) + 1], columns=COLUMNS, schema=schema, share=True)


def test_knots(data, train):
    found = samefit.fit(data / "trial.csv", target="ldl_change", features=["age", "dose"], knots={"age": 5})
    assert found.to_json() == train(data / "trial.csv", "--target", "ldl_change", "--features", "age,dose", "--knots", "age=5")


def test_groups(data, program, tmp_path):
    plan = {"columns": ["dose", "ldl_change"], "by": "site"}
    groups = samefit.summarize_groups(data / "trial.csv", **plan)
    assert list(groups) == ["harbour", "hill", "lake", "north", "park"]
    program("summarize", "--data", data / "trial.csv", "--columns", "dose,ldl_change", "--by", "site", "--out", "g", folder=tmp_path)
    for name, statistics in groups.items():
        assert (tmp_path / "g" / name / "statistics.json").read_text() == statistics.to_json()
    assert sum(groups.values()) == samefit.summarize(data / "trial.csv", columns=["dose", "ldl_change"])


def test_weights_and_counts(data, train):
    pandas = pytest.importorskip("pandas")
    trial = pandas.read_csv(data / "trial.csv")
    for key, column in (("weights", "weight"), ("counts", "visits")):
        expected = train(data / "trial.csv", "--target", "ldl_change", "--features", "dose,age", f"--{key}", column)
        assert samefit.fit("ldl_change ~ dose + age", trial, **{key: column}).to_json() == expected
        found = samefit.fit(trial[["dose", "age"]], trial.ldl_change, **{key: trial[column].to_numpy()})
        assert list(found.coefficients.values()) == list(json_coefficients(expected))


def json_coefficients(text):
    return (one["coefficient"] for one in json.loads(text)["coefficients"])


def test_tests_of_hypotheses(data, program, tmp_path):
    statistics = samefit.summarize(data / "diabetes_raw.csv", columns=["bmi", "ltg", "age", "y"])
    found = statistics.compare("y ~ bmi", {"target": "y", "features": ["bmi", "ltg"]})
    assert found["added"] == ["ltg"]
    assert found["f_p"] < 1e-10
    assert statistics.test("y ~ bmi + ltg + age", "bmi = 2*ltg, age = 0")["f_df"] == [2, 438]
    with pytest.raises(samefit.Error) as caught:
        statistics.compare("y ~ bmi", "y ~ ltg")
    assert caught.value.code == "not-nested"


def test_tables_one_after_another(patients, whole):
    with samefit.Summarizer(columns=COLUMNS) as summarizer:
        for start in range(0, 442, 100):
            summarizer.add(cut(patients, slice(start, start + 100)))
        assert summarizer.finish() == whole
    with pytest.raises((samefit.Error, samefit.StoppedError)):
        summarizer.finish()


def test_texts_are_canonical(whole):
    loose = json.dumps(json.loads(whole.to_json()))
    assert loose != whole.to_json()
    assert samefit.Statistics(loose) == whole
    assert samefit.Statistics.from_json(loose.encode()) == whole
    with pytest.raises(samefit.Error):
        samefit.Statistics("{}")


def test_copies(whole):
    model = whole.fit("y ~ bmi")
    for one in (whole, model):
        assert pickle.loads(pickle.dumps(one)) == copy.copy(one) == copy.deepcopy(one) == one
        assert one.to_json().encode() in pickle.dumps(one)
    with pytest.raises(samefit.Error) as caught:
        whole.fit("y ~ nothing")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.code, again.column) == (str(caught.value), caught.value.code, caught.value.column)


def work(text):
    """Fits in another process or thread, and uses an object of its parent."""
    one = samefit.Statistics(text) if isinstance(text, str) else text
    return one, one.fit("y ~ bmi + ltg"), os.getpid()


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_processes(whole, start):
    if start not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {start} here")
    expected = whole.fit("y ~ bmi + ltg")
    context = multiprocessing.get_context(start)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        for statistics, model, pid in pool.map(work, [whole, whole.to_json(), whole, whole]):
            assert (statistics, model) == (whole, expected)
            assert pid != os.getpid()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_an_object_works_on_both_sides_of_a_fork(whole):
    model = whole.fit("y ~ bmi")
    before = model.predict({"bmi": 25.0})
    child = os.fork()
    if child == 0:
        is_same = model.predict({"bmi": 25.0}) == before and whole.fit("y ~ bmi") == model and (whole + whole).rows == 884
        os._exit(0 if is_same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert model.predict({"bmi": 25.0}) == before


def test_threads_share_objects(whole):
    model = whole.fit("y ~ bmi + ltg")
    record = {"bmi": 25.0, "ltg": 4.5}
    expected, found = model.predict(record), []

    def run():
        for _ in range(50):
            found.append((model.predict(record), (whole + whole - whole) == whole))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(expected, True)] * 200


def test_joblib(whole):
    joblib = pytest.importorskip("joblib")
    for backend in ("loky", "threading"):
        found = joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(work)(whole) for _ in range(4))
        assert {model for _, model, _ in found} == {whole.fit("y ~ bmi + ltg")}


def test_a_file_is_written_whole(whole, tmp_path):
    path = tmp_path / "s.json"
    whole.save(path)
    whole.save(str(path))
    assert path.read_bytes() == whole.to_json().encode()
    assert [one.name for one in tmp_path.iterdir()] == ["s.json"]
    with pytest.raises(FileNotFoundError):
        whole.save(tmp_path / "absent" / "s.json")
