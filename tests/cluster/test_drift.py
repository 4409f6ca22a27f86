"""What somebody else changes is changed back and told; who insists is named, and left alone.

An API server without nodes (`cluster.stand_ins`) and an operator as a process of this machine: what
was written is counted in the audit log, and nobody else's systems are among the operator's figures.
"""

from functools import partial
from typing import NamedTuple

import pytest

from arkalia_contract.labels import PART_OF
from arkalia_operator.cluster.drifts import ROUNDS
from arkalia_operator.desired import kinds
from cluster.audit import AuditLog
from cluster.happenings import told, warned
from cluster.kinds import Ref
from cluster.kube import STRATEGIC, Kube
from cluster.replaceable import USER, replaceable
from cluster.stand_ins import cluster
from cluster.systems import MODULE_KINDS, System, off_except
from cluster.waiting import eventually

ROBOT = "robot"
REST_SECONDS = 40
"""How long the operator leaves a field alone: long enough to look at it, short enough to wait for."""
MODULES = off_except("helloria") | {"helloria": {"scaling": {"minReplicas": 2, "maxReplicas": 4}}}
SECRET = "hunter2"
"""In a variable, where people write such words all the same."""


def container(**fields):
    """A change of the gateway's container, as a strategic merge patch."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "helloria", **fields}]}}}}


TEMPLATE = "spec.template.spec.containers[helloria]"
EDITS = {
    "label": (
        kinds.SERVICE,
        {"metadata": {"labels": {PART_OF: "robots"}}},
        (f"metadata.labels.{PART_OF}", '"robots"'),
    ),
    "port": (
        kinds.SERVICE,
        {"spec": {"ports": [{"port": 8000, "targetPort": 81}]}},
        ("spec.ports[8000,TCP].targetPort", "81"),
    ),
    "variable": (
        kinds.DEPLOYMENT,
        container(env=[{"name": "ARKALIA_ENV", "value": SECRET}]),
        (f"{TEMPLATE}.env[ARKALIA_ENV].value", "…"),
    ),
    "image": (
        kinds.DEPLOYMENT,
        container(image="nobody/has:this"),
        (f"{TEMPLATE}.image", '"nobody/has:this"'),
    ),
    "maximum": (
        kinds.HORIZONTAL_POD_AUTOSCALER,
        {"spec": {"maxReplicas": 9}},
        ("spec.maxReplicas", "9"),
    ),
    "settings": (
        kinds.CONFIG_MAP,
        {"data": {"settings.toml": "log_level = 'DEBUG'"}},
        ("data.settings.toml", "\"log_level = 'DEBUG'\""),
    ),
    "policy": (kinds.NETWORK_POLICY, {"spec": {"egress": [{}]}}, ("spec.egress", "[{}]")),
    "budget": (
        kinds.POD_DISRUPTION_BUDGET,
        {"spec": {"maxUnavailable": 0}},
        ("spec.maxUnavailable", "0"),
    ),
    "token": (
        kinds.SERVICE_ACCOUNT,
        {"automountServiceAccountToken": True},
        ("automountServiceAccountToken", "true"),
    ),
}


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")) as plane:
        yield plane


@pytest.fixture(scope="module")
def own(plane):
    """The API server without nodes."""
    kube = Kube(str(plane.kubeconfig("person")))
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "drift"}})
    yield kube
    kube.close()


@pytest.fixture(scope="module")
def process(plane, own):
    with replaceable(plane, contention_rest_seconds=str(REST_SECONDS)) as process:
        yield process


@pytest.fixture(scope="module")
def trail(plane):
    """What this operator wrote."""
    return AuditLog(plane.audit, USER)


@pytest.fixture
def drifts(process):
    """How many objects of a kind were found changed since the test began, by what was done."""
    before = process.figures()
    return lambda kind, what: drifted(process.figures(), kind, what) - drifted(before, kind, what)


def drifted(figures, kind, what):
    """How many objects of a kind an operator has found changed."""
    return figures.get(f'arkalia_operator_drifts_total{{kind="{kind.name}",what="{what}"}}', 0)


@pytest.fixture(scope="module")
def luna(own, process):
    return System(own, "drift", "luna").declare(modules=MODULES).ready()


def content(body):
    """What an object says, without its status and what the API server keeps of it."""
    told = {name: value for name, value in body.items() if name not in ("metadata", "status")}
    return told | {"labels": body["metadata"]["labels"]}


def writes_to(trail, mark, ref):
    """How often the operator wrote the object since *mark*."""
    address = f"{ref.kind.plural} {ref.namespace}/{ref.name} "
    return len([each for each in map(str, trail.since(mark)) if address in each])


def is_told(system, beginning, end):
    """Raises AssertionError until a repair was told from *beginning* to *end*."""
    found = told(system, "DriftRepaired")
    ends = f" to {end}, and was changed back"
    assert any(each.startswith(beginning) and each.endswith(ends) for each in found), found


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_changed_field_is_changed_back_with_one_write_and_told(luna, trail, drifts, edit):
    kind, change, (field, value) = edit
    ref, mark = luna.child(kind), trail.mark()
    before = content(luna.kube.require(ref))

    edited = luna.kube.patch(ref, change, STRATEGIC, manager=ROBOT)

    assert content(edited) != before
    changed = f"{kind.name} {ref.name}: {field} was changed by {ROBOT} from "
    eventually(lambda: is_told(luna, changed, value))
    assert content(luna.kube.require(ref)) == before
    assert writes_to(trail, mark, ref) == 1
    assert drifts(kind, "repaired") == 1


@pytest.fixture(scope="module")
def vega(own, process):
    """A system of which an object of each kind is deleted."""
    return System(own, "drift", "vega").declare(modules=MODULES).ready()


@pytest.mark.parametrize("kind", MODULE_KINDS, ids=lambda kind: kind.name)
def test_deleted_child_is_created_again_with_one_write_and_told(vega, trail, drifts, kind):
    ref, mark = vega.child(kind), trail.mark()

    vega.kube.delete(ref)

    eventually(lambda: is_told_as_deleted(vega, ref))
    assert vega.kube.require(ref)
    assert writes_to(trail, mark, ref) == 1
    assert drifts(kind, "recreated") == 1
    assert drifts(kind, "repaired") == 0


def is_told_as_deleted(system, ref):
    """Raises AssertionError until it was told that the object is back."""
    back = f"{ref.kind.name} {ref.name} was deleted, and was created again"
    assert back in (found := told(system, "DriftRepaired")), found


def test_nothing_is_told_as_deleted_that_nobody_has_deleted(own, process, drifts):
    """Not at an install, nor when a module goes and comes, nor when a system is made anew."""
    system = System(own, "drift", "mira").declare(modules=MODULES).ready()
    uid = own.require(system.ref)["metadata"]["uid"]
    gone = system.child(kinds.SERVICE)

    system.change(modules=MODULES | {"helloria": {"enabled": False}})
    eventually(lambda: is_absent(own, gone))
    system.change(modules=MODULES)
    system.ready()
    own.delete(system.ref)
    eventually(lambda: is_absent(own, system.ref))
    system.declare(modules=MODULES).ready()

    assert own.require(system.ref)["metadata"]["uid"] != uid
    assert own.require(gone)
    assert told(system, "DriftRepaired") == []
    assert [drifts(kind, "recreated") for kind in MODULE_KINDS] == [0] * len(MODULE_KINDS)


def is_absent(kube, ref):
    assert kube.get(ref) is None


def test_no_variable_of_a_pod_is_told(luna):
    assert SECRET not in " ".join(told(luna, "DriftRepaired"))


def test_every_object_that_lost_a_label_has_it_again_after_one_write_each(own, process, trail):
    system = System(own, "drift", "terra").declare(modules=MODULES).ready()
    found = [each for each in system.children() if each["kind"] != kinds.JOB.name]
    before = {Ref.of(each): content(each) for each in found}
    mark = trail.mark()

    for ref in before:
        own.patch(ref, {"metadata": {"labels": {PART_OF: None}}}, manager=ROBOT)

    eventually(lambda: all_are(own, before))
    assert {ref.kind for ref in before} >= {*MODULE_KINDS, kinds.STATEFUL_SET}
    assert {str(ref): writes_to(trail, mark, ref) for ref in before} == {
        str(ref): 1 for ref in before
    }


def all_are(kube, wanted):
    """Raises AssertionError until every object is as *wanted*."""
    others = [str(ref) for ref, body in wanted.items() if content(kube.require(ref)) != body]
    assert others == []


@pytest.fixture(scope="module")
def fight(own, process, trail):
    """A system about whose Service a robot fights, until the operator gives way."""
    system = System(own, "drift", "sol").declare(modules=MODULES).ready()
    mark = trail.mark()
    rounds = 0
    while not gives_way(system, rounds, Robot(system)):
        rounds += 1
        assert rounds <= 2 * ROUNDS, f"the operator has changed it back {rounds} times"
    return Fight(system, mark, rounds)


class Fight(NamedTuple):
    """A system, where its fight began in the audit log, and how often the operator won."""

    system: System
    mark: int
    rounds: int


class Robot:
    """A controller that wants the gateway's Service to lead elsewhere."""

    def __init__(self, system):
        self.service = system.child(kinds.SERVICE)
        self._kube = system.kube

    def insist(self, target):
        """Apply, and take over, the port that the Service leads to."""
        ports = [{"port": 8000, "protocol": "TCP", "targetPort": target}]
        metadata = {"namespace": self.service.namespace, "name": self.service.name}
        body = {"apiVersion": "v1", "kind": "Service", "metadata": metadata}
        self._kube.apply({**body, "spec": {"ports": ports}}, manager=ROBOT)

    def has_won(self, target):
        [port] = self._kube.require(self.service)["spec"]["ports"]
        return port["targetPort"] == target


