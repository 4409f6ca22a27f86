"""What to apply and what to delete, for one system, now."""

from dataclasses import replace

import pytest

from arkalia_operator.desired import desired_state
from arkalia_operator.planning.observed import (
    Accepted,
    ChildRecord,
    ClaimState,
    JobState,
    ObjectKey,
    Observed,
)
from arkalia_operator.planning.ownership import fingerprint
from arkalia_operator.planning.plan import key_of, not_yet, plan
from arkalia_operator.planning.replicas import with_replicas
from builders import OPTIONAL, a_module, a_record, a_system, an_observed, modules_with, rendered

SYSTEM = a_system()
DESIRED = rendered(SYSTEM, a_module())
CONFIG = ObjectKey("ConfigMap", "arkalia", "luna-alpha")
DEPLOYMENT = ObjectKey("Deployment", "arkalia", "luna-alpha")


def observed(**records):
    """Everything as desired, but for fields of the record of the ConfigMap."""
    found = an_observed(SYSTEM, DESIRED)
    children = dict(found.children)
    children[CONFIG] = replace(children[CONFIG], **records)
    return replace(found, children=children)


def applied(found):
    return [(each.key, each.why) for each in found.applies]


def test_empty_cluster_gets_everything_in_order():
    found = plan(SYSTEM, DESIRED, Observed(served=OPTIONAL))

    assert [each.key for each in found.applies] == [key_of(each) for each in DESIRED.manifests]
    assert {(each.why, each.creates) for each in found.applies} == {("missing", True)}
    assert found.deletes == ()
    assert not found.is_empty


def test_apply_carries_the_digest_of_its_manifest():
    for each in plan(SYSTEM, DESIRED, Observed()).applies:
        assert each.digest == fingerprint(each.manifest)


def test_converged_system_has_an_empty_plan():
    found = plan(SYSTEM, DESIRED, an_observed(SYSTEM, DESIRED))

    assert (found.applies, found.deletes, found.is_empty) == ((), (), True)


def test_kind_that_is_not_served_is_left_out():
    kinds = {each.key.kind for each in plan(SYSTEM, DESIRED, Observed()).applies}

    assert "ServiceMonitor" not in kinds
    assert "Deployment" in kinds


def test_kind_that_is_served_later_follows():
    before = an_observed(SYSTEM, DESIRED, served=frozenset())

    found = plan(SYSTEM, DESIRED, replace(before, served=OPTIONAL))

    assert [each.key.kind for each in found.applies] == ["ServiceMonitor"]


def test_object_that_differs_is_applied_over_what_is_there():
    [found] = plan(SYSTEM, DESIRED, observed(fingerprint=b"other")).applies

    assert (found.key, found.why, found.creates) == (CONFIG, "changed", False)


@pytest.mark.parametrize(
    ("accepted", "why"),
    [
        (Accepted(sent=b"older", held=b"live"), "changed"),
        (Accepted(sent=b"same", held=b"held"), "drifted"),
        (Accepted(sent=b"same", held=b"live"), None),
    ],
)
def test_what_the_api_server_made_of_an_apply_tells_drift_from_normal_form(accepted, why):
    digest = fingerprint(next(each for each in DESIRED.manifests if key_of(each) == CONFIG))
    sent = digest if accepted.sent == b"same" else accepted.sent
    found = replace(observed(fingerprint=b"live"), accepted={CONFIG: replace(accepted, sent=sent)})

    assert applied(plan(SYSTEM, DESIRED, found)) == ([(CONFIG, why)] if why else [])


def test_object_that_is_being_deleted_is_waited_for():
    assert plan(SYSTEM, DESIRED, observed(deleting=True, fingerprint=b"other")).applies == ()


def test_object_of_somebody_else_with_our_label_is_never_taken_over():
    [found] = plan(SYSTEM, DESIRED, observed(fingerprint=fingerprint({}), owner_uid="")).applies

    assert (found.why, found.creates) == ("missing", True)


