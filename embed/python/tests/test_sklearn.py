"""The estimator in scikit-learn."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures
from sklearn.utils.estimator_checks import parametrize_with_checks

import samefit
from samefit.sklearn import SamefitRegressor

pytestmark = pytest.mark.filterwarnings("default")


@parametrize_with_checks([SamefitRegressor(), SamefitRegressor(fit_intercept=False, distribution=True)])
def test_check_estimator(estimator, check):
    check(estimator)


@pytest.fixture
def patients(data):
    pandas = pytest.importorskip("pandas")
    return pandas.read_csv(data / "diabetes_raw.csv")


def test_it_is_the_model(patients):
    X = patients[["bmi", "ltg"]]
    found = SamefitRegressor(distribution=True).fit(X, patients.y)
    assert found.model_ == samefit.fit("y ~ bmi + ltg", patients)
    assert list(found.coef_) == list(found.model_.coefficients.values())
    assert found.intercept_ == found.model_.intercept
    assert list(found.feature_names_in_) == ["bmi", "ltg"]
    assert np.array_equal(found.predict(X), found.model_.predict(X))
    reference = LinearRegression().fit(X, patients.y)
    np.testing.assert_allclose(found.coef_, reference.coef_, rtol=1e-9)
    assert found.score(X, patients.y) == pytest.approx(reference.score(X, patients.y), rel=1e-12)
    with pytest.raises(ValueError, match="feature names"):
        found.predict(X[["ltg", "bmi"]])
    assert np.array_equal(pickle.loads(pickle.dumps(found)).predict(X), found.predict(X))
    assert clone(found).get_params() == found.get_params()


def test_weights(patients):
    weights = np.arange(442) % 3
    kept = weights > 0
    found = SamefitRegressor().fit(patients[["bmi"]], patients.y, sample_weight=weights)
    again = SamefitRegressor().fit(patients[["bmi"]][kept], patients.y[kept], sample_weight=weights[kept])
    assert found.model_ == again.model_


def test_pipelines(data):
    pandas = pytest.importorskip("pandas")
    trial = pandas.read_csv(data / "trial.csv")
    columns = make_column_transformer((OneHotEncoder(sparse_output=False), ["site", "smoker"]), remainder="passthrough")
    pipeline = make_pipeline(columns.set_output(transform="pandas"), SamefitRegressor())
    X = trial[["site", "smoker", "dose"]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipeline.fit(X, trial.ldl_change)
        assert cross_val_score(pipeline, X, trial.ldl_change, cv=3).shape == (3,)
        search = GridSearchCV(pipeline, {"samefitregressor__fit_intercept": [True, False]}, cv=3).fit(X, trial.ldl_change)
    assert search.best_score_ > 0.3
    expected = make_pipeline(clone(columns), LinearRegression()).fit(X, trial.ldl_change)
    np.testing.assert_allclose(pipeline.predict(X), expected.predict(X), rtol=1e-9, atol=1e-9)
    with pytest.raises(samefit.Error) as caught:
        pipeline.set_params(samefitregressor__collinear="error").fit(X, trial.ldl_change)
    assert caught.value.code == "collinear"


def test_names_that_read_as_terms(patients):
    polynomial = PolynomialFeatures(2, include_bias=False).set_output(transform="pandas")
    pipeline = make_pipeline(polynomial, SamefitRegressor()).fit(patients[["bmi", "ltg"]], patients.y)
    assert list(pipeline[-1].model_.coefficients) == ["x0", "x1", "x2", "x3", "x4"]
    assert "bmi^2" in pipeline[-1].feature_names_in_


def test_samefit_does_not_import_sklearn():
    code = "import sys, samefit; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
