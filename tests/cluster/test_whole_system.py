"""An empty spec: ten services, their data, and every way between them."""

import re
import subprocess
from itertools import product

import pytest

from arkalia_contract import endpoints, identity, labels
from arkalia_operator.desired import kinds, names
from cluster import load
from cluster.built_in import MODULES, allowed_paths
from cluster.development import environment
from cluster.kinds import Ref
from cluster.systems import System, uids
from cluster.talkers import token
from cluster.visitors import image_of
from cluster.waiting import eventually

READY_SECONDS = 600
"""Alone on an idle machine it takes a tenth of this (docs/benchmarks.md)."""
REQUESTS_A_SECOND = 5
PAIRS = list(product(sorted(MODULES), repeat=2))
WITH_DATABASE = sorted(name for name, spec in MODULES.items() if spec.needs.postgresql)
DATA_SERVICES = ("postgresql", "redis-queue", "redis-cache")
TRESPASS = """
import asyncio, sys
from arkalia_runtime.database import Database
from arkalia_runtime.settings import ServiceSettings
async def main():
    database = Database.of(ServiceSettings())
    async with database.open(), database.transaction() as connection:
        rows = await connection.execute(sys.argv[1])
        print(await rows.fetchall())
asyncio.run(main())
"""
NOT_COMPILED = """
import os, sys
import arkalia_runtime.server
read = {name: getattr(module, "__cached__", None) for name, module in sys.modules.items()}
print([name for name, path in read.items() if path and not os.path.exists(path)], len(read))
"""


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A system with an empty spec, but for its data's end."""
    system = System(kube, namespace, "luna").declare(deletionPolicy="Delete")
    return system.ready(READY_SECONDS)


@pytest.fixture(scope="module")
def ask(luna, kube):
    """`ask(caller, callee, path)`: the answer of *callee* to a token of *caller*'s pod."""
    services = {name: luna.reach(name) for name in MODULES}
    pods = {name: luna.pods(name)[0] for name in MODULES}

    def asked(caller, callee, path):
        audience = identity.audience(luna.namespace, luna.name, callee)
        account = f"{luna.namespace}/{names.module(luna.name, caller)}"
        shown = token(kube, account, audience, pods[caller])
        return services[callee].get(path, Authorization=f"{identity.BEARER} {shown}")

    return asked


def test_ten_modules_are_ready(luna, kube):
    status = kube.require(luna.ref)["status"]

    assert len(MODULES) == 10
    assert {each["name"] for each in status["modules"] if each["ready"]} == set(MODULES)
    luna.expect("DataReady", "True")
    luna.expect("IdentityReady", "True")


@pytest.mark.parametrize("module", sorted(MODULES))
def test_everybody_may_probe_and_nobody_without_identity_may_ask(luna, module):
    service = luna.reach(module)
    path = endpoints.CONTROL_ACTIONS

    eventually(lambda: serves(service))
    assert service.get(endpoints.METRICS).status_code == 200
    if not MODULES[module].public:
        answer = service.get(path)
        assert (answer.status_code, answer.json()["reason"]) == (401, "missing")


@pytest.mark.parametrize(("caller", "callee"), PAIRS, ids=["-to-".join(pair) for pair in PAIRS])
def test_call_passes_if_and_only_if_the_descriptions_allow_it(ask, caller, callee):
    paths = allowed_paths(caller, callee)

    if MODULES[callee].public and not paths:
        assert ask(caller, callee, endpoints.STATUS).status_code == 200
    elif paths:
        path = re.sub(r"\*|\{[^}]*\}", "story", paths[0])
        status = ask(caller, callee, path).status_code
        assert status not in (401, 403)
        assert status < 500
    else:
        answer = ask(caller, callee, endpoints.CONTROL_ACTIONS)
        assert (answer.status_code, answer.json()["reason"]) == (403, "caller")


