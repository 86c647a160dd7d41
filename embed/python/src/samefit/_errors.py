"""The errors of samefit."""

from __future__ import annotations

from typing import Any

__all__ = ["DataWarning", "Error", "StoppedError"]


class Error(ValueError):
    """What is wrong with an input, where, and what to do.

    Attributes:
        code: stable kebab-case name of the kind of error; ``docs/errors.md`` lists all of them
        row: number of the row at fault: of a file as a spreadsheet counts, else from 1; ``None`` if no row is
        column: the column, feature or term at fault
        found: the text of the input that is wrong
        expected: what the input should be instead
        text: what is wrong, as a sentence
        help: what to do, as a sentence
    """

    def __init__(
        self,
        code: str,
        text: str,
        help: str = "",
        *,
        row: int | None = None,
        column: str | None = None,
        found: str | None = None,
        expected: str | None = None,
    ) -> None:
        self.code, self.text, self.help = code, text, help
        self.row, self.column, self.found, self.expected = row, column, found, expected
        super().__init__(describe(row, column, text) + (f"\nhelp: {help}" if help else ""))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.__dict__.copy(),)


def _restore(record: dict[str, Any]) -> Error:
    return Error(**record)


def describe(row: int | None, column: str | None, text: str) -> str:
    """Returns a sentence with its place before it: ``row 17, column `bmi`: found `2l.6`, expected a decimal number``."""
    place = [f"row {row}"] if row is not None else []
    place += [f"column `{column}`"] if column is not None else []
    return ": ".join([", ".join(place), text] if place else [text])


class StoppedError(RuntimeError):
    """The core module stopped in the middle of a call, such as for lack of memory. Work goes on with new objects."""


class DataWarning(UserWarning):
    """What a user should know about data: columns left out, rows dropped, values rounded."""
