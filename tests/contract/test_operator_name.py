"""A folder named `operator` stands beside Python's own module of that name: this keeps them apart.

Nothing else would: a stray `operator/__init__.py` breaks `import kopf`, and neither ruff nor mypy
says a word (decision 0002).
"""

import operator
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS_THAT_ARE_NO_PACKAGES = ("operator", "cli", "workloads", "tests")


def test_pythons_operator_module_lies_outside_the_repository():
    origin = Path(operator.__file__).resolve()

    assert not origin.is_relative_to(ROOT)


@pytest.mark.parametrize("folder", FOLDERS_THAT_ARE_NO_PACKAGES)
def test_folder_holds_no_package_file_of_its_own(folder):
    assert not (ROOT / folder / "__init__.py").exists(), f"remove {folder}/__init__.py"


def test_operator_folder_holds_no_tests():
    strays = sorted((ROOT / "operator").rglob("test_*.py"))

    assert strays == [], "tests belong to tests/: pytest would register `operator` as a package"


def test_no_folder_of_tests_is_named_operator():
    strays = [path for path in (ROOT / "tests").rglob("operator") if path.is_dir()]

    assert strays == [], "name it arkalia_operator, as the package"


def test_kopf_can_be_imported_from_the_repository_root():
    answer = subprocess.run(
        [sys.executable, "-c", "import kopf, operator; print(operator.__file__)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
