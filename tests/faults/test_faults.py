"""Whatever happens between operator and API server: afterwards it knows all again, and it never raged.

During each trouble people change, delete and create, past the proxy. The operator learns of it from
nothing but its watches, lists and sweeps. The troubles that differ most are in `make test`, with
time enough for any machine; `make soak` has them all, and measures.
"""

import os
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from bench.control_plane import resident_mebibytes
from cluster.kinds import SYSTEM
from cluster.kube import Kube
from cluster.waiting import STEP_SECONDS, eventually
from faults.process import OperatorProcess, operator
from faults.proxy import (
    Broken,
    Cut,
    Proxy,
    Shuffled,
    Slow,
    Throttled,
    WatchAnswered,
    WatchRefused,
    error_event,
)
from faults.wishes import Wishes
from unit.arkalia_runtime.authority import Authority

TROUBLE_SECONDS = 4.0
BEGIN_SECONDS = 120.0
CONVERGED_SECONDS = 5.0
BUSY = float(os.environ.get("ARKALIA_BUSY", "12"))
"""How much longer something takes on a machine that does other work beside."""
REQUESTS_A_SECOND = 60
"""Sixteen watches with at most a handful of tries a second each would be more."""
GROWTH_MEBIBYTES = 24
OURS = '"logger":"arkalia_operator'
"""kopf ends at some errors, loudly, and is started again."""
FAULTS = {
    "connections_are_cut": Cut(),
    "watches_are_closed_at_once": WatchAnswered(),
}
MORE_FAULTS = {
    "everything_is_turned_away": Throttled(),
    "the_api_server_fails": Broken(),
    "answers_are_slow": Slow(1.5),
    "watches_are_too_old": WatchRefused(),
    "watches_say_gone": WatchAnswered(error_event(410, "Expired")),
    "watches_say_error": WatchAnswered(error_event(500, "InternalError")),
    "watches_say_nonsense": WatchAnswered({"type": "ADDED", "object": {"metadata": {}}}),
}


@pytest.fixture(scope="module")
def running(door, tmp_path_factory):
    """The operator behind the proxy."""
    log = tmp_path_factory.mktemp("operator") / "log"
    with operator(door.kubeconfig, log, lease_name="faults", drain_seconds=2) as running:
        yield running.ready()


@pytest.fixture(scope="module")
def wishes(kube, namespace, running):
    made = Wishes(kube, namespace)
    eventually(made.has_begun, BEGIN_SECONDS)
    return made


@pytest.fixture(scope="module")
def size(running, wishes):
    """The operator's memory before all trouble."""
    return resident_mebibytes(running.process.pid)


@dataclass
class Judge:
    """Says what the operator does in a trouble, and after it."""

    proxy: Proxy
    running: OperatorProcess
    wishes: Wishes
    kube: Kube

    @contextmanager
    def trouble(self):
        """The block is the trouble: when it ends, all shall be well soon."""
        began = time.monotonic()
        yield
        ended = time.monotonic()
        eventually(self.wishes.came_true, CONVERGED_SECONDS * BUSY, STEP_SECONDS)
        took = time.monotonic() - ended
        # A handful of requests in a moment is no loop: what follows them tells.
        rate = self.proxy.count(began) / max(time.monotonic() - began, CONVERGED_SECONDS)
        print(f"converged {took:.2f} s after the end; {rate:.0f} requests a second")
        eventually(self.knows_all, CONVERGED_SECONDS * BUSY, STEP_SECONDS)
        assert rate < REQUESTS_A_SECOND
        assert self.running.is_running()
        assert not [each for each in self.running.said("unexpectedly", "Traceback") if OURS in each]

    def knows_all(self):
        """Raises AssertionError unless the operator knows as many systems as there are."""
        known, there = self.running.metric("arkalia_operator_systems"), len(self.kube.find(SYSTEM))
        assert known == there, f"the operator knows {known:g} systems of {there}"


@pytest.fixture
def judge(door, running, wishes, kube, size):
    return Judge(door.proxy, running, wishes, kube)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_operator_converges_after(fault, door, wishes, judge):
    with judge.trouble(), door.proxy.fault(fault):
        wishes.make()
        time.sleep(TROUBLE_SECONDS)


@pytest.mark.soak
@pytest.mark.parametrize("fault", MORE_FAULTS.values(), ids=MORE_FAULTS.keys())
def test_operator_converges_also_after(fault, door, wishes, judge):
    with judge.trouble(), door.proxy.fault(fault):
        wishes.make()
        time.sleep(TROUBLE_SECONDS)


@pytest.mark.soak
def test_operator_converges_after_a_cut_of_all_connections(door, wishes, judge):
    with judge.trouble():
        wishes.make()
        door.proxy.cut()


def test_operator_converges_after_its_connections_were_forgotten(door, wishes, judge):
    """New connections lead on, those from before nowhere."""
    with judge.trouble():
        with door.proxy.silence():
            pass
        wishes.make()


def test_operator_converges_after_nothing_passed_and_no_connection_broke(door, wishes, judge):
    with judge.trouble(), door.proxy.silence():
        wishes.make()
        time.sleep(2 * TROUBLE_SECONDS)


@pytest.mark.soak
def test_operator_converges_after_nothing_passed_for_longer_than_a_lease(door, wishes, judge):
    with judge.trouble(), door.proxy.silence():
        wishes.make()
        time.sleep(5 * TROUBLE_SECONDS)


def test_operator_converges_when_every_event_comes_twice_and_out_of_order(door, wishes, judge):
    with judge.trouble():
        with door.proxy.broken_lines(Shuffled()):
            wishes.make()
            time.sleep(TROUBLE_SECONDS)
        door.proxy.cut()  # what is still held back is lost


def test_operator_converges_after_its_token_was_replaced(door, wishes, judge):
    with judge.trouble():
        door.proxy.token = f"another-{time.monotonic_ns()}"
        wishes.make()
        time.sleep(TROUBLE_SECONDS / 2)
        door.tell()


@pytest.mark.soak
def test_operator_converges_after_the_api_server_got_another_certificate(door, wishes, judge):
    with judge.trouble():
        door.authority = Authority("another authority")
        door.proxy.serve_with(*door.certificate())
        wishes.make()
        time.sleep(TROUBLE_SECONDS)
        door.tell()


@pytest.mark.soak
def test_operator_converges_after_the_api_server_hung(api_server, wishes, judge):
    wishes.make()
    with judge.trouble():
        api_server.signal(signal.SIGSTOP)
        time.sleep(2 * TROUBLE_SECONDS)
        api_server.signal(signal.SIGCONT)
    with judge.trouble():
        wishes.make()


@pytest.mark.soak
def test_operator_converges_after_the_api_server_was_killed(api_server, wishes, judge):
    with judge.trouble():
        api_server.kill()
        time.sleep(TROUBLE_SECONDS)
        api_server.start()
        wishes.make()


def test_operator_converges_after_its_history_was_compacted(api_server, door, wishes, judge):
    """What happened while it was cut off, no watch can tell any more: a list has to."""
    with judge.trouble(), door.proxy.fault(Cut()):
        wishes.make()
        api_server.compact()
        api_server.kill()
        api_server.start()


def test_operator_has_not_grown(running, wishes, size):
    grown = resident_mebibytes(running.process.pid) - size
    print(f"{size:.1f} MiB before, {grown:+.1f} MiB after all trouble")

    assert running.is_running()
    assert grown < GROWTH_MEBIBYTES
