"""A model: predictions, its summary, quality control."""

from __future__ import annotations

import functools
import json
import os
import struct
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import numpy as np

from . import _display, _summing
from ._document import Document
from ._engine import current
from ._errors import Error
from ._plan import Plan, arguments, document
from ._tables import Bytes, Table, source
from ._values import INTEGER_MAX, cell, is_missing

if TYPE_CHECKING:
    import numpy.typing as npt
    from typing_extensions import Unpack

    from ._values import Floats, Values

Of = Literal["outcome", "mean"]
MODEL, BATCH, TABLE = "prediction/model.", "prediction/batch.", "prediction/table."


class Interval(NamedTuple):
    """A predicted value and the ends of its interval: numbers for a record, arrays for a table."""

    predicted: Any
    lower: Any
    upper: Any


class Model(Document):
    """A linear model that was fitted exactly: the content of ``model.json``.

    Each number is the exact result, rounded once. The attributes have the names of ``docs/names.md``, which lists those of R, statsmodels
    and scikit-learn beside them.
    """

    _parse = MODEL + "parse"

    # what the model says

    @property
    def target(self) -> str:
        """The column that is predicted."""
        return str(self.document["target"]["column"])

    @functools.cached_property
    def columns(self) -> list[str]:
        """The columns that a prediction needs."""
        return list(json.loads(current()[MODEL + "columns"](self._handle())))

    @property
    def intercept(self) -> float:
        """The constant; 0 without one."""
        return float(self.document["intercept"])

    def _by_name(self, key: str) -> dict[str, float]:
        return {one["name"]: np.nan if one.get(key) is None else one[key] for one in self.document["coefficients"]}

    @property
    def coefficients(self) -> dict[str, float]:
        """The factor of each feature, without the intercept."""
        return self._by_name("coefficient")

    @property
    def std_errors(self) -> dict[str, float]:
        """The standard error of each coefficient; NaN where it is not defined."""
        return self._by_name("std_error")

    @property
    def t(self) -> dict[str, float]:
        """coefficient / std_error."""
        return self._by_name("t")

    @property
    def p(self) -> dict[str, float]:
        """The two-sided p value of t."""
        return self._by_name("p")

    @property
    def tolerance(self) -> dict[str, float]:
        """The share of each feature's variation that the other features do not explain, 1 / VIF."""
        return self._by_name("tolerance")

    def __getattr__(self, name: str) -> Any:
        # rows, residual_df, rss, tss, residual_sd, r_squared, adjusted_r_squared, f, f_p, r_squared_kind, and rmse after quality control
        if not name.startswith("_"):
            for part in (self.document["fit"], {"rmse": self.document.get("rmse")}):
                if name in part:
                    return part[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.document["fit"], "rmse"]

    def plan(self) -> dict[str, Any]:
        """Returns the plan that sums data for this model, for quality control or to train it again."""
        return dict(json.loads(current()[MODEL + "plan"](self._handle())))

    def notes(self) -> list[dict[str, Any]]:
        """Returns what the user should know of the model: features that nearly depend on others."""
        return list(json.loads(current()[MODEL + "notes"](self._handle())))

    def summary(self, level: float = 0.95) -> Summary:
        """Returns the coefficients with confidence intervals of ``level``, tests, information criteria and signs of collinearity."""
        return Summary(json.loads(current()[MODEL + "summary"](self._handle(), level)))

    # predictions

    @overload
    def predict(self, data: Any) -> Any: ...
    @overload
    def predict(self, data: Any, *, interval: Of, level: float = ...) -> Interval: ...
    def predict(self, data: Any, *, interval: Of | None = None, level: float = 0.95) -> Any:
        """Predicts a record or a table.

        Args:
            data: a record, as a mapping of names to values, or a table of any kind; columns are found by their names
            interval: also return the interval in which a new outcome lies with the probability ``level`` ("outcome"), or the mean of all
                outcomes of such records ("mean")

        Returns:
            the predicted value, or with ``interval`` an :class:`Interval`: of numbers for a record, of arrays for a table

        Raises:
            Error: for the first row that cannot be predicted; :meth:`get_prediction` goes on
        """
        if isinstance(data, Mapping) and is_record(data):
            found = self._predict_record(data, level, interval == "mean")
            return Interval(*found) if interval else found[0]
        prediction = self.get_prediction(data)
        prediction.raise_problem()
        return prediction.interval(interval, level) if interval else prediction.predicted

    def _predict_record(self, record: Mapping[str, Any], level: float, of_mean: bool) -> Any:
        try:
            values = [record[name] for name in self.columns]
        except KeyError:
            values = [None]
        core, handle = current(), self._handle()
        if all(type(value) is float or (type(value) is int and -INTEGER_MAX <= value <= INTEGER_MAX) for value in values):
            return core[MODEL + "predict-columns"](handle, struct.pack(f"<{len(values)}d", *values), 1, level, of_mean).tolist()
        found = json.loads(core[MODEL + "predict-record"](handle, record_json(record), level, of_mean))
        ends = found["interval"] or {"lower": -np.inf, "upper": np.inf}
        return next(value for key, value in found.items() if key.startswith("predicted_")), ends["lower"], ends["upper"]

    def get_prediction(self, data: Any) -> Prediction:
        """Predicts every row of a table, or a record. A row that cannot be predicted stops no other."""
        if isinstance(data, Mapping) and is_record(data):
            data = [data]
        opened = source(data)
        if not isinstance(opened, Table):
            raise TypeError("this predicts tables in memory: `predict_file` predicts the records of a file")
        _summing.check_names(opened.names, self.columns)
        return Prediction(self, list(opened.batches(set(self.columns))))

    def predict_file(self, data: Any, out: str | os.PathLike[str], **plan: Unpack[Plan]) -> dict[str, int]:
        """Predicts every record of a file of CSV or JSON, and writes the predictions to the file ``out`` in the same format.

        Returns:
            how many records were fine, out of range, missing a value, or in error
        """
        opened = source(data)
        if not isinstance(opened, Bytes):
            raise TypeError("this predicts files of CSV and JSON: `predict` predicts tables")
        core = current()
        table = core[TABLE + "new"](self._handle(), document({"format": opened.format, **plan}))
        temporary = f"{os.fspath(out)}.samefit-{os.getpid()}"
        try:
            with open(temporary, "wb") as file:
                for chunk in opened.chunks():
                    file.write(core[TABLE + "push"](table, chunk))
                file.write(core[TABLE + "finish"](table))
            os.replace(temporary, out)
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)
        return dict(json.loads(core[TABLE + "counts"](table)))

    def explain(self, record: Mapping[str, Any], level: float = 0.95) -> dict[str, Any]:
        """Explains one prediction: what each feature adds, how like the training data the record is, and warnings (Explanation in
        ``docs/formats.md``)."""
        return dict(json.loads(current()[MODEL + "explain"](self._handle(), record_json(record), level)))

    def curve(self, record: Mapping[str, Any], column: str, values: Any, *, interval: Of = "outcome", level: float = 0.95) -> Interval:
        """Predicts one record for each of ``values`` of a column."""
        cells = json.dumps(["" if is_missing(value) else cell(value) for value in values])
        found = current()[MODEL + "curve"](self._handle(), record_json(record), column, cells, level, interval == "mean")
        return Interval(*np.split(found, 3))

    # quality control

    def qc(self, data: Any, threshold: float, **plan: Unpack[Plan]) -> Verdict:
        """Judges the model by data that it has not seen.

        Args:
            data: data of any kind, with the model's columns and its target
            threshold: the model is accepted if its root mean squared residual, in units of the target, is below it
        """
        opened, changes = arguments(data, None, {**self.plan(), **plan})
        records = _summing.summed(opened, changes)
        verdict = current()["quality/judge"](self._text, records, threshold)
        report = json.loads(current()["quality/verdict.report"](verdict))
        model = current()["quality/verdict.model"](verdict)
        return Verdict(report["accepted"], report["rmse"], None if model is None else Model._of(model), report)

    def first_difference(self, other: Model) -> str | None:
        """Returns the first difference between two models, apart from what quality control adds; ``None`` if they are equal."""
        found: str | None = current()["quality/first-difference"](self._text, other._text)
        return found

    def __repr__(self) -> str:
        names = ([] if not self.document["has_intercept"] else ["intercept"]) + list(self.coefficients)
        return f"<samefit.Model {self.target} = {' + '.join(names)}, fitted on {self.rows} rows>"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


