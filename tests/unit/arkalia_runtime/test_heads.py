"""HEAD is answered like GET, without a body."""

import asyncio

import pytest
from fastapi import APIRouter, BackgroundTasks
from starlette.responses import Response, StreamingResponse

from arkalia_contract import endpoints
from arkalia_runtime.app import create_app
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, served

router = APIRouter()
ended = []
after = []


@router.get("/tasks/{task}")
async def read_task(task: str) -> dict[str, str]:
    return {"task": task}


@router.get("/words")
async def stream_words() -> StreamingResponse:
    async def words():
        try:
            while True:
                yield "word\n"
                await asyncio.sleep(0.01)
        finally:
            ended.append("words")

    return StreamingResponse(words(), media_type="text/plain", headers={"X-Kind": "endless"})


@router.get("/parts")
async def stream_parts() -> StreamingResponse:
    async def parts():
        for _ in range(3):
            yield "part"

    return StreamingResponse(parts(), headers={"Content-Length": "12"})


@router.post("/tasks")
async def add_task() -> None:
    pass


@router.head("/alone")
async def read_headers_alone() -> Response:
    return Response(headers={"X-Alone": "yes"})


@router.get("/gone", status_code=204)
async def say_nothing(background: BackgroundTasks) -> None:
    background.add_task(after.append, "gone")


@router.get("/broken")
async def break_down() -> None:
    raise RuntimeError


@pytest.fixture
async def client(settings):
    app = create_app("m", settings, router=router)
    async with served(app) as session:
        yield session


OF_ONE_ANSWER = {"x-request-id", "date"}


def told(answer):
    named = {name.lower(): value for name, value in answer.headers.items()}
    return {name: value for name, value in named.items() if name not in OF_ONE_ANSWER}


@pytest.mark.parametrize("path", ["/tasks/7", endpoints.DOCS, "/gone"])
async def test_head_has_the_status_and_the_headers_of_get_and_no_body(client, path):
    got, asked = await client.get(path), await client.head(path)

    assert asked.status == got.status
    assert told(asked) == told(got)
    assert await asked.read() == b""


async def test_answer_without_a_body_is_not_broken_off(client):
    after.clear()

    assert (await client.head("/gone")).status == 204
    async with asyncio.timeout(PATIENCE_SECONDS):
        while after != ["gone"]:  # noqa: ASYNC110 - what comes after an answer tells nobody
            await asyncio.sleep(0.01)


async def test_head_tells_how_long_the_body_is(client):
    assert (await client.head("/tasks/7")).headers["Content-Length"] == "12"


@pytest.mark.parametrize("path", ["/words", "/parts"])
async def test_head_of_a_stream_ends_with_its_headers(client, path):
    async with asyncio.timeout(PATIENCE_SECONDS):
        answer = await client.head(path)
        assert (answer.status, await answer.read()) == (200, b"")
        again = await client.get("/tasks/7")

    assert again.status == 200


async def test_connection_is_kept_after_the_head_of_a_stream(client):
    port = client._base_url.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(PATIENCE_SECONDS):
        for path, wanted in (("/words", b"x-kind: endless"), ("/tasks/7", b"content-length: 12")):
            writer.write(f"HEAD {path} HTTP/1.1\r\nHost: m\r\n\r\n".encode())
            assert wanted in (await reader.readuntil(b"\r\n\r\n")).lower()
    writer.close()


async def test_stream_that_nobody_reads_is_not_begun_or_ended(client):
    ended.clear()
    for _ in range(3):
        await client.head("/words")
    answer = await client.get("/words")
    await answer.content.read(5)
    answer.close()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not ended:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert ended == ["words"], "that of GET alone had begun"


async def test_path_without_get_refuses_head_by_its_own_name(client):
    answer = await client.head("/tasks")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_route_for_head_alone_is_asked(client):
    answer = await client.head("/alone")

    assert (answer.status, answer.headers["X-Alone"]) == (200, "yes")


async def test_metrics_name_the_method_that_was_asked(client):
    await client.head("/tasks/7")
    await client.head("/broken")
    text = await (await client.get(endpoints.METRICS)).text()

    assert 'method="HEAD",route="/tasks/{task}",status="200"' in text
    assert 'method="HEAD",route="/broken",status="500"' in text
