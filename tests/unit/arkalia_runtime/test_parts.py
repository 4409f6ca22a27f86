"""A service made of parts."""

from contextlib import asynccontextmanager

from fastapi import APIRouter
from prometheus_client import Gauge

from arkalia_contract import endpoints
from arkalia_contract.control import Verb
from arkalia_runtime.control.abilities import Ability, Arguments
from arkalia_runtime.health import Check
from arkalia_runtime.parts import Routes, assembled
from unit.arkalia_runtime.serving import served


class Plain:
    """A part that has to be opened, and nothing more."""

    def __init__(self, name, journal):
        self.name, self.journal = name, journal

    @asynccontextmanager
    async def open(self):
        self.journal.append(f"open {self.name}")
        yield
        self.journal.append(f"close {self.name}")


class Whole(Plain):
    """A part with everything that a part can have."""

    def __init__(self, journal):
        super().__init__("whole", journal)
        self.check = Check("whole", self.answer)
        self.router = APIRouter()
        self.router.get("/whole")(self.answer)
        self.abilities = [Ability(Verb("Note", "Note.", reversible=True), Arguments, self.open)]

    async def answer(self) -> str:
        return "here"

    def measure(self, metrics):
        Gauge("whole", "Whether it is whole.", registry=metrics.registry).set(1)


async def test_parts_are_opened_in_their_order_and_closed_in_the_other(settings):
    journal = []

    async with served(assembled("m", settings, Plain("a", journal), Plain("b", journal))):
        assert journal == ["open a", "open b"]

    assert journal == ["open a", "open b", "close b", "close a"]


async def test_part_is_checked_served_measured_and_ordered_as_far_as_it_can_be(settings):
    app = assembled("m", settings, Whole([]))
    async with served(app) as client:
        health = await (await client.get(endpoints.HEALTH_DETAILED)).json()
        answer = await (await client.get("/whole")).json()
        metrics = await (await client.get(endpoints.METRICS)).text()

    assert health["checks"][0]["message"] == answer == "here"
    assert "\nwhole 1.0\n" in metrics
    assert "Note" in app.state.actions.abilities


async def test_routes_alone_are_a_part(settings):
    router = APIRouter()

    @router.get("/alone")
    async def alone() -> str:
        return "alone"

    async with served(assembled("m", settings, Routes(router))) as client:
        assert await (await client.get("/alone")).json() == "alone"
