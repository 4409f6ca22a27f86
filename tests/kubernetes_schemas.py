"""JSON Schemas for kubeconform, made from what the pinned modules carry: no network, no copies.

Kubernetes' own kinds come from the OpenAPI document of the `k8s.io/kubernetes` module, custom kinds
from their CRDs. Go keeps both modules in its cache; the first run on a new machine fetches them.
"""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = tomllib.loads((ROOT / "dev/versions.toml").read_text(encoding="utf-8"))
OF_OTHERS = {
    "prometheus-operator": {
        "ServiceMonitor": "*_servicemonitors.yaml",
        "PrometheusRule": "*_prometheusrules.yaml",
    },
    "cert-manager": {"Certificate": "*_certificates.yaml"},
    "cloudnative-pg": {"Cluster": "*_clusters.yaml"},
    "argo-cd": {"Application": "application-crd.yaml", "ApplicationSet": "applicationset-crd.yaml"},
    "helm-controller": {"HelmRelease": "*_helmreleases.yaml"},
    "source-controller": {"OCIRepository": "*_ocirepositories.yaml"},
    "kustomize-controller": {"Kustomization": "*_kustomizations.yaml"},
    "gateway-api": {
        "HTTPRoute": "*_httproutes.yaml",
        "BackendTLSPolicy": "*_backendtlspolicies.yaml",
    },
}
"""Kinds of others, each with the file of its CRD, by the operator's name in dev/versions.toml."""
REFERENCE = re.compile(r'"#/definitions/([^"]+)"')
LOOSE = {
    # Both are numbers as often as strings, which OpenAPI 2 cannot say.
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"]},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["string", "integer"]},
}


def module_folder(module, version):
    """The folder of a Go module in Go's cache."""
    go = shutil.which("go") or "/usr/local/go/bin/go"
    answer = subprocess.run(
        [go, "mod", "download", "-json", f"{module}@{version}"],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found = json.loads(answer.stdout)
    assert "Dir" in found, f"{module}@{version} cannot be had: {found.get('Error', answer.stderr)}"
    return Path(found["Dir"])


def write(folder, kinds):
    """Write a schema for each of the *kinds*; returns kubeconform's `-schema-location`."""
    for schema in (*_own_kinds(kinds), *_custom_kinds(kinds)):
        (folder / f"{schema['title']}.json").write_text(json.dumps(schema), encoding="utf-8")
    return f"{folder}/{{{{.ResourceKind}}}}-{{{{.Group}}}}-{{{{.ResourceAPIVersion}}}}.json"


def _own_kinds(kinds):
    pinned = VERSIONS["components"]["kubernetes"]
    source = module_folder(pinned["module"], pinned["version"]) / "api/openapi-spec/swagger.json"
    definitions = json.loads(source.read_text(encoding="utf-8"))["definitions"] | LOOSE
    for name, definition in definitions.items():
        for gvk in definition.get("x-kubernetes-group-version-kind", []):
            if gvk["kind"] not in kinds:
                continue
            reached = _reached(name, definitions)
            yield _titled(gvk["kind"], gvk["group"], gvk["version"]) | {
                "$ref": f"#/definitions/{name}",
                "definitions": {each: _strict(definitions[each]) for each in reached},
            }


def _reached(name, definitions):
    found, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += REFERENCE.findall(json.dumps(definitions[each]))
    return found


def _strict(definition):
    return definition | ({"additionalProperties": False} if "properties" in definition else {})


def _custom_kinds(kinds):
    for path in [*(ROOT / "crds").glob("*.yaml"), *_of_others(kinds)]:
        spec = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["spec"]
        for version in spec["versions"]:
            title = _titled(spec["names"]["kind"], spec["group"], version["name"])
            yield version["schema"]["openAPIV3Schema"] | title


def _of_others(kinds):
    for name, files in OF_OTHERS.items():
        wanted = [pattern for kind, pattern in files.items() if kind in kinds]
        if wanted:
            pinned = VERSIONS["crds"][name]
            theirs = module_folder(pinned["module"], pinned["version"]) / pinned["folder"]
            yield from (path for pattern in wanted for path in theirs.glob(pattern))


def _titled(kind, group, version):
    """The file's name as kubeconform asks for it; the group of the core is its version."""
    return {"title": f"{kind.lower()}-{(group or version).lower()}-{version}"}
