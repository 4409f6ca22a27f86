"""Pages of events: how much one answer holds, and how an answer waits for its first event."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final

import orjson
from fastapi import Query, Response

from arkalia_contract import events
from arkalia_contract.events import Event
from arkalia_runtime.events.news import News
from arkalia_runtime.health import Health

MOST_BYTES: Final = 1_000_000
"""Longest answer, about; one event always fits."""

LOOK_SECONDS: Final = 1
"""How often a request that waits looks for what another pod has done."""

After = Annotated[int, Query(ge=0, le=2**63 - 1, description="Sequence of the last known event.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="Most events to answer with.")]
Wait = Annotated[
    float, Query(ge=0, le=30, description="Seconds to wait for an event if there is none yet.")
]


async def awaited(
    read: Callable[[], Awaitable[Sequence[Event]]], news: News, health: Health, wait: float
) -> Response:
    """What *read* gives, once that is something; after *wait* seconds whatever it is.

    A service that stops answers at once.
    """
    ends = time.monotonic() + wait
    while True:
        rings = news.any.rings
        page = await read()
        left = ends - time.monotonic()
        if page or left <= 0 or health.draining:
            return _batch(page)
        await news.any.wait(rings, min(left, LOOK_SECONDS))


def _batch(page: Sequence[Event]) -> Response:
    content = orjson.dumps([events.to_json(event) for event in page])
    return Response(content, media_type=events.BATCH_CONTENT_TYPE)
