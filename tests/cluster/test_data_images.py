"""The images of PostgreSQL and Redis, run as restricted pods with certificates and claims."""

import secrets
from functools import partial

import pytest

from arkalia_operator.desired.kinds import SECRET
from cluster import data_servers
from cluster.data_servers import ADMIN, DIGEST, PASSWORD, USERS, Server
from cluster.waiting import eventually

SETTINGS = {
    "postgresql": "max_connections = 37\n",
    "redis": "appendonly yes\nappendfsync always\nmaxmemory 64mb",
}
TOGETHER = """EVAL "return redis.call('RPUSH', 'both', 'a') + redis.call('RPUSH', 'both', 'b')" 0"""
"""Two writes of a script are one transaction in the file of a Redis."""
FIRST = {
    "postgresql": """
        CREATE SCHEMA extensions;
        CREATE EXTENSION "uuid-ossp" SCHEMA extensions;
        CREATE EXTENSION unaccent SCHEMA extensions;
        CREATE EXTENSION pg_trgm SCHEMA extensions;
        CREATE EXTENSION hstore SCHEMA extensions;
        CREATE ROLE zeroia LOGIN PASSWORD 'not a secret';
        CREATE TABLE kept AS SELECT 'written' AS word;
    """,
    "redis": f"SET kept written\n{TOGETHER}\nACL SETUSER zeroia on >word ~zeroia:*\n",
}
KEPT = {
    "postgresql": """
        DO $$ BEGIN
            ASSERT (SELECT word = 'written' FROM kept), 'the row is lost';
            ASSERT current_setting('max_connections') = '37', 'the settings are not read';
            ASSERT current_setting('data_checksums') = 'on', 'no checksums';
            ASSERT (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), 'no TLS';
        END $$;
    """,
    "redis": "RENAMENX kept kept2\nRENAME kept2 kept\nRENAMENX both both2\nRENAME both2 both\n",
}
WRONG = {
    "postgresql": f"CREATE ROLE other PASSWORD '{PASSWORD}' NONSENSE;",
    "redis": f"ACL SETUSER other >first nonsense{PASSWORD}",
}


@pytest.fixture(scope="module")
def servers(kube, operator, namespace):
    """Both servers, provisioned once; they are started together."""
    found = [Server.of(kube, operator, namespace, name) for name in data_servers.PORTS]
    for server in found:
        server.prepare(SETTINGS[server.name])
        server.start()
    pods = [server.give(FIRST[server.name]) for server in found]
    for server, pod in zip(found, pods, strict=True):
        server.told(pod)
    return {server.name: server for server in found}


@pytest.fixture(params=data_servers.PORTS)
def server(request, servers):
    return servers[request.param]


@pytest.fixture(scope="module")
def killed(kube, servers):
    """Both servers after they were killed and started again."""
    before = {name: kube.require(server.ref)["metadata"]["uid"] for name, server in servers.items()}
    for server in servers.values():
        kube.delete(server.ref, gracePeriodSeconds=0)
    for name, server in servers.items():
        eventually(partial(gone, kube, server.ref, before[name]))
        server.start()
    return {name: server.give(KEPT[name]) for name, server in servers.items()}


def test_server_is_ready_and_has_read_its_settings(server, kube):
    data_servers.wait_until_ready(kube, server.ref)

    server.told(server.give(KEPT[server.name]))


def test_provisioning_tells_what_failed_and_no_password_when_a_statement_is_wrong(server):
    told = server.told(server.give(WRONG[server.name]), "Failed")

    assert "ERR" in told
    assert PASSWORD not in told


def test_data_outlive_a_server_that_was_killed(server, killed):
    server.told(killed[server.name])


def test_server_shows_its_new_certificate_and_does_not_restart_when_it_is_replaced(server, kube):
    server.give_certificate()
    touch(kube, server.ref)

    server.told(server.give(KEPT[server.name]))

    [container] = kube.require(server.ref)["status"]["containerStatuses"]
    assert container["restartCount"] == 0


def test_redis_takes_a_new_user_from_its_file(servers, kube):
    server = servers["redis"]
    users = f"{USERS}user another reset on #{DIGEST} ~* +@all\n"

    kube.apply(
        data_servers.secret(server.place(SECRET, "admin"), ADMIN["redis"] | {"users.acl": users})
    )
    touch(kube, server.ref)

    server.told(server.give("RENAME kept kept\n", user="another"))


def gone(kube, ref, uid):
    found = kube.get(ref)
    assert not found or found["metadata"]["uid"] != uid, f"{ref} is still there"


def touch(kube, ref):
    """Have the kubelet look at the pod: otherwise it brings a changed Secret within a minute."""
    kube.patch(ref, {"metadata": {"annotations": {"story": secrets.token_hex(4)}}})
