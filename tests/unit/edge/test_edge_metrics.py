"""What the edge tells Prometheus, with the programs of its image."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from arkalia_generate.edge_monitoring import declared
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS
from unit.edge.edge_process import CALM, an_edge

ROOT = Path(__file__).resolve().parents[3]
XSS = "/?q=<script>alert(1)</script>"

# An edge that is killed leaves its module in the middle of a handshake, whose socket nobody closes.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def edge():
    with an_edge(requestsPerSecond=10_000, denyList={"refusals": 100_000}) as running:
        yield running


async def told(client, edge, path="/metrics"):
    """The families that the edge tells, by name."""
    async with client.get(f"https://localhost:{edge.metrics_port}{path}") as answer:
        assert answer.status == 200
        text = await answer.text()
    return {family.name: family for family in text_string_to_metric_families(text)}


async def samples(client, edge):
    """What the edge tells, by the name and the label's value."""
    families = (await told(client, edge)).values()
    found = (each for family in families for each in family.samples)
    return {(each.name, *each.labels.values()): each.value for each in found}


async def growth(client, edge, ask, times=1):
    """What has changed by asking."""
    before = await samples(client, edge)
    for _ in range(times):
        await ask()
    after = await samples(client, edge)
    grown = {key: after[key] - before[key] for key in after if key[0].endswith("_total")}
    return {key: number for key, number in grown.items() if number}


def asking(client, url, method="GET", **options):
    async def ask():
        async with client.request(method, url, allow_redirects=False, **options) as answer:
            await answer.read()

    return ask


async def test_everything_that_is_declared_is_told_and_nothing_else(client, edge):
    families = await told(client, edge)

    named = {each.name.removesuffix("_total"): each for each in declared(ROOT)}
    assert families.keys() == named.keys()
    for name, family in families.items():
        labels = {label for sample in family.samples for label in sample.labels}
        assert family.type == named[name].kind
        assert labels == ({named[name].label} if named[name].label else set())
        assert family.samples, f"{name} is there before something happens"


@pytest.mark.parametrize(
    ("path", "options", "grown"),
    [
        ("/docs", {}, {"2xx": 1}),
        ("/status/503", {}, {"5xx": 1}),
        ("/status/403", {}, {"4xx": 1}),
        ("/status/429", {}, {"4xx": 1}),
        (XSS, {}, {"4xx": 1, "filter": 1}),
        ("/metrics", {}, {"4xx": 1, "unpublished": 1}),
        ("/things", {"data": b"{", "headers": {"Content-Type": "application/json"}},
         {"4xx": 1, "unreadable": 1}),
        ("/v1/talk", {"data": b"x" * (1024 * 1024 + 1), "expect100": True},
         {"4xx": 1, "too_long": 1}),
    ],
)  # fmt: skip
async def test_answers_are_counted_by_class_and_what_the_edge_refuses_itself_by_cause(
    client, edge, path, options, grown
):
    method = "POST" if options else "GET"

    found = await growth(client, edge, asking(client, edge.url(path), method, **options), times=3)

    assert {key[1]: number for key, number in found.items()} == {
        value: 3 * number for value, number in grown.items()
    }


async def test_who_is_sent_to_https_is_counted(client, edge):
    found = await growth(client, edge, asking(client, f"http://localhost:{edge.plain_port}/x"))

    assert found == {
        ("arkalia_edge_requests_total", "3xx"): 1,
        ("arkalia_edge_redirects_total",): 1,
    }


async def test_who_asks_for_metrics_is_not_counted(client, edge):
    ask = asking(client, f"https://localhost:{edge.metrics_port}/metrics")

    assert await growth(client, edge, ask, times=5) == {}


async def test_port_of_the_metrics_shows_nothing_else(client, edge):
    async with client.get(f"https://localhost:{edge.metrics_port}/docs") as answer:
        assert answer.status == 404


async def test_open_connections_are_counted(client, edge):
    async with client.get(edge.url("/stream")) as answer:
        await answer.content.readuntil(b"\n\n")
        busy = (await samples(client, edge))["arkalia_edge_connections", "writing"]
        for _ in range(3):
            edge.module.heard.release()
        await answer.read()

    assert busy == 2, "the stream, and who asks"


async def test_denied_and_limited_requests_are_counted_apart():
    denying = {"refusals": 5, "windowSeconds": 600, "denySeconds": 600}
    with an_edge(requestsPerSecond=1, denyList=denying) as edge:
        async with aiohttp.ClientSession(connector=edge.connector()) as client:
            found = await growth(client, edge, asking(client, edge.url("/x")), times=12)

    # Two seconds of the limit at once and the one that is due, and a second may go by.
    answered = found["arkalia_edge_requests_total", "2xx"]
    assert 2 <= answered <= 5
    assert found["arkalia_edge_refusals_total", "limit"] == 5
    assert found["arkalia_edge_refusals_total", "deny_list"] == 12 - 5 - answered
    assert found["arkalia_edge_denied_addresses_total",] == 1
    assert ("arkalia_edge_refusals_total", "filter") not in found


async def test_counts_outlast_new_settings_and_their_refusal_is_told(client, edge):
    settings = edge.folder / "etc/settings"
    good, rules = ((settings / name).read_text() for name in ("nginx.conf", "filter.conf"))
    before = await samples(client, edge)
    accepted = ("arkalia_edge_configuration_accepted",)

    mount(settings, nginx_conf=good + "nonsense;", filter_conf=rules)
    await asyncio.to_thread(edge.until, "goes on as before")
    refused = await samples(client, edge)
    mount(settings, nginx_conf=good + "# another\n", filter_conf=rules)
    await asyncio.to_thread(edge.until, "reads it again")
    after = await samples(client, edge)

    assert (before[accepted], refused[accepted], after[accepted]) == (1, 0, 1)
    answered = "arkalia_edge_requests_total", "2xx"
    assert after[answered] >= before[answered] > 0


async def test_end_of_each_certificate_is_told_and_follows_a_new_one(client, edge):
    def shown(found):
        name = "arkalia_edge_certificate_expires_timestamp_seconds"
        return {key[1]: number for key, number in found.items() if key[0] == name}

    before, said = shown(await samples(client, edge)), edge.said().count("reads it again")

    mount(edge.folder / "etc/tls", **edge.authority.issue("localhost", lifetime=timedelta(days=40)))
    await asyncio.to_thread(edge.until, "reads it again", said + 1)
    after = shown(await samples(client, edge))

    assert before.keys() == after.keys() == {"public", "system"}
    assert after["public"] == before["public"]
    assert after["system"] - time.time() == pytest.approx(40 * 86400, abs=86400)


async def test_edge_without_filter_and_deny_list_counts_too():
    with an_edge(**CALM, requestFilter={"mode": "Off"}) as edge:
        async with aiohttp.ClientSession(connector=edge.connector()) as client:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await growth(client, edge, asking(client, edge.url("/status/403")))

    assert found == {("arkalia_edge_requests_total", "4xx"): 1}
