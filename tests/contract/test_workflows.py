"""The workflows keep what they promise: pinned actions, least permissions, targets that exist.

GitHub cannot run here; these are the parts of a workflow that can be judged without it. Syntax
and expressions are actionlint's, security habits are zizmor's (both in `make check`).
"""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
JOBS = [
    pytest.param(path, job, id=f"{path.name}:{job}")
    for path in WORKFLOWS
    for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
]

PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
MAKE_TARGET = re.compile(r"\bmake ((?:[a-z]+ ?)+)")
DEFINED_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
CREDENTIALS_STAY = {"persist-credentials": False}


def content(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def commands(workflow):
    return [
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    ]


def test_there_is_a_workflow():
    assert WORKFLOWS != []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_pins_each_action_to_a_commit_and_names_its_version(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    uses = [line.split("uses:", 1)[1].strip() for line in lines if "uses:" in line]

    unpinned = [action for action in uses if not PINNED.match(action)]

    assert uses != []
    assert unpinned == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_gives_no_permission_to_all_jobs(path):
    assert content(path)["permissions"] == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_runs_once_at_a_time_for_each_ref(path):
    assert "github.ref" in content(path)["concurrency"]["group"]


@pytest.mark.parametrize(("path", "job"), JOBS)
def test_job_says_its_permissions_and_its_time_limit(path, job):
    body = content(path)["jobs"][job]

    assert "permissions" in body
    assert 0 < body["timeout-minutes"] <= 100


@pytest.mark.parametrize(("path", "job"), JOBS)
def test_job_leaves_no_credentials_behind_when_it_checks_out(path, job):
    checkouts = [
        step.get("with", {})
        for step in content(path)["jobs"][job]["steps"]
        if step.get("uses", "").startswith("actions/checkout@")
    ]

    assert all(CREDENTIALS_STAY.items() <= options.items() for options in checkouts)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_calls_only_make_targets_that_exist(path):
    defined = set(DEFINED_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))

    called = {
        target
        for command in commands(content(path))
        for targets in MAKE_TARGET.findall(command)
        for target in targets.split()
    }

    assert called <= defined


RELEASE = content(ROOT / ".github/workflows/release.yml")
PUBLISHES = ("docker push", "helm push", "gh release create")


def needed(job):
    """All jobs that *job* waits for, near and far."""
    near = RELEASE["jobs"][job].get("needs", [])
    return {*near, *(far for each in near for far in needed(each))}


def steps(job):
    return RELEASE["jobs"][job]["steps"]


def publishing():
    """Jobs that write into a registry or make a release."""
    return {
        job
        for job in RELEASE["jobs"]
        for step in steps(job)
        if any(word in step.get("run", "") for word in PUBLISHES)
        or step.get("with", {}).get("push")
    }


def test_release_waits_for_a_maintainer_to_enable_it():
    [first] = [job for job in RELEASE["jobs"] if not needed(job)]

    assert RELEASE["jobs"][first]["if"] == "vars.RELEASES == 'enabled'"


def test_nothing_is_published_before_everything_was_checked_and_scanned():
    assert publishing() == {"image", "charts", "publish"}
    assert all({"check", "scan"} <= needed(job) for job in publishing())


@pytest.mark.parametrize("job", ["image", "charts"])
def test_registry_is_asked_whether_the_version_is_free_before_it_is_written(job):
    texts = [str(step) for step in steps(job)]
    asked = next(place for place, text in enumerate(texts) if "arkalia_release free" in text)
    written = next(
        place for place, text in enumerate(texts) if "helm push" in text or "'push': True" in text
    )

    assert asked < written


@pytest.mark.parametrize("job", ["image", "charts"])
def test_what_is_pushed_is_signed_and_says_how_it_was_made(job):
    texts = "\n".join(str(step) for step in steps(job))

    assert "cosign sign" in texts
    assert "actions/attest-build-provenance@" in texts


def test_images_are_built_for_both_architectures_with_a_list_of_what_is_in_them():
    [push] = [step["with"] for step in steps("image") if step.get("with", {}).get("push")]

    assert push["platforms"] == "linux/amd64,linux/arm64"
    assert (push["sbom"], push["provenance"]) == (True, "mode=max")
