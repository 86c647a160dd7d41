"""Models: predictions, intervals, summaries, quality control, and what they show."""

import json
import math

import numpy as np
import pytest

import samefit

TABLE = {"bmi": [32.1, 21.6, 30.5, 25.3, 23.0, 22.6], "site": ["a", "b", "a", "b", "a", "b"], "y": [151.0, 75, 141, 206, 135, 97]}


@pytest.fixture(scope="module")
def model(data):
    return samefit.fit(data / "diabetes_raw.csv", target="y", features=["bmi", "ltg"])


@pytest.fixture
def table(data):
    text = (data / "diabetes_raw.csv").read_text().splitlines()
    rows = np.array([[float(cell) for cell in line.split(",")] for line in text[1:]])
    return dict(zip(text[0].split(","), rows.T))


@pytest.fixture(scope="module")
def mixed():
    with pytest.warns(samefit.DataWarning):
        return samefit.fit("y ~ bmi + site", TABLE)


def test_attributes(model):
    document = json.loads(model.to_json())
    assert model.document == document
    assert model.target == "y"
    assert model.columns == ["bmi", "ltg"]
    assert model.intercept == document["intercept"]
    for attribute, key in (
        ("coefficients", "coefficient"),
        ("std_errors", "std_error"),
        ("t", "t"),
        ("p", "p"),
        ("tolerance", "tolerance"),
    ):
        assert getattr(model, attribute) == {one["name"]: one[key] for one in document["coefficients"]}
    for key, value in document["fit"].items():
        assert getattr(model, key) == value
    assert model.rmse is None
    assert {"rows", "r_squared", "predict"} <= set(dir(model))
    assert not hasattr(model, "nothing")
    assert model.notes() == []
    assert model.plan()["target"] == "y"
    assert repr(model) == "<samefit.Model y = intercept + bmi + ltg, fitted on 442 rows>"


def test_predictions_are_those_of_the_program(model, table, data, program, tmp_path):
    model.save(tmp_path / "model.json")
    for of, flags in (("outcome", []), ("mean", ["--interval", "confidence", "--level", "0.9"])):
        program("infer", "--model", "model.json", "--attributes", data / "diabetes_raw.csv", *flags, "--out", "p", folder=tmp_path)
        lines = (tmp_path / "p/diabetes_raw.csv").read_text().splitlines()[1:]
        expected = np.array([[float(cell) for cell in line.split(",")[:3]] for line in lines])
        found = model.predict(table, interval=of, level=0.9 if flags else 0.95)
        assert np.array_equal(np.column_stack(found), expected)
        assert np.array_equal(model.predict(table), expected[:, 0])
        for row in (0, 17, 441):
            record = {name: float(values[row]) for name, values in table.items()}
            assert model.predict(record, interval=of, level=0.9 if flags else 0.95) == tuple(expected[row])
            assert model.predict({name: str(value) for name, value in record.items()}) == expected[row, 0]


def test_files_are_predicted_as_the_program_does(model, data, program, tmp_path):
    model.save(tmp_path / "model.json")
    program("infer", "--model", "model.json", "--attributes", data / "diabetes_raw.csv", "--with-input", "--out", "p", folder=tmp_path)
    counts = model.predict_file(data / "diabetes_raw.csv", tmp_path / "own.csv", with_input=True)
    assert (tmp_path / "own.csv").read_bytes() == (tmp_path / "p/diabetes_raw.csv").read_bytes()
    assert counts["fine"] == 442
    with pytest.raises(samefit.Error):
        model.predict_file(b"bmi\n1\n", tmp_path / "bad.csv")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["model.json", "own.csv", "p"]


@pytest.mark.parametrize("value", [25, 25.0, np.float64(25), np.float32(25), np.int8(25), "25", "2.5e1"])
def test_values_of_a_record(model, value):
    assert model.predict({"bmi": value, "ltg": 4.5}) == 134.19624000104528


def test_values_of_a_record_are_not_rounded():
    model = samefit.fit({"x": [1.0, 2, 3, 4], "y": [1.0, 2, 3, 4.5]}, target="y")
    table = {"x": [0.1], "y": [1]}
    assert model.predict({"x": np.float32(0.1)}) == model.predict({"x": 0.1}) == model.predict(table)[0]
    big = (1 << 53) + 1
    assert model.predict({"x": big}) == model.predict({"x": str(big)}) == model.predict({"x": [big]})[0]


def test_categories(mixed):
    assert mixed.predict({"bmi": 25.0, "site": "b"}) == mixed.predict({"bmi": [25.0], "site": ["b"]})[0]
    with pytest.raises(samefit.Error) as caught:
        mixed.predict({"bmi": 25.0, "site": "c"})
    assert (caught.value.code, caught.value.column) == ("unknown-level", "site")


def test_names_are_checked(model, table):
    backwards = dict(reversed(table.items()))
    assert np.array_equal(model.predict(backwards), model.predict(table))
    for bad in ({"bmi": 25.0}, {"bmi": [25.0]}, np.array([[25.0, 4.5]])):
        with pytest.raises(samefit.Error) as caught:
            model.predict(bad)
        assert caught.value.code == "missing-feature"
    unnamed = samefit.fit(np.column_stack([table["bmi"], table["ltg"]]), table["y"])
    assert np.array_equal(unnamed.predict(np.column_stack([table["bmi"], table["ltg"]])), model.predict(table))


