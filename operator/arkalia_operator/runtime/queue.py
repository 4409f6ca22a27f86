"""A work queue with the rules of client-go's, for asyncio.

- A key is handed to one worker at a time. Added while it is being worked on, it is handed out once
  more afterwards; added while it waits, it waits once. So nothing is lost and nothing piles up.
- Keys are handed out in the order in which they were added: nobody starves.
- A delayed key comes when its time is up, or earlier if somebody adds it.
- A key that fails comes back after a growing, jittered delay, until `forget`.
- While it is paused it takes nothing: another process works, and who takes over adds every key.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from arkalia_operator import metrics
from arkalia_operator.backoff import exponential

Key = TypeVar("Key", bound=Hashable)

FIRST_RETRY_SECONDS: Final = 0.005
LONGEST_RETRY_SECONDS: Final = 4.0
"""For failures that pass by themselves; what is refused for good waits longer elsewhere."""


class QueueClosedError(Exception):
    """No more work is handed out."""


class Queue(Generic[Key]):
    """Keys to work on. Bounded by the number of different keys."""

    def __init__(self, name: str = metrics.NAME) -> None:
        self._name = name
        self._waiting: OrderedDict[Key, float] = OrderedDict()
        self._working: dict[Key, float] = {}
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._attempts: dict[Key, int] = {}
        self._workers: deque[asyncio.Future[None]] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._paused = False
        self.finished_at = 0.0
        """When work on a key last ended, or began while nothing else waited (loop time)."""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_busy(self) -> bool:
        """Whether there is anything to do now."""
        return bool(self._waiting or self._working)

    def add(self, key: Key) -> None:
        """Work on *key* as soon as it is its turn."""
        self._cancel_timer(key)
        if self._paused:
            return
        metrics.WORKQUEUE_ADDS.labels(self._name).inc()
        if key in self._working:
            self._again.add(key)
        elif key not in self._waiting:
            self._append(key)

    def add_after(self, key: Key, delay: float) -> None:
        """Work on *key* in *delay* seconds; an earlier time that was set before stays."""
        loop = asyncio.get_running_loop()
        when = loop.time() + delay
        timer = self._timers.get(key)
        if timer is not None and timer.when() <= when:
            return
        self._cancel_timer(key)
        self._timers[key] = loop.call_at(when, self.add, key)

    def retry(self, key: Key) -> float:
        """Work on *key* again after its next delay in seconds, which is returned."""
        attempt = self._attempts.get(key, 0)
        self._attempts[key] = attempt + 1
        delay = exponential(FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, attempt)
        metrics.WORKQUEUE_RETRIES.labels(self._name).inc()
        self.add_after(key, delay)
        return delay

    def forget(self, key: Key) -> None:
        """The work on *key* succeeded: its next failure counts as the first."""
        self._attempts.pop(key, None)

    async def get(self) -> Key:
        """The next key, once there is one. Call `done` after the work.

        Raises QueueClosedError.
        """
        while not self._waiting and not self._closed:
            await self._addition()
        if self._closed:
            raise QueueClosedError
        key, since = self._waiting.popitem(last=False)
        now = asyncio.get_running_loop().time()
        self._working[key] = now
        self._idle.clear()
        metrics.WORKQUEUE_DEPTH.labels(self._name).set(len(self._waiting))
        metrics.WORKQUEUE_LATENCY.labels(self._name).observe(now - since)
        return key

    def done(self, key: Key) -> None:
        """The work on *key* ended, well or not."""
        now = asyncio.get_running_loop().time()
        metrics.WORKQUEUE_WORK.labels(self._name).observe(now - self._working.pop(key))
        self.finished_at = now
        if key in self._again:
            self._again.discard(key)
            self._append(key)
        if not self._working:
            self._idle.set()

    def pause(self) -> None:
        """Forget all that waits, and what is added from now on: somebody else works on it."""
        self._paused = True
        self._cancel_timers()
        self._waiting.clear()
        self._again.clear()
        self._attempts.clear()
        metrics.WORKQUEUE_DEPTH.labels(self._name).set(0)

    def resume(self) -> None:
        """Take additions again; what was missed, the caller adds."""
        self._paused = False

    def close(self) -> None:
        """Hand out no more work."""
        self._closed = True
        self._cancel_timers()
        while self._workers:
            _wake(self._workers.popleft())

    async def drained(self) -> None:
        """Wait until no key is being worked on."""
        await self._idle.wait()

    def stuck_seconds(self) -> float:
        """How long there has been work without any of it ending."""
        if not self.is_busy:
            return 0.0
        began = [*self._waiting.values(), *self._working.values()]
        return asyncio.get_running_loop().time() - max(self.finished_at, min(began))

    def longest_running(self) -> float:
        """How many seconds the longest work that runs now has run."""
        now = asyncio.get_running_loop().time()
        return now - min(self._working.values(), default=now)

    def unfinished(self) -> float:
        """How many seconds the work that runs now has run, all together."""
        now = asyncio.get_running_loop().time()
        return sum(now - began for began in self._working.values())

    async def _addition(self) -> None:
        worker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._workers.append(worker)
        try:
            await worker
        except asyncio.CancelledError:
            self._hand_on(worker)
            raise

    def _hand_on(self, worker: asyncio.Future[None]) -> None:
        """A worker was cancelled: if it had been woken up, somebody else takes its key."""
        if worker in self._workers:
            self._workers.remove(worker)
        elif self._waiting:
            self._wake_one()

    def _append(self, key: Key) -> None:
        self._waiting[key] = asyncio.get_running_loop().time()
        metrics.WORKQUEUE_DEPTH.labels(self._name).set(len(self._waiting))
        self._wake_one()

    def _wake_one(self) -> None:
        if self._workers:
            _wake(self._workers.popleft())

    def _cancel_timers(self) -> None:
        for key in tuple(self._timers):
            self._cancel_timer(key)

    def _cancel_timer(self, key: Key) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()


def _wake(worker: asyncio.Future[None]) -> None:
    if not worker.done():
        worker.set_result(None)