@pytest.mark.parametrize("module", sorted(MODULES))
def test_pod_holds_a_token_for_each_module_that_it_may_call_and_no_other(luna, module):
    held = {
        source["serviceAccountToken"]["audience"]
        for volume in luna.pods(module)[0]["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        if "serviceAccountToken" in source
    }

    callees = {each for each in MODULES if each != module and allowed_paths(module, each)}
    assert held == {identity.audience(luna.namespace, luna.name, each) for each in callees}


@pytest.mark.parametrize("module", WITH_DATABASE)
def test_module_reads_its_own_data_and_no_other_s(luna, module):
    other = next(each for each in WITH_DATABASE if each != module)
    query = "SELECT count(*) FROM {}.outbox"

    own = inside(luna, module, TRESPASS, query.format(schema(module)))
    others = inside(luna, module, TRESPASS, query.format(schema(other)))

    assert own.returncode == 0, own.stderr
    assert others.returncode != 0
    assert "permission denied for schema" in others.stderr


def test_start_of_a_service_compiles_nothing(luna):
    told = inside(luna, "helloria", NOT_COMPILED)

    missing, _, number = told.stdout.strip().rpartition(" ")
    assert missing == "[]", told.stderr
    assert int(number) > 500


def test_no_accepted_request_is_lost_when_every_pod_is_killed(luna, kube):
    before = {name: uids(luna.pods(name)) for name in MODULES}
    with loaded(luna, kube) as running:
        for name in MODULES:
            for pod in luna.pods(name):
                kube.delete(Ref.of(pod))
        for name in MODULES:
            eventually(lambda name=name: replaced(luna, name, before[name]))
        luna.ready()
        tallies = [each.answered(more=REQUESTS_A_SECOND) for each in running]

    assert [each for each in tallies if each.failed != each.unheard] == []


@pytest.mark.parametrize("service", DATA_SERVICES)
def test_modules_degrade_visibly_and_recover_alone_when_their_data_is_killed(luna, kube, service):
    before = {name: restarts(luna.pods(name)) for name in MODULES}
    [victim] = data_pods(luna, kube, service)
    since = kube.require(luna.ref)["metadata"]["resourceVersion"]

    kube.delete(Ref.of(victim), gracePeriodSeconds=0)

    eventually(lambda: noticed(luna, since))
    luna.ready()
    luna.expect("DataReady", "True")
    assert victim["metadata"]["uid"] not in uids(data_pods(luna, kube, service))
    # An autoscaler may have changed their number; those that were there and still are have lived on.
    after = {name: restarts(luna.pods(name)) for name in MODULES}
    stayed = {name: before[name].keys() & after[name].keys() for name in MODULES}
    assert [name for name in MODULES if not stayed[name]] == []
    ended = [n for n in MODULES for uid in stayed[n] if before[n][uid] != after[n][uid]]
    assert ended == []


def test_no_request_fails_while_all_modules_roll(luna, kube):
    before = {name: uids(luna.pods(name)) for name in MODULES}
    with loaded(luna, kube) as running:
        luna.change(logLevel="DEBUG")
        luna.ready(READY_SECONDS)
        for name in MODULES:
            eventually(lambda name=name: replaced(luna, name, before[name]))
        tallies = [each.answered(more=REQUESTS_A_SECOND) for each in running]

    assert [each for each in tallies if each.failed] == []


def loaded(luna, kube):
    services = [kube.require(luna.child(kinds.SERVICE, name)) for name in sorted(MODULES)]
    image = image_of(kube, luna.namespace)
    return load.load_on_each(kube, services, image, endpoints.STATUS, REQUESTS_A_SECOND)


def replaced(luna, module, before):
    """Raises AssertionError until the module has pods, all of them new and ready."""
    pods = luna.pods(module)
    ready = [
        each
        for each in pods
        if all(s["ready"] for s in each["status"].get("containerStatuses", [{"ready": False}]))
    ]
    assert ready, f"{module} has no ready pod"
    assert not uids(pods) & before, f"{module} has old pods"


def restarts(pods):
    """How often the containers of each of *pods* have ended, by the pod's uid."""
    return {
        each["metadata"]["uid"]: sum(
            container["restartCount"] for container in each["status"].get("containerStatuses", ())
        )
        for each in pods
    }


def noticed(luna, since):
    """Raises AssertionError until luna was not Ready in a version after *since*."""
    now = luna.kube.require(luna.ref)["metadata"]["resourceVersion"]
    assert now != since, "nothing has changed"
    versions = [each["status"]["conditions"] for each in luna.kube.history(luna.ref, since)]
    ready = {each["status"] for version in versions for each in version if each["type"] == "Ready"}
    assert ready - {"True"}, "nothing has been noticed"


def data_pods(luna, kube, service):
    """The server's pods; those of the Jobs that prepare it are others."""
    wanted = {labels.SYSTEM: luna.name, labels.DATA: service, labels.COMPONENT: "server"}
    return kube.find(kinds.POD, luna.namespace, wanted)


def schema(module):
    return module.replace("-", "_")


def inside(luna, module, program, *arguments):
    """Run a Python *program* in a pod of *module*, with what the module itself holds."""
    pod = luna.pods(module)[0]["metadata"]["name"]
    command = ["kubectl", "exec", "--namespace", luna.namespace, pod, "--", "python3", "-c"]
    return subprocess.run(
        [*command, program, *arguments],
        env={**environment()},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def serves(service):
    """Raises AssertionError while *service* is not ready: on a busy node a check may be late."""
    assert service.get(endpoints.HEALTH_READY).status_code == 200