def test_rows_that_cannot_be_predicted(model):
    rows = {"bmi": [25, None, 99, "x"], "ltg": [4.5, 4.5, 4.5, 4.5]}
    found = model.get_prediction(rows)
    assert found.status.tolist() == [0, 2, 1, 3]
    assert np.isnan(found.predicted).tolist() == [False, True, False, True]
    assert [(one.code, one.row, one.column) for one in found.problems] == [("missing-values", 2, "bmi"), ("not-a-number", 4, "bmi")]
    with pytest.raises(samefit.Error) as caught:
        model.predict(rows)
    assert caught.value.row == 2
    assert len(model.get_prediction({"bmi": 25, "ltg": 4.5})) == 1
    assert model.predict({"bmi": [], "ltg": []}).shape == (0,)


def test_the_frame_of_statsmodels(model, table):
    found = model.get_prediction(table)
    frame = found.summary_frame(alpha=0.1)
    assert list(frame) == ["mean", "mean_se", "mean_ci_lower", "mean_ci_upper", "obs_ci_lower", "obs_ci_upper"]
    assert np.array_equal(found.conf_int(alpha=0.1), np.column_stack([frame["mean_ci_lower"], frame["mean_ci_upper"]]))
    assert np.array_equal(found.conf_int(obs=True), np.column_stack(found.interval("outcome")[1:]))
    api = pytest.importorskip("statsmodels.api")
    X = api.add_constant(np.column_stack([table["bmi"], table["ltg"]]))
    expected = api.OLS(table["y"], X).fit().get_prediction(X).summary_frame(alpha=0.1)
    for name in expected:
        # statsmodels rounds in each step
        np.testing.assert_allclose(frame[name], expected[name], rtol=1e-9)


def test_the_summary(model, data):
    summary = model.summary(level=0.9)
    assert summary["level"] == 0.9
    assert str(summary).splitlines()[0] == "y = intercept + bmi + ltg, fitted on 442 rows"
    assert "90 % interval" in str(summary)
    frame = summary.frame()
    assert list(frame["p"]) == [one["p"] for one in summary["coefficients"]]
    constant = samefit.fit({"x": [1.0, 2.0], "y": [1.0, 2.0]}, target="y")
    assert " - " in str(constant.summary())
    assert math.isnan(constant.summary().t_quantile)


def test_html_is_escaped():
    model = samefit.fit({"<b>x</b>": [1.0, 2, 4], "y": [1.0, 2, 3]}, target="y")
    shown = model._repr_html_()
    assert "&lt;b&gt;x&lt;/b&gt;" in shown
    assert "<b>" not in shown
    assert shown == model.summary()._repr_html_()
    statistics = samefit.summarize({"<b>": [1.0, 2.0]}, columns=["<b>"])
    assert "<b>" not in statistics._repr_html_()


def test_quality_control(model, table, data, program, tmp_path):
    verdict = model.qc(data / "diabetes_raw.csv", threshold=60)
    assert verdict.accepted
    assert verdict == model.qc(table, 60)
    assert verdict.model.rmse == verdict.rmse == verdict.report["rmse"]
    assert verdict.model.first_difference(model) is None
    assert model.first_difference(samefit.fit("y ~ bmi + age", table)) is not None
    refused = model.qc(table, threshold=50)
    assert (refused.accepted, refused.model) == (False, None)
    model.save(tmp_path / "model.json")
    program("qc", "--model", "model.json", "--records", data / "diabetes_raw.csv", "--threshold", "60", "--out", "q", folder=tmp_path)
    assert (tmp_path / "q/model.json").read_text() == verdict.model.to_json()


def test_explanations(model):
    record = {"bmi": 45, "ltg": 4.5}
    found = model.explain(record)
    assert {one["name"] for one in found["contributions"]} == {"bmi", "ltg"}
    curve = model.curve(record, "bmi", [20, 25.0, "30"])
    assert curve.predicted[1] == model.predict({"bmi": 25.0, "ltg": 4.5})
    assert (curve.lower < curve.predicted).all()


def test_profiles_and_previews(table, data):
    found = samefit.profile(data / "diabetes_raw.csv")
    assert found["rows"] == 442
    own = samefit.profile(table)
    assert [one["quantiles"] for one in own["columns"]] == [one["quantiles"] for one in found["columns"]]
    guess = samefit.preview(b"age;bmi\n59;32,1\n48;21,6\n")
    assert guess["plan"] == {"delimiter": ";", "decimal": ","}
    assert samefit.summarize(b"age;bmi\n59;32,1\n48;21,6\n", columns=["bmi"], **guess["plan"]).rows == 2


def test_files(model, tmp_path):
    model.save(tmp_path / "model.json")
    assert samefit.load(tmp_path / "model.json") == samefit.Model.load(tmp_path / "model.json") == model
    with pytest.raises(samefit.Error):
        samefit.Model('{"format": "samefit-model/9"}')


def test_collinear_features():
    table = {"a": [1.0, 2, 3, 4, 5], "b": [2.0, 4, 6, 8, 10], "y": [1.0, 2, 2, 4, 5]}
    with pytest.raises(samefit.Error) as caught:
        samefit.fit(table, target="y")
    assert caught.value.code == "collinear"
    assert "b" in str(caught.value)
    assert list(samefit.fit(table, target="y", collinear="drop").coefficients) == ["a"]


def test_a_perfect_fit_with_no_degrees_of_freedom():
    model = samefit.fit({"x": [1.0, 2.0], "y": [1.0, 2.0]}, target="y")
    found = model.predict({"x": 3.0}, interval="outcome")
    assert found == (3.0, -np.inf, np.inf)
    assert model.predict({"x": "3"}, interval="outcome") == found
