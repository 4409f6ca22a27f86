"""`mode: cnpg` asks for a Cluster that the API server takes with CloudNativePG's own definition.

CloudNativePG itself does not run here: its images cannot be had. The story does what its
documentation says of it: a Service, a Secret with the authority, and a server with a certificate of
that authority and the superuser's password.
"""

import base64

import pytest
import yaml

from arkalia_operator.desired import kinds
from cluster import data_client, data_servers
from cluster.data_servers import Server
from cluster.development import definitions
from cluster.kinds import DEFINITION, Ref
from cluster.systems import System, off_except
from cluster.waiting import eventually

NAME = "clusters.postgresql.cnpg.io"
DATA = {"postgresql": {"mode": "cnpg", "instances": 2}}
MODULES = {**off_except(), data_client.NAME: {}}


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A system whose PostgreSQL shall be CloudNativePG's, where this is not installed."""
    kube.apply(data_client.client(namespace))
    system = System(kube, namespace, "luna")
    return system.declare(modules=MODULES, data=DATA, deletionPolicy="Delete")


@pytest.fixture(scope="module")
def served(kube, luna):
    """CloudNativePG's definition of a Cluster, as its own release has it."""
    path = definitions("cloudnative-pg") / "postgresql.cnpg.io_clusters.yaml"
    kube.apply(yaml.safe_load(path.read_text(encoding="utf-8")))
    yield
    kube.delete(luna.ref)
    kube.delete(Ref(DEFINITION, "", NAME))


@pytest.fixture(scope="module")
def cluster(kube, luna, served):
    """The Cluster, once it is asked for."""
    ref = Ref(kinds.CLUSTER, luna.namespace, "luna-postgresql")
    return eventually(lambda: kube.require(ref))


@pytest.fixture(scope="module")
def server(kube, operator, luna, cluster):
    """A server in the place of the Cluster's primary."""
    found = Server.of(kube, operator, luna.namespace, "postgresql")
    found.prepare("")
    superuser = kube.require(Ref(kinds.SECRET, luna.namespace, "luna-postgresql"))["data"]
    password = {"password": base64.b64decode(superuser["password"]).decode()}
    kube.apply(data_servers.secret(found.place(kinds.SECRET, "admin"), password))
    writes = "luna-postgresql-rw"
    pair, found.authority = data_servers.issued(f"{writes}.{luna.namespace}.svc")
    kube.apply(data_servers.secret(found.place(kinds.SECRET, "tls"), pair))
    service = data_servers.service(found.ref)
    kube.create({**service, "metadata": {**service["metadata"], "name": writes}})
    found.start()
    data_servers.wait_until_ready(kube, found.ref)
    return found


def test_condition_says_what_to_install_when_clusters_are_not_served(luna):
    seen = eventually(lambda: luna.expect("DataReady", "False", "KindNotServed"))

    assert "install CloudNativePG" in seen["message"]


def test_cluster_is_taken_as_it_was_asked_for(luna, cluster):
    spec = cluster["spec"]

    assert spec["instances"] == 2
    assert cluster["metadata"]["ownerReferences"][0]["name"] == luna.name
    assert spec["bootstrap"]["initdb"]["database"] == "arkalia"
    assert spec["postgresql"]["pg_hba"] == ["hostnossl all all all reject"]
    eventually(lambda: luna.expect("DataReady", "Unknown", "Provisioning"))


def test_secret_that_the_cluster_names_holds_the_superuser(kube, luna, cluster):
    name = cluster["spec"]["superuserSecret"]["name"]

    data = kube.require(Ref(kinds.SECRET, luna.namespace, name))["data"]

    assert base64.b64decode(data["username"]) == b"postgres"
    assert data["password"]


def test_modules_reach_the_database_once_its_authority_is_published(kube, luna, cluster, server):
    assert luna.pods(data_client.NAME) == []
    publish(kube, cluster, server.authority)

    luna.ready()

    counted = eventually(lambda: reached(luna))
    assert [each["bad"] for each in counted.values()] == [[], []]


def publish(kube, cluster, authority):
    """As CloudNativePG does it: the Secret, and a new status of the Cluster."""
    ref = Ref.of(cluster)
    place = Ref(kinds.SECRET, ref.namespace, f"{ref.name}-ca")
    kube.create(data_servers.secret(place, {"ca.crt": authority}))
    kube.patch(ref, {"metadata": {"annotations": {"story": "the status has changed"}}})


def reached(luna):
    """What the client counted, once it has reached everything."""
    counted = data_client.tally(luna)
    assert all(each["good"] for each in counted.values()), counted
    return counted
