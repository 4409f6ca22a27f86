"""What a chat takes beside its model: the same question straight to the model server, and through the assistant.

Prompt checks, two events and the kept conversation are in it, on a PostgreSQL that waits for its disk;
the validation of the answer, which another module does, is not, and the gateway is not. Both ways take
turns, so that a busy moment of the machine meets both.
"""

import json
import statistics
import time
from contextlib import closing
from http.client import HTTPConnection
from threading import Thread
from urllib.parse import urlsplit

import pytest

from arkalia_contract import endpoints
from arkalia_model.chains import SHORT
from data_services import a_postgresql_with_tls, migrate
from model_servers import a_model_server
from unit.arkalia_runtime.authority import Mounts, mount
from unit.arkalia_runtime.serving import process, wait_for_status

LIMIT_MS = 10
ROUNDS = 400
WARM = 40
ADA = {"Arkalia-User": "ada", "Arkalia-Scopes": "*"}
HELLO = [{"role": "user", "content": "How are you?"}]


@pytest.fixture(scope="module")
def model():
    with a_model_server() as server:
        yield server.url


@pytest.fixture(scope="module")
def assistant(model, tmp_path_factory):
    """The address of an assistant as a process, with a database."""
    with a_postgresql_with_tls(fsync="on") as server:
        schema, mounts = server.new_schema(), Mounts(tmp_path_factory.mktemp("pod"))
        mount(mounts.data, postgresql_json=schema.file())
        migrate(mounts, schema, "forward", module="assistantia")
        folder = mounts.root / "llm"
        folder.mkdir()
        main = {"name": "main", "provider": "openai", "url": model, "models": []}
        (folder / "llm.json").write_text(json.dumps({"backends": [main], "aliases": {}}))
        own = {"ARKALIA_LLM_FOLDER": str(folder), "ARKALIA_MODULE": "assistantia"}
        own |= {"ARKALIA_SYSTEM": "", "ARKALIA_MOST_CONVERSATIONS": "100000"}
        with process("-m", "arkalia_assistantia", **mounts.environment | own) as (started, url):
            # Its log is read, or it would wait once the pipe is full.
            Thread(target=started.stdout.read, daemon=True).start()
            wait_for_status(f"{url}{endpoints.HEALTH_READY}", 200)
            yield url


def asked(connection, path, body, **headers):
    """Milliseconds until the answer is there, and its document."""
    start = time.perf_counter()
    connection.request(
        "POST", path, json.dumps(body), {"Content-Type": "application/json"} | headers
    )
    content = connection.getresponse().read()
    return (time.perf_counter() - start) * 1000, json.loads(content)


def p95(values):
    return statistics.quantiles(values, n=20)[-1]


def connected(url):
    parts = urlsplit(url)
    return closing(HTTPConnection(parts.hostname, parts.port, timeout=60))


def test_chat_takes_little_beside_its_model(assistant, model, figure):
    straight, through, told = [], [], {}
    with connected(model) as there, connected(assistant) as here:
        for number in range(WARM + ROUNDS):
            took, _ = asked(there, "/v1/chat/completions", {"messages": HELLO, "temperature": 0})
            body = {"message": HELLO[0]["content"]}
            whole, told = asked(here, "/chat", body, **ADA)
            assert "answer" in told, told
            if number >= WARM:
                straight.append(took)
                through.append(whole)

    alone = statistics.median(straight)
    beside = [each - alone for each in through]
    figure("chat straight to the model server, median", alone, "ms")
    figure("chat beside its model, median", statistics.median(beside), "ms")
    figure("chat beside its model, p95", p95(beside), "ms")
    figure("chat beside its model, p95, as a share of the limit", p95(beside) / LIMIT_MS, "")
    assert (told["answer"], told["kept"]["status"], told["recorded"]) == (SHORT, "kept", False)
    assert p95(beside) < 100 * LIMIT_MS
