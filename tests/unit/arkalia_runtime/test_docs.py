"""The page for people works without internet and under a strict policy."""

import re

from arkalia_runtime.app import create_app
from unit.arkalia_runtime.serving import served


async def read(settings, path):
    async with served(create_app("m", settings)) as client:
        answer = await client.get(path)
        assert answer.status == 200
        return answer, await answer.text()


async def test_page_loads_only_files_that_the_service_has(settings):
    _, page = await read(settings, "/docs")
    loaded = [link for link in re.findall(r'(?:src|href)="([^"]+)"', page) if link != "data:,"]

    types = [(await read(settings, f"/{link}"))[0].content_type for link in loaded]

    assert types == ["text/css", "text/javascript", "text/javascript"]


async def test_page_has_no_inline_script_and_forbids_it(settings):
    answer, page = await read(settings, "/docs")

    policy = answer.headers["Content-Security-Policy"]
    assert re.findall(r"<script[^>]*>([^<]+)</script>", page) == []
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "http" not in policy


async def test_start_script_loads_the_description_from_here(settings):
    _, script = await read(settings, "/docs/start.js")

    assert 'url: "openapi.json"' in script
    assert "//" not in script
