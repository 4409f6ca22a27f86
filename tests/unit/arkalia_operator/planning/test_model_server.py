"""LLMReady tells what keeps a builtin model server from its models, the worst of it first."""

import pytest

from arkalia_operator.desired import rendered as desired_of
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.desired.templates import revision
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.llm import verdict
from arkalia_operator.planning.model_server import LlmView
from arkalia_operator.planning.observed import (
    ClaimState,
    ObjectKey,
    Observed,
    PodRecord,
    RolloutProgress,
)
from arkalia_operator.planning.plan import key_of
from builders import a_module, a_record, a_system, modules_with, only

TALKER = a_module(needs={"llm": True})
CLAIM = ObjectKey("PersistentVolumeClaim", "arkalia", "luna-llm")
SERVER = ObjectKey("StatefulSet", "arkalia", "luna-llm")
BOUND = ClaimState(phase="Bound", requested="32Gi", capacity="32Gi", storage_class="x")
WAITS = {"ready": 0}


def a_status(reason):
    condition = {
        "type": "LLMReady",
        "status": "False",
        "reason": reason,
        "message": "",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-11-20T12:00:00Z",
    }
    return {"conditions": [condition]}


def a_view(before="", ready=1, claim=BOUND, pods=(), *, failures=(), missing=()):  # noqa: PLR0913
    """A builtin server that has its models, unless something else is said."""
    llm = {"mode": "builtin", "models": ["small", "large"]}
    system = a_system(llm=llm, status=a_status(before) if before else None)
    desired = desired_of(system, resolve(system, modules_with(TALKER)), None)
    told = {
        "StatefulSet": {"rollout": RolloutProgress(ready=ready)},
        "PersistentVolumeClaim": {"claim": claim},
    }
    children = {
        key_of(each): a_record(each, system, **told.get(each["kind"], {}))
        for each in desired.manifests
        if each["kind"] not in missing
    }
    template = only(desired.manifests, "StatefulSet")["spec"]["template"]
    there = [
        PodRecord("luna-llm-0", "", **{"revision": revision(template), "ready": False} | x)
        for x in pods
    ]
    return LlmView(system, desired, Observed(children, tuple(there)), failures)


def told(**fields):
    found = verdict(a_view(**fields))
    return found.status, found.reason, found.message


def test_server_with_all_its_models_is_ready():
    assert told() == ("True", "AsExpected", "alpha: told of main.")


@pytest.mark.parametrize("fields", [WAITS, {"missing": ("StatefulSet",)}])
def test_server_that_pulls_or_loads_is_waited_for(fields):
    assert told(**fields) == (
        "Unknown",
        "ModelsLoading",
        "luna-llm pulls or loads its models: small, large",
    )


@pytest.mark.parametrize(
    ("code", "reason"), [(69, "ModelCannotBePulled"), (71, "ModelCannotBeLoaded")]
)
def test_model_that_cannot_be_had_is_told_in_the_keepers_words(code, reason):
    words = "the model small cannot be had: file does not exist"
    pod = {"last_exit": f"Error, exit code {code}", "last_words": words}

    assert told(pods=[pod], **WAITS) == ("False", reason, f"pod luna-llm-0: {words}")


def test_keeper_without_words_is_told_by_its_exit_code():
    pod = {"last_exit": "Error, exit code 69"}

    assert told(pods=[pod], **WAITS)[2] == "pod luna-llm-0: Error, exit code 69"


def test_server_that_crashes_is_told_until_it_is_ready():
    waiting = {"waiting_reason": "CrashLoopBackOff", "last_exit": "OOMKilled, exit code 137"}
    running = {"last_exit": "OOMKilled, exit code 137"}
    message = "pod luna-llm-0: a container ends again and again: OOMKilled, exit code 137"

    assert told(pods=[waiting], **WAITS) == ("False", "ContainerCrashes", message)
    assert told(pods=[running], before="ContainerCrashes", **WAITS)[1] == "ContainerCrashes"
    assert told(pods=[running], **WAITS)[1] == "ModelsLoading"


@pytest.mark.parametrize(
    ("pod", "status", "reason"),
    [
        ({"waiting_reason": "ImagePullBackOff"}, "False", "ImageCannotBePulled"),
        ({"waiting_reason": "CreateContainerError"}, "False", "ContainerCannotStart"),
        ({"unschedulable": "no node has nvidia.com/gpu"}, "Unknown", "PodCannotBeScheduled"),
    ],
)
def test_pod_that_cannot_run_is_told(pod, status, reason):
    assert told(pods=[pod], **WAITS)[:2] == (status, reason)


def test_pod_of_an_older_template_is_not_asked():
    old = {"revision": "older", "waiting_reason": "ImagePullBackOff"}

    assert told(pods=[old], **WAITS)[1] == "ModelsLoading"


def test_volume_without_a_class_is_told_with_the_field_to_write():
    status, reason, message = told(claim=ClaimState(phase="Pending"), **WAITS)

    assert (status, reason) == ("False", "StorageClassMissing")
    assert "write spec.llm.storage.storageClassName" in message


def test_refused_object_is_told():
    failure = Failure(SERVER, "exceeded quota", permanent=False)

    assert told(failures=[failure]) == (
        "Unknown",
        "ApplyFailed",
        "StatefulSet luna-llm: exceeded quota",
    )


def test_refusal_of_somebody_elses_object_is_not_the_servers():
    failure = Failure(ObjectKey("Deployment", "arkalia", "luna-alpha"), "no", permanent=True)

    assert told(failures=[failure])[0] == "True"


def test_volume_that_cannot_become_what_is_asked_for_is_told():
    failure = Failure(CLAIM, "forbidden: only dynamic", permanent=True)

    assert told(failures=[failure])[:2] == ("False", "VolumeCannotChange")


def test_growing_volume_is_told():
    claim = ClaimState(phase="Bound", requested="32Gi", capacity="16Gi")

    assert told(claim=claim)[:2] == ("Unknown", "VolumeGrows")


def test_volume_that_is_larger_than_asked_for_is_told():
    claim = ClaimState(phase="Bound", requested="64Gi", capacity="64Gi")

    status, _, message = told(claim=claim)
    assert status == "True"
    assert message.endswith(
        "PersistentVolumeClaim luna-llm keeps its 64Gi: a volume never shrinks."
    )


def test_what_is_doomed_is_told_before_what_is_waited_for():
    claim = ClaimState(phase="Bound", requested="32Gi", capacity="16Gi")
    pod = {"last_exit": "Error, exit code 69", "last_words": "no such model"}

    status, reason, message = told(claim=claim, pods=[pod], **WAITS)
    assert (status, reason) == ("False", "ModelCannotBePulled")
    assert "grows from 16Gi to 32Gi" in message
