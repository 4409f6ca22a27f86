"""A system that one can talk to, of real processes, and somebody who talks to it with a key.

Gateway, accounts, assistant and validation are the services themselves, with TLS, tokens and schemas
of their own; PostgreSQL, Redis and the model server are real too. What the client was told it keeps
in mind, so that a test can ask afterwards whether all of it is there.
"""

import asyncio
import json
import signal
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from arkalia_contract import endpoints
from arkalia_contract.environment import PREFIX
from data_services import Postgresql, Redis, Schema, a_postgresql, a_redis, migrate
from faults.pods import HERE, Module, Pod, Site, published
from model_servers import ModelServer, a_model_server
from unit.arkalia_runtime.authority import mount

ROOT = Path(__file__).resolve().parents[2]
ADMIN = "the first password of the administrator"
CHAT, CONVERSATIONS = "/api/v1/chat", "/api/v1/assistantia/conversations"
LOGIN, KEYS = "/api/auth/login", "/api/v1/security/keys"
ENDLESS = "Go on without end."
NEEDED = ("assistantia", "sandozia", "security")
CALLS = {"assistantia": ("sandozia",), "globalstate": NEEDED, "nyxalia": ("globalstate",)}
LONGEST_SECONDS = 45
"""No answer, good or bad, may take longer: the gateway itself gives up after 60."""
FIRST_WORD_SECONDS = 2
JUDGED = (
    "SELECT coalesce(sum((data->>'count')::int), 0) FROM outbox WHERE type LIKE '%access.judged'"
)


def described(module: str) -> list[dict[str, object]]:
    """The routes of the module's own description."""
    file = ROOT / f"workloads/{module}/module.yaml"
    found: list[dict[str, object]] = yaml.safe_load(file.read_text("utf-8"))["spec"]["routes"]
    return found


@dataclass
class Answer:
    """What the gateway answered, and how long that took."""

    status: int
    headers: Mapping[str, str]
    text: str
    seconds: float

    @property
    def told(self) -> dict[str, Any]:
        """Its document; of a stream what its last event holds."""
        last = self.text.strip().split("\n\n")[-1].split("\n")[-1]
        found: dict[str, Any] = json.loads(last.removeprefix("data: "))
        return found

    @property
    def event(self) -> str:
        """Name of the last event of a stream."""
        return self.text.strip().split("\n\n")[-1].split("\n")[0].removeprefix("event: ")

    @property
    def is_problem(self) -> bool:
        """Whether it is a problem document."""
        return self.headers.get("Content-Type", "") == "application/problem+json"


@dataclass
class Ledger:
    """What clients were told that must be there afterwards."""

    asked: int = 0
    """Requests that were let in."""
    kept: dict[str, str] = field(default_factory=dict)
    """Messages that are said to be kept, and their conversations."""
    recorded: set[str] = field(default_factory=set)
    """Messages whose events are said to be on record."""

    def note(self, told: dict[str, Any]) -> None:
        """Keep an answer in mind."""
        if told.get("kept", {}).get("status") == "kept":
            self.kept[told["message_id"]] = told["conversation_id"]
        if told.get("recorded"):
            self.recorded.add(told["message_id"])


