"""Builds the sdist and, from it, the wheel into a folder, and checks what is in them: `python tests/build.py FOLDER`.

The build backend of the environment is used, so that nothing is downloaded.
"""

import hashlib
import os
import pathlib
import sys
import tarfile
import tempfile
import zipfile

from hatchling import build

PACKAGE = pathlib.Path(__file__).parents[1]
CORE = ("abi.json", "samefit.core.wasm", "SHA256SUM")


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    os.chdir(PACKAGE)
    sdist = out / build.build_sdist(str(out))
    with tempfile.TemporaryDirectory() as folder, tarfile.open(sdist) as archive:
        archive.extractall(folder)
        (source,) = pathlib.Path(folder).iterdir()
        os.chdir(source)
        wheel = out / build.build_wheel(str(out))
        os.chdir(PACKAGE)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        expected = {f"samefit/{path.relative_to('src/samefit').as_posix()}" for path in pathlib.Path("src/samefit").rglob("*.py")}
        expected |= {f"samefit/core/{name}" for name in CORE} | {"samefit/py.typed"}
        assert {name for name in names if ".dist-info/" not in name} == expected, names
        assert any(name.endswith("licenses/LICENSE") and archive.getinfo(name).file_size > 10_000 for name in names), names
        digest = archive.read("samefit/core/SHA256SUM").decode().split()[0]
        assert hashlib.sha256(archive.read("samefit/core/samefit.core.wasm")).hexdigest() == digest
    print(f"{sdist.name} {sdist.stat().st_size:,} bytes, {wheel.name} {wheel.stat().st_size:,} bytes, core module {digest}")


main(pathlib.Path(sys.argv[1]).resolve())
