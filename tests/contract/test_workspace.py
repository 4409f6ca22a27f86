"""Every member of the workspace is known wherever members are listed, and all are of one version.

uv, mypy, import-linter and the root's dependencies each keep a list of their own; a new
module that is missing from one of them would be left unchecked in silence.
"""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = {"contract", "runtime"}


def project(path):
    return tomllib.loads((path / "pyproject.toml").read_text(encoding="utf-8"))


ROOT_PROJECT = project(ROOT)
BESIDE = {ROOT / "operator", ROOT / "cli"}
MEMBERS = [*sorted(BESIDE), *sorted(p.parent for p in ROOT.glob("workloads/*/pyproject.toml"))]
SERVICES = [m for m in MEMBERS if m.parent.name == "workloads" and m.name not in LIBRARIES]
PACKAGES = {f"arkalia_{member.name.replace('-', '_')}" for member in MEMBERS}
DISTRIBUTIONS = {f"arkalia-{member.name}" for member in MEMBERS}


def test_every_folder_of_workloads_is_a_member_or_an_image_of_its_own():
    folders = {path for path in (ROOT / "workloads").iterdir() if path.is_dir()}
    images = {path.parent for path in ROOT.glob("workloads/*/Containerfile")}

    assert folders == (set(MEMBERS) - BESIDE) | images
    assert images == {ROOT / path for path in ROOT_PROJECT["tool"]["uv"]["workspace"]["exclude"]}


def test_root_depends_on_every_member():
    dependencies = set(ROOT_PROJECT["project"]["dependencies"])

    assert dependencies == DISTRIBUTIONS


def test_root_takes_every_member_from_the_workspace():
    sources = ROOT_PROJECT["tool"]["uv"]["sources"]

    assert sources == {name: {"workspace": True} for name in DISTRIBUTIONS}


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_mypy_finds_the_member(member):
    assert str(member.relative_to(ROOT)) in ROOT_PROJECT["tool"]["mypy"]["mypy_path"]


def test_mypy_checks_every_package():
    checked = set(ROOT_PROJECT["tool"]["mypy"]["packages"])

    assert checked >= PACKAGES


def test_import_contracts_see_every_package():
    seen = set(ROOT_PROJECT["tool"]["importlinter"]["root_packages"])

    assert seen >= PACKAGES


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_member_has_the_version_and_the_pythons_of_the_root(member):
    same = ("version", "requires-python")

    assert {key: project(member)["project"][key] for key in same} == {
        key: ROOT_PROJECT["project"][key] for key in same
    }


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_member_is_named_after_its_folder(member):
    distribution = project(member)["project"]["name"]
    wheel = project(member)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert distribution == f"arkalia-{member.name}"
    assert wheel == [f"arkalia_{member.name.replace('-', '_')}"]
    assert (member / wheel[0] / "__init__.py").exists()


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_member_tells_type_checkers_that_it_is_typed(member):
    package = f"arkalia_{member.name.replace('-', '_')}"

    assert (member / package / "py.typed").exists()


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_service_starts_by_a_script_of_its_own_name(service):
    package = f"arkalia_{service.name.replace('-', '_')}"

    scripts = project(service)["project"]["scripts"]

    assert scripts[f"arkalia-{service.name}"] == f"{package}.__main__:main"
    assert [name for name in scripts if not name.startswith(f"arkalia-{service.name}")] == []


def test_contract_depends_on_nothing():
    assert project(ROOT / "workloads" / "contract")["project"]["dependencies"] == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_service_stands_on_the_runtime(service):
    assert "arkalia-runtime" in project(service)["project"]["dependencies"]


@pytest.mark.parametrize("beside", sorted(BESIDE), ids=lambda member: member.name)
def test_images_of_services_hold_nothing_of_what_lies_beside_them(beside):
    recipe = (ROOT / "workloads" / "Containerfile").read_text(encoding="utf-8")

    assert f"--prune arkalia-{beside.name} " in recipe


def test_command_line_installs_without_the_operator():
    needed = project(ROOT / "cli")["project"]["dependencies"]

    assert [each for each in needed if each.startswith(("arkalia", "kopf"))] == ["arkalia-contract"]


def test_command_line_is_also_a_plugin_of_kubectl():
    scripts = project(ROOT / "cli")["project"]["scripts"]

    assert scripts.keys() == {"arkalia", "kubectl-arkalia", "kubectl_complete-arkalia"}
    assert scripts["arkalia"] == scripts["kubectl-arkalia"]
