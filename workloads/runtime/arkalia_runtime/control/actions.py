"""Orders that are being carried out: each once, until its time, and undone by its end.

Nothing is stored: a new pod begins without actions, and gets them from whoever still wants them.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge
from pydantic import ValidationError

from arkalia_contract import control
from arkalia_contract.control import Order, Outcome, Phase
from arkalia_runtime.control.abilities import Ability, Arguments
from arkalia_runtime.problems import Problem, faults, in_words

logger: Final = logging.getLogger(__name__)

MOST_RUNNING: Final = 32
"""Actions at once: more are no longer a plan."""

REMEMBERED: Final = 256
"""Orders whose outcome is known; the oldest that have ended are forgotten first."""

BEGIN_SECONDS: Final = 10
"""How long an action may take until it has begun."""


@dataclass
class Action:
    """An order and what has become of it."""

    order: Order
    phase: Phase = "running"
    message: str = ""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def outcome(self) -> Outcome:
        """What the one who asked is told."""
        order = self.order
        return Outcome(order.id, order.verb, self.phase, order.until, self.message)


class Actions:
    """Carries out the orders of one pod."""

    def __init__(self, registry: CollectorRegistry, abilities: Iterable[Ability[Any]] = ()) -> None:
        self.abilities = {each.verb.name: each for each in abilities}
        self._known: dict[str, Action] = {}
        self._running = Gauge(
            "arkalia_control_actions_running",
            "Actions of the service on itself that have not ended.",
            ("verb",),
            registry=registry,
        )
        self._orders = Counter(
            "arkalia_control_actions",
            "Orders for actions of the service on itself, by how they ended.",
            ("verb", "phase"),
            registry=registry,
        )

    def learn(self, ability: Ability[Any]) -> None:
        """Carry out *ability* too, from now on."""
        self.abilities[ability.verb.name] = ability

    def all(self) -> list[Outcome]:
        """What is known of every order, oldest first."""
        return [action.outcome() for action in self._known.values()]

    def outcome(self, order_id: str) -> Outcome:
        """What has become of the order. Raises a 404 Problem if it is not known."""
        return self._found(order_id).outcome()

    async def begin(self, order: Order) -> tuple[Outcome, bool]:
        """Carry *order* out; whether it is new. Raises a Problem if that is not possible."""
        known = self._known.get(order.id)
        if known is not None:
            return self._same(known, order), False
        ability = self._able(order)
        arguments = _arguments(ability, order)
        seconds = _seconds_left(order)
        self._make_room()
        action = self._known[order.id] = Action(order)
        begun = asyncio.Event()
        action.task = asyncio.create_task(
            self._carry_out(action, ability.carry_out(arguments), seconds, begun)
        )
        await _either(begun, action.ended)
        return action.outcome(), True

    async def end(self, order_id: str) -> Outcome:
        """End the action before its time. Raises a 404 Problem if the order is not known."""
        action = self._found(order_id)
        await _stop(action)
        return action.outcome()

    async def close(self) -> None:
        """End all actions: the service stops."""
        for action in list(self._known.values()):
            await _stop(action)

    async def _carry_out(
        self, action: Action, doing: Any, seconds: float, begun: asyncio.Event
    ) -> None:
        verb = action.order.verb
        logger.warning("Action begins.", extra=_told(action))
        try:
            with self._running.labels(verb).track_inprogress():
                async with doing:
                    begun.set()
                    if self.abilities[verb].verb.reversible:
                        await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            action.phase = "ended"
            raise
        except Exception as error:
            logger.exception("Action failed.", extra=_told(action))
            action.phase, action.message = "failed", f"{type(error).__name__}; the log says more"
        else:
            action.phase = "ended"
        finally:
            self._orders.labels(verb, action.phase).inc()
            logger.warning("Action is over.", extra=_told(action))
            action.ended.set()

    def _found(self, order_id: str) -> Action:
        try:
            return self._known[order_id]
        except KeyError:
            detail = f"This pod knows no action {order_id!r}."
            raise Problem(HTTPStatus.NOT_FOUND, detail) from None

    def _able(self, order: Order) -> Ability[Any]:
        try:
            return self.abilities[order.verb]
        except KeyError:
            detail = f"The verb {order.verb!r} is not carried out here; `verbs` are."
            verbs = sorted(self.abilities)
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, verbs=verbs) from None

    @staticmethod
    def _same(known: Action, order: Order) -> Outcome:
        if replace(known.order, reason=order.reason) != order:
            detail = f"The order {order.id!r} is known with another content."
            raise Problem(HTTPStatus.CONFLICT, detail)
        return known.outcome()

    def _make_room(self) -> None:
        running = sum(action.phase == "running" for action in self._known.values())
        if running >= MOST_RUNNING:
            detail = f"{running} actions are running: end one of them first."
            raise Problem(HTTPStatus.CONFLICT, detail)
        over = [key for key, action in self._known.items() if action.ended.is_set()]
        for key in over[: max(0, len(self._known) + 1 - REMEMBERED)]:
            del self._known[key]


async def _either(begun: asyncio.Event, ended: asyncio.Event) -> None:
    """Wait until the action has begun or ended, or for as long as beginning may take."""
    waits = [asyncio.create_task(each.wait()) for each in (begun, ended)]
    try:
        await asyncio.wait(waits, timeout=BEGIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
        await asyncio.wait(waits, timeout=BEGIN_SECONDS)


async def _stop(action: Action) -> None:
    if action.task is not None:
        action.task.cancel()
        await asyncio.wait([action.task], timeout=BEGIN_SECONDS)


def _arguments(ability: Ability[Any], order: Order) -> Arguments:
    try:
        found: Arguments = ability.arguments.model_validate_json(
            orjson.dumps(order.arguments), strict=True
        )
    except ValidationError as error:
        errors = faults(error.errors(), "arguments")
        detail = f"The arguments of {order.verb} do not fit: {in_words(errors)}."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors) from None
    return found


def _seconds_left(order: Order) -> float:
    if order.until.tzinfo is None:
        detail = "`until` has no offset: write for example 2026-01-31T12:00:00Z."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    seconds = (order.until - datetime.now(UTC)).total_seconds()
    if not 0 < seconds <= control.LONGEST_SECONDS:
        detail = f"`until` must lie within the next {control.LONGEST_SECONDS} seconds."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return seconds


def _told(action: Action) -> dict[str, Any]:
    """What the log says of an action."""
    order = action.order
    return {"action": order.id, "verb": order.verb, "reason": order.reason, "phase": action.phase}