def gives_way(system, rounds, robot):
    """Whether the operator leaves the Service to the *robot*, who insists once more."""
    target = 8100 + rounds
    robot.insist(target)
    return eventually(lambda: decided(system, robot, target))


def decided(system, robot, target):
    """Whether the Service is left to the robot. Raises AssertionError while that is open."""
    contended = "Contended" in system.conditions()
    assert contended or not robot.has_won(target), "neither changed back nor given up"
    return contended


def test_operator_gives_way_after_some_rounds_and_names_manager_and_field(fight):
    message = fight.system.expect("Contended", "True", "FieldContended")["message"]

    assert fight.rounds == ROUNDS
    assert message.startswith(
        "Service sol-helloria: spec.ports[8000,TCP].targetPort was changed by robot"
    )


def test_fight_is_told_as_a_warning_and_counted(fight, process):
    message = fight.system.expect("Contended", "True")["message"]

    assert eventually(lambda: warned(fight.system, "FieldContended")) == message
    assert drifted(process.figures(), kinds.SERVICE, "contended") >= 1
    labels = 'system="sol",system_namespace="drift",type="Contended"'
    assert process.figures()[f"arkalia_operator_system_condition{{{labels}}}"] == 1


def test_system_is_ready_while_a_field_is_left_to_somebody_else(fight):
    fight.system.ready()