@pytest.mark.parametrize("owner", ["", "uid-of-a-former-luna"])
def test_object_that_the_operator_made_is_adopted(owner):
    """Its owner is gone: names are unique, so a former system of this name is no more."""
    [found] = plan(
        SYSTEM, DESIRED, observed(fingerprint=b"with another owner", owner_uid=owner)
    ).applies

    assert (found.why, found.creates) == ("changed", False)


def test_object_that_nothing_asks_for_is_deleted_by_its_uid():
    before = rendered(SYSTEM, a_module(), a_module("gamma"))

    found = plan(SYSTEM, DESIRED, an_observed(SYSTEM, before))

    gone = {each for each in before.manifests if False} or {
        key_of(each) for each in before.manifests if each["metadata"]["name"] == "luna-gamma"
    }
    assert {each.key for each in found.deletes} == gone
    assert all(each.uid == f"uid-of-{each.key.kind}-luna-gamma" for each in found.deletes)
    assert found.applies == ()


@pytest.mark.parametrize("fields", [{"deleting": True}, {"owner_uid": ""}, {"owner_uid": "other"}])
def test_object_that_is_going_or_not_ours_is_not_deleted(fields):
    leftover = a_record(
        next(each for each in rendered(SYSTEM, a_module("gamma")).manifests), SYSTEM, **fields
    )
    before = an_observed(SYSTEM, DESIRED)

    found = plan(
        SYSTEM, DESIRED, replace(before, children={**before.children, leftover.key: leftover})
    )

    assert found.deletes == ()


@pytest.mark.parametrize(
    "spec",
    [
        {"version": "9.9.9"},
        {"modules": {"alpha": {"podTemplate": {"spec": None}}}},
        {"modules": {"alpha": {"scaling": {"minReplicas": 9}}}},
    ],
)
def test_mistake_in_the_spec_takes_nothing_down(spec):
    system = a_system(**spec)
    broken = desired_state(system, modules_with(a_module(scaling={"maxReplicas": 3})))

    found = plan(system, broken, an_observed(SYSTEM, DESIRED))

    assert (found.applies, found.deletes) == ((), ())


def test_module_whose_description_is_gone_stays():
    listed = a_system(modules={"weather": {}})
    before = desired_state(listed, modules_with(a_module(), foreign=[a_module("weather")]))
    after = desired_state(listed, modules_with(a_module()))

    found = plan(listed, after, an_observed(listed, before))

    assert found.deletes == ()


def test_module_that_is_switched_off_goes_even_if_it_cannot_be_understood():
    before = desired_state(a_system(), modules_with(a_module()))
    off = a_system(modules={"alpha": {"enabled": False, "podTemplate": {"spec": None}}})

    found = plan(off, desired_state(off, modules_with(a_module())), an_observed(off, before))

    assert len(found.deletes) == len(before.manifests)


def test_system_that_is_being_deleted_is_left_to_the_garbage_collector():
    ending = replace(SYSTEM, deleting=True)

    assert plan(ending, DESIRED, Observed()) == plan(ending, DESIRED, an_observed(SYSTEM, DESIRED))
    assert plan(ending, DESIRED, Observed()).applies == ()


def test_autoscaled_deployment_is_handed_over_with_its_number_of_pods():
    scaled = rendered(SYSTEM, a_module(scaling={"minReplicas": 3}))

    [found] = [each for each in plan(SYSTEM, scaled, Observed()).applies if each.key == DEPLOYMENT]

    assert found.manifest["spec"]["replicas"] == 3
    assert found.digest == fingerprint(found.manifest)


def test_autoscaled_deployment_with_pods_of_its_own_number_is_left_alone():
    scaled = rendered(SYSTEM, a_module(scaling={"minReplicas": 3}))
    before = an_observed(SYSTEM, scaled)
    manifest = next(each for each in scaled.manifests if key_of(each) == DEPLOYMENT)
    seeded = a_record(with_replicas(manifest, 3), SYSTEM, owned_replicas=3)

    for record in (before.children[DEPLOYMENT], seeded):
        children = {**before.children, DEPLOYMENT: record}

        assert plan(SYSTEM, scaled, replace(before, children=children)).applies == ()


