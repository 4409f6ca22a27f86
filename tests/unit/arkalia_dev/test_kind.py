import re
from pathlib import Path

import pytest
import yaml

from arkalia_dev.cli import main
from arkalia_dev.components.controller_manager import AUTOSCALING
from arkalia_dev.development import Development
from arkalia_dev.paths import CHECKOUT, Paths

PATHS = Paths(CHECKOUT, Path("/states"), Path("/cache"))
CLUSTER = f"arkalia-{PATHS.key}"
KUBECONFIG = f"/states/{PATHS.id}/kubeconfig"


@pytest.fixture
def plan(monkeypatch, tmp_path, capsys):
    """What `up --dry-run --provider kind` prints on a machine that has nothing yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert main(["up", "--dry-run", "--provider", "kind"]) == 0
    text = capsys.readouterr().out
    return text.replace(str(tmp_path / "state/arkalia"), "/states").replace(str(tmp_path), "")


def commands(plan):
    """Its lines without folders, versions' fingerprints and surrounding settings."""
    plan = re.sub(r"\S*/(kubectl|helm|kind|go)(?= )", r"\1", plan)
    return re.sub(r"\w*(KUBE\w*|HELM_\w+|CGO_\w+)=\S* ", "", plan).splitlines()


def test_plan_has_its_steps_in_the_order_of_the_work(plan):
    titles = [line.partition(". ")[2] for line in plan.splitlines() if line.startswith("## ")]

    expected = [
        "Build kubectl",
        "Build kind",
        "Create the kind cluster",
        "Install metrics",
        "Wait for the node and its add-ons",
        "Build the image operator",
        "Build the image helloria",
        "Load the images",
        "Install the operator",
        "Apply the system luna",
        "Wait until the system luna is ready",
    ]
    assert [title for title in titles if title in expected] == expected


def test_cluster_is_made_after_the_remains_of_an_interrupted_one_are_gone(plan):
    lines = commands(plan)

    delete = f"kind delete cluster --name {CLUSTER} --kubeconfig {KUBECONFIG}"
    create = (
        f"kind create cluster --name {CLUSTER} --config=- --wait=180s --kubeconfig {KUBECONFIG}"
    )
    assert lines.index(delete) + 1 == lines.index(create)


def test_images_are_built_by_docker_and_loaded_by_kind(plan):
    text = "\n".join(commands(plan))

    assert re.search(
        r"docker build --build-arg REVISION=\w+ --build-arg SERVICE=helloria "
        r"--build-arg VERSION=0\.1\.0 --label arkalia\.io/inputs=\w{12} "
        rf"--tag localhost/arkalia/helloria:0\.1\.0 --file {CHECKOUT}/workloads/Containerfile {CHECKOUT}",
        text,
    )
    assert re.search(
        rf"kind load docker-image --name {CLUSTER} localhost/arkalia/operator:0\.1\.0 "
        r"(localhost/arkalia/[a-z-]+:0\.1\.0 )*localhost/arkalia/helloria:0\.1\.0",
        text,
    )


def test_operator_is_installed_by_helm_and_the_system_waited_for(plan):
    text = "\n".join(commands(plan))

    assert re.search(
        rf"helm upgrade --install arkalia {CHECKOUT}/charts/arkalia "
        rf"--values={CHECKOUT}/dev/values\.yaml '--description=inputs \w+' --wait --timeout=3m "
        r"--namespace arkalia-system",
        text,
    )
    assert "until arkaliasystem/luna in namespace arkalia is Ready, or stays Stalled" in text


def test_plan_needs_nothing_of_the_other_way(plan):
    assert "buildah" not in plan
    assert "unshare" not in plan
    assert "apt-get install --yes --no-install-recommends runc" not in plan


def test_configuration_gives_the_audit_log_and_the_settings_for_tests():
    kind = Development("kind", PATHS).kind

    configuration = yaml.safe_load(kind.configuration())

    [node] = configuration["nodes"]
    [patch] = configuration["kubeadmConfigPatchesJSON6902"]
    added = {
        (each["path"].split("/")[1], each["value"]["name"]): each["value"]["value"]
        for each in yaml.safe_load(patch["patch"])
    }
    assert node["image"].startswith("kindest/node:v1.36")
    assert f"/states/{PATHS.id}/logs" in [mount["hostPath"] for mount in node["extraMounts"]]
    assert added["apiServer", "audit-log-path"] == "/var/log/kubernetes/audit.log"
    for flag in AUTOSCALING:
        name, _, value = flag.removeprefix("--").partition("=")
        assert added["controllerManager", name] == value
