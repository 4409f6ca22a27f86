"""A system keeps its data in a PostgreSQL and a Redis that are not its own.

Both run in pods of the story. Their certificates are signed by authorities that the system does not
know; the administrator of PostgreSQL is no superuser; Redis keeps its users itself.
"""

import pytest

from arkalia_operator.desired.kinds import PERSISTENT_VOLUME_CLAIM, POD, SECRET, STATEFUL_SET
from cluster import data_client, data_servers, documents
from cluster.data_servers import PASSWORD, PORTS, Server
from cluster.kinds import Ref
from cluster.systems import System, off_except
from cluster.waiting import eventually

CLIENT = data_client.NAME
MODULES = {**off_except("globalstate"), CLIENT: {}}
OWNER = f"""
    CREATE ROLE owner LOGIN CREATEROLE PASSWORD '{PASSWORD}';
    CREATE DATABASE elsewhere OWNER owner;
"""
REDIS = """
cp /etc/arkalia/admin/users.acl /etc/arkalia/tls/tls.crt /etc/arkalia/tls/tls.key /run/arkalia/
exec redis-server --port 0 --tls-port 6379 --tls-auth-clients no --protected-mode no \
    --tls-cert-file /run/arkalia/tls.crt --tls-key-file /run/arkalia/tls.key \
    --aclfile /run/arkalia/users.acl --unixsocket /run/arkalia/redis.sock --dir /tmp --save ''
"""
STORED = """
    DO $$ BEGIN
        ASSERT (SELECT value ->> 'word' = 'written' FROM globalstate.states), 'no document';
    END $$;
"""
DATA = {
    "postgresql": {"mode": "external", "secret": {"name": "named-postgresql"}},
    "redis": {
        "mode": "external",
        "queue": {"secret": {"name": "named-redis"}},
        "cache": {"secret": {"name": "of-nobody"}},  # which no module needs
    },
}
LOGIN = {
    "postgresql": {"database": "elsewhere", "username": "owner", "password": PASSWORD},
    "redis": {"username": "admin", "password": PASSWORD},
}
WRONG_PASSWORD = "correct username and password in the Secret that names the server"
WRONG_AUTHORITY = "write the right one into key ca.crt of the Secret that names the server"


@pytest.fixture(scope="module")
def servers(kube, operator, namespace):
    """Both servers, and the database."""
    found = {name: Server.of(kube, operator, namespace, name) for name in PORTS}
    for server in found.values():
        server.prepare("")
    found["postgresql"].start()
    found["redis"].start("sh", "-ec", REDIS)
    found["postgresql"].told(found["postgresql"].give(OWNER))
    data_servers.wait_until_ready(kube, found["redis"].ref)
    return found


@pytest.fixture(scope="module")
def luna(kube, namespace, servers):
    """A system whose Secrets name the servers, and are wrong."""
    name(servers["postgresql"], password="wrong")
    name(servers["redis"], **{"ca.crt": servers["postgresql"].authority})
    calls = [{"module": "globalstate", "paths": ["/states/*"]}]
    kube.apply(data_client.client(namespace, calls=calls))
    return System(kube, namespace, "luna").declare(modules=MODULES, data=DATA)


def test_condition_says_what_to_do_when_a_password_and_an_authority_are_wrong(luna):
    eventually(lambda: refused(luna, WRONG_PASSWORD, WRONG_AUTHORITY))

    assert luna.of_modules(POD) == []


def test_condition_says_what_to_do_when_it_is_the_other_way_round(luna, servers):
    name(servers["postgresql"], **{"ca.crt": servers["redis"].authority})
    name(servers["redis"], password="wrong")

    eventually(lambda: refused(luna, WRONG_AUTHORITY, WRONG_PASSWORD))


def test_system_is_ready_when_the_secrets_are_corrected(luna, servers):
    for server in servers.values():
        name(server)

    luna.ready()

    luna.expect("DataReady", "True", "Provisioned")
    assert luna.children(STATEFUL_SET, PERSISTENT_VOLUME_CLAIM) == []


def test_document_is_stored_in_the_database_of_the_other_server(luna, servers):
    documents.write(luna, caller=CLIENT)

    assert documents.read(luna, caller=CLIENT) == documents.WORD
    postgresql = servers["postgresql"]
    postgresql.told(postgresql.give(STORED, database="elsewhere"))


def test_module_reaches_both_servers_and_verifies_who_they_are(luna, servers):
    counted = eventually(lambda: reached(luna))

    assert [each["bad"] for each in counted.values()] == [[], []]
    redis = servers["redis"]
    redis.told(redis.give(f"RENAME {CLIENT}:word {CLIENT}:once\n"))


def name(server, **wrong):
    """Write the Secret that leads to *server*, right but for what is *wrong*."""
    address = {"host": server.host, "port": str(PORTS[server.name]), "ca.crt": server.authority}
    ref = Ref(SECRET, server.ref.namespace, f"named-{server.name}")
    server.kube.apply(data_servers.secret(ref, address | LOGIN[server.name] | wrong))


def refused(luna, by_postgresql, by_redis):
    """Raises AssertionError until DataReady says both, each of its own Job."""
    message = luna.expect("DataReady", "False", "ProvisioningFailed")["message"]
    said = {part.partition("-")[0]: part for part in message.split("Job luna-")}
    assert by_postgresql in said.get("postgresql", ""), message
    assert by_redis in said.get("redis", ""), message


def reached(luna):
    """What the client counted, once it has reached both."""
    counted = data_client.tally(luna)
    assert all(each["good"] for each in counted.values()), counted
    return counted
