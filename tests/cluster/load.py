"""Requests to a Service from inside the cluster, while something happens to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from arkalia_contract import endpoints
from arkalia_operator.desired.kinds import POD
from cluster import load_client, reach, visitors
from cluster.kinds import Ref
from cluster.kube import Body, Kube, RefusedError
from cluster.load_client import Tally, Wanted
from cluster.waiting import eventually

PROGRAM = Path(load_client.__file__).read_text(encoding="utf-8")


class Load:
    """A load client that runs as a pod."""

    def __init__(self, kube: Kube, ref: Ref) -> None:
        self._kube = kube
        self._ref = ref

    def tally(self) -> Tally:
        """How it went so far. Raises AssertionError before the first word."""
        try:
            lines = self._kube.log(self._ref, lines=1).splitlines()
        except RefusedError as refusal:
            raise AssertionError(refusal) from refusal
        assert lines, f"{self._ref} has said nothing yet"
        return Tally(**json.loads(lines[-1]))

    def answered(self, more: int) -> Tally:
        """The tally after *more* answered requests than now."""
        goal = (self.tally().answered if more else 0) + more

        def enough() -> Tally:
            tally = self.tally()
            assert tally.answered >= goal, f"{tally}, {goal} answers wanted"
            return tally

        return eventually(enough)

    def end(self) -> None:
        """Stop it."""
        self._kube.delete(self._ref)


@contextmanager
def load_on_each(
    kube: Kube, services: list[Body], image: str, path: str, rate: float
) -> Iterator[list[Load]]:
    """Ask the pods behind each of *services* at *path*, *rate* times a second, all at once."""
    running: list[Load] = []
    try:
        for service in services:
            wanted = towards(service, path, seconds=900, lasting=1, fleeting=1, rate=rate)
            running.append(_started(kube, service, image, wanted))
        for each in running:
            eventually(each.tally)
            each.answered(more=3)
        yield running
    finally:
        for each in running:
            each.end()


@contextmanager
def load(kube: Kube, service: Body, image: str, wanted: Wanted) -> Iterator[Load]:
    """Ask the pods behind *service* as *wanted*, from the first answer on."""
    running = _started(kube, service, image, wanted)
    try:
        eventually(running.tally)
        running.answered(more=20)
        yield running
    finally:
        running.end()


def _started(kube: Kube, service: Body, image: str, wanted: Wanted) -> Load:
    ref = Ref(POD, service["metadata"]["namespace"], f"{service['metadata']['name']}-load")
    known = replace(wanted, **_certified(kube, service))
    kube.create(visitors.visitor(ref, image, PROGRAM, json.dumps(asdict(known))))
    return Load(kube, ref)


def _certified(kube: Kube, service: Body) -> dict[str, str]:
    """Whom to trust behind *service*, and by which name, where it serves HTTPS."""
    if service["spec"]["ports"][0]["name"] != endpoints.PORT_HTTPS:
        return {}
    return {"name": reach.name_of(service), "trusted": reach.trusted(kube, service)}


def towards(service: Body, path: str, **wanted: float) -> Wanted:
    """What to ask *service*: `seconds`, `lasting`, `fleeting` and `rate` as in Wanted."""
    spec = service["spec"]
    return Wanted(
        host=spec["clusterIP"],
        port=spec["ports"][0]["port"],
        path=path,
        seconds=wanted["seconds"],
        lasting=int(wanted["lasting"]),
        fleeting=int(wanted["fleeting"]),
        rate=wanted["rate"],
    )
