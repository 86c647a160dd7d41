"""samefit as an estimator of scikit-learn: pipelines, cross-validation, grid search.

>>> from samefit.sklearn import SamefitRegressor  # doctest: +SKIP
>>> cross_val_score(SamefitRegressor(), X, y)  # doctest: +SKIP
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _statistics
from ._errors import DataWarning, Error
from ._plan import needed_columns

__all__ = ["SamefitRegressor"]


class SamefitRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Ordinary or weighted least squares, exact.

    Args:
        fit_intercept: whether the model has a constant
        collinear: "drop" leaves out features that depend exactly on those before them, so that their coefficients are 0, as pipelines
            with indicators of all levels need; "error" refuses them, with their relation
        distribution: whether values are counted, so that ``model_`` knows ranges and warns of extrapolation; a fit then takes longer

    Attributes:
        model_: the :class:`~samefit.Model`, with standard errors, intervals, summary
        coef_: the coefficients of the features
        intercept_: the constant
        n_features_in_, feature_names_in_: as in all estimators
    """

    n_features_in_: int

    def __init__(self, *, fit_intercept: bool = True, collinear: str = "drop", distribution: bool = False) -> None:
        self.fit_intercept = fit_intercept
        self.collinear = collinear
        self.distribution = distribution

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> SamefitRegressor:
        """Fits the model. ``sample_weight``: weights of the rows, as decimals not below zero."""
        X, y = validate_data(self, X, y, y_numeric=True, dtype="numeric")
        names = self._names()
        columns = {name: X[:, at] for at, name in enumerate(names)}
        plan: dict[str, Any] = {
            "target": unused("y", names),
            "features": names,
            "intercept": self.fit_intercept,
            "collinear": self.collinear,
            "distribution": self.distribution,
        }
        columns[plan["target"]] = y
        if sample_weight is not None:
            plan["weights"] = unused("weight", names)
            columns[plan["weights"]] = weights = np.broadcast_to(np.asarray(sample_weight, dtype=float), y.shape)
            if not weights.any():
                raise ValueError("the sample weights are all zero")
        with warnings.catch_warnings():
            # that a feature is left out shows in `coef_`
            warnings.simplefilter("ignore", DataWarning)
            self.model_ = _statistics.fit(columns, **plan)
        found = self.model_.coefficients
        self.coef_ = np.array([found.get(name, 0.0) for name in names])
        self.intercept_ = self.model_.intercept
        return self

    def predict(self, X: Any) -> Any:
        """Predicts the rows of X."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype="numeric")
        return self.model_.predict({name: X[:, at] for at, name in enumerate(self._names())})

    def _names(self) -> list[str]:
        """Returns names of the features for the model: their own, unless one reads as a term of others, as ``bmi^2`` does."""
        plain = [f"x{at}" for at in range(self.n_features_in_)]
        names = [str(name) for name in getattr(self, "feature_names_in_", plain)]
        target = unused("y", names)
        try:
            needed = needed_columns({"target": target, "features": names}) or []
        except Error:
            return plain
        return names if set(needed) == {*names, target} and len(set(names)) == len(names) else plain


def unused(name: str, names: list[str]) -> str:
    """Returns a name that none of these is."""
    while name in names:
        name += "_"
    return name
