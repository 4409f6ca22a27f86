"""The schema of a module moves before its pods change, forward and back, or nothing changes."""

import json

import pytest

from arkalia_operator.desired import kinds, names
from cluster.kinds import Ref
from cluster.systems import System, off_except, uids
from cluster.waiting import eventually
from cluster.weather import FAIL, FORWARD, NAME, WORDS, weather

MODULES = {**off_except(), NAME: {}}


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A system with a module that has a table."""
    kube.apply(weather(namespace))
    return System(kube, namespace, "luna").declare(modules=MODULES).ready()


def jobs(system):
    """The Jobs that move the schema."""
    return system.of_modules(kinds.JOB)


def only_job(system):
    """The one Job, once it is the one and has succeeded."""
    [job] = jobs(system)
    assert job["status"].get("succeeded") == 1, job["status"]
    return job


def words_of(system, kube, job):
    """What the pod of *job* wrote."""
    wanted = {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
    [pod] = kube.find(kinds.POD, system.namespace, wanted)
    return kube.log(Ref.of(pod))


def memory(system):
    """Where it is remembered what moved the schema."""
    return Ref(kinds.CONFIG_MAP, system.namespace, names.schemas(system.name))


def test_schema_is_there_before_the_first_pod(luna, kube):
    job = only_job(luna)

    [pod] = luna.pods(NAME)
    assert pod["metadata"]["creationTimestamp"] >= job["status"]["completionTime"]
    assert words_of(luna, kube, job) == "towns have a height\n"
    assert NAME in kube.require(memory(luna))["data"]


def test_failed_migration_leaves_the_old_pods_and_says_why(luna, kube, namespace):
    before = uids(luna.pods(NAME))
    kube.apply(weather(namespace, FAIL, edition="2"))

    ready = eventually(lambda: luna.expect("Ready", "False", "MigrationFailed"))

    assert WORDS in ready["message"]
    assert kube.require(luna.ref)["status"]["modulesReady"] == "1/1"
    assert uids(luna.pods(NAME)) == before

    kube.apply(weather(namespace, FORWARD + "# once more", edition="2"))

    luna.ready()
    eventually(lambda: replaced(luna, before))


def replaced(luna, before):
    assert not uids(luna.pods(NAME)) & before, "an old pod is still there"


def test_schema_of_a_newer_version_goes_back_before_the_pods_run(luna, kube):
    before = kube.require(memory(luna))["data"]
    newer = {**json.loads(before[NAME]), "version": "0.2.0", "digest": "of the newer one"}
    kube.delete(luna.ref)
    eventually(lambda: gone(luna))
    kube.patch(memory(luna), {"data": {NAME: json.dumps(newer)}})

    luna.declare(modules=MODULES).ready()

    assert words_of(luna, kube, only_job(luna)) == "towns are as in 0.1.0\n"
    assert kube.require(memory(luna))["data"] == before


def test_schema_that_is_known_does_not_move_again(luna, kube):
    kube.delete(luna.ref)
    eventually(lambda: gone(luna))

    luna.declare(modules=MODULES).ready()

    assert jobs(luna) == []


def gone(system):
    left = system.children(kinds.DEPLOYMENT, kinds.JOB, kinds.POD)
    assert left == [], [each["metadata"]["name"] for each in left]
