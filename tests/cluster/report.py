"""What a person would look at first when a story failed: status, events, pods, operator's log."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from arkalia_operator.desired.kinds import POD
from cluster.kinds import EVENT, SYSTEM, Ref
from cluster.kube import Body, Kube, RefusedError
from cluster.release import OPERATOR_NAMESPACE
from cluster.systems import told

EVENTS_SHOWN = 40
LOG_LINES = 40


def report(kube: Kube, namespace: str) -> str:
    """The state of *namespace* and of the operator, as text, or why nothing is known."""
    try:
        return _report(kube, namespace)
    except (httpx.TransportError, RefusedError) as error:
        return f"the API server does not tell: {error!r}"


def _report(kube: Kube, namespace: str) -> str:
    return "\n".join(
        (
            *_section("systems", map(_system, kube.find(SYSTEM, namespace))),
            *_section("pods", map(_pod, kube.find(POD, namespace))),
            *_section("events", map(_event, _latest(kube.find(EVENT, namespace)))),
            *_section("operator", _operator(kube)),
        )
    )


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"--- {title}"
    yield from lines


def _system(body: Body) -> str:
    metadata, status = body["metadata"], body.get("status", {})
    conditions = {each["type"]: each for each in status.get("conditions", [])}
    generations = f"{status.get('observedGeneration')}/{metadata['generation']}"
    return f"{metadata['name']} generation {generations}: {told(conditions)}"


def _pod(body: Body) -> str:
    status = body.get("status", {})
    containers = [
        (each["name"], each["restartCount"], each["state"])
        for each in status.get("containerStatuses", [])
    ]
    ending = " ending" if "deletionTimestamp" in body["metadata"] else ""
    return f"{body['metadata']['name']} {status.get('phase')}{ending} {containers}"


def _latest(events: list[Body]) -> list[Body]:
    return sorted(events, key=_time)[-EVENTS_SHOWN:]


def _time(event: Body) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


def _event(event: Body) -> str:
    about = f"{event['involvedObject']['kind']} {event['involvedObject'].get('name')}"
    return f"{_time(event)} {about} {event.get('reason')}: {event.get('message')}"


def _operator(kube: Kube) -> Iterator[str]:
    for pod in kube.find(POD, OPERATOR_NAMESPACE):
        yield _pod(pod)
        try:
            yield kube.log(Ref.of(pod), LOG_LINES)
        except RefusedError as refusal:
            yield str(refusal)
