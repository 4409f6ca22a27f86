"""A model of the Kubernetes API server over a real socket: what the operator uses of it, and faults.

It keeps objects by path, counts versions, serves lists by page, watches with history, server-side
apply with managed fields (lists are owned as a whole), status, deletion with preconditions and
aggregated discovery. `script` puts a fault in front of the next request that fits.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import kopf
from aiohttp import web

from arkalia_operator.cluster.session import Session
from model_collections import is_collection, selected, within
from model_discovery import ISSUER, LEGACY_DISCOVERY, REVIEWS, asked_for
from model_managed_fields import applied, fields_of, merge, owned_fields, sent, untimed, without

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Scripted:
    """The answer to the next request of *verb* whose path contains *part*."""

    verb: str
    part: str
    reply: Reply
    times: int = 1


@dataclass
class Seen:
    """A request that came."""

    verb: str
    path: str
    query: dict
    headers: dict
    at: float


@dataclass
class ModelApiServer:
    """Objects by path, the history of their changes, and what was asked."""

    objects: dict = field(default_factory=dict)
    history: list = field(default_factory=list)
    seen: list = field(default_factory=list)
    scripted: list = field(default_factory=list)
    groups: dict = field(default_factory=dict)
    issuer: dict = field(default_factory=lambda: deepcopy(ISSUER))
    denied: set = field(default_factory=set)
    """Rights that the operator does not have: (verb, resource or path)."""
    url: str = ""
    oldest: int = 0
    page_limit: int | None = None

    def __post_init__(self):
        self._versions = count(100)
        self.version = next(self._versions)
        self._bells = set()
        self._watches = set()

    # What a test does -------------------------------------------------------------------------

    def script(self, verb, part, reply, times=1):
        self.scripted.append(Scripted(verb, part, reply, times))

    def requests(self, verb, part=""):
        return [each for each in self.seen if each.verb == verb and part in each.path]

    def writes(self):
        """What was written, but for questions and for signs of life in a Lease."""
        written = [each for each in self.seen if each.verb in {"PATCH", "POST", "DELETE", "PUT"}]
        return [each for each in written if each.path != REVIEWS and "/leases" not in each.path]

    async def put(self, path, body):
        """Create or replace the object at *path*, as somebody else."""
        old = self.objects.get(path)
        body = sent(body)
        name = path.rsplit("/", 1)[1]
        metadata = body.setdefault("metadata", {})
        metadata.setdefault("name", name)
        if "/namespaces/" in path:
            metadata.setdefault("namespace", path.split("/namespaces/")[1].split("/")[0])
        metadata["uid"] = metadata.get("uid") or (
            old["metadata"]["uid"] if old else f"uid-{next(self._versions)}"
        )
        if "spec" in body:  # ConfigMaps and their like have no generation
            before = old["metadata"].get("generation", 0) if old else 0
            same = bool(old) and old.get("spec") == body.get("spec")
            metadata["generation"] = before if same else before + 1
        return await self._store(path, body, "MODIFIED" if old else "ADDED")

    async def edit(self, path, **change):
        """Replace top-level fields of the object at *path*, as somebody else."""
        return await self.put(path, {**self.objects[path], **change})

    async def remove(self, path):
        body = self.objects.pop(path)
        body = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self._next())}}
        self._tell(path, "DELETED", body)

    async def bookmark(self):
        body = {"metadata": {"resourceVersion": str(self._next())}}
        self._tell(None, "BOOKMARK", body)

    def compact(self):
        """Forget the history: watches from before get 410."""
        self.oldest = self.version
        self.history.clear()

    def cut_watches(self):
        for transport in tuple(self._watches):
            transport.abort()

    # What the server does ---------------------------------------------------------------------

    async def answer(self, request):
        verb = "WATCH" if request.query.get("watch") == "true" else request.method
        now = asyncio.get_running_loop().time()
        query, headers = dict(request.query), dict(request.headers)
        self.seen.append(Seen(verb, request.path, query, headers, now))
        for each in self.scripted:
            if each.verb == verb and each.part in request.path:
                each.times -= 1
                if not each.times:
                    self.scripted.remove(each)
                return await each.reply(request)
        return await getattr(self, f"_{verb.lower()}")(request)

    async def _get(self, request):
        if (
            request.path in {"/api", "/apis"}
            and "APIGroupDiscoveryList" in request.headers["Accept"]
        ):
            return web.json_response(self._discovery())
        if request.path in LEGACY_DISCOVERY:
            return web.json_response(LEGACY_DISCOVERY[request.path])
        if request.path in self.issuer:
            return self._issuer(request)
        if request.path in self.objects:
            return web.json_response(self.objects[request.path])
        if not is_collection(request.path):
            return _status(404, "NotFound", f"{request.path} not found")
        return self._list(request)

    def _issuer(self, request):
        served = "application/json" if "openid-conf" in request.path else "application/jwk-set+json"
        if request.headers["Accept"] != served:  # as the real one
            return web.Response(status=406, text=f"406: Not Acceptable: {served}")
        return web.json_response(self.issuer[request.path], content_type=served)

    def _list(self, request):
        items = [body for path, body in sorted(self.objects.items()) if within(path, request.path)]
        items = [body for body in items if selected(body, request.query.get("labelSelector"))]
        begin = int(request.query.get("continue", "0"))
        limit = self.page_limit or int(request.query.get("limit", "500"))
        page = items[begin : begin + limit]
        metadata = {"resourceVersion": str(self.version)}
        if begin + limit < len(items):
            metadata["continue"] = str(begin + limit)
        if "PartialObjectMetadataList" in request.headers.get("Accept", ""):
            page = [{"metadata": body["metadata"]} for body in page] or None  # as the real one
        return web.json_response({"metadata": metadata, "items": page})

    async def _watch(self, request):
        since = int(request.query["resourceVersion"])
        response = web.StreamResponse()
        await response.prepare(request)
        if since < self.oldest:
            await response.write(line("ERROR", {"code": 410, "reason": "Expired"}))
            return response
        self._watches.add(request.transport)
        try:
            await self._stream(request, response, since)
        except ConnectionError:
            pass
        finally:
            self._watches.discard(request.transport)
        return response

    async def _stream(self, request, response, since):
        bell = asyncio.Event()
        self._bells.add(bell)
        try:
            while request.transport is not None and not request.transport.is_closing():
                bell.clear()
                for version, path, what, body in tuple(self.history):
                    if version > since and self._concerns(request, path, body):
                        await response.write(line(what, body))
                    since = max(since, version)
                if not bell.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(bell.wait(), 0.05)
        finally:
            self._bells.discard(bell)

    def _concerns(self, request, path, body):
        if path is None:
            return True
        return within(path, request.path) and selected(body, request.query.get("labelSelector"))

    async def _patch(self, request):
        body = json.loads(await request.read())
        path = request.path.removesuffix("/status")
        old = self.objects.get(path)
        if request.content_type == "application/merge-patch+json":
            return web.json_response(await self._merge(path, old, body))
        if path != request.path:
            return await self._apply_status(path, old, body)
        version = body["metadata"].pop("resourceVersion", None)
        if old and version and version != old["metadata"]["resourceVersion"]:
            return _status(409, "Conflict", "the object has been modified")
        return web.json_response(await self._apply(path, old, body), status=200 if old else 201)

    async def _merge(self, path, old, change):
        """A merge patch; who changes more than the record of owners becomes one of them."""
        merged = merge(old, change)
        if set(change) != {"metadata"}:
            owner = {"manager": "arkalia-operator", "operation": "Update", "fieldsV1": {}}
            owners = [*old["metadata"].get("managedFields", []), owner]
            merged["metadata"] = {**merged["metadata"], "managedFields": owners}
        return await self._store(path, merged, "MODIFIED")

    async def _apply_status(self, path, old, body):
        if old is None:
            return _status(404, "NotFound", "not found")
        if body["metadata"].get("uid") != old["metadata"]["uid"]:
            return _status(422, "Invalid", "metadata.uid: Invalid value: field is immutable")
        if old.get("status") == body["status"]:
            return web.json_response(old)
        return web.json_response(
            await self._store(path, {**old, "status": body["status"]}, "MODIFIED")
        )

    async def _apply(self, path, old, body):
        manifest = {key: value for key, value in body.items() if key not in {"apiVersion", "kind"}}
        owned = {**manifest, "metadata": {**manifest["metadata"]}}
        for name in ("name", "namespace"):
            owned["metadata"].pop(name, None)
        merged = merge(without(old, owned_fields(old)) if old else {}, body)
        others = [each for each in merged["metadata"].get("managedFields", []) if not applied(each)]
        merged["metadata"]["managedFields"] = [
            {
                "manager": "arkalia-operator",
                "operation": "Apply",
                "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "fieldsV1": fields_of(owned),
            },
            *others,
        ]
        if old and untimed(old) == untimed(merged):
            return old
        return await self.put(path, merged)

    async def _post(self, request):
        body = json.loads(await request.read())
        if request.path == REVIEWS:
            allowed = asked_for(body["spec"]) not in self.denied
            return web.json_response(body | {"status": {"allowed": allowed}}, status=201)
        path = f"{request.path}/{body['metadata']['name']}"
        if path in self.objects:
            return _status(409, "AlreadyExists", "it exists already")
        return web.json_response(await self.put(path, body), status=201)

    async def _put(self, request):
        body = json.loads(await request.read())
        if body["metadata"]["resourceVersion"] != self._version_at(request.path):
            return _status(409, "Conflict", "the object has been modified")
        return web.json_response(await self.put(request.path, body))

    def _version_at(self, path):
        return self.objects.get(path, {}).get("metadata", {}).get("resourceVersion")

    async def _delete(self, request):
        options = json.loads(await request.read() or b"{}")
        old = self.objects.get(request.path)
        if old is None:
            return _status(404, "NotFound", "not found")
        wanted = options.get("preconditions", {}).items()
        if any(old["metadata"][name] != value for name, value in wanted):
            return _status(409, "Conflict", "a precondition does not hold")
        await self.remove(request.path)
        return web.json_response({"kind": "Status", "status": "Success", "metadata": {}})

    def _discovery(self):
        return {
            "kind": "APIGroupDiscoveryList",
            "items": [
                {
                    "metadata": {"name": api_version.split("/")[0]},
                    "versions": [
                        {
                            "version": api_version.split("/")[1],
                            "resources": [{"resource": plural} for plural in plurals],
                        }
                    ],
                }
                for api_version, plurals in self.groups.items()
            ],
        }

    async def _store(self, path, body, what):
        body = sent(body)
        body["metadata"]["resourceVersion"] = str(self._next())
        self.objects[path] = body
        self._tell(path, what, body)
        return body

    def _tell(self, path, what, body):
        self.history.append((self.version, path, what, body))
        for bell in self._bells:
            bell.set()

    def _next(self):
        self.version = next(self._versions)
        return self.version


@asynccontextmanager
async def running(**settings):
    """A model API server that listens on a free port of the loopback interface."""
    server = ModelApiServer(**settings)
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.cut_watches()
        await runner.cleanup()


@asynccontextmanager
async def session_for(server):
    """The operator's session with *server*."""
    session = Session(lambda: kopf.ConnectionInfo(server=server.url, token="one"))
    try:
        yield session
    finally:
        await session.close()


async def until(condition, seconds=5.0):
    """Wait until *condition()* holds; TimeoutError if it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is awaited is behind a socket
            await asyncio.sleep(0.005)


def respond(status, body=None, **headers):
    """A scripted plain answer."""

    async def reply(_):
        return web.json_response(body or {}, status=status, headers=headers)

    return reply


async def cut(request):
    """A scripted end of the connection without an answer."""
    request.transport.abort()
    return web.Response()


def stream(*lines, after=None):
    """A scripted watch that sends *lines*, then runs *after*, then ends."""

    async def reply(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for each in lines:
            await response.write(each)
        if after is not None:
            await after(request)
        return response

    return reply


def line(what, body):
    """One line of a watch."""
    return json.dumps({"type": what, "object": body}).encode() + b"\n"


def _status(code, reason, message):
    body = {"kind": "Status", "code": code, "reason": reason, "message": message}
    return web.json_response(body, status=code)


def refused_after(released):
    """A scripted 503 that comes once *released* is set: who asked asks again."""

    async def reply(_):
        await released.wait()
        return web.json_response({}, status=503)

    return reply
