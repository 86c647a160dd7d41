#!/usr/bin/env python3
"""Runs the image in real containers: every stage of the workshop's pipeline, as a Pachyderm worker runs it.

Run by scripts/check-image. `umoci` unpacks target/image, and `runc` runs it: as an unprivileged user, with a read-only root, no
network, no capabilities, a memory limit, and read-only inputs under /pfs. The files that the stages write are compared, byte for
byte, with those that the program writes without a container.
"""
import copy
import glob
import hashlib
import json
import os
import re
import select
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
IMAGE = os.path.join(ROOT, "target", "image")
ARCHIVE = os.path.join(ROOT, "target", "samefit-image.tar")
MATERIALS = os.path.join(ROOT, "target", "samefit-image.cdx.json")
NATIVE = os.path.join(ROOT, "target", "release", "samefit")
DATA = os.path.join(ROOT, "data")

USER = 65532
IMAGE_BYTES_MAX = 40_000_000
MEMORY_BYTES = 64 << 20
DATUM = "7f3a" * 16


# Debian installs runc in a folder that is on the path of root only
ENVIRONMENT = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}


def command(*words, **options):
    return subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False, **options)


def checked(*words, **options):
    done = command(*words, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
    return done


class Bundle:
    """The unpacked image. A container is a changed copy of its configuration."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        with open(os.path.join(IMAGE, "index.json"), encoding="utf-8") as file:
            self.tag = json.load(file)["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
        unpacked = os.path.join(self.folder, "unpacked")
        checked("umoci", "unpack", "--image", f"{IMAGE}:{self.tag}", unpacked)
        self.root = os.path.join(unpacked, "rootfs")
        with open(os.path.join(unpacked, "config.json"), encoding="utf-8") as file:
            self.config = json.load(file)
        self.begun = 0

    def container(self, arguments, mounts=(), memory=MEMORY_BYTES, variables=(), without=("/sys", "/sys/fs/cgroup")):
        """Write the configuration of a container. Return the command that runs it, and its name for `stop`."""
        config = copy.deepcopy(self.config)
        process = config["process"]
        process.update(args=list(arguments), terminal=False, noNewPrivileges=True)
        process["env"] = [entry for entry in process["env"] if entry.startswith("PATH=")] + list(variables)
        process["capabilities"] = {kind: [] for kind in ("bounding", "effective", "permitted", "inheritable", "ambient")}
        config["root"] = {"path": self.root, "readonly": True}
        config["mounts"] = [mount for mount in config["mounts"] if mount["destination"] not in without] + list(mounts)
        config["linux"]["resources"]["memory"] = {"limit": memory, "swap": memory}
        self.begun += 1
        name = f"samefit-test-{os.getpid()}-{self.begun}"
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config, file)
        return ["runc", "--root", os.path.join(self.folder, "runc"), "run", "--bundle", folder, name], name

    def stop(self, name, signal):
        checked("runc", "--root", os.path.join(self.folder, "runc"), "kill", name, signal)


def setUpModule():
    global BUNDLE
    BUNDLE = Bundle()
    unittest.addModuleCleanup(shutil.rmtree, BUNDLE.folder)


def bind(source, destination, mode):
    return {"type": "bind", "source": source, "destination": destination, "options": ["rbind", mode]}


def files(folder, pfs="/pfs"):
    """Return the content of every file below a folder by its path. Provenance is parsed, with `pfs` replaced by /pfs."""
    found = {}
    for below, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(below, name)
            with open(path, "rb") as file:
                content = file.read()
            if name == "provenance.json":
                content = json.loads(content.decode().replace(pfs, "/pfs"))
            found[os.path.relpath(path, folder)] = content
    return found


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class InContainers(unittest.TestCase):
    maxDiff = 2000

    def folder(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        # the mode of a worker's volume
        os.chmod(folder, 0o777)
        return folder

    def run_container(self, arguments, inputs=(), out=None, **options):
        """Run a container with folders under /pfs. Return its exit code, stdout and stderr."""
        mounts = [bind(folder, f"/pfs/{name}", "ro") for name, folder in dict(inputs).items()]
        mounts += [bind(out, "/pfs/out", "rw")] if out else []
        variables = [f"{name}=/pfs/{name}" for name in dict(inputs)] + [f"PACH_DATUM_ID={DATUM}", "PACH_JOB_ID=1", "PACH_OUTPUT_COMMIT_ID=1"]
        mounts += options.pop("mounts", [])
        words, _ = BUNDLE.container(arguments, mounts, variables=variables, **options)
        done = command(*words)
        return done.returncode, done.stdout, done.stderr

    def run_native(self, arguments, inputs):
        """Run without a container, with another folder as /pfs. Return what run_container returns, and the files in out."""
        pfs = os.path.join(self.folder(), "pfs")
        os.makedirs(os.path.join(pfs, "out"))
        for name, folder in inputs.items():
            os.symlink(folder, os.path.join(pfs, name))
        arguments = [argument.replace("/pfs", pfs) for argument in arguments[1:]]
        done = subprocess.run([NATIVE, *arguments], capture_output=True, text=True, check=False)
        said = [text.replace(pfs, "/pfs") for text in (done.stdout, done.stderr)]
        return (done.returncode, *said), files(os.path.join(pfs, "out"), pfs)

    def stage(self, line, inputs, code=0):
        """Run a stage in a container and without, and assert that nothing differs. Return the folder with its output."""
        out = self.folder()
        arguments = line.split()
        in_container = self.run_container(arguments, inputs, out)
        native, left = self.run_native(arguments, inputs)
        self.assertEqual(in_container, native)
        self.assertEqual(in_container[0], code, in_container[2])
        self.assertEqual(files(out), left)
        for below, _, names in os.walk(out):
            for name in names:
                self.assertEqual(os.stat(os.path.join(below, name)).st_uid, USER)
        return out

    def split(self):
        """Return the folders of the workshop's two data repos, split by the image itself."""
        source, out = self.folder(), self.folder()
        shutil.copy(os.path.join(DATA, "diabetes.csv"), source)
        code, _, said = self.run_container("samefit split /pfs/data/diabetes.csv --holdout 0.2 --out /pfs/out".split(), {"data": source}, out)
        self.assertEqual(code, 0, said)
        training, quality = self.folder(), self.folder()
        shutil.move(os.path.join(out, "training.csv"), training)
        shutil.move(os.path.join(out, "holdout.csv"), quality)
        return training, quality

    def accepted(self):
        """Return the folder of a model for infer."""
        out = self.folder()
        inputs = {"training_data": DATA}
        code, _, said = self.run_container(
            "samefit train --data /pfs/training_data/diabetes.csv --target y --features bmi,ltg --out /pfs/out".split(), inputs, out)
        self.assertEqual(code, 0, said)
        return out

    def test_the_workshops_pipeline(self):
        training, quality = self.split()
        model = self.stage("samefit train --data /pfs/training_data --target y --features bmi,ltg --out /pfs/out", {"training_data": training})
        records = self.stage("samefit qc-pre-process --data /pfs/qc_data --out /pfs/out", {"qc_data": quality})
        self.assertEqual(len(os.listdir(records)), 88)
        judge = "samefit qc --model /pfs/model --records /pfs/qc_pre_process --out /pfs/out --threshold"
        judged = {"model": model, "qc_pre_process": records}
        accepted = self.stage(f"{judge} 60 --strict", judged)
        self.assertEqual(sorted(os.listdir(accepted)), ["model.json", "provenance.json", "report.json"])
        # a refused model fails its job, but the pipeline that publishes the report succeeds
        refused = self.stage(f"{judge} 50 --strict", judged, code=4)
        self.assertNotIn("model.json", os.listdir(refused))
        report = self.stage(f"{judge} 50 --report-only", judged)
        self.assertEqual(os.listdir(report), ["report.json"])
        self.assertFalse(read_json(os.path.join(report, "report.json"))["accepted"])
        attributes = {"qcontrol": accepted, "attributes": os.path.join(DATA, "attributes")}
        predictions = self.stage("samefit infer --model /pfs/qcontrol --attributes /pfs/attributes --out /pfs/out", attributes)
        self.assertEqual(sorted(os.listdir(predictions)), ["1.json", "2.json", "3.json"])

    def test_shards_give_the_model_of_the_whole(self):
        training, _ = self.split()
        with open(os.path.join(training, "training.csv"), encoding="utf-8") as file:
            header, *rows = file.readlines()
        statistics = self.folder()
        for shard in range(3):
            folder = self.folder()
            with open(os.path.join(folder, f"{shard}.csv"), "w", encoding="utf-8") as file:
                file.writelines([header, *rows[shard::3]])
            out = self.stage("samefit summarize --data /pfs/shards --columns bmi,ltg,y --out /pfs/out/{input}.json", {"shards": folder})
            shutil.move(os.path.join(out, f"{shard}.json"), statistics)
        parts = self.stage("samefit fit /pfs/summarize --target y --features bmi,ltg --out /pfs/out", {"summarize": statistics})
        whole = self.stage("samefit train --data /pfs/training_data --target y --features bmi,ltg --out /pfs/out", {"training_data": training})
        self.assertEqual(files(parts)["model.json"], files(whole)["model.json"])

    def test_batch_of_datums(self):
        model, pfs = self.accepted(), self.folder()
        scratch = os.path.join(pfs, "scratch")
        attributes = sorted(glob.glob(os.path.join(DATA, "attributes", "*.json")))
        bad = os.path.join(self.folder(), "bad.json")
        with open(bad, "w", encoding="utf-8") as file:
            file.write('{"independent_variables": []}')
        datums = [attributes[0], bad, attributes[1], attributes[2]]
        for number, path in enumerate(datums, 1):
            datum = os.path.join(scratch, str(number))
            os.makedirs(os.path.join(datum, "out"))
            shutil.copytree(model, os.path.join(datum, "qcontrol"))
            os.mkdir(os.path.join(datum, "attributes"))
            shutil.copy(path, os.path.join(datum, "attributes"))
            with open(os.path.join(datum, ".env"), "w", encoding="utf-8") as file:
                file.write(f"PACH_DATUM_ID={number:064x}\n")
        checked("chmod", "-R", "a+rwX", pfs)
        os.mkfifo(os.path.join(scratch, "ended"))
        os.chmod(os.path.join(scratch, "ended"), 0o666)
        ended = os.open(os.path.join(scratch, "ended"), os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, ended)
        binaries = self.folder()
        shutil.copy(shutil.which("busybox"), os.path.join(binaries, "busybox"))
        shutil.copy(os.path.join(os.path.dirname(__file__), "pachctl"), binaries)
        checked("chmod", "-R", "a+rx", binaries)

        line = "samefit infer --model /pfs/qcontrol --attributes /pfs/attributes --out /pfs/out"
        mounts = [bind(pfs, "/pfs", "rw"), bind(binaries, "/pach-bin", "ro")]
        words, name = BUNDLE.container([*line.split(), "--batch"], mounts)
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as running:
            waits = select.select([ended], [], [], 60)[0]
            if waits:
                BUNDLE.stop(name, "KILL")
            else:
                running.kill()
            _, said = running.communicate()
            self.assertTrue(waits, said)
        self.assertEqual(running.returncode, 137)
        self.assertIn(f"note: datum {2:064x} failed\n", said)
        for number, path in enumerate(datums, 1):
            datum = os.path.join(scratch, str(number))
            alone, left = self.run_native(line.split(), {"qcontrol": os.path.join(datum, "qcontrol"), "attributes": os.path.join(datum, "attributes")})
            self.assertEqual(files(os.path.join(datum, "out")), left)
            self.assertEqual(os.path.exists(os.path.join(datum, "error")), path == bad)
            if path == bad:
                with open(os.path.join(datum, "error"), encoding="utf-8") as file:
                    self.assertEqual(file.read(), alone[2].replace("error: ", "samefit: ", 1))

    def test_the_program_by_name_and_by_path(self):
        for program in ("samefit", "/samefit", "/usr/local/bin/samefit"):
            code, said, _ = self.run_container([program, "--version"])
            self.assertEqual((code, said), (0, subprocess.run([NATIVE, "--version"], capture_output=True, text=True, check=True).stdout))
        entry = BUNDLE.config["process"]["args"]
        self.assertEqual(entry, ["/usr/local/bin/samefit", "--help"])
        self.assertIn("Usage: samefit", self.run_container(entry)[1])

    def test_proc_dev_and_tmp_are_not_needed(self):
        """Run in a root with only the program and its data. runc needs /proc, so this uses chroot instead of a container."""
        root = self.folder()
        os.chmod(root, 0o755)
        shutil.copy(os.path.join(BUNDLE.root, "usr/local/bin/samefit"), root)
        shutil.copy(os.path.join(DATA, "diabetes.csv"), root)
        os.mkdir(os.path.join(root, "out"))
        os.chmod(os.path.join(root, "out"), 0o777)
        line = "/samefit qc-pre-process --data /diabetes.csv --target y --out /out"
        done = command("chroot", f"--userspec={USER}:{USER}", root, *line.split())
        self.assertEqual((done.returncode, len(os.listdir(os.path.join(root, "out")))), (0, 442), done.stderr)

    def test_only_out_can_be_written(self):
        out = self.folder()
        for place in ("/elsewhere", "/pfs/data", "/usr/local/bin", "/pfs/elsewhere"):
            line = f"samefit train --data /pfs/data/diabetes.csv --target y --out {place}"
            code, _, said = self.run_container(line.split(), {"data": DATA}, out)
            self.assertEqual(code, 1)
            self.assertRegex(said, f"^error: {place}/model.json: this file system is read-only; nothing was written\nhelp: give --out a folder where you may write\n$")
        self.assertEqual(os.listdir(out), [])

    def test_an_output_folder_of_another_user_is_an_error(self):
        out = self.folder()
        os.chmod(out, 0o755)
        code, _, said = self.run_container("samefit train --data /pfs/data/diabetes.csv --target y --out /pfs/out".split(), {"data": DATA}, out)
        self.assertEqual((code, said), (1, "error: /pfs/out/model.json: permission to write denied; nothing was written\nhelp: give --out a folder where you may write\n"))

    def test_a_wrong_folder_is_named(self):
        out = self.folder()
        code, _, said = self.run_container("samefit train --data /pfs/training --target y --out /pfs/out".split(), {"training_data": DATA}, out)
        self.assertEqual(code, 3)
        self.assertTrue(said.startswith("error: /pfs/training: there is no such file or folder\nhelp: "), said)
        self.assertEqual(os.listdir(out), [])

    def test_a_full_disk_leaves_nothing(self):
        # the test reads the folder from outside, so the small file system is mounted outside too
        out = self.folder()
        checked("mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "tmpfs", out)
        self.addCleanup(checked, "umount", out)
        line = "samefit qc-pre-process --data /pfs/data/diabetes.csv --target y --out /pfs/out"
        code, _, said = self.run_container(line.split(), {"data": DATA}, out)
        self.assertEqual(code, 1)
        self.assertIn(": the disk is full; nothing was written\nhelp: free space, or give --out a path on another disk\n", said)
        self.assertEqual(os.listdir(out), [])

    def test_memory_is_limited_and_the_program_needs_little(self):
        big, out = self.folder(), self.folder()
        with open(os.path.join(DATA, "diabetes.csv"), encoding="utf-8") as file:
            header, *rows = file.readlines()
        with open(os.path.join(big, "big.csv"), "w", encoding="utf-8") as file:
            file.write(header)
            for _ in range(1200):
                file.writelines(rows)
        size = os.path.getsize(os.path.join(big, "big.csv"))
        self.assertGreater(size, MEMORY_BYTES)
        line = "samefit train --data /pfs/data --target y --threads 2 --out /pfs/out"
        code, _, said = self.run_container(line.split(), {"data": big}, out)
        self.assertEqual(code, 0, said)
        self.assertIn("fitted on 530400 rows", said)
        # with too little memory for that many threads, the system kills it, and no incomplete file is left
        out = self.folder()
        code, _, said = self.run_container(line.replace("2", "32").split(), {"data": big}, out, memory=12 << 20)
        self.assertEqual(code, 137, said)
        self.assertEqual([name for name in os.listdir(out) if not name.startswith(".")], [])

    def test_a_signal_ends_it_as_process_1(self):
        source, out = self.folder(), self.folder()
        os.mkfifo(os.path.join(source, "a.csv"))
        line = "samefit --split-bytes 100 infer --model /pfs/qcontrol --attributes /pfs/attributes/a.csv --out /pfs/out"
        mounts = [bind(source, "/pfs/attributes", "ro"), bind(self.accepted(), "/pfs/qcontrol", "ro"), bind(out, "/pfs/out", "rw")]
        words, name = BUNDLE.container(line.split(), mounts)
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as running:
            with open(os.path.join(source, "a.csv"), "w", encoding="utf-8") as pipe:
                pipe.write("bmi,ltg\n" + "0.01,0.02\n" * 100)
                pipe.flush()
                deadline = time.monotonic() + 60
                while not os.listdir(out) and running.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.01)
                BUNDLE.stop(name, "TERM")
                running.wait(60)
        self.assertEqual((running.returncode, os.listdir(out)), (143, []))


class Pipelines(unittest.TestCase):
    """Runs the shipped specs with `samefit pipeline`, in containers and without, and compares the output."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        checked(NATIVE, "split", os.path.join(DATA, "diabetes.csv"), "--holdout", "0.2", "--out", self.path("data"))

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def outputs(self, variant, store, *flags):
        """Run a folder of specs. Return the contents of all output repos by path."""
        specs = os.path.join(ROOT, "pachyderm", "specs", variant)
        store = ["--store", self.path(store)]
        inputs = {
            "training_data": self.path("data", "training.csv"),
            "qc_data": self.path("data", "holdout.csv"),
            "attributes": os.path.join(DATA, "attributes"),
        }
        given = [word for repo, path in inputs.items() for word in ("--input", f"{repo}={path}")]
        checked(NATIVE, "pipeline", "run", specs, *store, *given, *flags)
        again = checked(NATIVE, "pipeline", "run", *store, *flags)
        pipelines = [name.removesuffix(".json") for name in sorted(os.listdir(specs))]
        for name in pipelines:
            self.assertIn(f"{name}: up to date", again.stderr)
            checked(NATIVE, "pipeline", "get", f"{name}:/", *store, "--out", self.path(*flags[:1], variant, name))
        return contents(self.path(*flags[:1], variant))

    def test_containers_write_the_same_bytes(self):
        image = ["--container", "--image", IMAGE]
        models = {}
        for variant, model in (("single", "model"), ("multiple", "model"), ("scalable", "merge_fit")):
            here, there = self.outputs(variant, "here-" + variant), self.outputs(variant, "there-" + variant, *image)
            self.assertEqual(here, there)
            self.assertIn("infer/3.json", here)
            models[variant] = here[f"{model}/model.json"]
        self.assertEqual(models["multiple"], models["scalable"])
        self.assertNotEqual(models["multiple"], models["single"])


def contents(folder):
    """Return the content of every file below a folder by its path."""
    found = {}
    for above, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(above, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


class Image(unittest.TestCase):
    def test_labels_and_configuration(self):
        def blob(described):
            return read_json(os.path.join(IMAGE, "blobs", *described["digest"].split(":")))

        config = blob(blob(read_json(os.path.join(IMAGE, "index.json"))["manifests"][0])["config"])
        version = subprocess.run([NATIVE, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
        self.assertEqual(config["config"]["User"], f"{USER}:{USER}")
        self.assertEqual(config["config"]["Env"], ["PATH=/usr/local/bin"])
        prefix = "org.opencontainers.image."
        labels = {name.removeprefix(prefix): value for name, value in config["config"]["Labels"].items() if name.startswith(prefix)}
        self.assertEqual((labels["title"], labels["version"], labels["licenses"]), ("samefit", version, "Apache-2.0"))
        revision = command("git", "rev-parse", "HEAD", cwd=ROOT).stdout.strip() or "unknown"
        modified = revision != "unknown" and command("git", "diff", "--quiet", "HEAD", cwd=ROOT).returncode != 0
        self.assertEqual(labels["revision"], revision + ("-modified" if modified else ""))
        self.assertTrue(labels["description"])
        self.assertRegex(labels["source"], r"^(https://[^@]+)?$")
        self.assertEqual(BUNDLE.tag, version)

    def test_it_is_small_and_contains_no_other_files(self):
        self.assertLess(os.path.getsize(ARCHIVE), IMAGE_BYTES_MAX)
        self.assertLess(sum(os.path.getsize(path) for path in glob.glob(f"{IMAGE}/blobs/sha256/*")), IMAGE_BYTES_MAX)
        checked("umoci", "unpack", "--image", f"{IMAGE}:{BUNDLE.tag}", os.path.join(BUNDLE.folder, "fresh"))
        root = os.path.join(BUNDLE.folder, "fresh", "rootfs")
        found = {os.path.relpath(os.path.join(below, name), root) for below, folders, names in os.walk(root) for name in folders + names}
        self.assertEqual(found, {"usr", "usr/local", "usr/local/bin", "usr/local/bin/samefit", "samefit", "tmp"})
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(root, "tmp")).st_mode), 0o1777)
        self.assertEqual(os.readlink(os.path.join(root, "samefit")), "usr/local/bin/samefit")
        self.assertLess(os.path.getsize(os.path.join(root, "usr/local/bin/samefit")), IMAGE_BYTES_MAX)

    def test_the_same_program_gives_the_same_image(self):
        def contents():
            return [sha256(path) for path in (os.path.join(IMAGE, "index.json"), ARCHIVE, MATERIALS)]

        before = contents()
        checked("sh", "scripts/image", cwd=ROOT)
        self.assertEqual(contents(), before)

    def test_both_builds_use_the_same_script(self):
        """The last stage of the Dockerfile copies only the files that scripts/image-root writes."""
        with open(os.path.join(ROOT, "pachyderm", "Dockerfile"), encoding="utf-8") as file:
            stages = re.split(r"(?m)^FROM ", file.read())[1:]
        self.assertEqual([stage.split("\n")[0] for stage in stages], ["rust:1.95-bookworm AS build", "scratch"])
        self.assertIn("RUN sh scripts/image-root /image\n", stages[0])
        self.assertEqual(re.findall(r"(?m)^(?:COPY|ADD|RUN) .*", stages[1]), ["COPY --from=build /image/ /"])
        with open(os.path.join(ROOT, "Cargo.toml"), encoding="utf-8") as file:
            self.assertIn('rust-version = "1.95"', file.read())


class Materials(unittest.TestCase):
    def setUp(self):
        document = read_json(MATERIALS)
        self.components = [document["metadata"]["component"], *document["components"]]
        self.listed = {(component["name"], component["version"]): component for component in self.components}
        self.dependencies = document["dependencies"]

    def test_every_crate_whose_code_is_in_the_program_is_listed(self):
        """Compare with the source files that the program names in its panics. The list is made without them."""
        with open(os.path.join(BUNDLE.root, "usr/local/bin/samefit"), "rb") as file:
            program = file.read()
        named = set(re.findall(rb"/registry/src/[^/]+/([A-Za-z0-9_-]+?)-(\d+\.\d+\.\d+[A-Za-z0-9.+-]*)/src/", program))
        named = {(name.decode(), version.decode()) for name, version in named}
        self.assertGreater(len(named), 20)
        self.assertEqual(named - set(self.listed), set())

    def test_licences_and_checksums_are_those_of_the_packages(self):
        metadata = json.loads(checked("cargo", "metadata", "--locked", "--all-features", "--format-version", "1", cwd=ROOT).stdout)
        packages = {(package["name"], package["version"]): package for package in metadata["packages"]}
        with open(os.path.join(ROOT, "Cargo.lock"), encoding="utf-8") as file:
            entries = re.findall(r'name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(.+)"', file.read())
        locked = {(name, version): checksum for name, version, checksum in entries}
        for package, component in self.listed.items():
            if component["purl"].startswith("pkg:cargo/"):
                self.assertEqual(component["licenses"], [{"expression": packages[package]["license"].replace("/", " OR ")}])
                self.assertEqual([found["content"] for found in component.get("hashes", [])], [locked[package]] if package in locked else [])
                self.assertEqual(package in locked, packages[package]["source"] is not None)

    def test_every_dependency_that_is_linked_is_listed(self):
        """Compare with the whole dependency tree, without macros and their dependencies. The list is made without the tree."""
        parts = {"program": ["--package", "samefit"], "component": ["--package", "samefit-component", "--target", "wasm32-unknown-unknown"]}
        parts["page"] = ["--package", "samefit-web", "--target", "wasm32-unknown-unknown"]
        for part, words in parts.items():
            tree = checked("cargo", "tree", "--locked", *words, "--edges", "normal", "--no-dedupe", "--prefix", "depth", "--format", " {p}", cwd=ROOT)
            needed, macro = set(), None
            for line in filter(None, tree.stdout.split("\n")):
                depth, name, version, *rest = line.split()
                macro = None if macro is not None and int(depth) <= macro else macro
                if macro is None and "(proc-macro)" in rest:
                    macro = int(depth)
                if macro is None:
                    needed.add((name, version.removeprefix("v")))
            self.assertGreater(len(needed), 10)
            linked = {package for package, component in self.listed.items() if {"name": "samefit:linked-into", "value": part} in component.get("properties", [])}
            self.assertEqual(linked, needed)

    def test_references_exist_and_no_path_is_named(self):
        references = {component["bom-ref"] for component in self.components}
        for dependency in self.dependencies:
            self.assertLessEqual({dependency["ref"], *dependency.get("dependsOn", [])}, references)
        with open(MATERIALS, encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn(ROOT, text)
        self.assertNotIn(os.path.expanduser("~"), text)
        for name in ("rust-std", "glibc", "libgcc"):
            self.assertTrue(any(component["name"] == name for component in self.components), name)


if __name__ == "__main__":
    program = unittest.main(verbosity=1, exit=False)
    failed = len(program.result.failures) + len(program.result.errors)
    print(f"{program.result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0)
