"""The first administrator logs in with what lies in a Secret; a key lets in until it is revoked."""

import base64
import time

import jwt
import pytest

from arkalia_contract import access, headers, identity, labels
from arkalia_operator.desired import names
from arkalia_operator.desired.kinds import SECRET
from cluster.kinds import Ref
from cluster.systems import System, off_except
from cluster.talkers import token
from cluster.waiting import eventually

READY_SECONDS = 600
CLIENT = "192.0.2.7"


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A system of the gateway and the accounts, whose data ends with it."""
    modules = off_except("helloria", "security") | {
        "helloria": {"replicas": 1},
        "security": {"replicas": 1},
    }
    system = System(kube, namespace, "luna").declare(deletionPolicy="Delete", modules=modules)
    return system.ready(READY_SECONDS)


@pytest.fixture(scope="module")
def secret(luna, kube):
    """Content of the Secret that `kubectl get secret luna-admin` shows."""
    found = kube.require(Ref(SECRET, luna.namespace, names.admin(luna.name)))
    return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}


class Gateway:
    """Asks `security` as the gateway does, with a token of its pod."""

    def __init__(self, kube, luna):
        self._service = luna.reach("security")
        audience = identity.audience(luna.namespace, luna.name, "security")
        account = f"{luna.namespace}/{names.module(luna.name, 'helloria')}"
        self._shown = f"{identity.BEARER} {token(kube, account, audience, luna.pods()[0])}"

    def ask(self, method, path, *body, user="", scopes="*"):
        """JSON of the answer."""
        said = {"Authorization": self._shown, headers.FORWARDED_FOR: CLIENT}
        if user:
            said |= {headers.USER: user, headers.SCOPES: scopes}
        answer = getattr(self._service, method)(path, *body, **said)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def gateway(kube, luna):
    return Gateway(kube, luna)


@pytest.fixture(scope="module")
def tokens(gateway, secret):
    """A session of the first administrator."""
    body = {"user": secret["username"], "password": secret["password"]}
    return eventually(lambda: gateway.ask("post", "/auth/login", body))


@pytest.fixture(scope="module")
def admin(tokens):
    """Id of the first administrator."""
    return jwt.decode(tokens["access_token"], options={"verify_signature": False})["sub"]


@pytest.fixture(scope="module")
def front(luna):
    """The gateway itself, as anybody comes to it."""
    return luna.reach()


def shown(credential):
    return {"Authorization": f"{identity.BEARER} {credential}"}


def require(status, answer):
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    return answer.json() if answer.content else None


def test_secret_of_the_first_administrator_is_labelled_and_has_256_bits(luna, kube, secret):
    described = kube.require(Ref(SECRET, luna.namespace, "luna-admin"))["metadata"]

    assert (secret["username"], len(secret["password"])) == ("admin", 43)
    assert described["labels"][labels.MODULE] == "security"
    assert described["labels"][labels.LINEAGE] == kube.require(luna.ref)["metadata"]["uid"]


def test_first_administrator_logs_in_and_may_everything(gateway, admin):
    [user] = gateway.ask("get", access.VIEW)["users"]

    assert (user["id"], user["roles"], user["scopes"]) == (admin, ["administrator"], ["*"])


def test_session_of_the_first_administrator_lets_in_at_the_gateway(front, secret, admin):
    body = {"user": secret["username"], "password": secret["password"]}
    session = eventually(lambda: require(200, front.post("/api/auth/login", body)))

    me = require(200, front.get("/api/auth/me", **shown(session["access_token"])))

    assert (me["id"], me["name"], me["scopes"]) == (admin, "admin", ["*"])


def test_who_shows_nothing_or_rubbish_is_not_let_in(front):
    path = "/api/v1/security/users"

    assert front.get(path).status_code == 401
    assert front.get(path, **shown("ark_rubbish")).status_code == 401
    # Nobody says from outside who they are.
    assert front.get(path, **{headers.USER: "root", headers.SCOPES: "*"}).status_code == 401


def test_key_lets_in_where_its_scopes_lead_until_it_is_revoked(front, gateway, admin):
    body = {"name": "laptop", "scopes": ["users"]}
    key = gateway.ask("post", "/keys", body, user=admin)
    users, key_of = "/api/v1/security/users", shown(key["key"])
    assert [each["name"] for each in require(200, front.get(users, **key_of))] == ["admin"]
    require(403, front.put("/api/v1/security/roles/reader", {"scopes": []}, **key_of))

    gateway.ask("delete", f"/keys/{key['id']}", user=admin)
    start = time.monotonic()
    eventually(lambda: require(401, front.get(users, **key_of)))

    print(f"The gateway refused a revoked key after {time.monotonic() - start:.2f} s.")


def test_accounts_outlive_the_pods(luna, kube, gateway, tokens):
    before = gateway.ask("get", access.VIEW)
    for pod in luna.pods("security"):
        kube.delete(Ref.of(pod))
    luna.ready(READY_SECONDS)

    body = {"refresh_token": tokens["refresh_token"]}
    renewed = eventually(lambda: gateway.ask("post", "/auth/refresh", body))
    assert renewed["session_id"] == tokens["session_id"]
    assert gateway.ask("get", access.VIEW)["users"] == before["users"]


def test_password_stands_in_no_log_and_no_object_but_the_secret(luna, secret):
    found = [each for each in luna.children() if secret["password"] in str(each)]

    assert found == []
