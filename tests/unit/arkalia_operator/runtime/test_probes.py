import aiohttp
import pytest

from arkalia_operator.runtime.checks import Measured
from arkalia_operator.runtime.probes import Probes


@pytest.fixture
async def ask():
    faults = {"queue": ""}
    probes = Probes(
        live={
            "loop": lambda _: Measured(told="0.001 s late"),
            "queue": lambda _: Measured(faults["queue"], "400.0 s old"),
            "sweeper": lambda _: Measured(),
        },
        ready={"informers": lambda _: Measured("not every kind is listed yet")},
    )
    port = await probes.start(0)

    async def get(path, queue=""):
        faults["queue"] = queue
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{port}{path}") as got,
        ):
            return got.status, await got.text()

    yield get
    await probes.stop()


async def test_a_probe_answers_200_when_every_check_passes_and_tells_what_was_measured(ask):
    told = "[+]loop ok (0.001 s late)\n[+]queue ok (400.0 s old)\n[+]sweeper ok\n"

    assert await ask("/livez") == (200, told)


async def test_a_probe_names_the_check_that_fails(ask):
    status, text = await ask("/livez", queue="the queue: no progress for 400 s")

    assert status == 500
    assert "[-]queue: the queue: no progress for 400 s" in text


async def test_readiness_has_checks_of_its_own(ask):
    assert await ask("/readyz") == (500, "[-]informers: not every kind is listed yet\n")


async def test_metrics_are_served_in_the_text_format(ask):
    status, text = await ask("/metrics")

    assert status == 200
    assert "# TYPE workqueue_depth gauge" in text
