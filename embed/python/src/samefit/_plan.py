"""The plan: what to sum, fit and write. Its keys are the keyword arguments of :func:`samefit.fit` and its like."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Union

from ._engine import current
from ._errors import Error
from ._tables import ColumnTable, Source, Table, source


class Plan(TypedDict, total=False):
    """The keys of a plan, which ``docs/formats.md`` describes. Every key may be missing."""

    #: The column to predict.
    target: str
    #: The terms of the model, such as ``["bmi", "age*bmi", "ln(tg)", "rcs(age, 30, 50, 70)"]``; all columns but the target if missing.
    features: Sequence[str]
    #: The model as a formula of R, instead of target, features and intercept: ``"y ~ bmi + C(site)"``.
    formula: str
    #: Numbers of knots (3 to 7) of columns that become restricted cubic splines; the knots are usual quantiles of the data.
    knots: Mapping[str, Union[int, Sequence[str]]]
    #: The columns to sum, and terms to sum beyond the columns.
    columns: Sequence[str]
    terms: Sequence[str]
    #: Columns that are categories, besides those whose type says so.
    categories: Sequence[str]
    #: The levels that a category keeps; every other level is ``other``.
    other: Mapping[str, Sequence[str]]
    #: Whether a column of words that a feature names is a category. True in ``fit``.
    find_categories: bool
    #: The level with which the others of a category are compared. The first of a pandas ``Categorical``, else the first in order.
    reference: Mapping[str, str]
    intercept: bool
    #: What to do with columns that depend exactly on those before them.
    collinear: Literal["error", "drop"]
    #: Whether features that are collinear but for rounding are refused.
    near_collinear: Literal["note", "error"]
    #: The column with weights of rows, or with the numbers of equal rows that a row stands for.
    weights: str
    counts: str
    #: The column that divides the rows into groups.
    by: str
    #: What to do with a row that lacks a value.
    missing: Literal["error", "drop"]
    #: Whether the values of each column are counted, for ranges and warnings. Without it a fit takes less than half the time.
    distribution: bool
    #: Make statistics that can be shared, and the decimals of their columns.
    share: bool
    decimals: Mapping[str, int]
    shared: Mapping[str, Any]
    #: The data dictionary: a path of ``schema.json``, or its content.
    schema: Union[str, os.PathLike[str], Mapping[str, Any]]
    units: Mapping[str, str]
    grids: Mapping[str, Any]
    #: How a file is written.
    format: Literal["csv", "jsonl", "json"]
    delimiter: str
    decimal: str
    thousands: str
    na: Sequence[str]
    header: Sequence[str]
    skip: int
    comment: str
    #: What to write of predictions.
    only: Literal["predicted"]
    with_input: bool
    to: Literal["csv", "jsonl"]
    on_error: Literal["stop", "continue"]
    level: float
    interval: Literal["prediction", "confidence"]


class Raw(str):
    """JSON text that stands in a document as it is."""


def document(plan: Mapping[str, Any], **more: Any) -> str:
    """Returns the text of a plan. A key without a value is left out."""
    entries = {**plan, **more}
    if isinstance(entries.get("schema"), (str, os.PathLike)) and not isinstance(entries["schema"], Raw):
        entries["schema"] = schema_text(entries["schema"])
    texts = {key: value if isinstance(value, Raw) else as_json(value) for key, value in entries.items() if value is not None}
    return "{" + ", ".join(f"{json.dumps(key)}: {text}" for key, text in texts.items()) + "}"


def schema_text(schema: str | os.PathLike[str]) -> Raw:
    """Returns the content of a schema that is given as a path, or as its text."""
    if isinstance(schema, str) and schema.lstrip().startswith("{"):
        return Raw(schema)
    with open(schema, encoding="utf-8-sig") as file:
        return Raw(file.read())


def as_json(value: Any) -> str:
    """Returns JSON; tuples and arrays are lists, numbers of numpy are numbers, paths and others are texts."""
    return json.dumps(value, default=lambda other: other.tolist() if hasattr(other, "tolist") else str(other))


def needed_columns(plan: Mapping[str, Any]) -> list[str] | None:
    """Returns the columns that data for a plan need to have; ``None`` if any column may count."""
    found = current()["training/needed-columns"](document(plan))
    return None if found is None else list(json.loads(found))


def with_types(data: Source, plan: Mapping[str, Any]) -> dict[str, Any]:
    """Adds to a plan what the types of the columns say: which columns are categories, and what their first levels are."""
    if not isinstance(data, Table):
        return {"format": data.format, **plan}
    plan = {key: value for key, value in plan.items() if key != "format"}
    needed = needed_columns(plan)
    schema = plan.get("schema")
    described = json.loads(schema if isinstance(schema, Raw) else as_json(schema)) if schema else {}
    known = {plan.get(key) for key in ("target", "weights", "counts", "by")} | {one.get("name") for one in described.get("columns") or []}
    known |= {(described.get("target") or {}).get("column")} | set(plan.get("categories", ()))
    used = set(data.names) - set(data.left_out) if needed is None else set(needed)
    found = [name for name in data.categories if name in used - known]
    if found:
        plan["categories"] = [*plan.get("categories", ()), *found]
    first = {name: data.categories[name] for name in found if data.categories[name] is not None}
    if first:
        plan["reference"] = {**first, **plan.get("reference", {})}
    return plan


def arguments(data: Any, y: Any, plan: Mapping[str, Any]) -> tuple[Source, dict[str, Any]]:
    """Returns the data and the plan of ``fit(formula, data)``, ``fit(X, y)`` or ``fit(data)``."""
    plan = dict(plan)
    if isinstance(plan.get("schema"), (str, os.PathLike)):
        plan["schema"] = schema_text(plan["schema"])
    if isinstance(data, str) and y is not None:
        data, y, plan = y, None, {"formula": data, **plan}
    opened = source(data)
    extra = {key: plan[key] for key in ("weights", "counts") if key in plan and not isinstance(plan[key], str)}
    if y is None and not extra:
        return opened, plan
    if not isinstance(opened, Table):
        raise TypeError("`y` and arrays of weights belong to data in memory: name the columns of a file by `target` and `weights`")
    columns = opened.columns()
    names = [name for name, _ in columns]
    own = y is not None and "features" not in plan
    if y is not None:
        target = plan.setdefault("target", one_name(y))
        plan.setdefault("features", names)
        columns = [*columns, (target, one_column(y))]
    for key, values in extra.items():
        plan[key] = key
        columns.append((key, one_column(values)))
    every = [name for name, _ in columns]
    twice = next((name for name in every if every.count(name) > 1), None)
    if twice is not None:
        raise Error("duplicate-column", "two columns have this name", "rename one of them, or name the target by `target`", column=twice)
    if own:
        needed = needed_columns(plan) or []
        term = next((name for name in names if name not in needed), None)
        if term is not None:
            raise Error("term", "the name of this column reads as a term of other columns", "rename the column", column=term)
    return ColumnTable(columns), plan


def one_name(y: Any) -> str:
    """Returns the name of the target that is given as a column."""
    name = getattr(y, "name", None)
    names = getattr(y, "columns", [])
    return str(names[0] if name is None and len(names) == 1 else "y" if name is None or callable(name) else name)


def one_column(y: Any) -> Any:
    """Returns a column, of itself or of a table of one column."""
    if getattr(y, "ndim", 1) == 2 and hasattr(y, "columns"):
        held = source(y)
        if isinstance(held, Table) and len(held.names) == 1:
            return held.columns()[0][1]
    return y
