"""The operator without Helm: the plain manifest is accepted whole, and an overlay of it runs."""

import json
import subprocess

import pytest

from arkalia_operator.desired.kinds import DEPLOYMENT, POD
from cluster.chart_release import ROOT, development_values
from cluster.development import environment
from cluster.kinds import Ref
from cluster.waiting import eventually

INSTALL = ROOT / "manifests/install"
KUBECTL_SECONDS = 180
SUFFIX = "-overlay"


def kubectl(*words, **given):
    done = subprocess.run(
        ["kubectl", *words],
        env=dict(environment()),
        capture_output=True,
        text=True,
        timeout=KUBECTL_SECONDS,
        check=False,
        **given,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def overlay(namespace):
    """What a user writes: another namespace, image and scope; the definitions are there already."""
    image = development_values()["image"]
    scope = {"name": "ARKALIA_OPERATOR_WATCH_NAMESPACES", "value": namespace}
    variable = {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": scope}
    pull = {
        "op": "add",
        "path": "/spec/template/spec/containers/0/imagePullPolicy",
        "value": "Never",
    }
    left_out = [
        {"patch": json.dumps({"$patch": "delete", "apiVersion": api, "kind": kind, "metadata": {"name": "all"}}),
         "target": {"kind": kind}}
        for api, kind in (("apiextensions.k8s.io/v1", "CustomResourceDefinition"), ("v1", "Namespace"))
    ]  # fmt: skip
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": namespace,
        "nameSuffix": SUFFIX,
        "resources": ["base"],
        "images": [
            {
                "name": "ghcr.io/arkalia-luna-system/operator",
                "newName": f"{image['registry']}/{image['repository']}",
            }
        ],
        "patches": [
            *left_out,
            {"patch": json.dumps([variable, pull]), "target": {"kind": "Deployment"}},
        ],
    }


@pytest.fixture
def installed(kube, operator, namespace, tmp_path):
    """The operator of the overlay."""
    (tmp_path / "base").symlink_to(INSTALL)
    (tmp_path / "kustomization.yaml").write_text(json.dumps(overlay(namespace)), "utf-8")
    rendered = kubectl("kustomize", str(tmp_path), "--load-restrictor=LoadRestrictionsNone")
    assert "kind: CustomResourceDefinition" not in rendered
    kubectl("apply", "--server-side", "--filename=-", input=rendered)
    yield namespace
    kubectl("delete", "--wait=false", "--filename=-", input=rendered)


@pytest.mark.parametrize("path", [INSTALL, INSTALL / "arkalia.yaml"], ids=lambda path: path.name)
def test_api_server_takes_everything_as_it_stands(operator, path):
    how = "--kustomize" if path.is_dir() else "--filename"

    told = kubectl(
        "apply", "--server-side", "--force-conflicts", "--dry-run=server", how, str(path)
    )

    assert told.count("serverside-applied") > 10


def test_overlay_of_the_base_runs(kube, installed):
    [found] = kube.find(DEPLOYMENT, installed)
    ref = Ref(DEPLOYMENT, installed, found["metadata"]["name"])

    eventually(lambda: available(kube, ref))

    pods = kube.find(POD, installed, found["spec"]["selector"]["matchLabels"])
    assert ref.name.endswith(SUFFIX)
    assert {each["status"]["phase"] for each in pods} == {"Running"}


def available(kube, ref):
    status = kube.require(ref).get("status", {})
    assert status.get("availableReplicas") == status.get("replicas", 1), status
