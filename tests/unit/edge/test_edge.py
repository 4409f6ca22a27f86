"""The edge with the programs of its image: what it lets through, what it refuses, and how it goes on."""

import asyncio
import io
import json
import re
import socket
import ssl

import aiohttp
import pytest
import yarl

from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS
from unit.edge import prompts
from unit.edge.edge_process import CALM, PUBLIC_NAME, an_edge, asked

# An edge that is killed leaves its module in the middle of a handshake, whose socket nobody closes.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ATTACKS = {
    "SQL injection": ("GET", "/api/v1/inner/x?id=1'%20OR%20'1'='1'--", {}, None),
    "cross-site scripting": ("GET", "/api/v1/inner/x?q=<script>alert(1)</script>", {}, None),
    "path traversal": ("GET", "/api/v1/inner/x?file=../../../../etc/passwd", {}, None),
    "a shell command": ("GET", "/api/v1/inner/x?c=;cat%20/etc/passwd", {}, None),
    "a scanner": ("GET", "/", {"User-Agent": "sqlmap/1.7"}, None),
    "SQL in a body": ("POST", "/api/v1/inner/x", JSON, {"a": ["x' UNION SELECT password FROM users--"]}),
    "free text's path with a query": ("POST", "/v1/talk?x=<script>alert(1)</script>", JSON, {}),
    "a form with a query": ("POST", "/v1/talk?x=<script>alert(1)</script>", FORM, {}),
    "a form for another route": ("POST", "/api/v1/inner/x", FORM, {"a": "<script>alert(1)</script>"}),
    "a path below free text": ("POST", "/v1/talk/x", JSON, {"a": "<script>alert(1)</script>"}),
    "two slashes": ("POST", "//v1/talk", JSON, {"a": "<script>alert(1)</script>"}),
}  # fmt: skip


