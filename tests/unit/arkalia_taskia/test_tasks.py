"""`/tasks`: what was answered with 202 is written down, and can be asked about, listed and ended."""

import asyncio
from uuid import uuid4

import pytest

from arkalia_contract import identity
from unit.arkalia_runtime.authority import NAMESPACE, SYSTEM, Cluster, mount
from unit.arkalia_taskia.asking import added, service, task


@pytest.fixture
async def client(settings):
    async with service(settings) as client:
        yield client


async def asked(client, method, path, **content):
    async with client.request(method, path, **content) as answer:
        return answer.status, await answer.json(content_type=None), answer.headers


async def posted(client, key=None, **wanted):
    headers = {"Idempotency-Key": key} if key else {}
    body = {"kind": "canary"} | wanted
    return await asked(client, "POST", "/tasks", json=body, headers=headers)


def in_queue(redis, queue="default"):
    return int(redis.admin("LLEN", f"zeroia:{queue}"))


async def test_task_is_taken_written_down_and_sent(client, redis, schema):
    status, taken, headers = await posted(client, arguments={"seconds": 1}, queue="ai_tasks")

    assert (status, headers["Location"]) == (202, f"/tasks/{taken['id']}")
    assert schema.rows("SELECT kind, queue, state FROM tasks") == [("canary", "ai_tasks", "sent")]
    assert in_queue(redis, "ai_tasks") == 1


async def test_task_can_be_asked_about(client):
    task_id = await added(client, seconds=1)

    found = await task(client, task_id)

    known = {key: found[key] for key in ("kind", "arguments", "queue", "state", "runs", "caller")}
    assert known == {
        "kind": "canary",
        "arguments": {"seconds": 1.0},
        "queue": "default",
        "state": "sent",
        "runs": 0,
        "caller": "",
    }
    assert found["created_at"] <= found["sent_at"]
    assert [found[key] for key in ("started_at", "ended_at", "result", "error")] == [None] * 4


async def test_task_is_taken_while_the_queue_is_away(client, redis):
    redis.door.close()
    try:
        status, taken, _ = await posted(client)

        assert (status, (await task(client, taken["id"]))["state"]) == (202, "waiting")
    finally:
        redis.door.open()


async def test_task_that_could_not_be_sent_is_sent_when_the_queue_is_back(client, redis):
    redis.door.close()
    try:
        _, taken, _ = await posted(client)
    finally:
        redis.door.open()

    async with asyncio.timeout(20):
        while (await task(client, taken["id"]))["state"] != "sent":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert in_queue(redis) >= 1


async def test_no_task_is_taken_while_the_database_is_away(settings, schema, redis):
    impatient = settings.model_copy(update={"database_timeout_seconds": 0.3})
    async with service(impatient) as client:
        schema.server.door.close()
        try:
            assert (await posted(client))[0] == 503
        finally:
            schema.server.door.open()

    assert schema.rows("SELECT count(*) FROM tasks") == [(0,)]
    assert in_queue(redis) == 0


async def test_task_that_is_asked_for_twice_with_one_key_is_one(client, redis):
    first_status, first, _ = await posted(client, key="one")
    status, again, _ = await posted(client, key="one")

    assert (first_status, status, again["id"]) == (202, 200, first["id"])
    assert in_queue(redis) == 1


async def test_task_that_many_ask_for_at_once_with_one_key_is_one(client, schema):
    answers = await asyncio.gather(*(posted(client, key="one") for _ in range(8)))

    assert len({taken["id"] for _, taken, _ in answers}) == 1
    assert sorted(status for status, _, _ in answers) == [200] * 7 + [202]
    assert schema.rows("SELECT count(*) FROM tasks") == [(1,)]


@pytest.mark.parametrize(
    "other", [{"arguments": {"seconds": 2}}, {"queue": "priority"}, {"kind": "clean-up"}]
)
async def test_key_of_another_task_is_refused(client, other):
    await posted(client, key="one")

    status, problem, _ = await posted(client, key="one", **other)

    assert (status, problem["detail"]) == (422, "This Idempotency-Key was used for another task.")


async def test_unknown_kind_is_refused_and_the_known_ones_are_told(client):
    status, problem, _ = await posted(client, kind="magic")

    assert (status, problem["kinds"]) == (422, ["canary", "clean-up"])


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"seconds": -1}, "arguments.seconds"),
        ({"seconds": "long"}, "arguments.seconds"),
        ({"minutes": 1}, "arguments.minutes"),
    ],
)
async def test_arguments_that_do_not_fit_are_refused_with_their_place(client, arguments, where):
    status, problem, _ = await posted(client, arguments=arguments)

    assert status == 422
    assert [each["where"] for each in problem["errors"]] == [where]


