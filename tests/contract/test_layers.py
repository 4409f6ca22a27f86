"""The import contracts bite, and what import-linter cannot say is said here.

import-linter runs in `make check`. A contract that never fails is worth nothing, so each of them
is broken once here, on a copy of the tree.
"""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OPERATOR = ROOT / "operator" / "arkalia_operator"
COMMAND_LINE = ROOT / "cli" / "arkalia_cli"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]

BREACHES = {
    "Services stand on the runtime, the runtime stands on the contract": (
        "workloads/contract/arkalia_contract/breach.py",
        "import arkalia_runtime",
    ),
    "Neither the operator nor the command line runs on the services' runtime": (
        "operator/arkalia_operator/settings.py",
        "import fastapi",
    ),
    "Views of the command line are pure": (
        "cli/arkalia_cli/views/breach.py",
        "import arkalia_cli.output",
    ),
    "Only the cluster package of the command line talks to Kubernetes": (
        "cli/arkalia_cli/verbs/breach.py",
        "import kubernetes",
    ),
    "Inside the operator each layer imports only those below it": (
        "operator/arkalia_operator/api/breach.py",
        "import arkalia_operator.desired",
    ),
    "Nouns, desired state and planning are pure": (
        "operator/arkalia_operator/planning/breach.py",
        "import time",
    ),
    "Only the cluster package talks to the API server": (
        "operator/arkalia_operator/handlers/breach.py",
        "import aiohttp",
    ),
    "kopf stays at the edge: start, login and events": (
        "operator/arkalia_operator/runtime/breach.py",
        "import kopf",
    ),
    "What examines an answer is pure": (
        "workloads/sandozia/arkalia_sandozia/grounding.py",
        "import time",
    ),
    "The contract is words: it imports nothing that could act": (
        "workloads/contract/arkalia_contract/breach.py",
        "import os",
    ),
    "The validation of prompts is pure": (
        "workloads/assistantia/arkalia_assistantia/prompts/breach.py",
        "import time",
    ),
}
"""For each contract a file and a line that breaks it."""

CLOCKS_AND_DICE = {"now", "utcnow", "today", "uuid1", "uuid4", "open", "read_text", "print"}
PURE = sorted([
    *(path for layer in ("api", "desired", "planning") for path in (OPERATOR / layer).rglob("*.py")),
    *(COMMAND_LINE / "views").rglob("*.py"),
])  # fmt: skip
SHELL_OF_THE_GENERATORS = OPERATOR / "api" / "generated.py"
"""The only file of the pure layers that touches the disk: it writes what the others compute."""


def called_names(tree):
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {getattr(call, "attr", getattr(call, "id", "")) for call in calls}


def imported_roots(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = [n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names]
    relative = [
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0
    ]
    return {name.split(".")[0] for name in (*plain, *relative)}


@pytest.fixture(scope="module")
def report_of_breaches(tmp_path_factory):
    """What import-linter says of a copy of the tree in which every contract is broken."""
    copy = tmp_path_factory.mktemp("breached")
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for folder in ("operator", "cli", "workloads", "dev"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", copy)
    for path, line in BREACHES.values():
        with (copy / path).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    paths = [
        "operator",
        "cli",
        "dev",
        *(str(p.relative_to(copy)) for p in copy.glob("workloads/*")),
    ]
    answer = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"],
        cwd=copy,
        env={"PYTHONPATH": ":".join(paths)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return answer.stdout + answer.stderr


def test_each_contract_has_a_breach_that_proves_it():
    assert set(BREACHES) == {contract["name"] for contract in CONTRACTS}


@pytest.mark.parametrize("contract", BREACHES)
def test_contract_is_reported_when_it_is_broken(report_of_breaches, contract):
    assert f"{contract} BROKEN" in report_of_breaches


def test_every_folder_of_the_operator_has_its_place_in_the_layers():
    [layers] = [c["layers"] for c in CONTRACTS if c.get("containers") == ["arkalia_operator"]]
    folders = {path.parent.name for path in OPERATOR.glob("*/__init__.py")}

    placed = {part.strip(" ()") for layer in layers for part in layer.split("|")}

    assert folders <= placed


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))
def test_pure_module_asks_neither_the_clock_nor_the_disk(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))

    impure = called_names(tree) & CLOCKS_AND_DICE if path != SHELL_OF_THE_GENERATORS else set()

    assert impure == set()


def test_development_cluster_needs_python_alone():
    allowed = sys.stdlib_module_names | {"arkalia_dev"}
    sources = (ROOT / "dev" / "arkalia_dev").rglob("*.py")

    imported = set().union(*(imported_roots(path) for path in sources))

    assert imported <= allowed


def test_nothing_of_the_product_imports_the_development_cluster():
    product = (OPERATOR, COMMAND_LINE, ROOT / "workloads")
    sources = [path for folder in product for path in folder.rglob("*.py")]

    importing = [
        path
        for path in sources
        if {"arkalia_answers", "arkalia_dev", "arkalia_generate"} & imported_roots(path)
    ]

    assert importing == []