class Verdict(NamedTuple):
    """The outcome of quality control."""

    accepted: bool
    #: The exact root mean squared residual over the records, rounded once.
    rmse: float
    #: The accepted model, which says so; ``None`` if it was refused.
    model: Model | None
    #: The content of ``report.json``.
    report: dict[str, Any]


class Prediction:
    """The predictions of the rows of a table. Made by :meth:`Model.get_prediction`."""

    def __init__(self, model: Model, batches: list[dict[str, Values]]) -> None:
        self.model, self._batches = model, batches
        self._problems: list[dict[str, Any]] = []
        self.status: npt.NDArray[np.uint8]
        self._known: dict[tuple[float, bool], Floats] = {}
        #: The predicted values; NaN for a row without a prediction.
        self.predicted: Floats = self.interval().predicted

    def interval(self, of: Of = "outcome", level: float = 0.95) -> Interval:
        """Returns the predictions, and the ends of their intervals for a new outcome, or for the mean of all outcomes of such records."""
        key = (level, of == "mean")
        if key not in self._known:
            self._known[key] = self._predict(*key)
        return Interval(*self._known[key])

    def _predict(self, level: float, of_mean: bool) -> Floats:
        core = current()
        batch = core[BATCH + "new"](self.model._handle())
        parts, states, problems, before = [], [], [], 0
        try:
            for columns in self._batches:
                for name, values in columns.items():
                    core[BATCH + ("set-text" if isinstance(values, bytes) else "set-f64")](batch, name, values)
                found = core[BATCH + "predict"](batch, level, of_mean).reshape(3, -1)
                parts.append(found)
                states.append(np.frombuffer(core[BATCH + "status"](batch), np.uint8))
                problems += [{**one, "row": one["row"] + before} for one in json.loads(core[BATCH + "problems"](batch))]
                before += found.shape[1]
        finally:
            batch.close()
        #: Of each row: 0 fine, 1 out of the range of the training data, 2 a value is missing, 3 an error.
        self.status = np.concatenate(states)
        self._problems = problems
        return np.concatenate(parts, axis=1)

    @property
    def problems(self) -> list[Error]:
        """Why rows have no prediction: of the first 100 such rows of each batch."""
        return [Error(**one) for one in self._problems]

    def raise_problem(self) -> None:
        """Raises the error of the first row that has no prediction."""
        if self._problems:
            raise self.problems[0]

    def conf_int(self, obs: bool = False, alpha: float = 0.05) -> Floats:
        """Returns the ends of intervals as two columns, as in statsmodels: for the mean, or with ``obs`` for a new outcome."""
        _, lower, upper = self.interval("outcome" if obs else "mean", 1 - alpha)
        return np.column_stack([lower, upper])

    def summary_frame(self, alpha: float = 0.05) -> Any:
        """Returns the columns that statsmodels gives: ``mean``, ``mean_se``, the ends of the interval of the mean, and of a new outcome.

        A data frame where pandas is imported, else a dictionary of arrays. ``mean_se`` follows from the interval of the mean.
        """
        mean = self.interval("mean", 1 - alpha)
        obs = self.interval("outcome", 1 - alpha)
        frame = {
            "mean": mean.predicted, "mean_se": (mean.upper - mean.lower) / 2 / self.model.summary(1 - alpha).t_quantile,
            "mean_ci_lower": mean.lower, "mean_ci_upper": mean.upper, "obs_ci_lower": obs.lower, "obs_ci_upper": obs.upper,
        }  # fmt: skip
        pandas = sys.modules.get("pandas")
        return frame if pandas is None else pandas.DataFrame(frame)

    def __len__(self) -> int:
        return len(self.predicted)


