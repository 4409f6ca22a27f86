"""The documentation can be built as a site: every warning is an error, nothing comes from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import mermaidx
import pytest

pytestmark = pytest.mark.timeout(
    240
)  # a browser's program and all pages take long on a busy machine
ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(ROOT.glob("docs/**/*.md"))
LOADED = re.compile(
    r"<(?:script|img|iframe)[^>]* src=\"?(https?:)?//|<link[^>]*stylesheet[^>]*https?:"
)
DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DIAGRAMS = [
    pytest.param(text, id=f"{page.relative_to(ROOT)}:{number}")
    for page in [ROOT / "README.md", *PAGES]
    for number, text in enumerate(DIAGRAM.findall(page.read_text(encoding="utf-8")))
]  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    env = os.environ | {"PYTHONPATH": str(ROOT / "dev"), "NO_MKDOCS_2_WARNING": "1"}
    answer = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=200, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return folder


def test_every_page_of_the_documentation_is_on_the_site(site):
    missing = [page for page in PAGES if not place(site, page).exists()]

    assert missing == []


def place(site, page):
    path = page.relative_to(ROOT / "docs").with_suffix("")
    return site / (path.parent if path.name in {"index", "README"} else path) / "index.html"


def test_no_page_loads_anything_from_elsewhere(site):
    pages = {path: path.read_text(encoding="utf-8") for path in site.glob("**/*.html")}

    assert pages
    assert [path for path, text in pages.items() if LOADED.search(text)] == []


def test_page_with_a_diagram_brings_the_program_that_draws_it(site):
    text = (site / "architecture" / "index.html").read_text(encoding="utf-8")

    assert '<pre class="mermaid">' in text
    assert '<script src="../assets/mermaid.js">' in text
    assert "mermaid" in (site / "assets" / "mermaid.js").read_text(encoding="utf-8")[:200]


def test_block_in_a_list_is_a_block_on_the_site(site):
    page = site / "how-to" / "scale-a-module" / "index.html"

    text = page.read_text(encoding="utf-8")

    assert '<div class="highlight">' in text
    assert "```" not in text


@pytest.mark.parametrize("diagram", DIAGRAMS)
def test_diagram_can_be_drawn(diagram):
    assert mermaidx.render(diagram).svg().startswith("<svg")
