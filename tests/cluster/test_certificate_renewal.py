"""Certificates and their authority are renewed before they end: no pod restarts, no call fails.

The operator is told lifetimes of minutes, so this takes a quarter of an hour (`make soak`).
"""

import time

import pytest

from arkalia_operator.desired import kinds, names
from arkalia_operator.planning.certificates import IN_FORCE, NEXT, PREVIOUS
from cluster.kinds import Ref
from cluster.systems import GATEWAY, System, uids
from cluster.talkers import talker
from cluster.visitors import image_of
from cluster.waiting import eventually

pytestmark = [pytest.mark.alone, pytest.mark.soak]

LIFETIMES = {"CERTIFICATE": "400.0", "AUTHORITY": "900.0", "SPREAD": "100.0"}
"""Seconds. What the kubelet brings takes it up to 90 s: a third of a certificate is more."""
LONGEST = 1500.0
PAUSE_SECONDS = 0.1


@pytest.fixture(scope="module")
def hurried(operator):
    """The operator, with lifetimes of minutes."""
    pairs = [(f"ARKALIA_OPERATOR_{name}_SECONDS", value) for name, value in LIFETIMES.items()]
    told = {
        f"extraEnv[{place}].{key}": text
        for place, (name, value) in enumerate(pairs)
        for key, text in (("name", name), ("value", value))
    }
    operator.upgrade(**told)
    yield operator
    operator.upgrade(extraEnv="null")


@pytest.fixture(scope="module")
def luna(kube, hurried, namespace):
    """A system in which `asker` asks `keeper`."""
    system = System(kube, namespace, "luna").declare(modules=GATEWAY).ready()
    image = image_of(kube, namespace)
    calls = [{"module": "keeper", "paths": ["/states/*"]}]
    kube.apply(talker("asker", namespace, image, public=True, calls=calls))
    kube.apply(talker("keeper", namespace, image, public=False))
    system.change(modules={"asker": {}, "keeper": {}})
    return system.ready()


def held(luna, kube, name):
    """The certificates in the Secret *name*, by key."""
    return kube.require(Ref(kinds.SECRET, luna.namespace, name))["data"]


def is_renewed(luna, kube, before):
    """Whether another authority is in force alone, and every certificate is another one."""
    authority = held(luna, kube, names.authority(luna.name))
    return not authority.keys() & {NEXT, PREVIOUS} and all(
        held(luna, kube, name)[IN_FORCE] != certificate for name, certificate in before.items()
    )


def test_no_call_fails_while_all_certificates_are_renewed(luna, kube):
    secrets = [names.authority("luna"), *(names.tls("luna", each) for each in ("asker", "keeper"))]
    before = {name: held(luna, kube, name)[IN_FORCE] for name in secrets}
    pods = {each: uids(luna.pods(each)) for each in ("asker", "keeper")}
    asker = luna.reach("asker")
    eventually(lambda: asked(asker))
    answered, failed, until = 0, [], time.monotonic() + LONGEST

    while not is_renewed(luna, kube, before):
        assert time.monotonic() < until, f"not renewed after {LONGEST} s"
        try:
            asked(asker)
            answered += 1
        except AssertionError as error:
            failed.append(f"{time.strftime('%H:%M:%S')} {error}")
        time.sleep(PAUSE_SECONDS)

    print(f"{answered} calls answered, {len(failed)} failed")
    assert failed == []
    assert {each: uids(luna.pods(each)) for each in pods} == pods


def asked(asker):
    """Raises AssertionError unless `asker` is answered by `keeper`, both over TLS."""
    answer = asker.get("/ask/keeper/states/1")
    assert answer.status_code == 200, answer.text
    assert answer.json()[0] == 200, answer.text
