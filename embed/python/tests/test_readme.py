"""The README shows what its code prints."""

import doctest
import pathlib
import re

import pytest

README = pathlib.Path(__file__).parents[1] / "README.md"


@pytest.mark.filterwarnings("default")
def test_the_readme_shows_what_its_code_prints(tmp_path, monkeypatch):
    pytest.importorskip("sklearn", reason="the README's last part needs scikit-learn")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```pycon\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "README.md", None, 0)
    found = doctest.DocTestRunner().run(test)
    assert found.attempted > 30
    assert found.failed == 0
