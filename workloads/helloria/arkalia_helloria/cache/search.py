"""What one request looks for among the answers that are kept."""

import time
from functools import partial
from typing import Final

from arkalia_helloria.cache.flights import Flight
from arkalia_helloria.cache.giving import give
from arkalia_helloria.cache.kept import Kept, Resource
from arkalia_helloria.cache.local import Key
from arkalia_helloria.cache.recorder import Errand, Recorder
from arkalia_helloria.cache.terms import Pairs, Wishes
from arkalia_helloria.exchange import Asked, identity_lines
from arkalia_helloria.routes import Habit, ModuleAddress
from arkalia_helloria.settings import GatewaySettings

EVERYBODY: Final = b""
"""Who asks, where an answer is for all."""


class Search:
    """What one request looks for."""

    def __init__(self, asked: Asked, callee: ModuleAddress, habit: Habit, wanted: Wishes) -> None:
        self.asked, self.callee, self.habit, self.wanted = asked, callee, habit, wanted
        self.headers: Pairs = asked.scope["headers"]
        self.send, self.said = asked.send, asked.said
        resource = resource_of(asked)
        self.keys: tuple[Key, Key] = (
            (identity_lines(asked.caller), resource),
            (EVERYBODY, resource),
        )
        self.flight = self.keys[1 if habit.shares else 0]
        """Others wait under it for the same answer."""
        self.former: Kept | None = None
        """The newest that is too old."""

    @property
    def turn(self) -> tuple[Key, Pairs]:
        """Among the gateways."""
        return self.flight, self.headers

    def best(self, *found: Kept | None) -> Kept | None:
        """The newest of *found* that may be given; what is too old is remembered."""
        now = time.time()
        there = sorted((each for each in found if each), key=lambda each: -each.fresh_until)
        for each in there:
            if now < each.fresh_until and each.age(now) <= self.wanted.oldest:
                return each
            if self.former is None or each.fresh_until > self.former.fresh_until:
                self.former = each
        return None

    def key_of(self, found: Kept) -> Key:
        """Under which *found* is kept."""
        return self.keys[1] if found.public else self.keys[0]

    def errand(self, settings: GatewaySettings, flight: Flight) -> Errand:
        """Why the module is asked."""
        most = settings.cache_answer_bytes
        alone = partial(flight.end, alone=True)
        return Errand(self.headers, self.habit, self.former, most, alone)

    def ask_through(self, recorder: Recorder) -> None:
        """Let the answer pass *recorder*, and ask only whether what is kept still holds."""
        asked = self.asked
        asked.send, asked.said = recorder, []
        kept = [each for each in self.headers if each[0] != b"if-none-match"]
        if self.former and self.former.tag:
            kept.append((b"if-none-match", self.former.tag))
        asked.scope = {**asked.scope, "headers": kept}

    async def give(self, found: Kept, how: bytes) -> None:
        """Give *found* to the client."""
        self.asked.has_ended = True
        await give(self.send, found, self.wanted.tag, self.said, how)


def resource_of(asked: Asked) -> Resource:
    """What *asked* is for."""
    return Resource(asked.match.route.module, asked.match.target, asked.scope["query_string"])
