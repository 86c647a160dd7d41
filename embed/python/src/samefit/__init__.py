"""Exact linear regression on tables.

Fits from sums of integers: every number is the exact result, rounded once, so the same rows in any order, format or division give the same
bytes, in every language. ``fit`` is where to start; ``summarize`` makes statistics that can be added, subtracted and shared.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from ._engine import current as _current
from ._engine import sha256
from ._errors import DataWarning, Error, StoppedError
from ._model import Interval, Model, Prediction, Summary, Verdict
from ._plan import Plan, document
from ._statistics import Statistics, Summarizer, fit, summarize, summarize_groups
from ._tables import Bytes, Table, csv_lines, source

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = [
    "DataWarning", "Error", "Interval", "Model", "Plan", "Prediction", "Statistics", "StoppedError", "Summarizer", "Summary", "Verdict",
    "fit", "load", "preview", "profile", "sha256", "summarize", "summarize_groups", "version",
]  # fmt: skip
__version__ = "0.1.0"


def load(path: str | os.PathLike[str]) -> Model | Statistics:
    """Reads a file that holds a model or statistics."""
    with open(path, "rb") as file:
        text = file.read()
    kind = json.loads(text).get("format", "")
    return (Statistics if kind.startswith("samefit-statistics/") else Model)(text)


def profile(data: Any, /, **plan: Unpack[Plan]) -> dict[str, Any]:
    """Describes every column of a table or file: kind, missing values, mean, quantiles, distribution (Profile in ``docs/formats.md``)."""
    opened, core = source(data), _current()
    chunks = opened.chunks() if isinstance(opened, Bytes) else csv_lines(opened)
    profiler = core["profile/profiler.new"](document({"format": opened.format if isinstance(opened, Bytes) else "csv", **plan}))
    for chunk in chunks:
        core["profile/profiler.push"](profiler, chunk)
    return dict(json.loads(core["profile/profiler.finish"](profiler)))


def preview(data: Any, /, **plan: Unpack[Plan]) -> dict[str, Any]:
    """Guesses how a file is written, and shows its first rows (Preview in ``docs/formats.md``). The ``plan`` in it reads the file."""
    opened = source(data)
    if isinstance(opened, Table):
        raise TypeError("a preview is of a file: tables need no guess")
    start = next(opened.chunks(), b"")[: 1 << 16]
    return dict(json.loads(_current()["profile/preview"](start[: start.rfind(b"\n") + 1] or start, document(plan))))


def version() -> str:
    """Returns the version of the core module."""
    return str(_current()["identity/version"]())
