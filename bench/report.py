#!/usr/bin/env python3
"""Writes the tables of bench/README.md, between their markers, from the JSON files of results.

    python3 bench/report.py
"""

import json
from pathlib import Path
from statistics import median

BENCH = Path(__file__).resolve().parent
BEGIN, END = "<!-- results: bench/report.py writes what follows -->", "<!-- end of results -->"
NOTHING = "Not measured yet.\n"
# below this, times are shown in milliseconds
MILLISECONDS_BELOW_S = 0.1


def baseline(contenders):
    """Returns the contender with ratio 1: the fastest peer, or else the fastest native build, or else the fastest of all."""
    for kinds in (["peer"], ["native"], ["samefit", "floor"]):
        candidates = [c for c in contenders if c["kind"] in kinds]
        if candidates:
            return min(candidates, key=lambda c: median(c["wall_s"]))
    return None


def ratio(contender, base):
    """Returns the median of the ratios of all rounds. Whatever slows a round down slows both times."""
    return median(a / b for a, b in zip(contender["wall_s"], base["wall_s"]))


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < MILLISECONDS_BELOW_S else f"{value:.2f} s"


def row(contender, base):
    walls = contender["wall_s"]
    name = f"**{contender['name']}**" if contender["kind"] == "samefit" else contender["name"]
    cells = [
        name,
        seconds(median(walls)),
        f"{seconds(min(walls))} to {seconds(max(walls))}",
        f"{ratio(contender, base):.2f}" + (" (baseline)" if contender is base else ""),
        seconds(median(contender["cpu_s"])),
        f"{median(contender['peak_kb']) / 1000:.0f} MB",
        contender["check"],
    ]
    return f"| {' | '.join(cells)} |"


def table(result):
    """Returns the table of a scenario, the fastest contender first."""
    contenders = sorted(result["contenders"], key=lambda c: median(c["wall_s"]))
    if not contenders:
        return NOTHING
    base = baseline(contenders)
    lines = [
        f"| {result['rounds']} rounds | median | fastest to slowest | ratio | CPU | peak memory | its answer |",
        "|---|---:|---:|---:|---:|---:|---|",
        *(row(contender, base) for contender in contenders),
    ]
    if result["not_run"]:
        lines += ["", *(f"Not run: {entry['name']} ({entry['why']})." for entry in result["not_run"])]
    return "\n".join(lines) + "\n"


def facts(data):
    size = f"{data['bytes'] / 1e6:.1f} MB"
    return f"{data['rows']:,} {'files' if data.get('files') else 'rows'}, {size}, sha256 `{data['sha256'][:16]}`" if "rows" in data else size


def where(machine):
    """Returns the machine and the versions of a measurement."""
    peers = ", ".join(f"{name} {version}" for name, version in machine["peers"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}; samefit "
        f"{machine['samefit']}, component sha256 `{machine['component']}`; {peers}, Python {machine['python']}."
    )


def when(result):
    busy = result["busy_cores_before"]
    return f"Measured on {result['measured']}, when other programs used {busy} cores."


def section(result, machine):
    """Returns a scenario's section: its command, data and table, and its machine if it is not the one at the top."""
    command = f"sh scripts/just bench --scenario {result['scenario']}"
    elsewhere = f"Another machine or build: {where(result['machine'])} " if result["machine"] != machine else ""
    trial = "**A trial, not a measurement.** " if result["quick"] else ""
    head = f"### {result['title']}\n\n{trial}`{command}`: {facts(result['data'])}."
    return f"{head}\n\n{table(result)}\n{elsewhere}{when(result)}\n"


def in_order(folder):
    """Returns the results that exist, in the order of the scenarios."""
    from scenarios import SCENARIOS

    paths = [folder / f"{scenario.name}.json" for scenario in SCENARIOS]
    return [json.loads(path.read_text()) for path in paths if path.exists()]


def rewrite(readme, folder):
    """Replaces the text between the markers by the tables and pictures."""
    results = in_order(folder)
    machine = results[-1]["machine"] if results else None
    parts, plotted = [where(machine) + "\n"] if results else [], set()
    for result in results:
        image = folder / f"{result['group']}.svg"
        if result["group"] not in plotted and image.exists():
            plotted.add(result["group"])
            parts.append(f"![Times of the scenarios below as bars]({folder.name}/{image.name})\n")
        parts.append(section(result, machine))
    text = readme.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    body = "\n".join(parts) if parts else NOTHING
    readme.write_text(f"{before}{BEGIN}\n\n{body}\n{END}{after}")


if __name__ == "__main__":
    rewrite(BENCH / "README.md", BENCH / "results")
