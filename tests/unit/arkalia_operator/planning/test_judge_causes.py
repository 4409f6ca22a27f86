"""Ready names causes, not their consequences: once each, and all that are equally bad."""

from dataclasses import replace
from datetime import UTC, datetime

from arkalia_operator.api.reasons import Reason
from arkalia_operator.desired import rendered
from arkalia_operator.desired.data.access import DataService
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.desired.templates import revision
from arkalia_operator.planning.data import DataState
from arkalia_operator.planning.evidence import Evidence
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.judge import judge
from arkalia_operator.planning.observed import JobState, PodRecord, RolloutProgress
from builders import a_module, a_system, an_access, an_observed, modules_with, only

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = [f"m-{number}" for number in range(5)]
MODULES = [a_module(name, needs={"postgresql": True}) for name in NAMES]
GAVE_UP = JobState(failed=True, message="it gave up")
MISSING = "Secret queue does not exist: create it with the keys host, port, username, password"


def judged(*problems, job=GAVE_UP, gone=("Deployment",), **spec):
    """Five modules that wait for the Job of their database, and what else is wrong."""
    system = a_system(**spec)
    resolution = resolve(system, modules_with(*MODULES))
    desired = rendered(system, resolution, None, access=an_access("postgresql"))
    found = an_observed(system, desired)
    children = {
        key: replace(each, job=job) if key.kind == "Job" else each
        for key, each in found.children.items()
        if key.kind not in gone
    }
    state = DataState(frozenset({DataService.POSTGRESQL}), problems)
    status = judge(Evidence(system, desired, replace(found, children=children), data=state), NOW)
    return {each.type: each for each in status.conditions}


def test_failed_job_is_told_once_and_not_for_each_module_that_waits_for_it():
    found = judged()

    assert found["Ready"].reason == "ProvisioningFailed"
    assert found["Ready"].message.count("it gave up") == 1
    assert found["Ready"].message == found["DataReady"].message


def test_modules_that_wait_for_the_same_job_are_named_together():
    message = judged()["ModulesReady"].message

    assert message.startswith("m-0, m-1, m-2, and 2 more: Job luna-postgresql-")
    assert message.count("it gave up") == 1


def test_missing_secret_is_told_beside_a_job_that_failed():
    found = judged(Finding(Reason.SECRET_MISSING, MISSING, doomed=True))

    assert found["Ready"].reason == "SecretMissing"
    assert MISSING in found["Ready"].message
    assert "it gave up" in found["Ready"].message


def test_what_is_wrong_with_the_spec_is_told_before_what_is_wrong_with_the_data():
    modules = {"m-9": {}, "m-0": {"podTemplate": {"spec": 1}}}

    found = judged(Finding(Reason.SECRET_MISSING, MISSING, doomed=True), modules=modules)

    assert found["Ready"].reason == found["Accepted"].reason
    assert found["Ready"].message.startswith(found["Accepted"].message)
    assert found["Ready"].message.count("spec.modules.m-9") == 1
    assert MISSING in found["Ready"].message


def test_data_that_is_being_prepared_is_told_before_the_modules_that_wait_for_it():
    found = judged(job=JobState())

    assert found["Ready"].status == "Unknown"
    assert found["Ready"].reason == "Provisioning"


def with_model_server(**pod):
    """What is said of a system that has nothing but a model server, which is not ready."""
    system = a_system(llm={"mode": "builtin", "models": ["small"]})
    desired = rendered(system, resolve(system, modules_with(a_module(needs={"llm": True}))), None)
    found = an_observed(system, desired)
    children = {
        key: replace(each, rollout=RolloutProgress(ready=0)) if key.kind == "StatefulSet" else each
        for key, each in found.children.items()
    }
    server = only(desired.manifests, "StatefulSet")
    told = {"revision": revision(server["spec"]["template"]), "ready": False, **pod}
    pods = (PodRecord("luna-llm-0", "", **told),)
    status = judge(Evidence(system, desired, replace(found, children=children, pods=pods)), NOW)
    return {each.type: each for each in status.conditions}


def test_models_that_are_being_pulled_keep_no_system_from_being_ready():
    found = with_model_server()

    assert found["LLMReady"].reason == "ModelsLoading"
    assert found["Ready"].status == "True"


def test_model_that_cannot_be_had_keeps_the_system_from_being_ready():
    found = with_model_server(last_exit="Error, exit code 69", last_words="no such model")

    assert found["LLMReady"].reason == found["Ready"].reason == "ModelCannotBePulled"
    assert (found["Ready"].status, found["Stalled"].status) == ("False", "True")
