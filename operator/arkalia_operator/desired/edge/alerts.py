"""When somebody should look at the edge. Each alert has a runbook of its name in docs/runbooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired.manifest import Manifest

RUNBOOKS: Final = "https://github.com/arkalia-luna-system/arkalia-luna-pro/blob/main/docs/runbooks"
FAILING: Final = 0.05
"""As much as of a module's answers."""
REFUSED: Final = 0.2
"""One request in five: far more than ordinary clients are refused, and less than an attack brings."""
SELDOM: Final = 0.1
"""Under 1 request in 10 s a single one would already be a share: that is left to the log."""
DAYS_LEFT: Final = 14
"""As of a module's certificate: whoever renews at a third of 90 days has failed for two weeks."""


def rules(system: ArkaliaSystem) -> Iterator[Manifest]:
    """The alerting rules of *system*'s edge."""
    where = f"{system.namespace}/{system.name}"
    yield from _of_answers(chosen(system), where, system)
    yield from _of_settings(chosen(system), where, system)


def chosen(system: ArkaliaSystem) -> str:
    """The matchers of the edge's series."""
    return (
        f'namespace="{system.namespace}", arkalia_io_system="{system.name}", arkalia_io_edge="true"'
    )


def requests(matchers: str, window: str) -> str:
    """Answers a second within *window*."""
    return f"sum(rate(arkalia_edge_requests_total{{{matchers}}}[{window}]))"


def failing(matchers: str, window: str) -> str:
    """Server errors as a share of all answers."""
    wrong = matchers + ', class="5xx"'
    return f"{requests(wrong, window)} / {requests(matchers, window)}"


def refused(matchers: str, window: str) -> str:
    """Refusals as a share of all answers; who asks for what is not published is not refused."""
    of = f'{matchers}, cause!="unpublished"'
    refusals = f"sum(rate(arkalia_edge_refusals_total{{{of}}}[{window}]))"
    return f"{refusals} / {requests(matchers, window)}"


def _of_answers(edge: str, where: str, system: ArkaliaSystem) -> Iterator[Manifest]:
    yield {
        "alert": "ArkaliaEdgeDown",
        "expr": f"absent(up{{{edge}}} == 1)",
        "for": "1m",
        "labels": {"severity": "critical", **_labels(system)},
        "annotations": _told(
            "ArkaliaEdgeDown",
            "No pod of the edge answers Prometheus.",
            f"For 1 minute no pod of the edge of system {where} has answered.",
        ),
    }
    yield {
        "alert": "ArkaliaEdgeHighErrorRate",
        "expr": f"{failing(edge, '5m')} > {FAILING} and {requests(edge, '5m')} > {SELDOM}",
        "for": "5m",
        "labels": {"severity": "critical", **_labels(system)},
        "annotations": _told(
            "ArkaliaEdgeHighErrorRate",
            "More than 5 % of what users get through the edge are server errors.",
            "{{ $value | humanizePercentage }} of the answers through the edge of system "
            f"{where} in the last 5 minutes have a status of 500 or more.",
        ),
    }
    yield {
        "alert": "ArkaliaEdgeRefusesMuch",
        "expr": f"{refused(edge, '10m')} > {REFUSED} and {requests(edge, '10m')} > {SELDOM}",
        "for": "15m",
        "labels": {"severity": "warning", **_labels(system)},
        "annotations": _told(
            "ArkaliaEdgeRefusesMuch",
            "The edge refuses more than one request in five.",
            f"The edge of system {where} has refused {{{{ $value | humanizePercentage }}}} of what "
            "it was asked in the last 10 minutes: by its filter, its deny list or its limits.",
        ),
    }


def _of_settings(edge: str, where: str, system: ArkaliaSystem) -> Iterator[Manifest]:
    ends = f"arkalia_edge_certificate_expires_timestamp_seconds{{{edge}}} - time()"
    yield {
        "alert": "ArkaliaEdgeCertificateEnds",
        "expr": f"min by (shown) ({ends}) < {DAYS_LEFT} * 86400",
        "for": "1h",
        "labels": {"severity": "warning", **_labels(system)},
        "annotations": _told(
            "ArkaliaEdgeCertificateEnds",
            "A certificate of the edge was not renewed in time.",
            f"The {{{{ $labels.shown }}}} certificate of the edge of system {where} ends in "
            "{{ $value | humanizeDuration }}.",
        ),
    }
    yield {
        "alert": "ArkaliaEdgeConfigurationRefused",
        "expr": f"arkalia_edge_configuration_accepted{{{edge}}} == 0",
        "for": "5m",
        "labels": {"severity": "warning", "system": system.name},
        "annotations": _told(
            "ArkaliaEdgeConfigurationRefused",
            "nginx does not take what the edge was told.",
            f"Pod {{{{ $labels.pod }}}} of the edge of system {where} goes on with settings and "
            "certificates from before the last change.",
        ),
    }


def _labels(system: ArkaliaSystem) -> dict[str, str]:
    return {"namespace": system.namespace, "system": system.name}


def _told(alert: str, summary: str, description: str) -> dict[str, str]:
    return {
        "summary": summary,
        "description": description,
        "runbook_url": f"{RUNBOOKS}/{alert}.md",
    }
