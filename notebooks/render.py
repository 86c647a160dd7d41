"""Runs the notebooks from clean kernels, and writes them with their outputs as Markdown: `python notebooks/render.py FOLDER`.

The notebooks in git have no outputs, so that a difference shows what a person changed. They are run in a copy beside a link to `data`,
so they leave nothing here.
"""

import base64
import pathlib
import shutil
import sys
import tempfile

import nbformat
from nbclient import NotebookClient

FOLDER = pathlib.Path(__file__).parent
#: Most seconds of a cell.
SECONDS_MAX = 120


def notebooks():
    return sorted(FOLDER.glob("*.ipynb"))


def run(path):
    """Returns a notebook with its outputs. Raises CellExecutionError for a cell that fails."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder) / "notebooks"
        place.mkdir()
        shutil.copy(path, place)
        (place.parent / "data").symlink_to(FOLDER.parent / "data", target_is_directory=True)
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=SECONDS_MAX, kernel_name="python3", resources={"metadata": {"path": str(place)}}).execute()
        return notebook


def markdown(notebook, name, out):
    """Returns a notebook as Markdown, and writes its pictures into `out`."""
    parts, pictures = [], 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            content = output.get("data", {})
            if "image/png" in content:
                pictures += 1
                picture = f"{name}-{pictures}.png"
                (out / picture).write_bytes(base64.b64decode(content["image/png"]))
                parts.append(f"![output of the cell above]({picture})")
            elif "text/html" in content:
                parts.append("".join(content["text/html"]))
            else:
                parts.append(f"```text\n{(output.get('text') or content.get('text/plain', '')).rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    for path in notebooks():
        (out / f"{path.stem}.md").write_text(markdown(run(path), path.stem, out))
        print(f"wrote {out / path.stem}.md")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
