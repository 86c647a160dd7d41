"""Data and a plan into the core module's statistics."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Mapping
from typing import Any

from ._abi import Handle
from ._engine import current
from ._errors import DataWarning, Error, describe
from ._plan import document, needed_columns, with_types
from ._tables import Source, Table

SUMMARIZER = "training/summarizer."


def summed(data: Source, plan: Mapping[str, Any]) -> Handle:
    """Returns the statistics of data. A plan that chooses knots or is to be shared reads the data twice."""
    handle: Handle = finished(data, with_choices(data, plan), "finish")
    return handle


def with_choices(data: Source, plan: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the plan with what a first pass over the data chooses: knots of splines, and how values to be shared are rounded."""
    plan = with_types(data, plan)
    if any(isinstance(count, int) for count in plan.get("knots", {}).values()):
        plan["knots"] = json.loads(finished(data, plan, "choose-knots"))
    if plan.get("share") and "shared" not in plan:
        plan["shared"] = json.loads(finished(data, plan, "choose-decimals"))
    return plan


def finished(data: Source, plan: Mapping[str, Any], end: str) -> Any:
    """Reads all data with a summarizer, and returns what it ends with."""
    summarizer = opened(plan)
    try:
        read(summarizer, data, plan)
        return ended(summarizer, end)
    finally:
        summarizer.close()


def opened(plan: Mapping[str, Any]) -> Handle:
    """Returns a new summarizer."""
    handle: Handle = current()[SUMMARIZER + "new"](document(plan))
    return handle


def ended(summarizer: Handle, end: str) -> Any:
    """Ends a summarizer, and warns of what the user should know."""
    found = summarizer.core[SUMMARIZER + end](summarizer)
    for note in json.loads(summarizer.core[SUMMARIZER + "notes"](summarizer)):
        warn(note)
    return found


def warn(note: Mapping[str, Any]) -> None:
    text = describe(note.get("row"), note.get("column"), note["text"]) + (f"\nhelp: {note['help']}" if note.get("help") else "")
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        level, frame = level + 1, frame.f_back
    warnings.warn(text, DataWarning, stacklevel=level)


def read(summarizer: Handle, data: Source, plan: Mapping[str, Any]) -> None:
    """Gives data to a summarizer."""
    core = summarizer.core
    if not isinstance(data, Table):
        push = core[SUMMARIZER + "push"]
        for chunk in data.chunks():
            push(summarizer, chunk)
        return
    needed = needed_columns(plan)
    if needed is None or not set(needed) <= set(data.names):
        for name, why in data.left_out.items() if needed is None else ():
            warn({"column": name, "text": f"left out: {why}"})
        # where a column is not there, the module's error tells which ones are
        needed = [name for name in data.names if name not in data.left_out]
    check_names(data.names, needed)
    for batch in data.batches(set(needed)):
        for name, values in batch.items():
            core[SUMMARIZER + ("set-text" if isinstance(values, bytes) else "set-f64")](summarizer, name, values)
        core[SUMMARIZER + "sum-columns"](summarizer)


def check_names(names: list[str], needed: list[str]) -> None:
    """Refuses a needed name that stands twice."""
    twice = next((name for name in needed if names.count(name) > 1), None)
    if twice is not None:
        raise Error("duplicate-column", "two columns have this name", "rename one of them", column=twice)
