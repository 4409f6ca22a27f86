"""Each data service as Secrets, volumes and Jobs show it."""

from dataclasses import replace
from functools import partial

import pytest

from arkalia_operator.desired.data import jobs, needs
from arkalia_operator.desired.data.access import DataService, Endpoint
from arkalia_operator.desired.data.accounts import Login
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.planning.credentials import AdminSecret, ObservedCredentials
from arkalia_operator.planning.external import External
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.lineage import Lineage, Retained
from arkalia_operator.planning.observed import ChildRecord, JobState, ObjectKey, Observed
from arkalia_operator.planning.services import Situation, access, active, picture, retained
from builders import a_module, a_system, modules_with

POSTGRESQL, QUEUE, CACHE = DataService.POSTGRESQL, DataService.QUEUE, DataService.CACHE
ALPHA = a_module(needs={"postgresql": True, "redis": ["queue"]})
EXTERNAL = {"postgresql": {"mode": "external", "secret": {"name": "mine"}}}
CNPG = {"postgresql": {"mode": "cnpg"}}
LINEAGE = Lineage("uid-1")
LOGIN = Login(1, 1, "id-1", "SCRAM-SHA-256$verifier")
CLAIM = ObjectKey("PersistentVolumeClaim", "arkalia", "luna-postgresql")


def a_child(key, **fields):
    values = {"owner_uid": "uid-1", "fingerprint": b"", "uid": f"uid-of-{key.kind}"} | fields
    return ChildRecord(key, resource_version="1", generation=1, **values)


def a_situation(*children, builtin=(ALPHA,), broken=None, **spec):
    system = a_system(**spec)
    resolution = resolve(system, modules_with(*builtin, broken=broken))
    observed = Observed(children={each.key: each for each in children})
    return Situation(system, resolution, observed, needs.secrets(system, resolution))


def an_admin(service=POSTGRESQL, **fields):
    found = AdminSecret(
        name=f"luna-{service}",
        resource_version="1",
        owner_uid="",
        lineage="uid-1",
        is_ours=True,
        accounts={"alpha": (LOGIN,), "alpha.migrations": (LOGIN,)},
    )
    return replace(found, **fields)


def seen_with(*admin, **fields):
    return ObservedCredentials(
        {DataService(each.name.removeprefix("luna-")): each for each in admin}, **fields
    )


NOTHING = ObservedCredentials()


def test_services_are_needed_as_modules_need_them():
    assert picture(a_situation(), NOTHING, LINEAGE).needed == {POSTGRESQL, QUEUE}
    assert picture(a_situation(builtin=[a_module()]), NOTHING, LINEAGE).needed == set()


def test_builtin_service_answers_by_the_name_of_its_service():
    found = picture(a_situation(), NOTHING, LINEAGE).targets

    assert found[POSTGRESQL].endpoint == Endpoint("luna-postgresql.arkalia.svc", 5432, "arkalia")
    assert found[QUEUE].endpoint == Endpoint("luna-redis-queue.arkalia.svc", 6379)


def test_new_volume_is_another_database():
    empty = access(a_situation(), picture(a_situation(), NOTHING, LINEAGE))
    there = a_situation(a_child(CLAIM))

    found = access(there, picture(there, NOTHING, LINEAGE))

    assert found.services[POSTGRESQL].database != empty.services[POSTGRESQL].database
    assert found.services[POSTGRESQL].provision != empty.services[POSTGRESQL].provision
    assert found.services[QUEUE] == empty.services[QUEUE]


def test_cluster_of_cloudnativepg_answers_by_its_own_service_and_authority():
    key = ObjectKey("Cluster", "arkalia", "luna-postgresql")
    situation = a_situation(a_child(key), data=CNPG)

    found = picture(situation, seen_with(authority="<pem>"), LINEAGE).targets[POSTGRESQL]

    assert found.endpoint == Endpoint("luna-postgresql-rw.arkalia.svc", 5432, "arkalia", "<pem>")
    assert found.mark == "uid-of-Cluster"


def test_external_service_is_where_the_users_secret_says():
    named = External(Endpoint("db.example.com", 5433, "luna"), "mark")
    situation = a_situation(data=EXTERNAL)

    found = picture(situation, seen_with(external={POSTGRESQL: named}), LINEAGE)

    assert found.targets[POSTGRESQL].endpoint == named.endpoint
    assert found.unusable == {}


