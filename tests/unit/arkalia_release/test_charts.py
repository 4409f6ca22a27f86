"""Packages of both charts, and their way into a real registry: once, and never a second time."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from arkalia_release import charts
from arkalia_release.cli import main
from arkalia_release.versions import parsed, present

ROOT = Path(__file__).resolve().parents[3]
CHANGES = [("added", 'A thing with "quotes": and a colon.'), ("fixed", "A fault.")]
NAMES = ("arkalia-crds", "arkalia")


def helm(*words):
    done = subprocess.run(["helm", *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    return charts.package(ROOT, tmp_path_factory.mktemp("charts"), present(ROOT), CHANGES)


@pytest.fixture(scope="module")
def registry():
    """The address of an OCI registry in memory, a process of its own."""
    program = shutil.which("registry")
    assert program, "make check builds it: run the tests through make, or add build/tools to PATH"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = subprocess.Popen([program, f"-port={port}"], stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/v2/")
        yield f"127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(10)


def wait_for(url):
    until = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < until, f"{url} does not answer"
            time.sleep(0.05)
        else:
            return


def test_package_tells_artifact_hub_of_its_changes(packages):
    meta = yaml.safe_load(helm("show", "chart", str(packages[1])))

    told = meta["annotations"]
    assert yaml.safe_load(told["artifacthub.io/changes"]) == [
        {"kind": kind, "description": said} for kind, said in CHANGES
    ]
    assert told["artifacthub.io/prerelease"] == "false"
    assert "artifacthub.io/crds" in told


def test_trial_is_told_as_one():
    text = charts.annotated("annotations:\n", parsed("1.0.0-rc.1"), [])

    assert yaml.safe_load(text)["annotations"]["artifacthub.io/prerelease"] == "true"


def test_packages_hold_what_is_installed_and_nothing_of_its_tests(packages):
    for name, path in zip(NAMES, packages, strict=True):
        held = subprocess.run(
            ["tar", "--list", "--file", path],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout.split()
        assert f"{name}/values.schema.json" in held
        assert not [each for each in held if each.startswith((f"{name}/ci/", f"{name}/tests/"))]


def test_chart_is_published_once(packages, registry, capsys, tmp_path):
    for name, path in zip(NAMES, packages, strict=True):
        reference = f"{registry}/charts/{name}:{present(ROOT)}"
        assert main(["free", reference]) == 0

        pushed = helm("push", str(path), f"oci://{registry}/charts", "--plain-http")

        assert "Digest: sha256:" in pushed
        assert main(["free", reference]) == 1
        assert "is published already, and is never overwritten" in capsys.readouterr().err
        helm(
            "pull", f"oci://{registry}/charts/{name}", "--plain-http",
            "--version", str(present(ROOT)), "--destination", str(tmp_path),
        )  # fmt: skip
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_digest_is_printed_as_the_release_workflow_reads_it(packages, registry):
    step = next(
        each["run"]
        for each in yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))[
            "jobs"
        ]["charts"]["steps"]
        if "helm push" in each.get("run", "")
    )
    read = step.split("2>&1 | ", 1)[1].split(")", 1)[0]

    told = subprocess.run(
        f"helm push '{packages[0]}' oci://{registry}/again --plain-http 2>&1 | {read}",
        shell=True, capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip

    with urllib.request.urlopen(
        urllib.request.Request(
            f"http://{registry}/v2/again/arkalia-crds/manifests/{present(ROOT)}",
            headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
        ),
        timeout=10,
    ) as answer:
        assert told.strip() == answer.headers["Docker-Content-Digest"]
        assert (
            json.load(answer)["config"]["mediaType"] == "application/vnd.cncf.helm.config.v1+json"
        )
