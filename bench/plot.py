#!/usr/bin/env python3
"""Draws bars of median times as SVG, one picture for each group of scenarios.

    python3 bench/plot.py

A label beside each bar names the program. Colours repeat the kind of program; people with any colour vision can tell them
apart. The background is white, so the pictures can be read on a dark page too.
"""

from html import escape
from pathlib import Path
from statistics import median

import report

BENCH = Path(__file__).resolve().parent
# Okabe and Ito's palette
COLOURS = {"samefit": "#0072B2", "native": "#56B4E9", "peer": "#E69F00", "floor": "#999999"}
KINDS = {"samefit": "samefit", "native": "the same code native", "peer": "peers", "floor": "floor: no work but reading"}
WIDTH, LABELS, VALUES = 900, 370, 110
BAR, STEP, TITLE, GAP = 14, 20, 30, 18


def text(x, y, content, anchor="start", weight="normal", colour="#111111"):
    style = f'text-anchor="{anchor}" font-weight="{weight}" fill="{colour}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(content)}</text>'


def rectangle(x, y, width, height, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def bar(contender, y, scale):
    """Draws a contender: its name, a bar for the median, a line from fastest to slowest, and the median as text."""
    walls = contender["wall_s"]
    middle = y + BAR / 2
    low, high = LABELS + min(walls) * scale, LABELS + max(walls) * scale
    weight = "bold" if contender["kind"] == "samefit" else "normal"
    return [
        text(LABELS - 8, y + BAR - 3, contender["name"], "end", weight),
        rectangle(LABELS, y, max(median(walls) * scale, 1), BAR, COLOURS[contender["kind"]]),
        f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="#111111" stroke-width="1.5"/>',
        text(max(high, LABELS) + 6, y + BAR - 3, report.seconds(median(walls)), weight=weight),
    ]


def panel(result, y):
    """Draws a scenario below y. Returns the elements, and the y where it ends."""
    contenders = sorted(result["contenders"], key=lambda c: median(c["wall_s"]))
    # all bars have one scale, even if a very slow contender makes the others short
    longest = max((max(c["wall_s"]) for c in contenders), default=1)
    scale = (WIDTH - LABELS - VALUES) / longest
    title = result["title"] + (" (a trial, not a measurement)" if result["quick"] else "")
    drawn = [text(12, y + 16, title, weight="bold")]
    y += TITLE
    for contender in contenders:
        drawn += bar(contender, y, scale)
        y += STEP
    return drawn, y + GAP


def legend(results, y):
    kinds = [kind for kind in KINDS if any(c["kind"] == kind for r in results for c in r["contenders"])]
    drawn, x = [], 12
    for kind in kinds:
        drawn += [rectangle(x, y, BAR, BAR, COLOURS[kind]), text(x + BAR + 6, y + BAR - 3, KINDS[kind])]
        x += 60 + 7 * len(KINDS[kind])
    drawn.append(text(x, y + BAR - 3, "bar: median wall time; line: fastest to slowest", colour="#444444"))
    return drawn, y + BAR + GAP


def draw(results, path):
    drawn, y = legend(results, 12)
    for result in results:
        more, y = panel(result, y)
        drawn += more
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" '
    head += 'role="img" font-family="system-ui, sans-serif" font-size="12">'
    titles = f"<title>{escape('; '.join(result['title'] for result in results))}</title>"
    path.write_text("\n".join([head, titles, rectangle(0, 0, WIDTH, y, "#ffffff"), *drawn, "</svg>"]) + "\n")


def draw_all(folder):
    """Draws a picture for each group that has results."""
    results = report.in_order(folder)
    for group in dict.fromkeys(result["group"] for result in results):
        draw([r for r in results if r["group"] == group and r["contenders"]], folder / f"{group}.svg")


if __name__ == "__main__":
    draw_all(BENCH / "results")