@dataclass
class Talk:
    """The system."""

    site: Site
    postgresql: Postgresql
    redis: Redis
    model: ModelServer
    modules: dict[str, Module]
    schemas: dict[str, Schema]
    pods: dict[str, Pod] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    key: str = ""
    """Of the first administrator; made when the first client comes."""

    def start(self) -> None:
        """Start every module's pod, the gateway's once there is something to describe."""
        self.pods = {name: module.pod() for name, module in self.modules.items()}
        others = [pod for name, pod in self.pods.items() if name != "helloria"]
        for pod in others:
            pod.launch()
        for pod in others:
            pod.await_serving()
        self.pods["helloria"].start()

    def stop(self) -> None:
        """End them."""
        for pod in self.pods.values():
            if pod.pid:
                pod.kill()

    @property
    def address(self) -> str:
        """Of the gateway."""
        return self.modules["helloria"].address

    @property
    def pids(self) -> dict[str, int | None]:
        """Of the processes that run."""
        return {name: pod.pid for name, pod in self.pods.items()}

    @contextmanager
    def hurt(self, victim: str, way: str) -> Iterator[None]:
        """*victim* is `gone`, or `slow` beyond every patience, during the block."""
        with self._ways(victim)[way]():
            yield

    def restart(self, victim: str) -> None:
        """Kill it, and start it anew at once."""
        target = self._target(victim)
        target.kill()
        target.start()

    def _target(self, victim: str) -> Postgresql | Redis | ModelServer | Pod:
        servers = {"postgresql": self.postgresql, "redis": self.redis, "model": self.model}
        return servers.get(victim) or self.pods[victim]

    def _ways(self, victim: str) -> dict[str, Callable[[], Any]]:
        target = self._target(victim)
        held = target.door.held if isinstance(target, Postgresql | Redis) else None
        return {"gone": lambda: _gone(target), "slow": held or (lambda: _stopped(target))}

    @asynccontextmanager
    async def client(self, host: str = HERE) -> AsyncIterator["Client"]:
        """Somebody at the gateway, with a key."""
        trusted = ssl.create_default_context(cadata=self.site.authority.pem.decode())
        address = f"https://{host}:{self.modules['helloria'].port}"
        timeout = aiohttp.ClientTimeout(total=LONGEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            client = Client(session, self.ledger, address, trusted, self.key)
            if not self.key:
                client.key = self.key = await client.new_key()
            yield client

    def lost(self) -> list[str]:
        """What was told to be kept or on record, and is not."""
        messages = {each for (each,) in self.schemas["assistantia"].rows("SELECT id FROM messages")}
        told = "SELECT data->>'message_id', count(*) FROM outbox GROUP BY 1"
        events = dict(self.schemas["assistantia"].rows(told))
        scores = dict(self.schemas["sandozia"].rows(told))
        kept = [f"message {each}" for each in self.ledger.kept if each not in messages]
        return kept + [
            f"events of {each}"
            for each in self.ledger.recorded
            if events.get(each, 0) < 2 or each not in scores
        ]

    def judged(self) -> int:
        """How many requests the record of decisions tells of."""
        [(number,)] = self.schemas["security"].rows(JUDGED)
        return int(str(number))


@contextmanager
def _gone(target: Postgresql | Redis | ModelServer | Pod) -> Iterator[None]:
    target.kill()
    try:
        yield
    finally:
        target.start()


@contextmanager
def _stopped(target: ModelServer | Pod) -> Iterator[None]:
    target.tell(signal.SIGSTOP)
    try:
        yield
    finally:
        target.tell(signal.SIGCONT)


class Client:
    """Somebody who asks the gateway."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        ledger: Ledger,
        address: str,
        trusted: ssl.SSLContext,
        key: str,
    ) -> None:
        self._session, self._ledger = session, ledger
        self.address, self._trusted, self.key = address, trusted, key

    @asynccontextmanager
    async def asking(
        self, method: str, path: str, body: object = None, **said: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer, as it comes."""
        shown = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        named = {name.replace("_", "-"): value for name, value in said.items()}
        async with self._session.request(
            method,
            self.address + path,
            json=body,
            headers=shown | named,
            ssl=self._trusted,
            server_hostname="localhost",
        ) as answer:
            self._ledger.asked += 1
            yield answer

    async def ask(self, method: str, path: str, body: object = None, **said: str) -> Answer:
        """The whole answer."""
        start = time.monotonic()
        async with self.asking(method, path, body, **said) as answer:
            text = await answer.text()
        return Answer(answer.status, answer.headers, text, time.monotonic() - start)

    async def chat(self, message: str = "How are you?", **body: object) -> Answer:
        """The answer to a question."""
        found = await self.ask("POST", CHAT, {"message": message, **body})
        if found.status == 200 and (not body.get("stream") or found.event == "end"):
            self._ledger.note(found.told)
        return found

    async def stream(self, message: str = "How are you?", **body: object) -> Answer:
        """The same, word by word."""
        return await self.chat(message, stream=True, **body)

    async def conversations(self) -> Answer:
        """An ordinary route."""
        return await self.ask("GET", CONVERSATIONS)

    async def login(self, **said: str) -> Answer:
        """A session of the first administrator."""
        return await self.ask("POST", LOGIN, {"user": "admin", "password": ADMIN}, **said)

    async def metric(self, name: str) -> float:
        """What the gateway tells of itself."""
        async with self._session.get(
            self.address + endpoints.METRICS, ssl=self._trusted, server_hostname="localhost"
        ) as answer:
            lines = (await answer.text()).splitlines()
        [found] = [line.rsplit(" ", 1)[1] for line in lines if line.startswith(f"{name} ")]
        return float(found)

    async def new_key(self) -> str:
        """A key of the first administrator."""
        async with asyncio.timeout(LONGEST_SECONDS):  # the administrator is made after the start
            while (login := await self.login()).status != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        self.key = login.told["access_token"]
        scopes = ["chat", "chat:conversations", "model:*"]
        made = await self.ask("POST", KEYS, {"name": "talk", "scopes": scopes})
        assert made.status == 201, made.text
        return str(made.told["key"])


@contextmanager
def a_talk(
    root: Path, *others: str, first_word_seconds: int = FIRST_WORD_SECONDS
) -> Iterator[Talk]:
    """A system that serves, with *others* of its modules beside those that a question needs."""
    with ExitStack() as stack:
        postgresql = stack.enter_context(a_postgresql())
        redis = stack.enter_context(a_redis())
        model = stack.enter_context(a_model_server())
        talk = _laid_out(Site(root), (postgresql, redis, model), {*NEEDED, *others})
        waits = talk.modules["assistantia"].environment
        waits[f"{PREFIX}FIRST_WORD_SECONDS"] = str(first_word_seconds)
        stack.callback(talk.stop)
        talk.start()
        yield talk


def _laid_out(site: Site, servers: tuple[Postgresql, Redis, ModelServer], names: set[str]) -> Talk:
    postgresql, redis, model = servers
    found = {name: site.module(name, f"arkalia_{name}") for name in sorted(names)}
    schemas = {}
    for name, module in found.items():
        schema = schemas[name] = postgresql.new_schema(name)
        files = {"postgresql_json": schema.file(), "redis-queue_json": redis.file()}
        mount(module.mounts.data, **files)
        migrate(module.mounts, schema, "forward", module=name)
        own = [found[each] for each in CALLS.get(name, ()) if each in found]
        site.introduce(module, *own)
    _give_files(found["security"], found["assistantia"], model)
    many = {"requests_per_second": 1_000_000, "unknown_requests_per_second": 1_000_000}
    helloria = site.module("helloria", "faults.gateway_process", **many)
    mount(helloria.mounts.data, **{"redis-cache_json": redis.file()})
    routes = published(*((module, described(name)) for name, module in found.items()))
    site.introduce(helloria, *found.values(), routes_json=routes)
    return Talk(site, *servers, found | {"helloria": helloria}, schemas)


def _give_files(security: Module, assistantia: Module, model: ModelServer) -> None:
    """What only these two are given: a secret and the first administrator; where the model is."""
    key, admin = security.mounts.root / "key", security.mounts.root / "admin"
    mount(key, key="a key of this story, of more than 256 bits: 0123456789abcdef")
    mount(admin, username="admin", password=ADMIN)
    security.environment[f"{PREFIX}KEY_FOLDER"] = str(key)
    security.environment[f"{PREFIX}ADMIN_FOLDER"] = str(admin)
    security.environment[f"{PREFIX}TOKEN_SECONDS"] = "3600"
    folder = assistantia.mounts.root / "llm"
    main = {"name": "main", "provider": "openai", "url": model.url, "models": []}
    mount(folder, llm_json=json.dumps({"backends": [main], "aliases": {}}))
    assistantia.environment[f"{PREFIX}LLM_FOLDER"] = str(folder)
    assistantia.environment[f"{PREFIX}MOST_CONVERSATIONS"] = "100000"