def test_one_redis_cannot_be_queue_and_cache():
    named = {each: External(Endpoint("redis.example.com", 6379), "mark") for each in (QUEUE, CACHE)}
    roles = {"queue": {"secret": {"name": "mine"}}, "cache": {"secret": {"name": "mine"}}}
    module = a_module(needs={"redis": ["queue", "cache"]})
    situation = a_situation(builtin=[module], data={"redis": {"mode": "external", **roles}})

    found = picture(situation, seen_with(external=named), LINEAGE)

    assert set(found.views) == {QUEUE}
    assert found.unusable[CACHE].reason == "SecretInvalid"
    assert "redis.example.com:6379" in found.unusable[CACHE].message


def test_service_whose_secret_is_wrong_cannot_be_used_and_stays_as_it_is():
    problem = Finding("SecretMissing", "Secret mine does not exist", doomed=True)
    job = ObjectKey("Job", "arkalia", "luna-postgresql-0123")
    other = ObjectKey("Service", "arkalia", "luna-redis-queue")
    situation = a_situation(a_child(job), a_child(other), data=EXTERNAL)

    found = picture(situation, seen_with(external={POSTGRESQL: problem}), LINEAGE)

    assert found.unusable == {POSTGRESQL: problem}
    assert access(situation, found).unknown == {POSTGRESQL}
    assert access(situation, found).kept == {job.name}
    assert access(situation, found).needed == {POSTGRESQL, QUEUE}


def test_nothing_is_used_while_the_lineage_is_not_clear():
    problem = Finding("LineageMismatch", "it does not belong together", doomed=True)

    found = picture(a_situation(), NOTHING, Lineage("uid-1", problem))

    assert set(found.unusable.values()) == {problem}
    assert found.views == {}


def test_passwords_that_cannot_be_read_are_never_made_anew():
    found = picture(a_situation(), seen_with(an_admin(accounts=None)), LINEAGE)

    assert found.unusable[POSTGRESQL].reason == "SecretInvalid"
    assert "accounts.json" in found.unusable[POSTGRESQL].message
    assert QUEUE in found.views


def test_module_without_a_readable_description_keeps_what_it_has():
    unread = {"alpha": "spec.image: Field required"}
    situation = a_situation(builtin=(), broken=unread, modules={"alpha": {}})

    found = picture(situation, seen_with(an_admin()), LINEAGE)

    assert found.needed == {POSTGRESQL}
    assert active(situation, POSTGRESQL, seen_with(an_admin())) == {"alpha", "alpha.migrations"}


def test_module_that_is_off_cannot_get_in():
    situation = a_situation(builtin=[a_module(), a_module("beta", needs={"postgresql": True})])

    assert active(situation, POSTGRESQL, seen_with(an_admin())) == {"beta", "beta.migrations"}


def provisioned(job=None, uid="uid-1", provision=None, authority="", **spec):
    situation = a_situation(**spec)
    seen = partial(seen_with, authority=authority)
    first = picture(situation, seen(an_admin()), LINEAGE).views[POSTGRESQL]
    secret = an_admin(provision=provision or first.provision)
    found = access(situation, picture(situation, seen(secret), LINEAGE))
    kind, name = jobs(situation.system, found, situation.resolution)[POSTGRESQL]
    records = [a_child(ObjectKey(kind, "arkalia", name), job=job, owner_uid=uid)] if job else []
    there = a_situation(*records, **spec)
    return picture(there, seen(secret), LINEAGE).views[POSTGRESQL].provisioned


def test_service_is_provisioned_once_the_job_of_this_system_has_succeeded():
    assert provisioned(JobState(succeeded=True))
    assert not provisioned()
    assert not provisioned(JobState(failed=True))
    assert not provisioned(JobState(succeeded=True), uid="uid-0")
    assert not provisioned(JobState(succeeded=True), provision="provision-old")


def test_cluster_of_cloudnativepg_is_not_handed_over_before_its_authority_is_known():
    assert not provisioned(JobState(succeeded=True), data=CNPG)
    assert provisioned(JobState(succeeded=True), data=CNPG, authority="<pem>")


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        ({}, ["Secret", "PersistentVolumeClaim"]),
        (CNPG, ["Secret", "Cluster"]),
        (EXTERNAL, ["Secret"]),
    ],
)
def test_what_outlives_a_system_is_what_its_mode_uses(data, kinds):
    cluster = ObjectKey("Cluster", "arkalia", "luna-postgresql")
    children = [a_child(each, lineage="uid-1") for each in (CLAIM, cluster)]

    found = retained(a_situation(*children, data=data), seen_with(an_admin()))

    assert [each.kind for each in found] == kinds
    assert found[0] == Retained("Secret", "luna-postgresql", "", "uid-1")
    assert all(each.needs_secret == "luna-postgresql" for each in found[1:])
