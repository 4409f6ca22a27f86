"""Of several operators one writes: it ends, is killed, or is stopped in the middle of its work.

Who wrote what is read from the API server's audit log: the operator that is watched has a user of
its own there.
"""

import os
import secrets
import signal
import time

import pytest

from arkalia_operator.desired import kinds
from bench.typical import descriptions
from cluster.audit import AuditLog
from cluster.kinds import LEASE, Ref
from cluster.systems import System
from cluster.waiting import eventually
from faults.process import operator
from faults.wishes import MODULES, modules

LEASE_SECONDS = 8.0
DEFAULT_LEASE_SECONDS = 15.0
GRACEFUL_SECONDS = 2.0
BUSY = float(os.environ.get("ARKALIA_BUSY", "12"))
"""How much longer something takes on a machine that does other work beside."""
LEADER = "leader_election_master_status"
PATIENCE_SECONDS = 120
AFTERWARDS_SECONDS = 5.0
"""For an operator that goes on, to do what it had begun."""


@pytest.fixture(scope="module", autouse=True)
def described(kube, namespace):
    for each in descriptions(namespace):
        if each["metadata"]["name"] in MODULES:
            kube.create(each)


@pytest.fixture
def lease():
    """A Lease of the test's own."""
    return Ref(LEASE, "default", f"turns-{secrets.token_hex(2)}")


@pytest.fixture
def lease_seconds():
    return LEASE_SECONDS


@pytest.fixture
def pair(plane, lease, lease_seconds, tmp_path):
    """The one that leads, whose writes are watched, and another that waits."""
    settings = {"lease_name": lease.name, "lease_seconds": lease_seconds, "drain_seconds": 2}
    with operator(plane.kubeconfig("operator"), tmp_path / "one", **settings) as one:
        eventually(lambda: leads(one.ready()), PATIENCE_SECONDS)
        with operator(plane.kubeconfig("stub"), tmp_path / "two", **settings) as two:
            yield one, two.ready()


@pytest.fixture
def audit(plane):
    """What the one that leads first wrote."""
    return AuditLog(plane.audit, "operator")


@pytest.fixture
def luna(kube, namespace, pair):
    """A system that is as it should be."""
    system = System(kube, namespace, f"luna-{secrets.token_hex(2)}").declare(modules=modules("a"))
    eventually(lambda: complete(kube, system), PATIENCE_SECONDS)
    return system


def leads(process):
    assert process.metric(LEADER) == 1


def complete(kube, system):
    for module in MODULES:
        kube.require(system.child(kinds.HORIZONTAL_POD_AUTOSCALER, module))


def holder(kube, lease):
    return kube.require(lease)["spec"].get("holderIdentity", "")


def another(kube, lease, before):
    now = holder(kube, lease)
    assert now not in {"", before}, f"{before} is followed by {now or 'nobody'}"


def followed(kube, lease, before):
    """Seconds until somebody else holds the lease."""
    began = time.monotonic()
    eventually(lambda: another(kube, lease, before), PATIENCE_SECONDS)
    return time.monotonic() - began


def repaired(kube, system):
    """What the operator does for the system now: a deleted child is there again."""
    ref = system.child(kinds.SERVICE, MODULES[0])
    kube.delete(ref)
    eventually(lambda: kube.require(ref), PATIENCE_SECONDS)


def test_both_are_ready_and_one_of_them_writes(pair, luna, kube, audit):
    one, two = pair
    mark = audit.mark()

    repaired(kube, luna)

    assert (one.metric(LEADER), two.metric(LEADER)) == (1, 0)
    told = {"arkaliasystems/status", "events"}
    assert [each.resource for each in audit.since(mark) if each.resource not in told] == [
        "services"
    ]
    assert two.metric("arkalia_operator_applies_total") == 0
    eventually(lambda: knows_the_cluster(two), PATIENCE_SECONDS)


def knows_the_cluster(operator):
    """Raises AssertionError until its metrics, which are taken now and then, tell of records."""
    assert operator.metric("arkalia_operator_cached_records") > 0


@pytest.mark.parametrize("lease_seconds", [DEFAULT_LEASE_SECONDS])
def test_who_ends_in_order_is_followed_at_once(pair, luna, kube, lease, lease_seconds):
    one, _ = pair
    before = holder(kube, lease)

    one.signal(signal.SIGTERM)
    seconds = followed(kube, lease, before)

    print(f"followed {seconds:.2f} s after SIGTERM")
    assert one.ended() == 0
    assert seconds < min(GRACEFUL_SECONDS * BUSY, lease_seconds), "it waited for the lease to end"
    repaired(kube, luna)


def test_who_is_killed_is_followed_within_the_lease(pair, luna, kube, lease):
    one, _ = pair
    before = holder(kube, lease)

    one.signal(signal.SIGKILL)
    seconds = followed(kube, lease, before)

    print(f"followed {seconds:.2f} s after SIGKILL")
    assert seconds < LEASE_SECONDS + GRACEFUL_SECONDS * BUSY
    repaired(kube, luna)


def test_who_was_stopped_in_its_work_and_goes_on_never_writes(pair, luna, kube, lease, audit):
    one, two = pair
    before, mark = holder(kube, lease), audit.mark()
    many = [System(kube, luna.namespace, f"s-{secrets.token_hex(2)}") for _ in range(12)]
    for each in many:
        each.declare(modules=modules("b"))
    eventually(lambda: some(audit, mark), PATIENCE_SECONDS)

    one.signal(signal.SIGSTOP)
    followed(kube, lease, before)
    mark = audit.mark()
    one.signal(signal.SIGCONT)

    for each in many:
        eventually(lambda each=each: complete(kube, each), PATIENCE_SECONDS)
    time.sleep(AFTERWARDS_SECONDS)
    assert [str(each) for each in audit.since(mark)] == []
    assert one.is_running()
    assert (one.metric(LEADER), two.metric(LEADER)) == (0, 1)


def some(audit, mark):
    assert len(audit.since(mark)) > 10, "the one that leads has not begun"
