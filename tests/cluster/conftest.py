"""What every story gets: the cluster, the operator, a namespace of its own, and a report if it fails."""

import secrets
from itertools import islice
from pathlib import Path

import pytest

from cluster.audit import AuditLog
from cluster.development import audit_log, environment
from cluster.kube import Kube
from cluster.namespaces import named, restricted
from cluster.operators import operators
from cluster.release import Operator
from cluster.report import report
from cluster.stand_ins import cluster
from cluster.systems import GATEWAY, System, off_except
from cluster.turns import LONGEST_WAIT, Turn
from cluster.waiting import eventually

HERE = Path(__file__).parent
SAMPLE_NAMESPACE = "arkalia"
"""Where `make up` puts the first system."""
CONNECTION = pytest.StashKey[Kube]()
OWN_NAMESPACE = pytest.StashKey[str]()
TURN = pytest.StashKey[Turn]()
TURN_OF_FILE = pytest.StashKey[Turn]()
LONGEST_STORY = 900.0
"""Seconds, once it has its turn."""
FIRST = (
    "test_whole_system.py",
    "test_kept_data.py",
    "test_identity.py",
    "test_taskia.py",
    "test_external_data.py",
    "test_load_scales.py",
    "test_migrations.py",
    "test_environment_change.py",
)
"""Stories that take longest: what starts last must be short."""
LONG_APART = (
    "test_leadership.py",
    "test_faults.py",
    "test_rights.py",
    "test_random_resources.py",
    "test_killed_anywhere.py",
)
"""The same of those that need nothing of the others' cluster."""


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            if not apart(item):
                item.add_marker("cluster")
            if item.get_closest_marker("soak") is None:
                item.add_marker(pytest.mark.timeout(LONGEST_WAIT + LONGEST_STORY))
    order = {path: number for number, path in enumerate(in_order(items))}
    items.sort(key=lambda item: order[item.path])


def apart(item):
    """Whether the story does not ask for the common API server, and has nothing to do with others."""
    return not item.path.is_relative_to(HERE) or "kube" not in getattr(item, "fixturenames", ())


def in_order(items):
    """The files of *items*: what shares the operator, the longest first; then all others.

    While stories that need the operator to themselves wait for their turn and follow each other, those
    that need none keep the other processes busy: two of them follow each that waits. Two more begin at
    once: where every process starts pods, none of them is in time.
    """
    shared = ordered({item.path for item in items if not apart(item)}, FIRST)
    lonely = {item.path for item in items if item.get_closest_marker("alone")}
    others = iter(ordered({item.path for item in items} - set(shared), LONG_APART))
    together = (path for path in shared if path not in lonely)
    yield from (*islice(together, 2), *islice(others, 2), *together)
    for path in (path for path in shared if path in lonely):
        yield from (path, *islice(others, 2))
    yield from others


def ordered(paths, first):
    """*paths* by name, those that are named *first* before the others."""
    place = {name: number for number, name in enumerate(first)}
    return sorted(paths, key=lambda path: (place.get(path.name, len(first)), path))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if apart(item):
        return
    alone = item.get_closest_marker("alone") is not None
    if alone and TURN_OF_FILE not in item.session.stash:
        turn = Turn(environment()["KUBECONFIG"], alone, of="files")
        item.session.stash[TURN_OF_FILE] = turn
        turn.take()
    item.stash[TURN] = Turn(environment()["KUBECONFIG"], alone)
    item.stash[TURN].take()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    try:
        return (yield)
    finally:
        if TURN in item.stash:
            item.stash[TURN].give_back()
        ends = nextitem is None or nextitem.path != item.path
        if ends and TURN_OF_FILE in item.session.stash:
            item.session.stash[TURN_OF_FILE].give_back()
            del item.session.stash[TURN_OF_FILE]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    kube = item.session.stash.get(CONNECTION, None)
    if outcome.failed and kube and not apart(item):
        namespace = item.getparent(pytest.Module).stash.get(OWN_NAMESPACE, SAMPLE_NAMESPACE)
        outcome.sections.append((f"state of {namespace}", report(kube, namespace)))
    return outcome


@pytest.fixture(scope="session")
def kube(request):
    """The API server."""
    connection = Kube(environment()["KUBECONFIG"])
    request.session.stash[CONNECTION] = connection
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def operator(kube):
    """The operator that `make up` installed."""
    running = Operator(kube, environment())
    eventually(running.pod)
    return running


@pytest.fixture(scope="session")
def audit(operator):
    """What the operator wrote."""
    return AuditLog(audit_log(), operator.user)


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    """A cluster of the file's own, without nodes."""
    with cluster(tmp_path_factory.mktemp("cluster")) as plane:
        yield plane


@pytest.fixture(scope="module")
def own(plane):
    """Its API server."""
    kube = Kube(str(plane.kubeconfig("person")))
    yield kube
    kube.close()


@pytest.fixture(scope="module")
def starter(plane):
    """Starts operators for it."""
    with operators(plane.folder, plane.kubeconfig("operator")) as starter:
        yield starter


@pytest.fixture(scope="module")
def own_operator(starter):
    """An operator for it, as a process."""
    return starter.start()


@pytest.fixture(scope="module")
def own_namespace(own, request):
    """A namespace there."""
    ref = named(request.path.stem)
    own.create(restricted(ref))
    return ref.name


@pytest.fixture(scope="module")
def namespace(kube, request):
    """A namespace of the story's own that enforces the Pod Security level `restricted`."""
    own = named(request.path.stem)
    kube.create(restricted(own))
    request.node.stash[OWN_NAMESPACE] = own.name
    yield own.name
    kube.delete(own)


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A Ready system of the gateway alone, shared by the stories of a file."""
    return System(kube, namespace, "luna").declare(modules=GATEWAY).ready()


@pytest.fixture
def processed(kube, operator, namespace):
    """Waits until the operator has worked off what happened before, by a task of its own."""

    def wait():
        echo = System(kube, namespace, f"echo-{secrets.token_hex(2)}")
        echo.declare(modules=off_except()).ready()
        kube.delete(echo.ref)

    return wait