async def until(ask, wanted):
    """Ask until what is *wanted* is in the answer."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while wanted not in await ask():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)


async def test_request_reaches_the_module_with_the_security_headers_of_the_edge(client, edge):
    status, headers, body = await asked(client, edge, "/docs?a=b")

    assert (status, json.loads(body)["path"]) == (200, "/docs?a=b")
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers.getall("X-Frame-Options") == ["DENY"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("POST", "/v1/talk?a=%3Cb%3E"), ("GET", "/metrics")]
)
async def test_who_asks_by_plain_http_is_told_to_ask_by_https(client, edge, method, path):
    url = yarl.URL(f"http://localhost:{edge.plain_port}{path}", encoded=True)

    async with client.request(
        method, url, headers={"Host": "AI.example.com:80"}, allow_redirects=False
    ) as answer:
        told = answer.headers

    assert (answer.status, told["Location"]) == (308, f"https://ai.example.com{path}")
    assert "Strict-Transport-Security" not in told, "RFC 6797 forbids it over plain HTTP"


@pytest.mark.parametrize(
    "head", ["GET / HTTP/1.0", "GET / HTTP/1.1", "GET / HTTP/1.1\r\nHost: a/b"]
)
async def test_who_asks_by_plain_http_and_names_no_host_is_told_nowhere_to_go(edge, head):
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.plain_port)
    writer.write(f"{head}\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    writer.close()

    assert b" 400 " in answer.splitlines()[0]
    assert b"location" not in answer.lower()


async def test_client_cannot_say_that_it_is_somebody_else(client, edge):
    told = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=x"}

    _, _, body = await asked(client, edge, "/", headers=told | {"X-Forwarded-Proto": "http"})

    seen = {name.lower(): value for name, value in json.loads(body)["headers"].items()}
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "https"
    assert not {"x-real-ip", "forwarded"} & seen.keys()


async def test_trusted_proxy_says_who_the_client_is(edge):
    connector = edge.connector(local=("127.0.0.2", 0))
    told = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Proto": "http"}

    async with aiohttp.ClientSession(connector=connector) as client:
        _, _, body = await asked(client, edge, "/", headers=told)

    seen = {name.lower(): value for name, value in json.loads(body)["headers"].items()}
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("203.0.113.9", "http")


async def test_answer_streams_word_by_word(client, edge):
    async with client.get(edge.url("/stream")) as answer:
        for number in range(3):
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert await answer.content.readuntil(b"\n\n") == f"data: {number}\n\n".encode()
            edge.module.heard.release()
        assert await answer.content.read() == b""


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/control/actions",
        "/control/actions/x",
        "/status",
        "/status/",
        "//status",
        "/%73tatus?x",
        "/health/detailed",
    ],
)
async def test_paths_for_the_parts_of_a_system_are_not_published(client, edge, path):
    status, headers, body = await asked(client, edge, path)

    assert (status, headers["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(body)["status"] == 404


async def test_body_that_the_module_would_not_take_is_refused_before_it(client, edge):
    status, _, body = await asked(
        client, edge, "/v1/talk", "POST", data=io.BytesIO(b"x" * (1024 * 1024 + 1))
    )

    assert (status, json.loads(body)["title"]) == (413, "Content Too Large")


async def test_certificate_is_the_public_one_for_the_name_outside_and_the_systems_own_else(edge):
    def shown(name):
        context = ssl.create_default_context(cadata=edge.authority.pem.decode())
        with (
            socket.create_connection(("127.0.0.1", edge.port), PATIENCE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=name) as wrapped,
        ):
            return wrapped.getpeercert()["subjectAltName"]

    assert await asyncio.to_thread(shown, PUBLIC_NAME) == (("DNS", PUBLIC_NAME),)
    assert await asyncio.to_thread(shown, "localhost") == (("DNS", "localhost"),)


async def test_old_versions_of_tls_are_refused(edge):
    context = ssl.create_default_context(cadata=edge.authority.pem.decode())
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("localhost", edge.port, ssl=context)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_attack_is_refused(client, edge, attack):
    method, path, headers, body = ATTACKS[attack]
    url = yarl.URL(edge.url(path), encoded=True)

    async with client.request(method, url, headers=headers, json=body) as answer:
        assert (answer.status, answer.content_type) == (403, "application/problem+json")


@pytest.mark.parametrize("path", ["/v1/talk", "/api/v1/inner/talk"])
@pytest.mark.parametrize("prompt", prompts.CODE)
async def test_prompt_about_code_is_no_attack(client, edge, path, prompt):
    talk = {"messages": [{"role": "user", "content": prompt}]}

    status, _, _ = await asked(client, edge, path, "POST", json=talk)

    assert status == 200


@pytest.mark.parametrize("prompt", prompts.CODE)
async def test_prompt_that_is_called_a_form_is_no_attack_either(client, edge, prompt):
    body = json.dumps({"prompt": f"{prompt} 100% of it & more = {prompt}"}).encode()

    status, _, _ = await asked(client, edge, "/v1/talk", "POST", data=body, headers=FORM)

    assert status == 200


@pytest.mark.parametrize("body", prompts.ORDINARY_BODIES)
async def test_ordinary_body_of_another_route_is_no_attack(client, edge, body):
    status, _, _ = await asked(client, edge, "/api/v1/inner/things", "POST", json=body)

    assert status == 200


async def test_body_that_the_filter_cannot_read_is_refused(client, edge):
    status, _, body = await asked(
        client, edge, "/api/v1/inner/things", "POST", data=b'{"a', headers=JSON
    )

    assert (status, json.loads(body)["title"]) == (400, "Bad Request")


async def test_renewed_certificate_is_shown_without_a_restart_and_streams_go_on(edge, client):
    async with client.get(edge.url("/stream")) as answer:
        await answer.content.readuntil(b"\n\n")
        before = edge.said().count("reads it again")

        mount(edge.folder / "etc/tls", **edge.authority.issue("localhost", "renewed.example.com"))
        await asyncio.to_thread(edge.until, "reads it again", before + 1)

        for _ in range(3):
            edge.module.heard.release()
        assert (await answer.content.read()).endswith(b"data: 2\n\n")
    await until(lambda: asyncio.to_thread(edge.certificate), "renewed.example.com")


def test_configuration_that_nginx_does_not_take_changes_nothing(edge):
    good = (edge.folder / "etc/settings/nginx.conf").read_text()
    rules = (edge.folder / "etc/settings/filter.conf").read_text()

    mount(edge.folder / "etc/settings", nginx_conf=good + "nonsense;", filter_conf=rules)
    edge.until("goes on as before")

    assert edge.certificate()
    mount(edge.folder / "etc/settings", nginx_conf=good, filter_conf=rules)


async def test_limits_hold_for_each_address_and_are_stricter_for_logins():
    limits = {"requestsPerSecond": 2, "authRequestsPerSecond": 1}
    with an_edge(**CALM | limits) as edge:
        async with aiohttp.ClientSession(connector=edge.connector()) as client:
            login = [(await asked(client, edge, "/api/auth/login"))[0] for _ in range(20)]
            other = [await asked(client, edge, "/api/v1/inner/x") for _ in range(20)]
            health = [(await asked(client, edge, "/health"))[0] for _ in range(20)]

    refused = next(headers for status, headers, _ in other if status == 429)
    assert login.count(200) < [each[0] for each in other].count(200) < 20
    assert refused["Retry-After"] == "1"
    assert health == [200] * 20


async def test_address_that_is_refused_again_and_again_is_denied_for_a_time():
    denying = {"refusals": 5, "windowSeconds": 600, "denySeconds": 3}
    with an_edge(requestsPerSecond=10_000, denyList=denying) as edge:
        async with (
            aiohttp.ClientSession(connector=edge.connector()) as client,
            aiohttp.ClientSession(connector=edge.connector(local=("127.0.0.3", 0))) as other,
        ):
            refused = [(await asked(client, edge, "/status/401"))[0] for _ in range(5)]
            denied, _, _ = await asked(client, edge, "/")
            beside, _, _ = await asked(other, edge, "/")
            await until(lambda: asked(client, edge, "/"), 200)

    assert (refused, denied, beside) == ([401] * 5, 403, 200)
    assert "127.0.0.1 is denied for 3 s after 5 refusals" in edge.said()


async def test_edge_that_stops_lets_open_answers_end():
    with an_edge(**CALM) as edge:
        async with (
            aiohttp.ClientSession(connector=edge.connector()) as client,
            client.get(edge.url("/stream")) as answer,
        ):
            await answer.content.readuntil(b"\n\n")
            stopping = asyncio.create_task(asyncio.to_thread(edge.stop))
            await asyncio.to_thread(edge.until, "gracefully shutting down")

            for _ in range(3):
                edge.module.heard.release()
            rest = await answer.content.read()

        assert rest.endswith(b"data: 2\n\n")
        assert await stopping == 0


async def kept_open(client, edge, path, done):
    """Ask on one connection until it is *done*, and never a second time for the same thing."""
    statuses, reader, writer = [], None, None
    while not done.is_set():
        if writer is None:
            reader, writer = await asyncio.open_connection("localhost", edge.port, ssl=client)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(re.search(r"content-length: (\d+)", head)[1]))
        statuses.append(int(head.split()[1]))
        if "connection: close" in head:
            writer.close()
            writer = None
        await asyncio.sleep(0.05)
    return statuses


@pytest.mark.parametrize("path", ["/health", "/api/auth/x", "/x"])
async def test_client_that_keeps_its_connection_loses_nothing_while_settings_change(path):
    with an_edge(**CALM | {"authRequestsPerSecond": 10_000}) as edge:
        context = ssl.create_default_context(cadata=edge.authority.pem.decode())
        done = asyncio.Event()
        asking = asyncio.create_task(kept_open(context, edge, path, done))
        for number in (1, 2):
            mount(
                edge.folder / "etc/tls",
                **edge.authority.issue("localhost", f"{number}.example.com"),
            )
            await asyncio.to_thread(edge.until, "reads it again", number)
            await asyncio.to_thread(edge.until, "gracefully shutting down", number)
        await until(lambda: asyncio.to_thread(edge.certificate), "2.example.com")
        done.set()
        statuses = await asking

    assert set(statuses) == {200}
    assert len(statuses) > 50


async def test_limits_and_filter_hold_while_connections_are_ended():
    body = {"a": prompts.CODE[3]}
    with an_edge(**CALM | {"authRequestsPerSecond": 1}) as edge:
        (edge.folder / "run/closing").touch()
        async with aiohttp.ClientSession(connector=edge.connector()) as client:
            passed, headers, told = await asked(client, edge, "/docs?a=%3Cb%3E&c")
            refused, _, _ = await asked(client, edge, "/?q=<script>alert(1)</script>")
            hidden, _, _ = await asked(client, edge, "/metrics")
            free, _, _ = await asked(client, edge, "/v1/talk", "POST", json=body)
            looked_at, _, _ = await asked(client, edge, "/v1/x", "POST", json=body)
            login = [(await asked(client, edge, "/api/auth/x"))[0] for _ in range(20)]

    assert (passed, headers["Connection"]) == (200, "close")
    assert json.loads(told)["path"] == "/docs?a=%3Cb%3E&c"
    assert (refused, hidden, free, looked_at) == (403, 404, 200, 403)
    assert 429 in login


async def test_filter_that_only_detects_lets_pass_and_names_the_rule():
    with an_edge(**CALM, requestFilter={"mode": "Detect"}) as edge:
        async with aiohttp.ClientSession(connector=edge.connector()) as client:
            status, _, _ = await asked(client, edge, "/?q=<script>alert(1)</script>")

        assert status == 200
        edge.until("941100")


async def test_disabled_rules_and_a_filter_that_is_off_refuse_nothing():
    for chosen in ({"disabledRules": [941100, 941110, 941160]}, {"mode": "Off"}):
        with an_edge(**CALM, requestFilter=chosen) as edge:
            async with aiohttp.ClientSession(connector=edge.connector()) as client:
                status, _, _ = await asked(client, edge, "/?q=<script>alert(1)</script>")

        assert status == 200, chosen
