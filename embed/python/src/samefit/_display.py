"""A summary as a table of text, and as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COLUMNS = ("coefficient", "std_error", "t", "p", "lower", "upper")


def number(value: Any) -> str:
    """Returns a number with six digits; a dash for one that is not defined."""
    if value is None or value != value:
        return "-"
    return f"{value:.6g}"


def heading(summary: Mapping[str, Any]) -> str:
    names = " + ".join(one["name"].strip("()") for one in summary["coefficients"])
    return f"{summary['target']['column']} = {names}, fitted on {summary['rows']} rows"


def rows(summary: Mapping[str, Any]) -> list[list[str]]:
    ends = f"{100 * summary['level']:g} % interval"
    head = ["", "coefficient", "std error", "t", "p", ends, ""]
    return [head, *([one["name"].strip("()"), *(number(one[key]) for key in COLUMNS)] for one in summary["coefficients"])]


def footing(summary: Mapping[str, Any]) -> list[str]:
    df = summary["f_df"]
    lines = [f"F {number(summary['f'])} on {df[0]} and {df[1]} degrees of freedom, p {number(summary['f_p'])}"] if df else []
    fit = f"R2 {number(summary['r_squared'])}, adjusted R2 {number(summary['adjusted_r_squared'])}, "
    return [*lines, fit + f"residual sd {number(summary['residual_sd'])} on {summary['residual_df']} degrees of freedom"]


def text(summary: Mapping[str, Any]) -> str:
    table = rows(summary)
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    right = [[cell.rjust(width) for cell, width in zip(row, widths)] for row in table]
    lines = ["  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip() for row, cells in zip(table, right)]
    return "\n".join([heading(summary), "", *lines, "", *footing(summary)])


def html(summary: Mapping[str, Any]) -> str:
    from html import escape

    head, *body = rows(summary)
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head[:5]) + f'<th colspan="2">{escape(head[5])}</th>'
    lines = "".join(f"<tr><th>{escape(row[0])}</th>" + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>" for row in body)
    foot = "<br>".join(escape(line) for line in footing(summary))
    return f"<table><caption>{escape(heading(summary))}</caption><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table><p>{foot}</p>"
