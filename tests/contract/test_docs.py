"""The documentation agrees with the tree: links lead somewhere, paths exist, shell is marked.

How far a block of shell is proven says its mark: `tests/documentation.py`.
"""

import os
import re
import subprocess

import pytest
import yaml

from documentation import FENCE, MARKS, OUTPUT, PAGES, ROOT, name, printed, read, shell

TOP_LEVEL = (
    "operator", "cli", "workloads", "charts", "crds", "manifests", "dev", "tests", "docs",
)  # fmt: skip
GENERATED = (ROOT / "docs" / "reference", *ROOT.glob("charts/*/"))
HAND_WRITTEN = [page for page in PAGES if page.parent not in GENERATED]

TOLD_BY_HELM = sorted(ROOT.glob("charts/*/templates/NOTES.txt"))
DEFINITION = re.compile(r"\b(arkalia[a-z]+)\.arkalia\.io\b")

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
PLACEHOLDER = re.compile(r"<[^<>]+>")
MAKE = re.compile(r"`make ([a-z]+)`")
PADDING = re.compile(r"\b(simply|easy|easily|just|powerful|obviously)\b", re.IGNORECASE)
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
EXAMPLE_SAYS = ("When", "What comes of it", "What to change")
SHELL_NAMES = ("sh", "bash", "shell", "console", "zsh")


def prose(page):
    """The page without its fenced blocks."""
    return FENCE.sub("", read(page))


def anchor(heading):
    """The anchor that GitHub makes of a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return words.replace(" ", "-")


def leads_somewhere(page, link):
    path, _, fragment = link.partition("#")
    target = page if path == "" else (page.parent / path)
    if not target.exists():
        return False
    return fragment == "" or fragment in {anchor(h) for h in HEADING.findall(read(target))}


def paths_named_in(text):
    tokens = (token.split("#")[0] for token in CODE.findall(text) if " " not in token)
    return {token for token in tokens if token.startswith(tuple(f"{top}/" for top in TOP_LEVEL))}


def exists(path):
    pattern = PLACEHOLDER.sub("*", path).rstrip("/")
    return any(ROOT.glob(pattern))


def shell_blocks(*marks):
    return [
        pytest.param(block, id=f"{block.page}:{number}")
        for page in PAGES
        for number, block in enumerate(shell(page))
        if not marks or block.mark in marks
    ]


def alerts():
    rules = ROOT.glob("manifests/monitoring/*/rules.yaml")
    groups = [group for path in rules for group in yaml.safe_load(read(path))["groups"]]
    return {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_of_the_page_leads_somewhere(page):
    inside = [link for link in LINK.findall(prose(page)) if "://" not in link]

    broken = [link for link in inside if not leads_somewhere(page, link)]

    assert broken == []


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=name)
def test_every_path_that_the_page_names_exists(page):
    missing = sorted(path for path in paths_named_in(prose(page)) if not exists(path))

    assert missing == []


@pytest.mark.parametrize("page", [*PAGES, *TOLD_BY_HELM], ids=name)
def test_line_that_names_two_definitions_names_all(page):
    definitions = {path.stem.partition("_")[2] for path in ROOT.glob("crds/*.yaml")}
    named = [set(DEFINITION.findall(line)) for line in read(page).splitlines()]

    assert [each for each in named if len(each) > 1 and each != definitions] == []


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=name)
def test_page_has_no_padding_words(page):
    found = PADDING.findall(CODE.sub("", prose(page))) if page.name != "style.md" else []

    assert found == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_shell_block_says_how_far_it_is_proven(page):
    marks = {mark.strip() for _, mark, _ in FENCE.findall(read(page))}

    unmarked = {mark for mark in marks if mark.split(" ")[0] in SHELL_NAMES} - MARKS

    assert unmarked == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_output_follows_a_block_that_is_run(page):
    shown = [mark for _, mark, _ in FENCE.findall(read(page)) if mark.endswith(OUTPUT)]

    printing = [block for block in shell(page) if block.output and block.mark != "sh parsed"]

    assert len(printing) == len(shown)


@pytest.mark.parametrize("block", shell_blocks())
def test_shell_block_can_be_parsed(block):
    answer = subprocess.run(
        ["bash", "-n"], input=block.text, capture_output=True, text=True, timeout=10, check=False
    )

    assert answer.stderr == ""


@pytest.mark.parametrize("block", shell_blocks("sh run"))
def test_shell_block_runs(block):
    answer = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert not block.output or printed(block, answer.stdout)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_that_the_page_names_exists(page):
    defined = set(TARGET.findall(read(ROOT / "Makefile")))

    assert set(MAKE.findall(read(page))) <= defined


def test_every_alert_has_a_runbook_and_every_runbook_an_alert():
    runbooks = {path.stem for path in ROOT.glob("docs/runbooks/*.md")} - {"index"}

    assert runbooks == alerts()


def test_every_story_is_told_of():
    told = (ROOT / "docs/testing.md").read_text(encoding="utf-8")
    stories = [f"tests/cluster/{path.name}" for path in (ROOT / "tests/cluster").glob("test_*.py")]

    assert [story for story in stories if story not in told] == []


def test_every_decision_is_named_once_where_the_architecture_says_why():
    reasons = read(ROOT / "docs/architecture.md").split("## Why it is like this\n")[1]

    named = [link for link in LINK.findall(reasons) if link.startswith("decisions/")]
    assert named == [f"decisions/{path.name}" for path in sorted(ROOT.glob("docs/decisions/*.md"))]


def test_no_word_has_two_rows_in_the_table_of_the_architecture():
    table = read(ROOT / "docs/architecture.md").split("## From a word to its file\n")[1]
    words = re.findall(r"^\| ([^|]+) \|", table.split("\n## ")[0], re.MULTILINE)
    alike = [re.sub(r"\b(an?|the) ", "", each) for each in words]

    assert sorted(set(alike)) == sorted(alike)


def test_no_two_decisions_have_the_same_number():
    numbers = [int(path.name[:4]) for path in ROOT.glob("docs/decisions/*.md")]

    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/decisions/*.md")), ids=name)
def test_decision_says_context_decision_and_consequence(page):
    headings = HEADING.findall(read(page))

    assert headings[1:4] == ["Context", "Decision", "Consequence"]


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/examples/*/README.md")), ids=name)
def test_example_says_when_it_fits_what_comes_of_it_and_what_to_change(page):
    text = read(page)

    assert [word for word in EXAMPLE_SAYS if f"**{word}**:" not in text] == []


def test_every_example_has_a_page():
    systems = {path.parent for path in ROOT.glob("docs/examples/*/system.yaml")}

    assert systems == {path.parent for path in ROOT.glob("docs/examples/*/README.md")}


def test_every_page_can_be_reached_from_the_index():
    reached, waiting = set(), [ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or not page.exists():
            continue
        reached.add(page)
        links = (link.split("#")[0] for link in LINK.findall(read(page)) if "://" not in link)
        waiting += [(page.parent / link).resolve() for link in links if link.endswith(".md")]

    assert {p for p in PAGES if ROOT / "docs" in p.parents} <= reached


def test_every_story_is_listed_where_testing_is_explained():
    stories = {name(story) for story in ROOT.glob("tests/cluster/test_*.py")}

    assert stories - paths_named_in(read(ROOT / "docs" / "testing.md")) == set()
