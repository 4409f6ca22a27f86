"""The way to a module of a system: Service, certificate, pod, port."""

import ssl

import pytest

from arkalia_cli.api_paths import CONFIG_MAP, POD, SERVICE
from arkalia_cli.cluster import gateway
from arkalia_cli.cluster.connection import connect
from arkalia_cli.errors import NotFoundError, RefusedError
from arkalia_contract import identity, labels
from unit.arkalia_cli.api_server import kubeconfig, serving
from unit.arkalia_cli.objects import NAMESPACE, collection
from unit.arkalia_runtime.authority import Authority

SELECTOR = {"arkalia.io/system": "luna", "arkalia.io/module": "helloria"}


def a_service(port="https", component="main", module="helloria"):
    own = {"arkalia.io/module": module, "app.kubernetes.io/component": component}
    return {
        "metadata": {"name": f"luna-{module}", "labels": own},
        "spec": {"ports": [{"name": port, "port": 8000, "targetPort": port}], "selector": SELECTOR},
    }


def a_ready_pod(name="h-1", ready="True", port="https", **metadata):
    return {
        "metadata": {"name": name, **metadata},
        "spec": {"containers": [{"ports": [{"name": port, "containerPort": 8443}]}]},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


@pytest.fixture
def connection(cluster, tmp_path):
    """A connection to a cluster with a gateway that serves HTTPS."""
    cluster.list(collection(SERVICE), a_service())
    trust = CONFIG_MAP.path(NAMESPACE, identity.trust("luna"))
    cluster.by_path[trust] = {"data": {"ca.crt": Authority().pem.decode()}}
    cluster.list(collection(POD), a_ready_pod())
    with serving(cluster) as url:
        yield connect(None, None, kubeconfig(tmp_path / "config", url))


def test_gateway_is_checked_by_its_name_in_the_cluster(connection):
    found = gateway.find(connection, "luna", "helloria")

    assert found.host == "luna-helloria.arkalia.svc"
    assert found.tls.verify_mode is ssl.CERT_REQUIRED
    assert found.tls.check_hostname
    assert len(found.tls.get_ca_certs()) == 1


def test_name_that_stands_for_each_pod_is_in_no_certificate(cluster, connection):
    each_pod = a_service()
    each_pod["metadata"] = {
        "name": "luna-helloria-pods",
        "labels": each_pod["metadata"]["labels"] | {labels.EACH_POD: "true"},
    }
    cluster.list(collection(SERVICE), a_service(), each_pod)

    assert gateway.find(connection, "luna", "helloria").service == "luna-helloria"


def test_module_that_serves_http_needs_no_authority(cluster, connection):
    cluster.list(collection(SERVICE), a_service(port="http"))

    assert gateway.find(connection, "luna", "helloria").tls is None


def test_unknown_module_is_told_with_the_one_that_may_be_meant(cluster, connection):
    cluster.list(collection(SERVICE), a_service(), a_service(module="taskia", component="worker"))

    with pytest.raises(NotFoundError) as caught:
        gateway.find(connection, "luna", "hellori")

    assert caught.value.hint == "Did you mean helloria?"


def test_pod_is_one_that_is_ready_and_does_not_end(cluster, connection):
    cluster.list(
        collection(POD),
        a_ready_pod("starting", ready="False"),
        a_ready_pod("ending", deletionTimestamp="2026-11-21T04:00:00Z"),
        a_ready_pod("h-2"),
    )

    found = gateway.ready_pod(connection, gateway.find(connection, "luna", "helloria"))

    assert found == ("h-2", 8443)


def test_no_ready_pod_is_told_with_the_verb_that_says_why(cluster, connection):
    cluster.list(collection(POD), a_ready_pod(ready="False"))

    with pytest.raises(RefusedError, match="none of the 1 pods") as caught:
        gateway.ready_pod(connection, gateway.find(connection, "luna", "helloria"))

    assert "arkalia status" in caught.value.hint