def test_operator_writes_no_more_whatever_the_other_one_does(fight, trail, drifts):
    robot = Robot(fight.system)
    account = fight.system.child(kinds.SERVICE_ACCOUNT)

    for target in (8201, 8202, 8203):
        robot.insist(target)
    fight.system.kube.patch(account, {"automountServiceAccountToken": True}, manager=ROBOT)

    eventually(lambda: is_repaired(drifts, kinds.SERVICE_ACCOUNT))
    assert robot.has_won(8203)
    assert writes_to(trail, fight.mark, robot.service) == ROUNDS


def is_repaired(drifts, kind):
    assert drifts(kind, "repaired") == 1


def test_field_is_changed_back_once_the_other_one_lets_it_be(fight, trail):
    robot, system = Robot(fight.system), fight.system

    eventually(partial(is_over, system, "Contended"))

    assert not robot.has_won(8203)
    assert writes_to(trail, fight.mark, robot.service) == ROUNDS + 1


def is_over(system, condition):
    """Raises AssertionError while the system has the *condition*, or no status of its spec."""
    conditions = system.conditions()
    assert "Ready" in conditions
    assert condition not in conditions


@pytest.fixture(scope="module")
def reported(own, process):
    """A system whose drift is only told."""
    changes = {"driftPolicy": "Report"}
    system = System(own, "drift", "nova").declare(modules=MODULES, changes=changes)
    return system.ready()


def test_drift_that_is_only_reported_is_left_and_named(reported, trail, drifts):
    ref, mark = reported.child(kinds.SERVICE), trail.mark()

    reported.kube.patch(
        ref, {"spec": {"ports": [{"port": 8000, "targetPort": 81}]}}, STRATEGIC, manager=ROBOT
    )

    seen = eventually(lambda: reported.expect("Drifted", "True", "DriftReported"))
    assert (
        "Service nova-helloria: spec.ports[8000,TCP].targetPort was changed by robot"
        in seen["message"]
    )
    assert eventually(lambda: warned(reported, "DriftReported")) == seen["message"]
    assert drifts(kinds.SERVICE, "reported") == 1
    reported.expect("Ready", "True")
    written = {each.resource for each in trail.since(mark, "drift") if each.name != reported.name}
    assert written <= {"events"}


def test_what_is_deleted_comes_back_and_is_told_where_drift_is_only_reported(reported, own):
    ref = reported.child(kinds.CONFIG_MAP)

    own.delete(ref)

    eventually(lambda: is_told_as_deleted(reported, ref))
    assert own.require(ref)
    reported.expect("Drifted", "True")


def test_reported_drift_is_left_by_the_next_operator_too(reported, process, trail):
    ref, mark = reported.child(kinds.SERVICE), trail.mark()

    process.replace()

    eventually(lambda: has_reported(process, kinds.SERVICE))
    reported.expect("Drifted", "True", "DriftReported")
    assert writes_to(trail, mark, ref) == 0


def has_reported(process, kind):
    assert drifted(process.figures(), kind, "reported") == 1


def test_reported_drift_is_repaired_once_that_is_asked_for(reported, trail):
    ref, mark = reported.child(kinds.SERVICE), trail.mark()

    reported.change(changes={"driftPolicy": "Repair"})

    eventually(lambda: is_over(reported, "Drifted"))
    assert writes_to(trail, mark, ref) == 1
