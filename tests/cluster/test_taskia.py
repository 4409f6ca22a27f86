"""Tasks on a real node: each accepted one is done, whatever of the module or of its data is killed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from arkalia_contract import endpoints, identity, labels
from arkalia_operator.desired import kinds, names
from cluster.kinds import Ref
from cluster.reach import Reached
from cluster.systems import System, off_except, uids
from cluster.talkers import token
from cluster.waiting import PATIENCE_SECONDS, eventually

QUEUES = ("default", "ai_tasks", "priority")
CANARY_SECONDS = 10
RUNNING_SECONDS = 15
"""Long enough that a busy kubelet kills the worker before the task has ended."""
MOST_MEMORY = 90 * 2**20
KILLS = 30


def coming_minute():
    """The minute that begins when the system has run for a while; the scheduler's clock is UTC."""
    return (datetime.now(UTC) + timedelta(seconds=120)).replace(second=0, microsecond=0)


DONE_SECONDS = 600
"""A message that the queue lost with its process is found by the sweep and sent again."""


class Tasks:
    """taskia, as the gateway asks it."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._service = system.reach("taskia")

    @property
    def _identity(self) -> dict[str, str]:
        """What the gateway shows: anew each time, for a token lives ten minutes, and stories longer."""
        system = self._system
        caller = system.pods("helloria")[0]
        account = f"{system.namespace}/{names.module(system.name, 'helloria')}"
        audience = identity.audience(system.namespace, system.name, "taskia")
        shown = token(system.kube, account, audience, caller)
        return {"Authorization": f"{identity.BEARER} {shown}"}

    def add(self, queue: str = "default", **arguments: object) -> str:
        """The id of a task that was accepted. Raises AssertionError if it was not."""
        wanted = {"kind": "canary", "queue": queue, "arguments": arguments}
        answer = self._service.post("/tasks", wanted, **self._identity)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def read(self, task_id: str) -> dict[str, object]:
        """The task."""
        return dict(self._service.get(f"/tasks/{task_id}", **self._identity).json())

    def require(self, task_id: str, state: str) -> dict[str, object]:
        """The task. Raises AssertionError while it is in another state."""
        task = self.read(task_id)
        assert task["state"] == state, task
        return task

    def done(self, *task_ids: str) -> list[dict[str, object]]:
        """The tasks, once all have succeeded."""
        return [
            eventually(lambda each=each: self.require(each, "succeeded"), DONE_SECONDS)
            for each in task_ids
        ]

    def scheduled(self, kind: str) -> list[datetime]:
        """When the scheduler started a task of *kind*, the oldest first."""
        path = f"/tasks?kind={kind}&limit=200"
        found = self._service.get(path, **self._identity).json()["tasks"]
        times = [each["created_at"] for each in found if each["caller"] == "beat"]
        return sorted(map(datetime.fromisoformat, times))


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A system whose scheduler has something to start every few seconds.

    The gateway has one pod, for it is that pod which asks; an autoscaler may take it away.
    """
    config = {"canary_seconds": CANARY_SECONDS}
    wanted = {"taskia": {"config": config}, "helloria": {"replicas": 1}}
    system = System(kube, namespace, "luna")
    return system.declare(modules=off_except(*wanted) | wanted, deletionPolicy="Delete")


@pytest.fixture(scope="module", autouse=True)
def clean_ups(luna):
    """The minutes for which a clean-up was scheduled; the last had not come when luna was ready."""
    minutes = []
    while not minutes or minutes[-1] <= datetime.now(UTC):
        minutes.append(coming_minute())
        luna.change(modules={"taskia": {"config": {"clean_up_at": f"{minutes[-1]:%H:%M}"}}})
        luna.ready()
    return minutes


@pytest.fixture(scope="module")
def tasks(luna, clean_ups):
    return Tasks(luna)


def test_task_of_each_queue_is_done_by_the_worker(luna, tasks, kube):
    added = [tasks.add(queue) for queue in QUEUES]

    assert {each["queue"] for each in tasks.done(*added)} == set(QUEUES)
    shown = eventually(lambda: metrics(luna, kube, *QUEUES))
    for queue in QUEUES:
        assert f'celery_tasks_total{{kind="canary",queue="{queue}",state="succeeded"}}' in shown


