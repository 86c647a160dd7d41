#!/usr/bin/env python3
"""Runs the R and Python blocks of the guide's pages for people who come from there, and compares the output with what the page shows.

    python3 data/peers/guide.py            from the project's folder; --bless writes the output into the pages

A block opened by ```r or ```pycon is a session: lines with a prompt are commands, the lines up to the next prompt their output. All blocks
of a page run in one session. R needs car and rms; Python runs in this interpreter, and needs statsmodels and scikit-learn. What is missing
is named as not run.
"""
import contextlib
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
import warnings

PAGES = {"from-r.md": "r", "from-statsmodels.md": "pycon", "from-scikit-learn.md": "pycon"}
PROMPTS = {"r": ("> ", "+ "), "pycon": (">>> ", "... ")}
GUIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "guide")
MARK = "\x01"
# as a session's top level does: evaluates, and prints what is visible
R_SESSION = """options(warn = -1, width = 110)
for (command in {commands}) {{
  value <- tryCatch(withVisible(eval(parse(text = command), globalenv())), error = function(e) {{ message(e); quit(status = 1) }})
  if (value$visible) print(value$value)
  cat("{mark}")
}}
"""


def pieces(page, kind):
    """Cuts a page into (is a command, lines): commands with the lines that continue them, and all other lines that are not output."""
    first, more = PROMPTS[kind]
    inside, result = False, []
    for line in page.split("\n"):
        if inside and line == "```":
            inside = False
        elif inside:
            if line.startswith(first):
                result.append((True, [line]))
            elif (line.startswith(more) or line == more.strip()) and result[-1][0]:
                result[-1][1].append(line)
            # everything else is output
            continue
        elif line == "```" + kind:
            inside = True
        result.append((False, [line]))
    return result


def command_of(lines, kind):
    return "\n".join(line[len(PROMPTS[kind][0]):] for line in lines)


def run_r(commands):
    texts = ", ".join("r\"---(" + c + ")---\"" for c in commands)
    script = R_SESSION.format(commands=f"c({texts})", mark=r"\001")
    with tempfile.NamedTemporaryFile("w", suffix=".R") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(["Rscript", "--vanilla", file.name], capture_output=True, text=True, cwd=os.path.join(GUIDE, "..", ".."))
    if done.returncode:
        sys.exit(f"R failed: {done.stderr[-2000:]}")
    return done.stdout.split(MARK)[:-1]


def run_python(commands):
    names, outputs = {"__name__": "page"}, []
    for command in commands:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(compile(command + "\n", "page", "single"), names)
            except Exception:
                sys.exit(f"{command}\n{traceback.format_exc()}")
        outputs.append(out.getvalue())
    return outputs


def missing(kind):
    """What is needed and not there, or None."""
    if kind == "r":
        if not shutil.which("Rscript"):
            return "R"
        found = subprocess.run(["Rscript", "-e", "library(car); library(rms)"], capture_output=True)
        return None if found.returncode == 0 else "R's packages car and rms"
    lacking = [name for name in ("statsmodels", "sklearn", "pandas") if not importlib.util.find_spec(name)]
    return ", ".join(lacking) or None


def run(page, kind):
    """Returns the page with the actual output of its commands."""
    parts = pieces(page, kind)
    outputs = iter((run_r if kind == "r" else run_python)([command_of(lines, kind) for is_command, lines in parts if is_command]))
    result = []
    for is_command, lines in parts:
        result += lines
        if is_command:
            # no white space at the ends of lines
            result += re.sub(r"[ \t]+$", "", next(outputs), flags=re.M).strip("\n").split("\n")
            if result[-1] == "":
                result.pop()
    return "\n".join(result)


def main():
    bless = "--bless" in sys.argv[1:]
    os.chdir(os.path.join(GUIDE, "..", ".."))
    differences = 0
    for name, kind in PAGES.items():
        lacking = missing(kind)
        if lacking:
            print(f"not run: {name} ({lacking} not installed)")
            continue
        path = os.path.join("docs", "guide", name)
        with open(path) as file:
            page = file.read()
        actual = run(page, kind)
        if actual == page:
            print(f"{name}: as shown")
        elif bless:
            with open(path, "w") as file:
                file.write(actual)
            print(f"{name}: written")
        else:
            differences += 1
            pairs = enumerate(zip(page.split("\n"), actual.split("\n")), 1)
            line, (shown, got) = next((i, p) for i, p in pairs if p[0] != p[1])
            print(f"{name} line {line}: shown\n{shown}\ngot\n{got}")
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
