"""Statistics: exact sums, which can be added, subtracted, shared and fitted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union

from . import _summing
from ._abi import Handle
from ._document import Document
from ._engine import current
from ._errors import StoppedError
from ._model import Model
from ._plan import Plan, arguments, document, with_types
from ._tables import source

if TYPE_CHECKING:
    from typing_extensions import Unpack

STATISTICS = "training/statistics."
#: The plan of a model: a formula, or features of a target.
ModelPlan = Union[str, Mapping[str, Any]]


class Statistics(Document):
    """The exact row count, sums and sums of products of columns: the content of ``statistics.json``.

    Statistics of the same columns are added and subtracted. The result is the bytes that one pass over the rows gives, in any order and
    division: ``a + b - b == a``.
    """

    _parse = STATISTICS + "parse"

    def __init__(self, text: str | bytes) -> None:
        super().__init__(text)
        # equal statistics have equal text, however the text was written
        self._text = current()[STATISTICS + "to-json"](self._handle())

    @classmethod
    def _of_handle(cls, handle: Handle) -> Statistics:
        return cls._of(handle.core[STATISTICS + "to-json"](handle), handle)

    def _changed(self, change: str, other: Statistics) -> Statistics:
        core = current()
        handle = core[self._parse](self._text)
        core[STATISTICS + change](handle, other._handle())
        return self._of_handle(handle)

    def __add__(self, other: object) -> Statistics:
        """Returns the statistics of the rows of both."""
        return self._changed("merge", other) if isinstance(other, Statistics) else NotImplemented

    def __radd__(self, other: object) -> Statistics:
        # so that `sum(parts)` works, which begins with 0
        return self if other == 0 else NotImplemented

    def __sub__(self, other: object) -> Statistics:
        """Returns the statistics without the rows of the other: as if they had never been summed."""
        return self._changed("subtract", other) if isinstance(other, Statistics) else NotImplemented

    @property
    def rows(self) -> int:
        """How many rows were summed."""
        return int(self.document["rows"])

    @property
    def dropped(self) -> int:
        """How many rows were left out because a value is missing."""
        return int(self.document["dropped"])

    @property
    def columns(self) -> list[str]:
        """The columns, and the categories after them."""
        return [one["name"] for one in self.document["columns"]] + [one["column"] for one in self.document.get("categories", [])]

    def fit(self, model: str | None = None, /, **plan: Unpack[Plan]) -> Model:
        """Solves the normal equations exactly. ``model``: a formula; else ``target`` and ``features`` say what to fit."""
        _, full = arguments({}, None, plan if model is None else {**plan, "formula": model})
        return Model._of(current()[STATISTICS + "fit"](self._handle(), document(full)))

    def compare(self, smaller: ModelPlan, larger: ModelPlan) -> dict[str, Any]:
        """Compares two models, one of which has all terms of the other, by the F test (Comparison in ``docs/formats.md``)."""
        return dict(json.loads(current()[STATISTICS + "compare"](self._handle(), plan_text(smaller), plan_text(larger))))

    def test(self, model: ModelPlan, restrictions: str) -> dict[str, Any]:
        """Tests linear restrictions of coefficients, such as ``"bmi = 2*ltg, age = 0"``, by the F test (Test in ``docs/formats.md``)."""
        return dict(json.loads(current()[STATISTICS + "test"](self._handle(), plan_text(model), restrictions)))

    def summarize(self, data: Any, /, **plan: Unpack[Plan]) -> Statistics:
        """Sums other rows in the way in which these were summed, to add or to subtract them.

        Statistics do not tell which rows they were made of: make sure that rows to forget were summed before.
        """
        full: Any = {**self.plan(), **plan}
        return summarize(data, **full)

    def plan(self) -> dict[str, Any]:
        """Returns the plan that these statistics were made with, as far as they tell."""
        columns, categories = self.document["columns"], self.document.get("categories", [])
        names = [one["name"] for one in columns]
        products = [term for term in map(term_text, self.document["terms"]) if term not in names]
        together = ["*".join(one["columns"]) for one in self.document.get("combinations", [])]
        found = {
            "columns": names,
            "categories": [one["column"] for one in categories],
            "other": {one["column"]: one["kept"] for one in categories if "kept" in one},
            "weights": self.document.get("weights", {}).get("column"),
            "units": {one["name"]: one["unit"] for one in columns if "unit" in one},
            "grids": {one["name"]: one["grid"] for one in columns if "grid" in one},
            "terms": products + together,
            "shared": self.document.get("shared"),
        }
        return {key: value for key, value in found.items() if value} | {"columns": names, "distribution": "distribution" in self.document}

    def __repr__(self) -> str:
        return f"<samefit.Statistics of {self.rows} rows: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>Statistics of {self.rows} rows: {escape(', '.join(self.columns))}</p>"


def term_text(factors: list[Any]) -> str:
    """Returns a term of statistics as a plan writes it, such as ``age*ln(bmi)^2``."""
    return "*".join(factor_text(factor) + (f"^{power}" if power > 1 else "") for factor, power in factors)


def factor_text(factor: Any) -> str:
    if isinstance(factor, str):
        return factor
    if "function" in factor:
        return f"{factor['function']}({factor['column']})"
    knot = factor["knot"]
    return f"({factor['column']}{'+' + knot[1:] if knot.startswith('-') else '-' + knot})+^3"


def plan_text(model: ModelPlan) -> str:
    return document({"formula": model} if isinstance(model, str) else model)


class Summarizer:
    """Sums tables one after another, without keeping them. It is for the thread that adds the first of them.

    >>> with Summarizer(columns=["bmi", "y"]) as summarizer:  # doctest: +SKIP
    ...     for table in tables:
    ...         summarizer.add(table)
    ...     statistics = summarizer.finish()
    """

    def __init__(self, **plan: Unpack[Plan]) -> None:
        _, self._plan = arguments({}, None, plan)
        self._summarizer: Handle | None = None

    def add(self, data: Any) -> Summarizer:
        """Adds the rows of a table, or of one file."""
        opened = source(data)
        if self._summarizer is None:
            self._plan = with_types(opened, self._plan)
            self._summarizer = _summing.opened(self._plan)
        _summing.read(self._handle(), opened, self._plan)
        return self

    def finish(self) -> Statistics:
        """Ends the data, and returns their statistics."""
        if self._summarizer is None:
            self.add({})
        found = Statistics._of_handle(_summing.ended(self._handle(), "finish"))
        self.close()
        return found

    def close(self) -> None:
        """Frees the memory. That happens by itself when the object is no longer used."""
        if self._summarizer is not None and self._summarizer.core is current():
            self._summarizer.close()

    def _handle(self) -> Handle:
        if self._summarizer is None or self._summarizer.core is not current():
            raise StoppedError("this summarizer belongs to another thread, or to an instance that stopped")
        return self._summarizer

    def __enter__(self) -> Summarizer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def summarize(data: Any, /, **plan: Unpack[Plan]) -> Statistics:
    """Sums data of any kind exactly.

    Args:
        data: a table, or the path of a file
        **plan: the keys of :class:`~samefit.Plan`: ``columns`` and ``terms``, or ``target`` and ``features``, or ``formula``, say what to
            sum; ``share=True`` makes statistics that can be shared
    """
    return Statistics._of_handle(_summing.summed(*arguments(data, None, plan)))


def summarize_groups(data: Any, /, **plan: Unpack[Plan]) -> dict[str, Statistics]:
    """Sums the rows of each value of the column ``by``: the statistics of a table of these rows alone, without the column."""
    opened, full = arguments(data, None, plan)
    groups = _summing.finished(opened, _summing.with_choices(opened, full), "finish-groups")
    core = groups.core
    names = json.loads(core["training/groups.names"](groups))
    return {name: Statistics._of_handle(core["training/groups.take"](groups, name)) for name in names}


def fit(data: Any, y: Any = None, /, **plan: Unpack[Plan]) -> Model:
    """Fits a linear model exactly.

    >>> fit("y ~ bmi + C(site)", table)  # doctest: +SKIP
    >>> fit(X, y)  # doctest: +SKIP
    >>> fit("patients.csv", target="y", features=["bmi", "ltg"])  # doctest: +SKIP

    Args:
        data: a formula, with the table or file as ``y``; or the features, with their outcomes as ``y``; or a table or the path of a file,
            with the names of its columns as keywords
        **plan: the keys of :class:`~samefit.Plan`. ``weights`` and ``counts`` may be a column of ``data`` or an array.

    Raises:
        Error: for bad data, with row and column; for collinear features, with their relation
    """
    opened, full = arguments(data, y, plan)
    full.setdefault("find_categories", True)
    full = _summing.with_choices(opened, full)
    handle = _summing.finished(opened, full, "finish")
    try:
        model = Model._of(current()[STATISTICS + "fit"](handle, document(full)))
    finally:
        handle.close()
    for note in model.notes() if "near_collinear" in model.document else ():
        _summing.warn(note)
    return model