def test_worker_gives_a_task_nine_minutes_and_kills_it_after_ten(luna, kube):
    shown = metrics(luna, kube)

    assert 'celery_task_limit_seconds{limit="soft"} 540.0' in shown
    assert 'celery_task_limit_seconds{limit="hard"} 600.0' in shown


def test_task_is_done_although_its_worker_is_killed_while_it_runs(luna, tasks, kube):
    task_id = tasks.add(seconds=RUNNING_SECONDS)
    eventually(lambda: tasks.require(task_id, "running"))

    kill(kube, pods(luna, "worker"))

    [done] = tasks.done(task_id)
    assert done["runs"] == 2


def test_schedule_goes_on_without_a_job_done_twice_when_the_scheduler_is_killed(luna, tasks, kube):
    before = len(eventually(lambda: required(tasks, 1)))
    killed = pods(luna, "beat")

    kill(kube, killed)

    found = eventually(lambda: required(tasks, before + 2))
    assert not uids(pods(luna, "beat")) & uids(killed)
    gaps = [second - first for first, second in pairwise(found)]
    assert min(gaps) > timedelta(seconds=CANARY_SECONDS / 2)


def test_accepted_tasks_are_done_when_the_queue_is_killed_under_them(luna, tasks, kube):
    outlive_the_queue(luna, tasks, kube)


@pytest.mark.soak
def test_accepted_tasks_are_done_each_time_that_the_queue_is_killed(luna, tasks, kube):
    for _ in range(KILLS):
        outlive_the_queue(luna, tasks, kube)


def test_clean_up_is_done_once_when_its_minute_of_utc_comes(tasks, clean_ups):
    def started():
        found = tasks.scheduled("clean-up")
        assert found, f"nothing was started at {datetime.now(UTC)}"
        assert found[-1] >= clean_ups[-1], f"{found} is before {clean_ups}"
        return found

    found = eventually(
        started, (clean_ups[-1] - datetime.now(UTC)).total_seconds() + PATIENCE_SECONDS
    )

    assert len(found) <= len(clean_ups)
    assert found[0] >= clean_ups[0]


def test_each_of_its_pods_takes_less_than_90_mib(luna, kube):
    luna.ready()

    taken = eventually(lambda: memory(luna, kube))

    assert {name: size for name, size in taken.items() if size >= MOST_MEMORY} == {}


def memory(luna, kube):
    """Bytes by pod. Raises AssertionError until the kubelet has measured all three."""
    found = luna.pods("taskia")
    own = {each["metadata"]["uid"] for each in found}
    [node] = {each["spec"]["nodeName"] for each in found}
    told = kube.http.get(f"/api/v1/nodes/{node}/proxy/stats/summary").json()
    taken = {
        each["podRef"]["name"]: each["memory"]["workingSetBytes"]
        for each in told["pods"]
        if each["podRef"]["uid"] in own and "workingSetBytes" in each.get("memory", {})
    }
    assert len(taken) == 3, taken
    return taken


def pods(luna, component):
    return [
        each
        for each in luna.pods("taskia")
        if each["metadata"]["labels"][labels.COMPONENT] == component
    ]


def outlive_the_queue(luna, tasks, kube):
    """Tasks that were accepted before and while the queue is killed are done."""
    wanted = {labels.SYSTEM: luna.name, labels.DATA: "redis-queue", labels.COMPONENT: "server"}
    [queue] = kube.find(kinds.POD, luna.namespace, wanted)
    waiting = [tasks.add("ai_tasks", seconds=1) for _ in range(6)]

    kube.delete(Ref.of(queue), gracePeriodSeconds=0)

    accepted = [tasks.add("priority") for _ in range(3)]
    tasks.done(*waiting, *accepted)


def kill(kube, found):
    """End *found* with as little notice as the kubelet gives; what is at work then gets SIGKILL."""
    assert len(found) == 1
    for each in found:
        kube.delete(Ref.of(each), gracePeriodSeconds=0)


def required(tasks, number):
    """Raises AssertionError until the scheduler has started *number* canaries."""
    found = tasks.scheduled("canary")
    assert len(found) >= number, found
    return found


def metrics(luna, kube, *queues):
    """What the worker measures. Raises AssertionError until it has done a task of each of *queues*."""
    service = Reached(
        kube, Ref(kinds.SERVICE, luna.namespace, names.component("luna", "taskia", "worker"))
    )
    shown = service.get(endpoints.METRICS).text
    assert all(f'queue="{queue}",state="succeeded"' in shown for queue in queues), shown
    return shown
