"""Metrics: what a scraper gets."""

from prometheus_client.parser import text_string_to_metric_families

from arkalia_contract import endpoints
from arkalia_runtime.app import create_app
from unit.arkalia_runtime.serving import served


async def scraped(app, **headers):
    async with served(app) as client:
        await client.get(endpoints.STATUS)
        answer = await client.get(endpoints.METRICS, headers=headers)
        return answer, await answer.text()


async def test_scraper_gets_requests_process_and_build(settings):
    answer, text = await scraped(create_app("helloria", settings))

    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert answer.content_type == "text/plain"
    assert {
        "http_requests",
        "http_request_duration_seconds",
        "http_request_exceptions",
        "http_requests_in_progress",
        "arkalia_ready",
        "process_resident_memory_bytes",
        "python_info",
        "python_gc_collections",
    } <= set(families)
    [build] = families["arkalia_build_info"].samples
    assert build.labels == {"module": "helloria", "version": "1.2.3"}


async def test_scraper_gets_openmetrics_when_it_asks_for_it(settings):
    answer, text = await scraped(
        create_app("m", settings), Accept="application/openmetrics-text; version=1.0.0"
    )

    assert answer.content_type == "application/openmetrics-text"
    assert text.endswith("# EOF\n")


def test_two_apps_count_apart(settings):
    first, second = create_app("m", settings), create_app("m", settings)

    first.state.metrics.answered("GET", "/", 200, 0.1)

    labels = {"method": "GET", "route": "/", "status": "200"}
    assert second.state.metrics.registry.get_sample_value("http_requests_total", labels) is None
