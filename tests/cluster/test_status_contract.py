"""What other programs read out of the status of a real system, in every version that it had.

The system is applied, gets an image that does not exist, is corrected, and is switched off.
"""

import subprocess

import pytest

from arkalia_operator.api.first_status import NOT_LOOKED_AT
from cluster.development import environment
from cluster.kinds import NAMESPACE, Ref
from cluster.systems import System, off_except
from cluster.waiting import eventually
from status_readers import argo_cd, flux, kstatus

SECONDS = 240
MODULES = off_except("helloria") | {"helloria": {"replicas": 1}}
HEALTH_BY_READY = {"True": "Healthy", "Unknown": "Progressing", "False": "Degraded"}
FLUX = {"Healthy": "Current", "Progressing": "InProgress", "Degraded": "Failed"}


@pytest.fixture(scope="module")
def versions(kube, operator, namespace):
    """Every version that the system had, the first before the operator saw it."""
    luna = System(kube, namespace, "luna").declare(modules=MODULES).ready(SECONDS)
    luna.change(images={"registry": "localhost:1/nowhere"})
    eventually(lambda: luna.expect("Ready", "False", "ImageCannotBePulled"), SECONDS)
    luna.change(images=None)
    luna.ready(SECONDS)
    since = kube.require(Ref(NAMESPACE, "", namespace))["metadata"]["resourceVersion"]
    return kube.history(luna.ref, since)


def test_every_version_is_read_alike_by_argo_cd_flux_and_kstatus(versions):
    for body in versions:
        health, _ = argo_cd(body)
        assert (flux(body), kstatus(body)) == (FLUX[health],) * 2, body["status"]


def test_argo_cd_never_takes_a_version_for_healthy_that_nobody_has_looked_at(versions):
    [bare, *_] = versions
    behind = [each for each in versions if stale(each)]

    assert bare["status"] == NOT_LOOKED_AT
    assert behind
    assert {argo_cd(each)[0] for each in (bare, *behind)} == {"Progressing"}


def test_argo_cd_reads_ready_where_the_status_is_about_the_spec(versions):
    for body in versions:
        if not stale(body):
            assert argo_cd(body)[0] == HEALTH_BY_READY[ready(body)["status"]]


def test_health_goes_the_way_that_a_sync_wave_waits_for(versions):
    seen = [argo_cd(each)[0] for each in versions]

    steps = [now for before, now in zip(["", *seen], seen, strict=False) if before != now]
    assert steps == ["Progressing", "Healthy", "Progressing", "Degraded", "Progressing", "Healthy"]


def test_every_condition_is_about_the_generation_of_its_status(versions):
    for status in (each["status"] for each in looked_at(versions)):
        about = {each["observedGeneration"] for each in status["conditions"]}
        assert about == {status["observedGeneration"]}


def test_ready_reconciling_and_stalled_agree_in_every_version(versions):
    for body in looked_at(versions):
        found = {each["type"]: each["status"] for each in body["status"]["conditions"]}
        assert found["Reconciling"] == str(found["Ready"] == "Unknown")
        assert found["Stalled"] == str(found["Ready"] == "False")


@pytest.mark.parametrize(
    "condition", ["condition=Ready", "condition=Stalled=false", "condition=Accepted"]
)
def test_kubectl_waits_for_a_condition(versions, namespace, condition):
    assert "condition met" in wait(namespace, condition)


def test_kubectl_wait_does_not_take_an_older_ready_for_an_answer(kube, versions, namespace):
    luna = System(kube, namespace, "luna")
    luna.change(version="9.9.9")
    try:
        told = wait(namespace, "condition=Stalled", within=SECONDS)

        assert "condition met" in told
        assert luna.expect("Ready", "False", "VersionNotSupported")
    finally:
        luna.change(version=None)


def wait(namespace, condition, within=SECONDS):
    """What `kubectl wait` says."""
    place = ("--namespace", namespace, f"--timeout={within}s")
    done = subprocess.run(
        ["kubectl", "wait", "arkaliasystem/luna", f"--for={condition}", *place],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=within + 30,
        check=False,
    )
    return done.stdout + done.stderr


def looked_at(versions):
    """Those whose status the operator gave."""
    return [each for each in versions if "observedGeneration" in each["status"]]


def stale(body):
    return body["status"].get("observedGeneration") != body["metadata"]["generation"]


def ready(body):
    return next(each for each in body["status"]["conditions"] if each["type"] == "Ready")
