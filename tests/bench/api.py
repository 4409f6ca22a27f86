"""The benchmarks' own client: plain JSON over aiohttp, as fast as one process gets."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import orjson
import yaml

from arkalia_operator.cluster.kinds import MODULE, SYSTEM, collection, member
from arkalia_operator.desired.kinds import BY_NAME, SECRET, Kind
from bench.control_plane import ROOT, ControlPlane

Body = dict[str, Any]

APPLY: Final = {"Content-Type": "application/apply-patch+yaml"}
MERGE: Final = {"Content-Type": "application/merge-patch+json"}
KINDS: Final = {**BY_NAME, SECRET.name: SECRET, SYSTEM.name: SYSTEM, MODULE.name: MODULE}
DEFINITION: Final = Kind(
    "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions"
)
NAMESPACE: Final = Kind("v1", "Namespace", "namespaces")
PAGE: Final = 500


class Api:
    """Requests of one user to the API server."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def ask(self, method: str, path: str, body: Any = None, **options: Any) -> Body:
        """Send one request. Raises AssertionError if it is refused."""
        data = None if body is None else orjson.dumps(body)
        options.setdefault("headers", {"Content-Type": "application/json"})
        async with self._http.request(method, path, data=data, **options) as got:
            answer = await got.read()
            assert got.status < 300, f"{method} {path}: {got.status} {answer[:500]!r}"
            found: Body = orjson.loads(answer)
            return found

    async def apply(self, manifest: Body, manager: str = "bench") -> Body:
        """Server-side apply."""
        metadata, kind = manifest["metadata"], KINDS[manifest["kind"]]
        params = {"fieldManager": manager, "force": "true"}
        path = member(kind, metadata["namespace"], metadata["name"])
        return await self.ask("PATCH", path, manifest, params=params, headers=APPLY)

    async def create(self, manifest: Body) -> Body:
        """Create the object."""
        path = collection(KINDS[manifest["kind"]], manifest["metadata"]["namespace"])
        return await self.ask("POST", path, manifest)

    async def create_namespace(self, name: str) -> None:
        """Create a namespace."""
        await self.ask("POST", collection(NAMESPACE, None), {"metadata": {"name": name}})

    async def define(self, definition: Body) -> None:
        """Create a CRD, and wait until it is served."""
        await self.ask("POST", collection(DEFINITION, None), definition)
        path = f"{collection(DEFINITION, None)}/{definition['metadata']['name']}"
        while not _established(await self.ask("GET", path)):  # noqa: ASYNC110 - has no event
            await asyncio.sleep(0.1)

    async def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Delete the object."""
        await self.ask("DELETE", member(kind, namespace, name))

    async def change(self, kind: Kind, namespace: str, name: str, change: Body) -> Body:
        """Merge *change* into the object."""
        return await self.ask("PATCH", member(kind, namespace, name), change, headers=MERGE)

    async def find(self, kind: Kind, namespace: str | None, selector: str = "") -> list[Body]:
        """All objects of *kind*."""
        params = {"limit": str(PAGE), "labelSelector": selector}
        found: list[Body] = []
        while True:
            page = await self.ask("GET", collection(kind, namespace), params=params)
            head = {"apiVersion": kind.api_version, "kind": kind.name}
            found += [head | each for each in page["items"] or ()]
            if not page["metadata"].get("continue"):
                return found
            params["continue"] = page["metadata"]["continue"]

    async def watch(self, kind: Kind) -> AsyncIterator[Body]:
        """Every object of *kind*: those there are, and each change from then on."""
        params = {"watch": "true", "resourceVersion": "0"}
        async with self._http.get(collection(kind, None), params=params) as got:
            async for line in got.content:
                yield orjson.loads(line)["object"]


@asynccontextmanager
async def api(plane: ControlPlane, user: str) -> AsyncIterator[Api]:
    """A session of *user*."""
    trusted = ssl.create_default_context(cadata=plane.authority)
    async with aiohttp.ClientSession(
        base_url=plane.server,
        headers={"Authorization": f"Bearer {user}"},
        connector=aiohttp.TCPConnector(ssl=trusted, limit=0),
        timeout=aiohttp.ClientTimeout(total=None),
        read_bufsize=1 << 20,
    ) as http:
        yield Api(http)


async def define(plane: ControlPlane) -> None:
    """Create the CRDs of this checkout."""
    async with api(plane, "person") as client:
        for path in sorted(ROOT.glob("crds/*.yaml")):
            await client.define(yaml.safe_load(path.read_text("utf-8")))


async def apply_all(client: Api, manifests: Iterable[Body], at_once: int) -> None:
    """Apply *manifests*, so many at once: the limit of what one process can do."""
    waiting = iter(manifests)

    async def one_after_the_other() -> None:
        for each in waiting:
            await client.apply(each)

    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))


def _established(definition: Body) -> bool:
    conditions = definition.get("status", {}).get("conditions") or []  # null before there is one
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