@pytest.mark.parametrize(
    "wanted", [{"queue": "slow"}, {"kind": "k" * 64}, {"arguments": []}, {"priority": 1}]
)
async def test_task_of_another_form_is_refused(client, wanted):
    assert (await posted(client, **wanted))[0] == 422


async def test_no_task_is_taken_when_too_many_wait(settings, schema):
    few = settings.model_copy(update={"open_tasks": 2})
    async with service(few) as client:
        statuses = [(await posted(client))[0] for _ in range(3)]

    assert statuses == [202, 202, 429]
    assert schema.rows("SELECT count(*) FROM tasks") == [(2,)]


async def test_room_is_there_again_when_a_task_has_ended(settings, schema):
    few = settings.model_copy(update={"open_tasks": 1})
    async with service(few) as client:
        task_id = await added(client)
        await asked(client, "DELETE", f"/tasks/{task_id}")

        assert (await posted(client))[0] == 202


@pytest.mark.parametrize("state", ["waiting", "sent"])
async def test_task_that_has_not_begun_is_cancelled(client, schema, state):
    task_id = await added(client)
    schema.rows(f"UPDATE tasks SET state = '{state}', sent_at = now() WHERE id = '{task_id}'")

    status, cancelled, _ = await asked(client, "DELETE", f"/tasks/{task_id}")

    assert (status, cancelled["state"]) == (200, "cancelled")
    assert cancelled["ended_at"]


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
async def test_task_that_has_ended_is_not_cancelled(client, schema, state):
    task_id = await added(client)
    schema.rows(f"UPDATE tasks SET state = '{state}', ended_at = now() WHERE id = '{task_id}'")

    status, problem, _ = await asked(client, "DELETE", f"/tasks/{task_id}")

    assert (status, (await task(client, task_id))["state"]) == (409, state)
    assert f"The task is {state}" in problem["detail"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_task_that_nobody_asked_for_is_not_found(client, method):
    assert (await asked(client, method, f"/tasks/{uuid4()}"))[0] == 404
    assert (await asked(client, method, "/tasks/seven"))[0] == 422


async def test_tasks_are_listed_newest_first_and_page_by_page(client):
    ids = [await added(client) for _ in range(5)]

    listed, before = [], {}
    while before is not None:
        _, page, _ = await asked(client, "GET", "/tasks", params={"limit": 2} | before)
        listed += [each["id"] for each in page["tasks"]]
        before = {"before": page["next"]} if page["next"] else None

    assert listed == ids[::-1]


async def test_tasks_of_a_kind_or_state_are_listed(client):
    canary = await added(client)
    cancelled = await added(client, kind="clean-up")
    await asked(client, "DELETE", f"/tasks/{cancelled}")

    async def listed(**wanted):
        _, page, _ = await asked(client, "GET", "/tasks", params=wanted)
        return [each["id"] for each in page["tasks"]]

    assert await listed(kind="canary") == [canary]
    assert await listed(state="cancelled") == [cancelled]
    assert await listed(kind="canary", state="cancelled") == []


@pytest.mark.parametrize("wanted", [{"limit": 0}, {"limit": 201}, {"state": "lost"}])
async def test_list_out_of_bounds_is_refused(client, wanted):
    assert (await asked(client, "GET", "/tasks", params=wanted))[0] == 422


async def test_name_and_key_of_a_task_are_those_of_the_module_that_asks(settings, mounts, schema):
    cluster = Cluster()
    mount(mounts.trust, **cluster.trust())
    mounts.allow(sandozia=["/tasks"], helloria=["/tasks"])
    audience = [identity.audience(NAMESPACE, SYSTEM, "taskia")]
    async with service(settings.model_copy(update={"system": SYSTEM})) as client:
        for caller in ("sandozia", "helloria"):
            token = cluster.token(caller, aud=audience)
            shown = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one"}
            status, taken, _ = await asked(
                client, "POST", "/tasks", json={"kind": "canary"}, headers=shown
            )
            assert (status, taken["caller"]) == (202, caller)

    assert schema.rows("SELECT count(*) FROM tasks") == [(2,)]
