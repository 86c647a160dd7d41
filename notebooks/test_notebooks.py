"""Every notebook runs from a clean kernel, and has no outputs in git."""

import pathlib

import nbformat
import pytest
import render

#: The rendered notebooks, for people who only read.
RENDERED = pathlib.Path(__file__).parents[1] / "target/notebooks"


@pytest.mark.parametrize("path", render.notebooks(), ids=lambda path: path.stem)
def test_it_runs(path):
    notebook = render.run(path)
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.output_type == "error" or output.get("name") == "stderr"]
    RENDERED.mkdir(parents=True, exist_ok=True)
    (RENDERED / f"{path.stem}.md").write_text(render.markdown(notebook, path.stem, RENDERED))


@pytest.mark.parametrize("path", render.notebooks(), ids=lambda path: path.stem)
def test_it_has_no_outputs_in_git(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    solutions = [cell for cell in code if cell.source.startswith("# Solution")]
    assert len(solutions) == 3
