from dataclasses import replace

import pytest

from arkalia_dev.binaries import Binaries
from arkalia_dev.commands import Command
from arkalia_dev.paths import CHECKOUT
from arkalia_dev.versions import load

VERSIONS = load(CHECKOUT / "dev/versions.toml")
PAUSE = VERSIONS.components["pause"]


@pytest.fixture
def binaries(tmp_path):
    return Binaries(tmp_path, CHECKOUT / "dev/go", VERSIONS)


def build(binaries, component):
    [command] = [x for x in binaries.build_actions(component, "go") if isinstance(x, Command)]
    return command.text()


def install(binaries, component):
    """Do what the build does, with a file for each program."""
    before, _, after = binaries.build_actions(component, "go")
    before.function()
    [partial] = binaries.folder(component).parent.glob(".*")
    for name in component.binaries:
        (partial / name).write_text(name)
    after.function()


def test_folder_changes_with_everything_that_decides_what_is_built(binaries):
    folder = binaries.folder(PAUSE)

    assert binaries.folder(replace(PAUSE, ldflags=("-X a=b",))) != folder
    assert binaries.folder(replace(PAUSE, tags=("netgo",))) != folder
    assert binaries.folder(replace(PAUSE, version="v2")) != folder


def test_build_names_the_program_when_its_package_has_another_name(binaries):
    text = build(binaries, VERSIONS.components["etcd"])

    assert text.endswith("/etcd tool)")


def test_build_uses_the_components_tags_and_packages(binaries):
    assert "-tags=netgo,remove_all_sd" in build(binaries, VERSIONS.components["prometheus"])
    assert build(binaries, VERSIONS.components["kubectl"]).endswith(
        "/kubectl k8s.io/kubernetes/cmd/kubectl)"
    )


def test_component_is_built_when_the_last_action_is_done(binaries):
    before = binaries.is_built(PAUSE)

    install(binaries, PAUSE)

    assert not before
    assert binaries.is_built(PAUSE)
    assert list(binaries.folder(PAUSE).parent.glob(".*")) == []


def test_result_of_another_checkout_stays_when_both_built_the_same(binaries):
    install(binaries, PAUSE)
    first = binaries.program("pause").stat().st_ino

    install(binaries, PAUSE)

    assert binaries.program("pause").stat().st_ino == first


def test_path_folder_links_what_is_built(binaries):
    install(binaries, PAUSE)

    folder = binaries.path_folder()

    assert (folder / "pause").read_text() == "pause"
    assert not (folder / "helm").exists()
