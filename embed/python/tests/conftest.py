"""What the tests share: the repository's data, and the program `samefit` to compare with."""

import os
import pathlib
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).parents[3]
DATA = ROOT / "data"
#: Most seconds of a test.
SECONDS_MAX = 300


@pytest.fixture(autouse=True)
def _limit():
    """Ends the whole run if a test takes too long, even inside the core module."""
    timer = threading.Timer(SECONDS_MAX, lambda: os.write(2, b"a test took too long\n") and os._exit(1))
    timer.daemon = True
    timer.start()
    yield
    timer.cancel()


@pytest.fixture(scope="session")
def data():
    if not DATA.is_dir():
        pytest.skip("the repository's data are not here")
    return DATA


@pytest.fixture(scope="session")
def program():
    """Returns a function that runs the program, and returns what it prints."""
    path = pathlib.Path(os.environ.get("SAMEFIT") or ROOT / "target/release/samefit")
    if not path.exists():
        pytest.skip("the program is not built")

    def run(*arguments, folder, code=0):
        ended = subprocess.run([path, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=120)
        assert ended.returncode == code, ended.stderr
        return ended.stdout

    return run


@pytest.fixture
def train(program, tmp_path):
    """Returns a function that trains with the program on a file, and returns the text of the model."""

    def run(file, *flags):
        program("train", "--data", file, *flags, "--out", tmp_path / "trained", "--quiet", folder=tmp_path)
        return (tmp_path / "trained/model.json").read_text()

    return run