class Summary(dict):  # type: ignore[type-arg]
    """What a summary of a regression says, under the keys of Summary in ``docs/formats.md``. It prints as a table."""

    @property
    def t_quantile(self) -> float:
        """Half the width of a confidence interval in standard errors; NaN where there is no interval."""
        for one in self["coefficients"]:
            if one["std_error"] and one["lower"] is not None:
                return float((one["upper"] - one["lower"]) / 2 / one["std_error"])
        return float("nan")

    def frame(self) -> Any:
        """Returns the coefficients with their tests: a data frame where pandas is imported, else a dictionary of lists."""
        columns = {key: [one[key] for one in self["coefficients"]] for key in _display.COLUMNS}
        names = [one["name"] for one in self["coefficients"]]
        pandas = sys.modules.get("pandas")
        return {"name": names, **columns} if pandas is None else pandas.DataFrame(columns, index=names, dtype=float)

    def __str__(self) -> str:
        return _display.text(self)

    def _repr_html_(self) -> str:
        return _display.html(self)


def is_record(data: Mapping[str, Any]) -> bool:
    """Whether a mapping has values and not columns."""
    return all(isinstance(value, (str, bytes)) or not hasattr(value, "__len__") for value in data.values())


def record_json(record: Mapping[str, Any]) -> str:
    """Returns a record as JSON, with each number as its own text."""
    return json.dumps({str(name): None if is_missing(value) else cell(value) for name, value in record.items()})
