"""A record for the tests of readers: a real service behind TLS that answers `GET /events`."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from arkalia_contract.events import Event
from arkalia_runtime.app import create_app
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.events import pages
from arkalia_runtime.events.news import News
from arkalia_runtime.events.pages import After, Limit, Wait
from arkalia_runtime.identity.certificates import ServerCertificate
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings
from unit.arkalia_runtime.authority import Authority, Mounts, mount
from unit.arkalia_runtime.events.telling import DECIDED, decision
from unit.arkalia_runtime.serving import served

AUTHORITY = Authority()


@dataclass
class Keeper:
    """What is recorded, and how it is served."""

    mounts: Mounts
    events: list[Event] = field(default_factory=list)
    news: News = field(default_factory=News)
    statuses: list[int] = field(default_factory=list)
    """What it answers at first; after that 200."""

    def record(self, *numbers: int, stream: str = "s", event_type: str = DECIDED) -> None:
        for number in numbers:
            event = Event(
                id=f"e{len(self.events)}",
                source="/arkalia/team-a/luna/sandozia",
                type=event_type,
                schema_version=1,
                stream=stream,
                time=datetime.now(UTC),
                data=decision(number),
                sequence=len(self.events) + 1,
            )
            self.events.append(replace(event, record_sequence=len(self.events) + 1))
        self.news.tell()

    @property
    def router(self) -> APIRouter:
        router = APIRouter()

        @router.get("/events")
        async def read(
            request: Request, types: str, after: After = 0, limit: Limit = 500, wait: Wait = 0
        ) -> Response:
            if self.statuses:
                return Response(status_code=self.statuses.pop(0))

            async def page() -> list[Event]:
                wanted = types.split(",")
                later = [each for each in self.events if each.record_sequence > after]
                return [each for each in later if each.type in wanted][:limit]

            return await pages.awaited(page, self.news, request.app.state.health, wait)

        return router

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Calls]:
        """The calls of a module that may ask it."""
        mount(self.mounts.tls, **AUTHORITY.issue("localhost"))
        app = create_app("m", ServiceSettings(version="1"), router=self.router)
        async with served(app, ServerCertificate(self.mounts.tls, 0).context) as session:
            address = f"https://localhost:{session._base_url.port}"
            mount(self.mounts.identity, callees_json=json.dumps({"globalstate": address}))
            mount(self.mounts.trust, ca_crt=AUTHORITY.pem)
            mount(self.mounts.tokens, globalstate="a token")
            settings = ServiceSettings(**self.mounts.settings)
            async with Calls(settings, Metrics("m", "1")) as calls:
                yield calls