JOB = ObjectKey("Job", "arkalia", "luna-postgresql-1")
CLAIM = ObjectKey("PersistentVolumeClaim", "arkalia", "luna-postgresql")
ORDERED = replace(DESIRED, after={("Deployment", "luna-alpha"): ((JOB.kind, JOB.name),)})


def a_child(key, **fields):
    values = {"owner_uid": SYSTEM.uid, "fingerprint": b"applied"} | fields
    return ChildRecord(key=key, uid="uid-of-it", resource_version="1", generation=1, **values)


def a_manifest(key, **spec):
    metadata = {"name": key.name, "namespace": key.namespace, "labels": {}}
    return {"kind": key.kind, "metadata": metadata, "spec": spec}


def test_object_whose_turn_has_not_come_is_not_applied():
    found = plan(SYSTEM, ORDERED, Observed(served=OPTIONAL))

    left_out = {key_of(each) for each in ORDERED.manifests} - {each.key for each in found.applies}
    assert left_out == {DEPLOYMENT}
    assert not_yet(SYSTEM, ORDERED, Observed()) == {DEPLOYMENT: (JOB,)}


def test_object_whose_turn_has_come_is_applied():
    done = Observed(children={JOB: a_child(JOB, job=JobState(succeeded=True))})

    assert DEPLOYMENT in {each.key for each in plan(SYSTEM, ORDERED, done).applies}
    assert not_yet(SYSTEM, ORDERED, done) == {}


def test_autoscaler_comes_in_the_same_plan_as_its_deployment_and_not_before():
    module = a_module(needs={"postgresql": True}, scaling={"minReplicas": 2})
    desired = rendered(SYSTEM, module)
    [before] = {each for waits in desired.after.values() for each in waits}
    job = ObjectKey(before[0], "arkalia", before[1])
    done = Observed(children={job: a_child(job, job=JobState(succeeded=True))})
    both = {"Deployment", "HorizontalPodAutoscaler"}

    early, late = (plan(SYSTEM, desired, each).applies for each in (Observed(), done))

    assert both.isdisjoint(each.key.kind for each in early)
    assert both <= {each.key.kind for each in late}


def test_object_that_is_as_it_must_be_waits_for_nothing():
    assert not_yet(SYSTEM, ORDERED, an_observed(SYSTEM, ORDERED)) == {}


def test_job_is_never_changed():
    desired = replace(DESIRED, manifests=(a_manifest(JOB),))

    found = plan(SYSTEM, desired, Observed(children={JOB: a_child(JOB)}))

    assert found.applies == ()


def test_missing_job_is_created():
    desired = replace(DESIRED, manifests=(a_manifest(JOB),))

    assert applied(plan(SYSTEM, desired, Observed())) == [(JOB, "missing")]


def test_claim_keeps_the_storage_that_it_has_grown_to():
    wanted = a_manifest(CLAIM, resources={"requests": {"storage": "1Gi"}})
    grown = a_child(CLAIM, claim=ClaimState("Bound", "2Gi", "2Gi"))

    [found] = plan(
        SYSTEM, replace(DESIRED, manifests=(wanted,)), Observed(children={CLAIM: grown})
    ).applies

    assert found.manifest["spec"]["resources"]["requests"] == {"storage": "2Gi"}


@pytest.mark.parametrize("owner", [SYSTEM.uid, ""])
def test_claim_that_nothing_asks_for_any_more_keeps_its_data(owner):
    found = an_observed(SYSTEM, DESIRED)
    children = {**found.children, CLAIM: a_child(CLAIM, owner_uid=owner)}

    assert plan(SYSTEM, DESIRED, replace(found, children=children)).deletes == ()


def test_job_is_deleted_only_as_it_was_seen():
    found = an_observed(SYSTEM, DESIRED)
    children = {**found.children, JOB: a_child(JOB, job=JobState())}

    [left] = plan(SYSTEM, DESIRED, replace(found, children=children)).deletes

    assert (left.key, left.resource_version) == (JOB, "1")
