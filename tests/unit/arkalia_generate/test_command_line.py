"""What the command line ships and tells."""

import json
from pathlib import Path

import pytest

from arkalia_cli.errors import Exit
from arkalia_generate.command_line import PAGE, WORDS, texts
from arkalia_operator.api.reasons import Reason

ROOT = Path(__file__).resolve().parents[3]
SETTLED = {
    Reason.SYSTEM_READY, Reason.NOTHING_WAITS, Reason.SPEC_ACCEPTED, Reason.PROVISIONED, Reason.NOT_NEEDED,
    Reason.ISSUED, Reason.CONVERGED, Reason.AS_EXPECTED, Reason.PERMISSIONS_GRANTED,
    Reason.EVERYTHING_USED, Reason.NOT_EXPOSED, Reason.EXPOSED,
}  # fmt: skip
"""Reasons of what is as it should be."""


@pytest.fixture(scope="module")
def written():
    return texts(ROOT)


@pytest.fixture(scope="module")
def words(written):
    return json.loads(written[WORDS])


def test_every_alert_is_known_with_its_summary(words):
    runbooks = {path.stem for path in ROOT.glob("docs/runbooks/*.md")} - {"index"}

    assert {word for word in words if words[word]["kind"] == "alert"} == runbooks
    assert words["ArkaliaModuleDown"]["summary"] == "No pod of a module answers Prometheus."


def test_runbooks_lose_the_marks_of_their_shell_blocks(words):
    sections = words["ArkaliaModuleDown"]["sections"]

    assert "```sh\n" in sections["Diagnosis"]
    assert "```sh parsed" not in sections["Diagnosis"]


@pytest.mark.parametrize("reason", Reason)
def test_reason_says_what_to_do_unless_all_is_well(words, reason):
    assert ("What to do" in words[reason]["sections"]) == (reason not in SETTLED)


def test_page_holds_every_exit_code(written):
    assert all(f"| {code.value} | {code.meaning} |" in written[PAGE] for code in Exit)


def test_page_has_a_chapter_for_each_verb(written):
    assert "\n## `arkalia status`\n" in written[PAGE]
    assert "* `-n, --namespace" in written[PAGE]
