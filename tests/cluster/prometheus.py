"""A real Prometheus, as a process of this machine, that asks what ServiceMonitors name.

The Prometheus operator is not there: what it makes of a ServiceMonitor is written down here, as far as
the operator's own monitors go, from its `generateServiceMonitorConfig`. A monitor with a field that is
not among them is refused, so that nothing is left out in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from arkalia_operator.desired.kinds import CONFIG_MAP
from cluster.development import programs
from cluster.kinds import Ref
from cluster.kube import Body, Kube
from local_programs import running
from unit.arkalia_runtime.serving import free_port

OFTEN: Final = "1s"
"""In place of a monitor's own interval: a story does not wait for what only takes longer."""
OF_ENDPOINT: Final = {"interval", "path", "port", "scheme", "tlsConfig"}
OF_MONITOR: Final = {"endpoints", "selector", "targetLabels"}
OF_SELECTOR: Final = {"matchLabels", "matchExpressions"}
ABSENT: Final = "DoesNotExist"
"""The one operator of expressions that the monitors have."""
SELECTOR: Final = re.compile(r"[a-zA-Z_:][\w:]*\{[^}]*\}")
META: Final = "__meta_kubernetes"
TOLD: Final = {
    f"{META}_namespace": "namespace",
    f"{META}_service_name": "service",
    f"{META}_pod_name": "pod",
    f"{META}_pod_container_name": "container",
}
"""Labels that every series gets, by where they are from."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus."""

    address: str

    def ask(self, query: str) -> list[Body]:
        """The samples of *query* now. Raises AssertionError if there are none."""
        told = self._read("query", query=query)
        assert told["result"], f"no series for {query}; targets: {self.targets()}"
        found: list[Body] = told["result"]
        return found

    def rules(self) -> dict[str, Body]:
        """Its alerting rules by name."""
        groups = self._read("rules")["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    def targets(self) -> list[tuple[str, str, str]]:
        """What it asks: the job's name, how that went, and why not."""
        found = self._read("targets")["activeTargets"]
        return [(each["scrapePool"], each["health"], each["lastError"]) for each in found]

    def _read(self, what: str, **asked: str) -> Any:
        try:
            answer = httpx.get(f"{self.address}/api/v1/{what}", params=asked, trust_env=False)
        except httpx.TransportError as error:
            raise AssertionError(error) from error
        assert answer.is_success, answer.text
        return answer.json()["data"]


@contextmanager
def prometheus(
    folder: Path, kube: Kube, kubeconfig: str, objects: Iterable[Body]
) -> Iterator[Prometheus]:
    """It asks what the ServiceMonitors among *objects* name, and judges by their PrometheusRules."""
    folder.mkdir(parents=True, exist_ok=True)
    found = list(objects)
    rules = {"groups": [group for each in _of("PrometheusRule", found) for group in each["groups"]]}
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
    monitors = [each for each in found if each["kind"] == "ServiceMonitor"]
    whole = {
        "global": {"scrape_interval": OFTEN, "evaluation_interval": OFTEN},
        "rule_files": [str(folder / "rules.yaml")],
        "scrape_configs": [
            _job(kube, kubeconfig, folder, each, number)
            for each in monitors
            for number in range(len(each["spec"]["endpoints"]))
        ],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(whole))
    with _running(folder) as address:
        yield Prometheus(address)


def selectors(expression: str) -> list[str]:
    """The series that *expression* is made of."""
    return SELECTOR.findall(expression)


def _of(kind: str, objects: list[Body]) -> list[Body]:
    return [each["spec"] for each in objects if each["kind"] == kind]


@contextmanager
def _running(folder: Path) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    flags = (
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    )
    with running(("prometheus", *flags), folder / "log", programs()):
        yield f"http://{address}"


def _job(kube: Kube, kubeconfig: str, folder: Path, monitor: Body, number: int) -> Body:
    endpoint, metadata = monitor["spec"]["endpoints"][number], monitor["metadata"]
    _known(endpoint, OF_ENDPOINT)
    _known(monitor["spec"], OF_MONITOR)
    found = {
        "role": "endpointslice",
        "kubeconfig_file": kubeconfig,
        "namespaces": {"names": [metadata["namespace"]]},
    }
    return {
        "job_name": f"serviceMonitor/{metadata['namespace']}/{metadata['name']}/{number}",
        "kubernetes_sd_configs": [found],
        "scrape_interval": OFTEN,
        "metrics_path": endpoint["path"],
        "scheme": endpoint.get("scheme", "http"),
        "tls_config": _tls(kube, folder, metadata, endpoint.get("tlsConfig", {})),
        "relabel_configs": list(_relabelled(monitor["spec"], endpoint["port"])),
    }


def _tls(kube: Kube, folder: Path, metadata: Body, wanted: Body) -> Body:
    if not wanted:
        return {}
    source = wanted["ca"]["configMap"]
    told = kube.require(Ref(CONFIG_MAP, metadata["namespace"], source["name"]))
    file = folder / f"{metadata['name']}.crt"
    file.write_text(told["data"][source["key"]])
    return {"ca_file": str(file), "server_name": wanted["serverName"]}


def _relabelled(spec: Body, port: str) -> Iterator[Body]:
    yield from _selected(spec["selector"])
    named = [f"{META}_endpointslice_port_name"]
    yield {"action": "keep", "source_labels": named, "regex": port}
    for source, label in TOLD.items():
        yield {"source_labels": [source], "target_label": label}
    phase = {"source_labels": [f"{META}_pod_phase"], "regex": "(Failed|Succeeded)"}
    yield {"action": "drop", **phase}
    for label in spec.get("targetLabels", ()):
        name = _sanitized(label)
        source = {"source_labels": [f"{META}_service_label_{name}"], "regex": "(.+)"}
        yield {**source, "target_label": name, "replacement": "${1}"}
    yield {"source_labels": [f"{META}_service_name"], "target_label": "job"}
    yield {"target_label": "endpoint", "replacement": port}


def _selected(selector: Body) -> Iterator[Body]:
    _known(selector, OF_SELECTOR)
    for label, value in sorted(selector["matchLabels"].items()):
        name = _sanitized(label)
        asked = [f"{META}_service_label_{name}", f"{META}_service_labelpresent_{name}"]
        yield {"action": "keep", "source_labels": asked, "regex": f"({value});true"}
    for each in selector.get("matchExpressions", ()):
        assert each["operator"] == ABSENT, each
        present = [f"{META}_service_labelpresent_{_sanitized(each['key'])}"]
        yield {"action": "drop", "source_labels": present, "regex": "true"}


def _known(told: Body, fields: set[str]) -> None:
    odd = told.keys() - fields
    assert not odd, f"it is not written down here what Prometheus makes of {sorted(odd)}"


def _sanitized(label: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", label)
